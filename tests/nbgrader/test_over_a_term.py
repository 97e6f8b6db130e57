"""Events of a term: releases after submissions, deadlines, unknown students; with real nbgrader and the tiny course."""

from __future__ import annotations

import io
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash
from rich.console import Console
from traitlets.config import Config

from netgrader.commands import autograde, release
from netgrader.commands.pages import feedback_of_class
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.grade_submission import grade
from netgrader.grading.stages import Options
from netgrader.nbgrader_plugin.deadlines import deadlines_of, set_deadline
from netgrader.nbgrader_plugin.handing_in import handed_in
from netgrader.pages.report_view import load_class
from netgrader.student.exchange import Submit
from tests.texts import english

pytestmark = [
    pytest.mark.usefixtures("uncaged", "no_processes"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
SECRET = "of a submission"  # noqa: S105
TIME = "2026-12-01 12:00:00.000000 UTC"
EARLY = datetime(2026, 11, 30, 10, 15, 20, tzinfo=UTC)


@pytest.fixture
def no_processes(monkeypatch):
    """Grade in this process, where runs are replaced: the pool's part is tried elsewhere."""
    from netgrader.grading.pool import grade_task

    def here(tasks, options, _pool, watchers):
        done = []
        for task in tasks:
            for one in watchers:
                one.begin(task)
            done.append(grade_task(task, options))
            for one in watchers:
                one.end(done[-1])
        return done

    monkeypatch.setattr(autograde, "grade_tasks", here)


@pytest.fixture
def graded(booked):
    """Call `netgrader autograde numbers`; gives what it prints."""

    def run(*students, code=0, **options):
        out = io.StringIO()
        console = Console(file=out, width=200)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(autograde, "console", lambda: console)
            found = autograde.run("numbers", students, workers=1, sandbox=Options().sandbox, **options)
        assert found == code, out.getvalue()
        return " ".join(out.getvalue().split())

    return run


def hand_in(tiny, student, when=TIME, **answers):
    path = tiny.submit(student, **answers)
    (path.parent / "timestamp.txt").write_text(when)
    return path


def scores(tiny):
    with Gradebook(tiny.course.db_url) as gradebook:
        submissions = gradebook.find_assignment("numbers").submissions
        return {one.student_id: one.score - (one.late_submission_penalty or 0.0) for one in submissions}


def edit(tiny, old, new, notebook="1_sums"):
    path = tiny.root / "source" / "numbers" / f"{notebook}.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# -- releases -----------------------------------------------------------------------------------------------------------


def test_a_release_after_hand_ins_says_what_it_means_and_keeps_marks(booked, graded, capsys):
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    assert "handed in" not in capsys.readouterr().out
    hand_in(booked, "ada", squares="squares = []")
    graded()
    edit(booked, "import math", "import math  # mended")
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    said = capsys.readouterr().out
    assert "1 have handed in numbers already" in said
    assert "Who filled in an older release is graded with its cells" in said
    assert scores(booked) == {"ada": 2.0}


def test_a_notebook_released_after_the_first_grading_is_graded_too(booked, graded):
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    hand_in(booked, "ada")
    graded()
    assert scores(booked) == {"ada": 5.0}
    release.run(None, [], "bubblewrap", check=False, untried=True)
    graded()  # without the second one
    assert scores(booked) == {"ada": 5.0}
    booked.submit("ada", "2_words")
    graded()
    assert scores(booked) == {"ada": 5.0 + 4.0}


def test_who_has_an_older_release_is_graded_with_its_cells_and_told_so(booked, graded):
    edit(booked, "import math", "rate = 2")
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    own = "squares = [k ** rate for k in range(10)]"
    hand_in(booked, "ada", squares=own)
    edit(booked, "rate = 2", "rate = 3")
    edit(booked, "Because addition is what it is.", "Because.")
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    hand_in(booked, "bela", squares=own)
    hand_in(booked, "carl", squares="squares = [k ** 2 for k in range(10)]", why="YOUR ANSWER HERE")
    graded()
    assert scores(booked) == {"ada": 5.0, "bela": 2.0, "carl": 5.0}
    (ada,) = grade(booked.root / "submitted" / "ada" / "numbers").notebooks
    assert any("earlier release" in note for note in english(ada.notes))
    (bela,) = grade(booked.root / "submitted" / "bela" / "numbers").notebooks
    assert not any("earlier release" in note for note in bela.measured.get("notes", ()))


def test_points_and_tests_are_todays_for_an_older_release_too(booked, graded):
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    hand_in(booked, "ada")
    edit(booked, "import math", "import math  # mended")
    edit(booked, '"points": 3', '"points": 6')
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    graded()
    assert scores(booked) == {"ada": 8.0}


# -- how often -----------------------------------------------------------------------------------------------------------


def test_on_its_way_to_the_gradebook_each_notebook_is_run_once(booked, graded, uncaged):
    booked.submit("ada", why="Ada's own.")
    booked.submit("bela", add="def add(a, b):\n    return a - b")
    path = booked.submit("cleo", why="Cleo's own.", squares="squares = []")
    path.rename(path.with_name("sums by cleo.ipynb"))
    booked.submit("cleo", notebook="2_words")
    for _ in range(2):
        graded()
        assert len(uncaged) == 4
    assert scores(booked) == {"ada": 5.0, "bela": 3.0, "cleo": 6.0}
    assert "Ada's own." in (booked.root / "autograded" / "ada" / "numbers" / "1_sums.ipynb").read_text()


# -- who, and when ------------------------------------------------------------------------------------------------------

TAKES_A_POINT = """
from nbgrader.plugins import BasePlugin
class TakesAPoint(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.0
"""


def with_penalty(tiny):
    (tiny.root / "late_rules.py").write_text(TAKES_A_POINT)
    config = tiny.root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.AssignLatePenalties.plugin_class = 'late_rules.TakesAPoint'\n")


def test_deadlines_and_extensions_come_from_one_file_and_late_rules_from_nbgraders_plugin(booked, graded):
    with_penalty(booked)
    booked.write(
        "deadlines.toml",
        """
        [numbers]
        due = 2026-12-01T11:00:00Z
        [numbers.students]
        bela = 2026-12-02T11:00:00Z
        """,
    )
    for student in ("ada", "bela"):
        hand_in(booked, student)
    assert "ada 1_sums: it came late" in graded()
    assert scores(booked) == {"ada": 4.0, "bela": 5.0}
    booked.write("deadlines.toml", "[numbers]\ndue = 2026-12-01T13:00:00Z\n")
    assert "it came late" not in graded()
    assert scores(booked) == {"ada": 5.0, "bela": 5.0}


@pytest.mark.parametrize("text", ["[numbers]\ndue = 2026-12-01\n", "[numbers]\nx = 1\n", "numbers = 3\n", "[n"])
def test_a_file_of_deadlines_that_says_none_is_refused_in_a_sentence(tiny, text):
    tiny.write("deadlines.toml", text)
    with pytest.raises(UsageError, match=r"deadlines.toml must have"):
        deadlines_of(tiny.assignment)


def test_the_file_in_the_guide_is_such_a_file(tiny):
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "over-a-term.md").read_text()
    (dates,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    tiny.write("deadlines.toml", dates.replace("digits", "numbers"))
    found = deadlines_of(tiny.assignment)
    assert (found.students["ada"] - found.due).days == 7
    assert f"{Submit.__module__}.{Submit.__name__}" in guide


def test_a_time_without_a_zone_is_the_machines(tiny):
    tiny.write("deadlines.toml", "[numbers]\ndue = 2026-12-01T11:00:00\n")
    submission = SimpleNamespace(student_id="ada", assignment=SimpleNamespace())
    set_deadline(tiny.assignment, submission)
    assert submission.assignment.duedate == datetime(2026, 12, 1, 11).astimezone().astimezone(UTC).replace(tzinfo=None)


def test_who_is_not_on_the_roster_is_graded_and_told(booked, graded):
    hand_in(booked, "ada")
    with Gradebook(booked.course.db_url) as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="L")
        gradebook.update_or_create_student("bela")
    hand_in(booked, "bela")
    hand_in(booked, "zoe")
    assert "not among the gradebook's students until now: zoe." in graded()
    assert scores(booked) == {"ada": 5.0, "bela": 5.0, "zoe": 5.0}


def test_a_folder_without_a_notebook_is_nothing_handed_in(booked, graded, capsys):
    hand_in(booked, "ada")
    folder = booked.root / "submitted" / "empty" / "numbers"
    folder.mkdir(parents=True)
    (folder / "timestamp.txt").write_text(TIME)
    assert "No notebook was handed in." in graded(code=1)
    assert set(scores(booked)) == {"ada"}
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    assert "1 have handed in" in capsys.readouterr().out
    out = io.StringIO()
    assert feedback_of_class(booked.assignment, (), Console(file=out, width=200)) == 0
    assert "No page of empty: nothing is graded." in out.getvalue()
    view = load_class(booked.assignment, booked.root / "reports")
    assert {one.student: one.submitted for one in view.students} == {"ada": True}


# -- the exchange -------------------------------------------------------------------------------------------------------


@pytest.fixture
def exchange(booked, tmp_path, monkeypatch):
    """A folder in which students hand in and fetch, with the release in it."""
    root = tmp_path / "exchange"
    for name in ("tiny/inbound", "tiny/outbound", "tiny/feedback"):
        (root / name).mkdir(parents=True)
    for folder in (root, *root.rglob("*")):
        folder.chmod(0o777)
    release.run(None, ["1_sums"], "bubblewrap", check=False, untried=True)
    shutil.copytree(booked.assignment.release, root / "tiny" / "outbound" / "numbers")
    (root / "tiny" / "outbound" / "numbers" / "data.npz").write_bytes(bytes(100_000))
    config = booked.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = {str(root)!r}\n")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return root


def part_of(kind, tiny, exchange, **more):
    """One of nbgrader's parts of the exchange for the tiny course."""
    config = Config({"Exchange": {"root": str(exchange), **more}})
    directory = CourseDirectory(
        config=config, root=str(tiny.root), course_id="tiny", assignment_id="numbers", db_url=tiny.course.db_url
    )
    return kind(coursedir=directory, authenticator=Authenticator(), config=config)


def test_what_is_handed_in_holds_no_data_and_no_wheel(booked, exchange, tmp_path):
    home = tmp_path / "home" / "numbers"
    shutil.copytree(exchange / "tiny" / "outbound" / "numbers", home)
    (home / "1_sums.ipynb").write_text(json.dumps(booked.filled()))
    (home / "helper.py").write_text("x = 1\n")
    (home / "own.npz").write_bytes(b"mine")
    (home / "netgrader_student-0.0.1+hold-py3-none-any.whl").touch()
    student = part_of(Submit, booked, exchange, assignment_dir=str(tmp_path / "home"))
    student.cache = str(tmp_path / "cache")
    student.start()
    (handed_in,) = (exchange / "tiny" / "inbound").iterdir()
    names = {path.relative_to(handed_in).as_posix() for path in handed_in.rglob("*") if path.is_file()}
    assert {"1_sums.ipynb", "helper.py", "own.npz", "timestamp.txt", "checks/probes_sums.py"} <= names
    assert [name for name in names if name.endswith((".whl", "data.npz", "README.md", "requirements.txt"))] == []


def test_a_submission_that_was_placed_by_hand_does_not_end_the_release_of_feedback(booked, graded, exchange):
    booked.submit("ada")
    path = hand_in(booked, "bela")
    (path.parent / "submission_secret.txt").write_text(SECRET)
    graded()
    assert feedback_of_class(booked.assignment, (), Console(file=io.StringIO())) == 0
    part_of(ExchangeReleaseFeedback, booked, exchange).start()
    pages = {page.name for page in (exchange / "tiny" / "feedback").glob("*.html")}
    assert f"{notebook_hash(secret=SECRET, notebook_id='1_sums')}.html" in pages
    assert len(pages) == 2
    part_of(ExchangeReleaseFeedback, booked, exchange).start()
    assert {page.name for page in (exchange / "tiny" / "feedback").glob("*.html")} == pages


@pytest.mark.parametrize(
    ("text", "when"),
    [
        (f"{EARLY:%Y-%m-%d %H:%M:%S.%f} UTC", EARLY),
        (f"{EARLY:%Y-%m-%d %H:%M:%S}\n", EARLY),
        (f"{EARLY:%Y-%m-%dT%H:%M:%S}+01:30", EARLY - timedelta(minutes=90)),
        (f"{EARLY.astimezone():%Y-%m-%d %H:%M:%S %Z}", EARLY),
        ("", None),
    ],
    ids=["as it does", "without parts of seconds", "with an offset", "in the zone of this machine", "none"],
)
def test_a_time_is_read_in_the_forms_that_nbgrader_writes(tmp_path, text, when):
    (tmp_path / "timestamp.txt").write_text(text)
    assert handed_in(tmp_path) == (when and when.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text",
    ["3 Nov 2026", "2026 " * 40, f"{EARLY:%Y-%m-%d %H:%M:%S.%f} UTC" + 100 * " " + "x", "0001-01-01 00:00+14:00"],
    ids=["words", "long", "much", "far away"],
)
def test_no_other_form_of_a_time_is_parsed(tmp_path, text):
    (tmp_path / "timestamp.txt").write_text(text)
    with pytest.raises(NetgraderError, match="holds no time"):
        handed_in(tmp_path)

"""Changes that the guides describe can be made where they say, with the described effects."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from nbgrader.api import Gradebook

from netgrader import read_network
from netgrader.checks.cell_points import KEPT
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.errors import NetgraderError
from netgrader.evidence import EvidenceWriter
from netgrader.faults import CATALOGUE
from netgrader.grading.graded_notebook import load_last_result
from netgrader.nbgrader_plugin.converters import autograde_one
from netgrader.nbgrader_plugin.gradebook import sync_cells
from netgrader.results import Outcome

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
PAGES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


def snippet(beginning):
    """The code block of the guides that begins so."""
    return next(block for block in re.findall(r"```\w*\n(.*?)```", TEXT, re.DOTALL) if block.startswith(beginning))


def graded(course, student="ada"):
    """Grade one student; the sentences of the tests with their outcomes, and the gradebook's points by cell."""
    autograde_one(course.course, "numbers", student)
    result = load_last_result(course.assignment, student, "1_sums").result
    with Gradebook(course.course.db_url) as gradebook:
        found = gradebook.find_submission_notebook("1_sums", "numbers", student)
        points = {grade.name: (grade.auto_score, grade.max_score) for grade in found.grades}
    return {check.sentence: check.outcome for cell in result.cells for check in cell.checks}, points


def test_points_are_changed_in_the_check_cell_and_nothing_runs_again(booked, uncaged):
    booked.submit("ada", add="def add(a, b):\n    return a + b if a < 500 else 0")
    _, before = graded(booked)
    script = re.search(r"<<'EOF'\n(.*?)^EOF", snippet("$ python - <<'EOF'"), re.DOTALL | re.MULTILINE)[1]
    script = script.replace("source/digits/1_one_layer.ipynb", "source/numbers/1_sums.ipynb")
    subprocess.run(
        [sys.executable, "-c", script.replace("check_prepare_data", "check_add")], cwd=booked.root, check=True
    )
    sync_cells(booked.assignment, {"1_sums"})  # as `netgrader release` does
    _, after = graded(booked)
    assert before["check_add"][1] == 2.0
    assert after["check_add"] == (2 * before["check_add"][0], 4.0)
    assert after["check_squares"] == before["check_squares"]
    assert len(uncaged) == 1


def test_how_grave_a_mistake_is_changes_in_a_file_of_the_courses_and_nothing_runs_again(booked, uncaged):
    hidden = booked.root / "grader_tests"
    text = (hidden / "test_sums.py").read_text(encoding="utf-8")
    more = '@grades("check_add", faults=("no-shuffling",))\ndef test_order(cell_evidence):\n    """In a new order"""\n'
    (hidden / "test_sums.py").write_text(f'{text}\n\n{more}    fail("no-shuffling")\n', encoding="utf-8")
    booked.submit("ada")
    _, before = graded(booked)
    (hidden / "severity.toml").write_text(snippet("# grader_tests/severity.toml"), encoding="utf-8")
    _, after = graded(booked)
    assert (before["check_add"], after["check_add"]) == ((1.2, 2.0), (1.8, 2.0))  # serious, then slight
    assert len(uncaged) == 1
    slip = snippet("netgrader: In …/grader_tests/severity.toml")
    (hidden / "severity.toml").write_text('no-shufling = "slight"', encoding="utf-8")
    with pytest.raises(NetgraderError, match=re.escape(slip.partition("severity.toml, ")[2].strip())):
        graded(booked)


def test_what_the_page_says_of_severities_is_what_the_catalogue_and_the_points_have():
    rows = re.findall(r"^\| `(\w+)` \| [^|]+\| ([^|]+?) \| (.+) \|$", TEXT, re.MULTILINE)
    kept = {"three tenths": 0.3, "six tenths": 0.6, "nine tenths": 0.9, "what its check says": 1, "all": 1}
    assert {word: kept[said] for word, said, _ in rows} == {str(word): float(share) for word, share in KEPT.items()}
    for word, _, examples in rows:
        for code in re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", examples):
            assert CATALOGUE[code].severity == word, code


def test_the_sample_class_has_the_marks_that_the_page_says():
    expected = tomllib.loads((ROOT / "tests" / "sample_class" / "expected.toml").read_text(encoding="utf-8"))
    for student, notebooks in expected.items():
        named = "goran, hana" if student in {"goran", "hana"} else student
        (row,) = re.findall(rf"^\| {named} \| [^|]+ \|(.*) \|$", TEXT, re.MULTILINE)
        terms = [notebooks[name] for name in sorted(notebooks)]
        told = [mark.strip() for mark in row.split("|") if mark.strip()]
        assert told == [
            f"{one['score']:g}" if "score" in one else f"{one['above']:g} to {one['below']:g}" for one in terms
        ]


def test_a_width_is_changed_in_exercises_toml_and_the_reader_asks_for_it(tmp_path):
    import tensorflow.compat.v1 as tensorflow

    text = (CHECKS / "exercises.toml").read_text(encoding="utf-8")
    changed = text.replace("widths = [1500, 10]", "widths = [1000, 10]")
    assert "widths = [1000, 10]" in snippet("[two_layer_network]")
    (tmp_path / "exercises.toml").write_text(changed, encoding="utf-8")
    with tensorflow.Graph().as_default() as graph:
        images, labels = tensorflow.placeholder("float32", [None, 784]), tensorflow.placeholder("float32", [None, 10])
        width, outputs = images, (1000, 10)
        for number, size in enumerate(outputs):
            weights = tensorflow.get_variable(f"W{number}", [int(width.shape[1]), size])
            width = width @ weights + tensorflow.get_variable(f"b{number}", [size])
            width = tensorflow.nn.relu(width) if number == 0 else width
        loss = tensorflow.nn.softmax_cross_entropy_with_logits(labels=labels, logits=width)
        tensorflow.train.AdamOptimizer(0.001).minimize(tensorflow.reduce_mean(loss))
    data = graph.as_graph_def()
    for place, expected in ((CHECKS, True), (tmp_path, False)):
        exercise = load_exercises(place).network("two_layer_network")
        assert ("wrong-width" in read_network(data, exercise=exercise, lab=None).codes) == expected


def test_the_searches_of_the_guide_find_what_states_a_figure():
    searches = re.findall(r"`(grep -rnE .*? source grader_tests)`", TEXT)
    found = [subprocess.run(search, shell=True, cwd=ROOT, capture_output=True, text=True).stdout for search in searches]  # noqa: S602, PLW1510
    assert all("exercises.toml" in one for one in found)
    for stated in ("a layer of 1,500 neurons", "The test accuracy is over 98.5 %", "Get over 98.5 %"):
        assert any(stated in one for one in found), stated


def test_a_parameter_that_makes_no_sense_is_said_as_the_guide_shows(tmp_path):
    typed, said = re.search(r"sed -i 's/(.*)' source.*\n\$ netgrader release\nnetgrader: (.*)\n", TEXT).groups()
    old, new = typed.removesuffix("/").split("/")
    text = (CHECKS / "exercises.toml").read_text(encoding="utf-8")
    (tmp_path / "exercises.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(NetgraderError) as caught:
        load_exercises(tmp_path)
    assert str(caught.value) == said.replace("…", str(tmp_path))


def test_limits_are_set_in_exercises_toml(booked, uncaged, monkeypatch):
    from netgrader.grading import stages

    run, seen = stages.run_request, []
    monkeypatch.setattr(
        stages, "run_request", lambda request, *rest: (seen.append(request.limits), run(request, *rest))
    )
    booked.submit("ada")
    booked.write("source/numbers/checks/exercises.toml", snippet("[limits]"))
    graded(booked)
    (limits,) = seen
    assert (limits.cell_seconds, limits.notebook_seconds, limits.memory_bytes) == (300, 900, 3_000_000_000)
    assert limits.processes == type(limits)().processes


@pytest.mark.parametrize(("level", "outcome"), [(0.0, Outcome.PASSED), (1.0, Outcome.FAILED)])
def test_the_hidden_test_of_the_guide_is_appended_to_the_courses_own_as_it_stands(tmp_path, level, outcome):
    folder = tmp_path / "evidence" / "check_prepare_data"
    folder.mkdir(parents=True)
    writer = EvidenceWriter(folder, "check_prepare_data")
    writer.array("x_train", np.full((5, 784), level, dtype=np.float32))
    writer.close()
    tests = Path(shutil.copy(ROOT / "grader_tests" / "test_one_layer.py", tmp_path))
    with tests.open("a", encoding="utf-8") as file:
        file.write("\n\n" + snippet("# grader_tests/test_one_layer.py"))
    bench = TestContext(folder.parent, load_exercises(CHECKS), lambda: pytest.fail("No lab is needed."))
    run = run_tests(bench, [], [tests], cells=["check_prepare_data"])
    check = run.checks["check_prepare_data"][-1]
    assert (str(check.sentence), check.outcome) == ("Paper is 0: nobody writes into the corner of an image", outcome)
    assert check.faults == (() if level == 0 else ("not-scaled",))
    assert run.log == ()


def test_training_on_test_images_is_a_mistake_everywhere_and_where_it_is_doubtful_figures_for_a_person():
    files = [*(ROOT / "grader_tests").glob("test_*.py"), *CHECKS.glob("test_*_public.py")]
    texts = {path.stem.removeprefix("test_").removesuffix("_public"): "" for path in files}
    for path in files:
        texts[path.stem.removeprefix("test_").removesuffix("_public")] += path.read_text(encoding="utf-8")
    assert {name for name, text in texts.items() if '"trained-on-test"' in text} == set(texts)
    assert {name for name, text in texts.items() if "seen_test_images(" in text} == {"two_layers", "deep_network"}

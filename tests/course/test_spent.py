"""Each student has a budget of seconds and bytes for all submissions of an assignment; changes of the course are free."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import pytest

from netgrader.errors import NetgraderError
from netgrader.grading.budget import drop_replaced
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import jobs_of
from netgrader.grading.result_store import open_store
from netgrader.grading.verify import Verification
from netgrader.results import Status

pytestmark = pytest.mark.usefixtures("uncaged")
LARGE = "import numpy as np\nsquares = np.full(1_000_000, {number})"


@pytest.fixture
def limited(tiny):
    """Set limits of a student."""

    def to(**limits):
        lines = [f"{name} = {value}" for name, value in limits.items()]
        tiny.write("source/numbers/checks/exercises.toml", "\n".join(["[limits]", *lines, ""]))

    return to


@pytest.fixture
def graded(tiny):
    """Have a student hand in and grade it, as `netgrader autograde` does."""

    def run(student="eve", **answers):
        drop_replaced(tiny.course, open_store(tiny.course))
        tiny.submit(student, **answers)
        return tiny.grade(student)

    return run


@pytest.fixture
def each_takes(monkeypatch):
    """Have each run with its verdicts take so many seconds."""

    def seconds(number):
        clock = itertools.count(0.0, number)
        monkeypatch.setattr("netgrader.grading.grade_submission.time", SimpleNamespace(monotonic=lambda: next(clock)))

    return seconds


def kept(tiny):
    """How many runs are in the store, and how many bytes of evidence."""
    runs = open_store(tiny.course).root / "execute"
    files = [path for path in runs.rglob("*") if path.is_file() and "evidence" in path.parts]
    return len(list(runs.glob("??/*"))), sum(path.stat().st_size for path in files)


def spent(tiny, student, what="seconds"):
    """What a student has used for all notebooks."""
    files = (tiny.course.scratch / "spent" / "numbers" / student).glob("*.json")
    return sum(json.loads(file.read_text())[what] for file in files)


def harder(tiny, number):
    path = tiny.root / "grader_tests" / "test_sums.py"
    path.write_text(f"{path.read_text()}\n# changed {number} times\n")
    path.write_text(path.read_text().replace(f"range({10 + number - 1})]", f"range({10 + number})]"))


def test_ten_hand_ins_of_much_evidence_leave_what_one_student_may_have(tiny, limited, graded):
    limited(student_evidence_bytes=1_000_000)
    for number in range(10):
        assert graded(squares=LARGE.format(number=number)).result.score == 2.0
    drop_replaced(tiny.course, open_store(tiny.course))
    assert kept(tiny) == (1, 0)
    assert graded(squares=LARGE.format(number=9)).made == frozenset()


def test_after_a_changed_test_only_what_has_no_evidence_is_run_again(tiny, limited, graded):
    limited(student_evidence_bytes=1_000_000)
    graded("ada")
    graded("eve", squares=LARGE.format(number=1))
    harder(tiny, 1)
    assert graded("ada").made == {"verify"}
    again = graded("eve", squares=LARGE.format(number=1))
    assert again.made == {"execute", "verify"}
    assert again.result.score == 2.0
    assert graded("eve", squares=LARGE.format(number=1)).made == frozenset()


def test_a_run_that_is_anothers_latest_stays(tiny, graded):
    graded("ada")
    graded("eve")
    graded("eve", squares="squares = [1]")
    drop_replaced(tiny.course, open_store(tiny.course))
    assert kept(tiny)[0] == 2
    assert graded("ada").made == frozenset()


def test_hand_ins_that_used_up_the_time_end_in_a_sentence_until_there_is_more(
    tiny, limited, graded, each_takes, uncaged
):
    limited(student_seconds=150)
    each_takes(100.0)
    for number in range(2):
        assert graded(squares=f"squares = [{number}]").result.status is Status.GRADED
    refused = graded(squares="squares = [2]").result
    assert (refused.status, refused.score) == (Status.NOT, 0.0)
    assert "has taken 3 minutes in all, and each student has 2, so this one was not run" in str(refused.problem)
    assert "raise student_seconds under [limits] in exercises.toml" in str(refused.problem)
    assert len(uncaged) == 2
    assert graded("ada").result.status is Status.GRADED
    assert graded(squares="squares = [1]").made == frozenset()
    limited(student_seconds=1_000)
    assert graded(squares="squares = [2]").result.status is Status.GRADED


def test_both_notebooks_of_an_assignment_are_counted_together(tiny, limited, graded, each_takes):
    limited(student_seconds=100)
    each_takes(100.0)
    graded()
    tiny.submit("eve", "2_words")
    (words,) = [job for job in jobs_of(tiny.assignment, "eve") if job.notebook == "2_words"]
    assert grade_job(words).result.status is Status.NOT


def test_what_a_course_changes_costs_a_student_nothing(tiny, limited, graded, each_takes):
    limited(student_seconds=150)
    each_takes(100.0)
    for number in range(1, 6):
        graded()
        harder(tiny, number)
    assert spent(tiny, "eve") == 100.0
    assert graded(squares="squares = [1]").result.status is Status.GRADED


def test_verdicts_that_are_cut_off_end_with_the_time_that_a_student_has(tiny, limited, graded, each_takes, monkeypatch):
    limited(student_seconds=150)
    each_takes(100.0)
    stage = "netgrader.grading.grade_submission.verify_stage"
    monkeypatch.setattr(stage, lambda *_, **__: (Verification(problem="The tests took too long."), True))
    said = [str(graded().result.problem) for _ in range(4)]
    assert ["so this one was not run" in problem for problem in said] == [False, False, True, True]
    assert spent(tiny, "eve") == 200.0


def test_a_damaged_account_is_no_empty_one(tiny, limited, graded, each_takes):
    limited(student_seconds=150)
    each_takes(100.0)
    for number in range(2):
        graded(squares=f"squares = [{number}]")
    (account,) = (tiny.course.scratch / "spent").rglob("*.json")
    noted = account.read_text()
    account.write_text(noted[: len(noted) // 2])
    with pytest.raises(NetgraderError, match=r"is damaged, so nothing was graded .* or delete it"):
        graded(squares="squares = [2]")
    with pytest.raises(NetgraderError, match="is damaged"):
        drop_replaced(tiny.course, open_store(tiny.course))
    account.write_text(noted)
    assert graded(squares="squares = [2]").result.status is Status.NOT
    account.unlink()
    assert graded(squares="squares = [2]").result.status is Status.GRADED


def test_runs_of_the_same_code_under_other_limits_are_replaced(tiny, limited, graded):
    for number in range(3):
        limited(cell_seconds=100 + number)
        graded()
    drop_replaced(tiny.course, open_store(tiny.course))
    assert kept(tiny)[0] == 1


def test_what_is_graded_for_nobody_of_the_class_has_no_account(tiny):
    path = tiny.submit("eve")
    (job,) = jobs_of(tiny.assignment, "eve")
    assert job.student == "eve"
    from netgrader.grading.jobs import find_jobs

    (job,) = find_jobs(path, tiny.course)
    grade_job(job)
    assert not (tiny.course.scratch / "spent").exists()

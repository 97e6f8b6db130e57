"""The sample class gets the marks and codes in its file, from the real notebooks in ``submitted/``."""

from __future__ import annotations

import os
import tomllib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netgrader.course import Course
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import ProcessPool, Task, grade_tasks, longest_first
from netgrader.grading.stages import Options
from tests.sample_class.make import make

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.results import NotebookResult

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXPECTED = tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))
CASES = [(student, notebook) for student, notebooks in EXPECTED.items() for notebook in notebooks]


def _tasks() -> list[Task]:
    assignment = Course(ROOT).assignment("digits")
    return [
        Task(student, job) for student in assignment.course.submitted("digits") for job in jobs_of(assignment, student)
    ]


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> Mapping[tuple[str, str], NotebookResult]:
    """What each notebook of the class that is asked about gets, graded on all cores; by student and file name."""
    own = (item for item in request.session.items if item.path == Path(__file__) and "results" in _fixtures(item))
    asked = [item.callspec.params for item in own]
    wanted = {(each["student"], each["notebook"]) for each in asked}
    tasks = [task for task in _tasks() if (task.student, task.job.path.name) in wanted]
    done = grade_tasks(longest_first(tasks), Options(), ProcessPool(os.cpu_count() or 1))
    assert [one.error for one in done if one.error] == []
    return {(one.task.student, one.task.job.path.name): one.result for one in done if one.result is not None}


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


@pytest.mark.slow
@pytest.mark.parametrize(("student", "notebook"), CASES)
def test_each_student_gets_the_marks_and_codes_that_the_file_says(
    results: Mapping[tuple[str, str], NotebookResult], student: str, notebook: str
) -> None:
    expected, result = EXPECTED[student][notebook], results[student, notebook]
    assert result.status == expected.get("status", "graded"), result.problem
    reasons = [
        (check.check, check.outcome, check.message)
        for cell in result.cells
        for check in cell.checks
        if check.outcome != "passed"
    ]
    if "score" in expected:
        assert result.score == expected["score"], reasons
    else:
        assert expected["above"] <= result.score < expected["below"], reasons
    if not expected.get("any_faults"):
        assert set(result.faults) == set(expected["faults"]), reasons
    assert "line" not in expected or any(expected["line"] in str(message) for *_, message in reasons)


def test_the_file_names_every_notebook_that_was_handed_in() -> None:
    assert {(task.student, task.job.path.name) for task in _tasks()} == set(CASES)


def test_students_are_graded_one_after_the_other_so_that_marks_are_saved_meanwhile() -> None:
    order = [task.student for task in longest_first(_tasks())]
    assert len(list(groupby(order))) == len(set(order))


def test_the_sample_class_is_what_its_sources_make(tmp_path: Path) -> None:
    for made in make(tmp_path, ROOT / "release" / "digits"):
        committed = ROOT / "submitted" / made.relative_to(tmp_path)
        assert committed.read_bytes() == made.read_bytes(), f"{committed} is stale: make sample-class"

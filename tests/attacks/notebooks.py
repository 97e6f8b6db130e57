"""Attacking notebooks of the real course, graded like any other: restored, run in a sandbox, judged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from netgrader.commands.release import generate
from netgrader.course import Course
from netgrader.grading.jobs import find_jobs
from netgrader.grading.pool import ProcessPool, Task, grade_tasks
from netgrader.grading.stages import Options
from tests.sample_class.make import fill as fill_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.results import CellResult, SubmissionResult

ROOT = Path(__file__).parents[2]


def graded(folder: Path, notebook: str, texts: Mapping[str, str]) -> dict[str, SubmissionResult]:
    """The results of a notebook with each of `texts` in its cells, as `tests.sample_class.make` fills them in.

    They are graded two at a time by the course's own tests.
    """
    course = Course(ROOT)
    generate(course.assignment("digits"), folder / "release", [notebook], save=False)
    tasks = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(folder / "store"))
        for number, (name, text) in enumerate(texts.items()):
            path = folder / str(number) / f"{notebook}.ipynb"
            path.parent.mkdir()
            release = nbformat.read(folder / "release" / path.name, as_version=4)
            nbformat.write(fill_in(release, text), path)
            tasks += [Task(name, job) for job in find_jobs(path, course)]
        done = grade_tasks(tasks, Options(threads=1), ProcessPool(2))
    return {one.task.student: one.result for one in done}


def cell_of(result: SubmissionResult, cell: str) -> CellResult:
    """What came of a check cell of a notebook that was graded."""
    return next(one for one in result.cells if one.cell == cell)

"""Grade the instructor's solution and the untouched release before students get the release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.text import plain
from netgrader.errors import NetgraderError
from netgrader.grading.execution import CellStatus
from netgrader.grading.grade_submission import NotPrepared, Prepared, grade_job, prepare
from netgrader.grading.jobs import Job
from netgrader.results import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from netgrader.course import Assignment
    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.grading.stages import Options
    from netgrader.results import CellResult

__all__ = ["lost_by_solutions", "misfits"]

NEAR = 0.005
LONGEST = 300
STOPPED = {CellStatus.ERROR, CellStatus.TIMEOUT, CellStatus.LIMIT, CellStatus.DEAD}


def misfits(assignment: Assignment, notebook: str, released: Path, options: Options) -> Iterator[str]:
    """Yield problems: given cells must run, the solution must earn all points, the release none.

    `released` is the notebook that students will get. Runs of both are cached.

    Yields
    ------
    str
        A sentence for the instructor about each problem.
    """
    source = assignment.files(notebook).source
    yield from _of_solution(Job(assignment, notebook, source), options)
    for cell in grade_job(Job(assignment, notebook, released), options).result.cells:
        if cell.points:
            passed = "".join(f" ({check.check}: {check.sentence})" for check in cell.checks if check.credit > 0)
            yield (
                f"{cell.cell}: the release earns {cell.points:g} of {cell.max_points:g} points as it is, without a line of a "
                f"student's{passed}. Let the tests of the cell require what only work can give, or give form no credit."
            )


def lost_by_solutions(assignment: Assignment, notebooks: Iterable[str], options: Options) -> Iterator[str]:
    """Yield a sentence for each cell that a solution fails; a solution that never ran does not run."""
    for notebook in sorted(notebooks):
        job = Job(assignment, notebook, assignment.files(notebook).source)
        try:
            prepared = prepare(job, options)
            if isinstance(prepared, Prepared) and prepared.was_run:
                yield from _of_verdicts(job, grade_job(job, options))
        except NetgraderError as error:
            yield f"The solution of {notebook} was not graded: {error}"


def _of_solution(job: Job, options: Options) -> Iterator[str]:
    prepared = prepare(job, options)
    if isinstance(prepared, NotPrepared):
        yield f"{job.path}: {prepared.problem}"
        return
    for run in prepared.run()[0].execution.cells:
        if run.status in STOPPED:
            why = f"{run.error_name}: {run.error_message}" if run.error_name else f"it ended as {run.status}"
            yield f"{job.path.name}, cell {run.name or 'without a grade_id'}: it does not run to its end ({plain(why, LONGEST)})."
    yield from _of_verdicts(job, grade_job(job, options))


def _of_verdicts(job: Job, graded: GradedNotebook) -> Iterator[str]:
    for trouble in graded.trouble:
        yield f"The tests of {job.notebook} do not run: {plain(trouble[-2 * LONGEST :], 2 * LONGEST)}"
    for cell in graded.result.rendered(job.assignment.texts.in_english).cells:
        if cell.points is not None and cell.points < cell.max_points - NEAR:
            yield (
                f"{cell.cell}: the solution earns {cell.points:g} of {cell.max_points:g} points. {_lost(cell)}"
                "Fix the solution, the test or its parameters."
            )
    if graded.result.status is not Status.GRADED:
        yield f"{job.path.name}: {graded.result.problem}"


def _lost(cell: CellResult) -> str:
    """Return the first check that did not pass, in words."""
    for check in cell.checks:
        if check.outcome is not Outcome.PASSED:
            return f"{check.check}, '{check.sentence}', says: {plain(check.message or check.outcome, LONGEST)} "
    return ""

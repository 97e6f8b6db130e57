"""Our steps in nbgrader's autograde: restore cells, run the notebook in a sandbox, save verdicts.

An assignment without our checks gets nbgrader's own steps: its notebooks run without a sandbox, and their printed output
decides their points.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import (
    DeduplicateIds,
    Execute,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)
from traitlets import Unicode

from netgrader.cage_contents import cage_warning
from netgrader.course import Assignment, Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.graded_notebook import LastResult, load_last_result, save_last_result
from netgrader.grading.jobs import Job, job_of, jobs_of
from netgrader.grading.restore import as_released
from netgrader.grading.result_store import hash_bytes
from netgrader.grading.stages import Options
from netgrader.nbgrader_plugin.deadlines import set_deadline
from netgrader.nbgrader_plugin.formgrader_page import fill, page_of
from netgrader.releases import every_release
from netgrader.results import CellResult, NotebookResult, Outcome, Status

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from netgrader.grading.graded_notebook import GradedNotebook

__all__ = ["CagedExecute", "RestoreCells", "SaveVerdicts", "course_of", "save_verdicts"]

NO_RESPONSE = "No response."


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that knows its notebook and course."""

    def job(self, resources: Any) -> Job:
        """Return the job of the current notebook."""
        assignment, about = self.assignment(resources), resources["nbgrader"]
        student = about["student"]
        return job_of(assignment, student, about["notebook"], jobs_of(assignment, student))

    def assignment(self, resources: Any) -> Assignment:
        """Return the current assignment, in the course of the calling converter."""
        return self.course().assignment(resources["nbgrader"]["assignment"])

    def course(self) -> Course:
        """Return the course of the calling converter."""
        return course_of(self)


def course_of(step: Any) -> Course:
    """Return the course of the converter that owns a step or an exporter of nbgrader's."""
    owner = step.parent
    while not hasattr(owner, "coursedir"):
        owner = owner.parent
    return Course(Path(owner.coursedir.root))


class RestoreCells(_Step):
    """Puts the release's cells in place; CagedExecute reads the file and restores it by itself.

    Replaces nbgrader's DeduplicateIds and OverwriteCells: an unreadable file must not end the class.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill the notebook; for nbgrader's own assignments, prepare it as nbgrader does."""
        assignment = self.assignment(resources)
        if not assignment.is_ours:
            return _through((DeduplicateIds, OverwriteKernelspec, OverwriteCells), self.parent, nb, resources)
        skeleton = assignment.skeleton(resources["nbgrader"]["notebook"])
        fill(nb, skeleton, ((cell, ()) for cell in as_released(skeleton)))
        return nb, resources


class CagedExecute(_Step):
    """Runs the notebook through our stages, or uses cached results; replaces nbgrader's Execute.

    Each check cell's output becomes its verdict.
    """

    sandbox = Unicode(Options().sandbox, help="The sandbox that submissions run in.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and fill the notebook; a problem of this machine raises an exception, and old points stay."""
        assignment = self.assignment(resources)
        if not assignment.is_ours:
            self.log.warning("No cage: %s of %s runs with your own rights.", resources["unique_key"], assignment.name)
            return _through((Execute, ClearMetadataPreprocessor), self.parent, nb, resources)
        job = self.job(resources)
        _say_cage_warning(self.sandbox, self.log)
        graded = grade_job(job, Options(sandbox=self.sandbox))
        page = page_of(graded, job.assignment.skeleton(job.notebook), job.assignment.texts)
        nb.metadata, nb.cells = page.metadata, page.cells
        resources["netgrader"] = {"graded": graded}
        return nb, resources


@functools.cache
def _say_cage_warning(sandbox: str, log: logging.Logger) -> None:
    """Log, once per process, which promises of a sandbox are not kept."""
    if warning := cage_warning(sandbox):
        log.warning(warning)


class SaveVerdicts(_Step):
    """Saves points to the gradebook in one transaction; replaces nbgrader's SaveAutoGrades.

    Points that a person gave are kept, and flagged for review only if the graded work has changed since.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the verdicts that CagedExecute left; for nbgrader's own assignments, nbgrader's points."""
        assignment, about = self.assignment(resources), resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            set_deadline(assignment, gradebook.find_submission(assignment.name, about["student"]))
            gradebook.db.commit()
        if not assignment.is_ours:
            return _through((SaveAutoGrades,), self.parent, nb, resources)
        graded: GradedNotebook = resources["netgrader"]["graded"]
        with Gradebook(about["db_url"]) as gradebook:
            kept_now = save_verdicts(gradebook, assignment, about["student"], about["notebook"], graded)
            gradebook.db.commit()
        save_last_result(assignment, about["student"], about["notebook"], kept_now)
        return nb, resources


def save_verdicts(
    gradebook: Any, assignment: Assignment, student: str, notebook: str, graded: GradedNotebook
) -> LastResult:
    """Save a notebook's points in the open transaction; return what to store after its commit.

    Raises
    ------
    NetgraderError
        If the gradebook does not have the notebook's cells; the transaction is then rolled back.
    """
    before = load_last_result(assignment, student, notebook)
    known = {} if before is None else before.answers
    answers = _answers(graded)
    hashes = {name: hash_bytes(text.encode()) for name, text in answers.items()}
    unanswered = dict(answers.items() & _released(assignment, notebook))
    try:
        submitted = gradebook.find_submission_notebook(notebook, assignment.name, student)
        grades = {grade.name: grade for grade in submitted.grades}
        comments = {comment.name: comment for comment in submitted.comments}
        for cell in graded.result.cells:
            changed = hashes.get(cell.cell) != known.get(cell.cell)
            _save(grades[cell.cell], cell, graded.result, changed=changed, answered=cell.cell not in unanswered)
        for name in answers:
            comments[name].auto_comment = NO_RESPONSE if name in unanswered else None
    except (MissingEntry, KeyError) as error:
        gradebook.db.rollback()
        raise NetgraderError(
            f"The gradebook does not have the cells that {notebook} has now. Type netgrader release, then grade again."
        ) from error
    return LastResult(graded.result, graded.observations, graded.digest, hashes, graded.run)


def _answers(graded: GradedNotebook) -> dict[str, str]:
    """Return the sources of solution cells, by id."""
    return {cell.grade_id: cell.source for cell, _ in graded.cells if cell.origin and cell.origin.is_solution}


def _released(assignment: Assignment, notebook: str) -> set[tuple[str, str]]:
    """Return ids of cells with each text in which they were released."""
    return {(cell.grade_id, cell.source) for one in every_release(assignment, notebook) for cell in one.tracked}


def _save(grade: Any, cell: CellResult, result: NotebookResult, *, changed: bool, answered: bool) -> None:
    """Save one cell's grade; `changed` says that the work a person graded has changed."""
    if abs(grade.max_score - cell.max_points) > 1e-9:
        raise NetgraderError(
            f"{cell.cell} is worth {cell.max_points:g} points in the source and {grade.max_score:g} in the gradebook. "
            "Type netgrader release, then grade again."
        )
    previous = grade.auto_score
    if not cell.manual:
        grade.auto_score = cell.points
        look = result.status is Status.NOT or any(check.outcome is Outcome.UNGRADABLE for check in cell.checks)
        changed = grade.auto_score != previous
    else:
        # As in nbgrader: an unchanged release text is not an answer, and needs no reader.
        grade.auto_score, look = (None, True) if answered else (0.0, False)
    if grade.manual_score is None:
        grade.needs_manual_grade = look
    elif changed:
        grade.needs_manual_grade = True


def _through(steps: Sequence[type[Any]], parent: Any, nb: Any, resources: Any) -> tuple[Any, Any]:
    for step in steps:
        nb, resources = step(parent=parent)(nb, resources)
    return nb, resources

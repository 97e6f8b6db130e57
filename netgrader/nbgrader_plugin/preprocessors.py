"""The steps of ours in nbgrader's autograde: cells restored, the notebook run in a cage, verdicts saved as marks."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Unicode

from netgrader.course import Assignment, Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import NOT_RESTORED, Job, grade_job, job_of
from netgrader.grading.last_result import LastResult, load_last_result, save_last_result
from netgrader.grading.restore import RestoredCell, restore
from netgrader.grading.stages import Options
from netgrader.grading.store import hash_bytes, open_store
from netgrader.grading.submission import UnreadableError, read_notebook
from netgrader.limited import ExceededError, within_limits
from netgrader.nbgrader_plugin.formgrader_page import fill, page_of
from netgrader.nbgrader_plugin.plain import restore_plain, run_plain, save_plain
from netgrader.results import CellResult, NotebookResult, Outcome, Status

if TYPE_CHECKING:
    import logging
    from collections.abc import Sequence

    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.skeleton import Skeleton

__all__ = ["CagedExecute", "RestoreCells", "SaveVerdicts", "course_of", "save_verdicts"]

NO_RESPONSE = "No response."


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that knows which notebook of which course it is at."""

    def job(self, resources: Any) -> Job:
        """Return the submitted notebook that nbgrader is at."""
        about = resources["nbgrader"]
        return job_of(self.assignment(resources), about["student"], about["notebook"])

    def assignment(self, resources: Any) -> Assignment:
        """Return the assignment that nbgrader is at, in the course whose converter called us."""
        return self.course().assignment(resources["nbgrader"]["assignment"])

    def course(self) -> Course:
        """Return the course of the converter that this step belongs to."""
        return course_of(self)


def course_of(step: Any) -> Course:
    """Return the course of the converter that a step or an exporter of nbgrader's belongs to."""
    owner = step.parent
    while owner is not None and not hasattr(owner, "coursedir"):
        owner = owner.parent
    return Course(Path(owner.coursedir.root if owner is not None else Path.cwd()))


class RestoreCells(_Step):
    """Makes the notebook that is run from what was handed in; in place of nbgrader's DeduplicateIds and OverwriteCells.

    What cannot be read becomes the release's notebook with a sentence on top, and goes on: the next student must not
    wait, and the gradebook must know.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill the notebook; that of an assignment of nbgrader's own is made ready as nbgrader does."""
        if not self.assignment(resources).is_ours:
            return restore_plain(self.parent, nb, resources)
        job = self.job(resources)
        skeleton = job.assignment.skeleton(job.notebook)
        problem = job.problem
        try:
            cells: Sequence[RestoredCell] = (
                ()
                if problem
                else within_limits(restore, read_notebook(job.path, open_store(job.assignment.course)), skeleton).cells
            )
        except UnreadableError as error:
            cells, problem = (), str(error)
        except ExceededError as error:
            cells, problem = (), NOT_RESTORED.format(limit=error)
        if problem:
            cells = [
                RestoredCell(cell.cell_type, cell.source, cell if cell.nbgrader else None) for cell in skeleton.cells
            ]
        fill(nb, skeleton, ((cell, ()) for cell in cells), problem)
        return nb, resources


class CagedExecute(_Step):
    """Runs the notebook through our stages, or takes their results from the store; in place of nbgrader's Execute.

    Under each check cell stands its verdict, whatever was printed there.
    """

    sandbox = Unicode(Options().sandbox, help="The sandbox that submissions run in; none is no cage at all.").tag(
        config=True
    )
    run_plain_assignments_uncaged = Bool(
        False, help="Whether notebooks of nbgrader's own assignments run without a cage, by nbgrader's own kernel."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and fill the notebook; what cannot work here at all is an exception, and marks stay as they were."""
        assignment = self.assignment(resources)
        plain = not assignment.is_ours
        sandbox = "none" if plain and self.run_plain_assignments_uncaged else self.sandbox
        if sandbox == "none":
            self.log.warning("No cage: %s of %s runs with your own rights.", resources["unique_key"], assignment.name)
        if plain:
            submitted = assignment.course.folder("submitted", resources["nbgrader"]["student"], assignment.name)
            return run_plain(self.parent, nb, resources, submitted=submitted, sandbox=sandbox)
        job = self.job(resources)
        _say_memory_gap(self.sandbox, self.log)
        graded = grade_job(job, Options(sandbox=self.sandbox))
        page = page_of(graded, job.assignment.skeleton(job.notebook))
        nb.metadata, nb.cells = page.metadata, page.cells
        resources["netgrader"] = {"graded": graded}
        return nb, resources


@functools.cache
def _say_memory_gap(sandbox: str, log: logging.Logger) -> None:
    """Say it, once for a process, where the limit on memory does not hold."""
    from netgrader.cage import memory_warning  # noqa: PLC0415  (POSIX)

    if warning := memory_warning(sandbox):
        log.warning(warning)


class SaveVerdicts(_Step):
    """Saves points into the gradebook, in one transaction; in place of nbgrader's SaveAutoGrades.

    A mark given by hand is kept, and flagged for another look only if what it judged has changed since.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the verdicts that CagedExecute left; of an assignment of nbgrader's own what nbgrader reads off."""
        assignment = self.assignment(resources)
        if not assignment.is_ours:
            return save_plain(self.parent, nb, resources)
        about = resources["nbgrader"]
        graded: GradedNotebook = resources["netgrader"]["graded"]
        with Gradebook(about["db_url"]) as gradebook:
            kept_now = save_verdicts(gradebook, assignment, about["student"], about["notebook"], graded)
            gradebook.db.commit()
        save_last_result(assignment, about["student"], about["notebook"], kept_now)
        return nb, resources


def save_verdicts(
    gradebook: Any, assignment: Assignment, student: str, notebook: str, graded: GradedNotebook
) -> LastResult:
    """Put a notebook's points into the gradebook's open transaction; what is to be kept once that is committed.

    Raises
    ------
    NetgraderError
        If the gradebook does not have the notebook's cells; nothing of the transaction is left then.
    """
    before = load_last_result(assignment, student, notebook)
    skeleton = assignment.skeleton(notebook)
    answers = {cell.grade_id: cell.source for cell, _ in graded.cells if cell.origin and cell.origin.is_solution}
    hashes = {name: hash_bytes(text.encode()) for name, text in answers.items()}
    try:
        submitted = gradebook.find_submission_notebook(notebook, assignment.name, student)
        grades = {grade.name: grade for grade in submitted.grades}
        comments = {comment.name: comment for comment in submitted.comments}
        for cell in graded.result.cells:
            changed = before is None or hashes.get(cell.cell) != before.answers.get(cell.cell)
            answered = answers.get(cell.cell) != _released(skeleton, cell.cell)
            _save(grades[cell.cell], cell, graded.result, changed=changed, answered=answered)
        for name, text in answers.items():
            comments[name].auto_comment = NO_RESPONSE if text == _released(skeleton, name) else None
    except (MissingEntry, KeyError) as error:
        gradebook.db.rollback()
        raise NetgraderError(
            f"The gradebook does not have the cells that {notebook} has now. Type netgrader release, then grade again."
        ) from error
    return LastResult(graded.result, graded.observations, graded.digest, hashes)


def _save(grade: Any, cell: CellResult, result: NotebookResult, *, changed: bool, answered: bool) -> None:
    """Save one cell's grade. `changed`: what a person has judged is no longer what is there."""
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
    elif result.status is Status.NOT and result.problem and not answered:
        grade.auto_score, look = 0.0, False
    else:
        # As in nbgrader: an answer that is still the release's text is none, and no one has to read it.
        grade.auto_score, look = (None, True) if answered else (0.0, False)
    if grade.manual_score is None:
        grade.needs_manual_grade = look
    elif changed:
        grade.needs_manual_grade = True


def _released(skeleton: Skeleton, grade_id: str) -> str | None:
    return next((cell.source for cell in skeleton.tracked if cell.grade_id == grade_id), None)

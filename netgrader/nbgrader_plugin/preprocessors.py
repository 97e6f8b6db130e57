"""The steps of ours in nbgrader's autograde: cells restored, the notebook run in a cage, verdicts saved as marks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from netgrader.course import Assignment, Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import GradedNotebook, Job, grade_job, job_of
from netgrader.grading.kept import Kept, keep, kept, kept_path
from netgrader.grading.restore import RestoredCell, restore
from netgrader.grading.stages import Options
from netgrader.grading.store import hash_bytes
from netgrader.grading.submission import UnreadableError, read_notebook
from netgrader.nbgrader_plugin.render import safe_outputs, verdict_output
from netgrader.results import CellResult, NotebookResult, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgrader.skeleton import Skeleton

__all__ = ["CagedExecute", "RestoreCells", "SaveVerdicts", "about_it", "graded_page", "save_verdicts"]

NO_RESPONSE = "No response."
LONGEST_SOURCE = 100_000  # characters of one cell that are shown
MOST_SOURCE = 600_000  # of all cells together
MOST_SHOWN = 12_000_000  # of what they put out
LEFT_OUT = "The rest is left out here: it is longer than a page takes. All of it was graded."


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that knows which notebook of which course it is at."""

    def job(self, resources: Any) -> Job:
        """The submitted notebook that nbgrader is at."""
        about = resources["nbgrader"]
        return job_of(self.assignment(resources), about["student"], about["notebook"])

    def assignment(self, resources: Any) -> Assignment:
        """The assignment that nbgrader is at, in the course whose converter called us."""
        return self.course().assignment(resources["nbgrader"]["assignment"])

    def course(self) -> Course:
        """The course of the converter that this step belongs to."""
        owner = self.parent
        while owner is not None and not hasattr(owner, "coursedir"):
            owner = owner.parent
        return Course(Path(owner.coursedir.root if owner is not None else Path.cwd()))


class RestoreCells(_Step):
    """Makes the notebook that is run from what was handed in; in place of nbgrader's DeduplicateIds and OverwriteCells.

    What cannot be read becomes the release's notebook with a sentence on top, and goes on: the next student must not
    wait, and the gradebook must know.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Fill the notebook."""
        job = self.job(resources)
        skeleton = job.assignment.skeleton(job.notebook)
        problem = job.problem
        try:
            cells: Sequence[RestoredCell] = () if problem else restore(read_notebook(job.path), skeleton).cells
        except UnreadableError as error:
            cells, problem = (), str(error)
        if problem:
            cells = [
                RestoredCell(cell.cell_type, cell.source, cell if cell.nbgrader else None) for cell in skeleton.cells
            ]
        _fill(nb, skeleton, ((cell, ()) for cell in cells), problem)
        return nb, resources


class CagedExecute(_Step):
    """Runs the notebook through our stages, or takes their results from the store; in place of nbgrader's Execute.

    Under each check cell stands its verdict, whatever was printed there.
    """

    sandbox = Unicode(Options().sandbox, help="The sandbox that submissions run in.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run and fill the notebook; what cannot work here at all is an exception, and marks stay as they were."""
        job = self.job(resources)
        graded = grade_job(job, Options(sandbox=self.sandbox))
        page = graded_page(graded, job.assignment.skeleton(job.notebook))
        nb.metadata, nb.cells = page.metadata, page.cells
        resources["netgrader"] = {"graded": graded}
        return nb, resources


class SaveVerdicts(_Step):
    """Saves points into the gradebook, in one transaction; in place of nbgrader's SaveAutoGrades.

    A mark given by hand is kept, and flagged for another look only if what it judged has changed since.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the verdicts that CagedExecute left."""
        about = resources["nbgrader"]
        graded: GradedNotebook = resources["netgrader"]["graded"]
        assignment = self.assignment(resources)
        with Gradebook(about["db_url"]) as gradebook:
            kept_now = save_verdicts(gradebook, assignment, about["student"], about["notebook"], graded)
            gradebook.db.commit()
        keep(kept_path(assignment, about["student"], about["notebook"]), kept_now)
        return nb, resources


def save_verdicts(gradebook: Any, assignment: Assignment, student: str, notebook: str, graded: GradedNotebook) -> Kept:
    """Put a notebook's points into the gradebook's open transaction; what is to be kept once that is committed.

    Raises
    ------
    NetgraderError
        If the gradebook does not have the notebook's cells; nothing of the transaction is left then.
    """
    before = kept(kept_path(assignment, student, notebook))
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
    return Kept(graded.result, graded.observations, graded.digest, hashes)


def _save(grade: Any, cell: CellResult, result: NotebookResult, *, changed: bool, answered: bool) -> None:
    """One cell's grade. `changed`: what a person has judged is no longer what is there."""
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


def graded_page(graded: GradedNotebook, skeleton: Skeleton) -> Any:
    """A graded notebook as formgrader shows it: the cells that were run, and under each check cell its verdict."""
    page = nbformat.v4.new_notebook()
    result = graded.result
    _fill(page, skeleton, _shown(graded), result.problem if result.status is Status.NOT else None)
    page.metadata["netgrader"] = about_it(graded)
    return page


def about_it(graded: GradedNotebook) -> dict[str, str]:
    """What an autograded notebook says of itself: what it was made from, and how that went."""
    return {"digest": graded.digest, "base": graded.base, "status": str(graded.result.status)}


def _released(skeleton: Skeleton, grade_id: str) -> str | None:
    return next((cell.source for cell in skeleton.tracked if cell.grade_id == grade_id), None)


def _shown(graded: GradedNotebook) -> Iterable[tuple[RestoredCell, list[dict[str, Any]]]]:
    """The cells with what is shown of them, as much as a page takes: what a student wrote and put out may be megabytes."""
    results = {cell.cell: cell for cell in graded.result.cells if not cell.manual}
    sources, shown = MOST_SOURCE, MOST_SHOWN
    for number, (cell, outputs) in enumerate(graded.cells):
        kept = cell if cell.origin and cell.origin.locked else _cut(cell, sources)
        sources -= len(kept.source)
        if cell.grade_id in results:
            yield kept, [verdict_output(results[cell.grade_id], graded.result.problem)]
            continue
        made = safe_outputs(outputs, f"out-{number}-") if shown > 0 else []
        shown -= sum(len(value) for output in made for value in _texts(output))
        yield kept, made if made or not outputs else [_said(LEFT_OUT)]


def _cut(cell: RestoredCell, most: int) -> RestoredCell:
    """A cell of which no more is shown than a page takes; what was run is all of it."""
    if len(cell.source) <= min(most, LONGEST_SOURCE):
        return cell
    note = f"\n# {LEFT_OUT}" if cell.cell_type == "code" else f"\n\n{LEFT_OUT}"
    return replace(cell, source=cell.source[: max(0, min(most, LONGEST_SOURCE))] + note)


def _texts(output: Mapping[str, Any]) -> Iterable[str]:
    return (*output.get("data", {}).values(), *output.get("traceback", ()), output.get("text", ""))


def _said(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def _fill(
    nb: Any, skeleton: Skeleton, cells: Iterable[tuple[RestoredCell, Sequence[dict[str, Any]]]], problem: str | None
) -> None:
    """Write the cells into nbgrader's notebook, with the metadata of the release and no one else's."""
    nb.metadata = nbformat.from_dict(dict(skeleton.metadata))
    nb.cells = []
    if problem:
        nb.cells.append(nbformat.v4.new_markdown_cell(f"**Not graded.** {_plain(problem)}", id="problem"))
    # The course's pictures stand with the course's text; a submission's own do not travel.
    pictures = {cell.source: cell.attachments for cell in skeleton.cells if cell.attachments}
    for number, (cell, outputs) in enumerate(cells):
        made = _cell(cell, f"cell-{number}")
        if cell.origin is not None:
            made.metadata.update(cell.origin.frozen)
            if cell.origin.nbgrader:
                made.metadata["nbgrader"] = nbformat.from_dict(dict(cell.origin.nbgrader))
        if cell.cell_type == "raw":
            # A raw cell without a type is put into formgrader's page as it is, markup and all.
            made.metadata["raw_mimetype"] = "text/plain"
        if cell.cell_type == "markdown" and cell.source in pictures:
            made.attachments = nbformat.from_dict(dict(pictures[cell.source]))
        if cell.cell_type == "code":
            made.outputs = [nbformat.from_dict(output) for output in outputs]
        nb.cells.append(made)


def _cell(cell: RestoredCell, name: str) -> Any:
    """An empty cell of the notebook format; not by `nbformat.v4`'s makers, which validate each cell by itself."""
    kind = cell.cell_type if cell.cell_type in {"code", "markdown"} else "raw"
    more: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return nbformat.from_dict({"id": name, "cell_type": kind, "metadata": {}, "source": cell.source, **more})


def _plain(text: str) -> str:
    """Text for Markdown in which nothing is markup."""
    return "".join("\\" + character if character in "\\`*_{}[]<>()#+-.!|$&" else character for character in text)

"""What nbgrader's autograde makes of a submission with our steps plugged in, at once and in one transaction.

nbgrader's converter exports each notebook twice, validates it a dozen times and opens the gradebook seven times, half a
second for each student. With the steps that `configure` sets, and no others, it comes to what is written here: the same
rows in the gradebook, the same files in ``autograded/``. Whatever a course adds to those steps is left to nbgrader.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbgrader.api import Comment, Grade, MissingEntry, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import IgnorePattern, LimitOutput
from nbgrader.utils import find_all_files
from traitlets.config import Config

from netgrader.grading.grade_submission import grade_job
from netgrader.grading.graded_notebook import save_last_result, take_graded
from netgrader.grading.jobs import job_of, jobs_of
from netgrader.grading.result_store import open_store
from netgrader.limited import together
from netgrader.nbgrader_plugin.configure import configure
from netgrader.nbgrader_plugin.converters import nbgrader_config
from netgrader.nbgrader_plugin.deadlines import set_deadline
from netgrader.nbgrader_plugin.formgrader_page import page_of
from netgrader.nbgrader_plugin.handing_in import handed_in
from netgrader.nbgrader_plugin.hooks import adopt, drop_links
from netgrader.nbgrader_plugin.preprocessors import save_verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from netgrader.course import Assignment
    from netgrader.grading.graded_notebook import GradedNotebook, LastResult
    from netgrader.grading.jobs import Job
    from netgrader.grading.pool import Done
    from netgrader.grading.stages import Options

__all__ = ["Conversion", "is_ours_alone"]

NOTEBOOKS = "*.ipynb"
MOST_FILES = 1_000  # beside the notebooks, of one submission
MOST_BYTES = 200_000_000
TOO_MUCH = (
    "{student}: {number} of the files beside the notebooks are left in {folder}, since together they are too large."
)
MODE = 0o444
# Settings of these would make nbgrader's converter do something else, or something more.
ELSEWHERE = (
    *(
        "BaseConverter",
        "Exporter",
        "NotebookExporter",
        "SubmissionExporter",
        "FilesWriter",
        "WriterBase",
        "NbConvertBase",
    ),
    *("Preprocessor", "NbGraderPreprocessor", "RestoreCells", "CagedExecute", "SaveVerdicts", "CheckCellMetadata"),
)
OF_THE_COURSE = ("groupshared", "notebook_id", "student_id_exclude")


def is_ours_alone(config: Any) -> bool:
    """Whether a course's config has nbgrader's autograde do what `configure` sets and nothing else."""
    ours = Config()
    configure(ours, Path())
    directory = config.get("CourseDirectory", {})
    return (
        dict(config.get("Autograde", {})) == dict(ours.Autograde)
        and not any(config.get(section) for section in ELSEWHERE)
        and not any(name in directory for name in OF_THE_COURSE)
    )


class Conversion:
    """Saves submissions of one assignment.

    Attributes
    ----------
    warnings
        What an instructor is to know of what was saved, in sentences.
    """

    def __init__(self, assignment: Assignment, options: Options) -> None:
        self._assignment = assignment
        self._options = options
        self.warnings: list[str] = []
        config = nbgrader_config(assignment.course)
        config.CourseDirectory.root = str(assignment.course.root)
        self._ignored = [*CourseDirectory(config=config).ignore, NOTEBOOKS]
        self._limits = (IgnorePattern(config=config), LimitOutput(config=config))
        self._course_files = _files(assignment.source, self._ignored)

    def save(self, gradebook: Any, student: str, done: Sequence[Done] = ()) -> bool:
        """Save a student's submission over what was there.

        Parameters
        ----------
        gradebook
            nbgrader's, open.
        student
            Whose.
        done
            What workers have graded of it; what is not among it is graded here.

        Returns
        -------
        Whether it was done. A late submission is not, since penalties are a plugin's, nor one without any notebook that the
        gradebook knows: then nothing was changed.

        Raises
        ------
        NetgraderError
            If a notebook cannot be graded here, or the gradebook does not have its cells; marks stay as they were.
        """
        folder = self._folder("submitted", student)
        drop_links(folder)
        jobs = jobs_of(self._assignment, student)
        adopt(folder, jobs)
        names = sorted(path.stem for path in folder.glob(NOTEBOOKS))
        try:
            known = {notebook.name for notebook in gradebook.find_assignment(self._assignment.name).notebooks}
        except MissingEntry:
            return False
        by_name = {one.task.job.notebook: one for one in done}
        graded = {name: self._graded(student, name, by_name.get(name), jobs) for name in names if name in known}
        marks = self._marks(gradebook, student, graded, folder) if graded else None
        if marks is None:
            return False
        target = self._folder("autograded", student)
        beside = _files(folder, self._ignored)
        taken = _as_many_as_fit(beside)
        if len(taken) < len(beside):
            self.warnings.append(TOO_MUCH.format(student=student, number=len(beside) - len(taken), folder=folder))
        self._copy(taken, folder, target)
        self._copy(self._course_files, self._assignment.source, target)
        for name, kept in marks.items():
            save_last_result(self._assignment, student, name, kept)
        with together():  # so much of others' time one student's pages have
            for name, one in graded.items():
                self._write(target, name, one)
        return True

    def _graded(self, student: str, name: str, done: Done | None, jobs: Sequence[Job]) -> GradedNotebook:
        """Return what a worker left of a notebook, or grade it."""
        if done is not None and done.graded is not None:
            store = open_store(self._assignment.course)
            found = take_graded(store, done.graded, done.digest)
            if found is not None:
                return found
        return grade_job(job_of(self._assignment, student, name, jobs), self._options)

    def _marks(
        self, gradebook: Any, student: str, graded: Mapping[str, GradedNotebook], folder: Path
    ) -> dict[str, LastResult] | None:
        """Save the marks and take the old pages away; what is to be kept by notebook, None if it is late."""
        try:
            submission = self._submission(gradebook, student, handed_in(folder))
            if submission.total_seconds_late:
                gradebook.db.rollback()
                return None
            # By its pages one sees that a student is saved, so the old ones go first and the new ones come last.
            target = self._folder("autograded", student)
            if target.is_dir():
                shutil.rmtree(target)
            marks = {
                name: save_verdicts(gradebook, self._assignment, student, name, one) for name, one in graded.items()
            }
            for notebook in submission.notebooks:
                if notebook.name in graded:
                    notebook.late_submission_penalty = None
                elif not (folder / f"{notebook.name}.ipynb").exists():
                    for grade in notebook.grades:
                        grade.auto_score, grade.needs_manual_grade = 0, False
            gradebook.db.commit()
        except BaseException:
            gradebook.db.rollback()
            raise
        return marks

    def _folder(self, step: str, student: str) -> Path:
        return self._assignment.course.folder(step, student, self._assignment.name)

    def _submission(self, gradebook: Any, student: str, when: datetime | None) -> Any:
        """Return the student's submission in the open transaction, made if there is none, as nbgrader's `add_submission` does."""
        try:
            submission = gradebook.find_submission(self._assignment.name, student)
        except MissingEntry:
            submission = _new_submission(gradebook, self._assignment.name, student)
        if when is not None:
            submission.timestamp = when
        set_deadline(self._assignment, submission)
        return submission

    def _copy(self, files: Sequence[str], source: Path, target: Path) -> None:
        """Copy what lies beside the notebooks."""
        for file in files:
            copy = target / os.path.relpath(file, source)
            _make_way(copy, target)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
            copy.chmod(MODE)

    def _write(self, target: Path, name: str, graded: GradedNotebook) -> None:
        """Write the page in formgrader."""
        page = page_of(graded, self._assignment.skeleton(name))
        resources: dict[str, Any] = {}
        for step in self._limits:
            page, resources = step(page, resources)
        path = target / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(nbformat.v4.writes(page) + "\n", encoding="utf-8")
        path.chmod(MODE)


def _make_way(copy: Path, target: Path) -> None:
    """Take away what was handed in under a name of the course's: the file itself, a folder there, a file where its folder is."""
    if copy.is_dir():
        shutil.rmtree(copy)
    for path in (copy, *copy.parents[: len(copy.relative_to(target).parts) - 1]):
        if path.is_file():
            path.unlink()


def _as_many_as_fit(files: Sequence[str]) -> list[str]:
    """Return those of a stranger's files that are copied, by what each takes where it is copied to: a file may have gaps."""
    taken, left = [], MOST_BYTES
    for file in files[:MOST_FILES]:
        size = Path(file).lstat().st_size
        if size <= left:
            taken.append(file)
            left -= size
    return taken


def _files(folder: Path, ignored: Sequence[str]) -> list[str]:
    return sorted(find_all_files(str(folder), list(ignored)))


def _new_submission(gradebook: Any, assignment: str, student: str) -> Any:
    """Return a submission with an empty grade and comment for each cell; nbgrader's own function would commit it like that."""
    try:
        owner = gradebook.find_student(student)
    except MissingEntry:
        owner = Student(id=student)
        gradebook.db.add(owner)
    with gradebook.db.no_autoflush:
        submission = SubmittedAssignment(assignment=gradebook.find_assignment(assignment), student=owner)
        for notebook in submission.assignment.notebooks:
            own = SubmittedNotebook(notebook=notebook, assignment=submission)
            for cell in notebook.grade_cells:
                Grade(cell_id=cell.id, notebook=own)
            for cell in notebook.solution_cells:
                Comment(cell_id=cell.id, notebook=own)
            for cell in notebook.task_cells:
                Comment(cell_id=cell.id, notebook=own)
                Grade(cell_id=cell.id, notebook=own)
        gradebook.db.add(submission)
    gradebook.db.flush()
    return submission

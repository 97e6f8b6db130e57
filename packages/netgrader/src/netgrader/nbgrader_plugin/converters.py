"""Call nbgrader's converters from our commands: one at a time, with errors as sentences."""

from __future__ import annotations

import copy
import glob
import importlib.metadata
import logging
import os
import shutil
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import plain
from netgrader.errors import NetgraderError
from netgrader.files import is_regular
from netgrader.nbgrader_plugin.handing_in import FILE, NO_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.course import Assignment, Course

__all__ = [
    "GradebookError",
    "autograde_one",
    "generate_assignment",
    "generate_feedback",
    "nbgrader_config",
    "nbgraders_ways",
    "patient",
]


PATIENCE_SECONDS = 30.0
EXCHANGES = (FILE, "submission_secret.txt")  # files by which nbgrader's exchange recognizes a submission


class GradebookError(NetgraderError):
    """The gradebook is unusable: locked, damaged, missing."""


def nbgrader_config(course: Course) -> Any:
    """Return the course's config, as nbgrader's own commands read it; a copy that may be changed."""
    return copy.deepcopy(course.config)


def generate_assignment(
    course: Course, assignment: str, *, release_directory: str, notebook: str = "*", save: bool = True
) -> None:
    """Generate the release of `assignment` with nbgrader; `save` puts cells and points in the gradebook.

    Raises
    ------
    NetgraderError
        If nbgrader refuses, with its reason.
    """
    from nbgrader.converters import GenerateAssignment  # noqa: PLC0415  (slow)

    config = nbgrader_config(course)
    config.CourseDirectory.release_directory = release_directory
    if not save:
        config.SaveCells.enabled = False
        config.GenerateAssignment.no_database = True
    _run(GenerateAssignment, course, config, assignment=assignment, notebook=notebook)


def autograde_one(course: Course, assignment: str, student: str, sandbox: str | None = None) -> None:
    """Run nbgrader's autograde on one student's submission, replacing earlier results.

    It runs in `sandbox`, if that is not None, regardless of the course's settings.

    Raises
    ------
    NetgraderError
        If it failed, with the reason; the gradebook's points stay unchanged.
    """
    from nbgrader.converters import Autograde  # noqa: PLC0415  (slow)

    config = nbgrader_config(course)
    if sandbox is not None:
        config.CagedExecute.sandbox = sandbox
    kind = _of_one(_of_notebooks_alone(Autograde), course.assignment(assignment), student)
    _run(kind, course, config, assignment=assignment, student=glob.escape(student))


def generate_feedback(course: Course, assignment: str, student: str) -> None:
    """Write one student's feedback pages with nbgrader's own step, replacing earlier ones.

    Raises
    ------
    NetgraderError
        If it failed, with the reason.
    """
    from nbgrader.converters import GenerateFeedback  # noqa: PLC0415  (slow)

    kind = _of_one(GenerateFeedback, course.assignment(assignment), student)
    _run(kind, course, nbgrader_config(course), assignment=assignment, student=glob.escape(student))


def patient(db_url: str) -> str:
    """Return a `db_url` whose writers wait 30 s for each other, if it is SQLite's; its default is 5 s."""
    if not db_url.startswith("sqlite:///") or "?" in db_url:
        return db_url
    return f"{db_url}?timeout={PATIENCE_SECONDS:g}"


def _of_notebooks_alone(kind: type[Any]) -> type[Any]:
    """Return an Autograde that copies the course's and the exchange's files, but no other student files."""

    class OfNotebooksAlone(kind):  # type: ignore[misc]
        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            from nbgrader.utils import find_all_files  # noqa: PLC0415  (slow)

            ignored, self.coursedir.ignore = self.coursedir.ignore, ["*"]
            try:
                super().init_assignment(assignment_id, student_id)
            finally:
                self.coursedir.ignore = ignored
            target = Path(self._format_dest(assignment_id, student_id))
            source = Path(self.coursedir.format_path(self.coursedir.source_directory, ".", assignment_id))
            files = {
                target / Path(file).relative_to(source): file for file in find_all_files(source, [*ignored, "*.ipynb"])
            }
            submitted = Path(self._format_source(assignment_id, student_id))
            own = filter(is_regular, map(submitted.joinpath, EXCHANGES))
            files |= {target / file.name: file for file in own}
            for copy_of, file in files.items():
                copy_of.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy_of)

    OfNotebooksAlone.__name__ = OfNotebooksAlone.__qualname__ = kind.__name__  # nbgrader's configuration uses the name
    return OfNotebooksAlone


@contextmanager
def nbgraders_ways(course: Course) -> Iterator[None]:
    """Set up nbgrader's environment in the body: scripts, the course's modules, no warnings.

    nbgrader starts ``alembic`` by name to make a gradebook; it is next to our interpreter or at its place of installation.
    nbgrader's commands put the course's folder on Python's path, for an instructor's plug-ins.
    """
    before, modules = os.environ.get("PATH", os.defpath), list(sys.path)
    alembic = importlib.metadata.distribution("alembic").locate_file("../../../bin")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), str(Path(str(alembic)).resolve()), before])
    sys.path.insert(0, str(course.root))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.environ["PATH"] = before
        sys.path[:] = modules


def _run(
    kind: type[Any], course: Course, config: Any, *, assignment: str, student: str = "*", notebook: str = "*"
) -> None:
    """Run a converter of nbgrader's; `student` and `notebook` are glob patterns.

    Raises
    ------
    NetgraderError
        If it failed, with the reason.
    """
    from nbgrader.coursedir import CourseDirectory  # noqa: PLC0415  (slow)

    config.CourseDirectory.root = str(course.root)
    config.CourseDirectory.db_url = patient(course.db_url)
    log = logging.Logger("netgrader.nbgrader")  # noqa: LOG001  (separate, so that no other handler gets its records)
    caught = _Caught()
    log.addHandler(caught)
    coursedir = CourseDirectory(config=config, log=log)
    coursedir.assignment_id = assignment
    coursedir.student_id = student
    coursedir.notebook_id = notebook
    converter = kind(coursedir=coursedir, config=config, log=log, force=True)
    try:
        with nbgraders_ways(course):
            converter.start()
    except Exception as error:
        raise _as_sentence(caught.error or error) from error


def _of_one(kind: type[Any], assignment: Assignment, student: str) -> type[Any]:
    """Return `kind` for one student's notebooks, by exact name; nbgrader treats names as patterns."""

    class OfOne(kind):  # type: ignore[misc]
        def init_notebooks(self) -> None:
            folder = Path(self._format_source(assignment.name, student))
            files = (folder / f"{name}.ipynb" for name in assignment.notebooks)
            notebooks = sorted(str(file) for file in files if file.is_file())
            if not notebooks:
                super().init_notebooks()  # raises with nbgrader's reason
                return
            self.assignments = {str(folder): notebooks}
            self.notebooks: list[str] = []

    OfOne.__name__ = OfOne.__qualname__ = kind.__name__  # nbgrader's configuration uses the name
    return OfOne


class _Caught(logging.Handler):
    """Keeps the exception that nbgrader logs as an error; it then raises another one without the reason."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.error: BaseException | None = None

    def emit(self, _record: logging.LogRecord) -> None:
        self.error = sys.exception() or self.error


def _as_sentence(error: BaseException) -> NetgraderError:
    """Return one of our errors with the reason why nbgrader failed."""
    from nbgrader.converters.base import NbGraderException  # noqa: PLC0415  (slow)
    from sqlalchemy.exc import DatabaseError, OperationalError  # noqa: PLC0415  (slow)

    is_sentence = isinstance(error, NetgraderError | NbGraderException)
    reason = plain(str(error) if is_sentence else f"{type(error).__name__}: {error}")
    if type(error) in {DatabaseError, OperationalError}:
        return GradebookError(
            f"The gradebook cannot be used: {reason}. If another program has it locked, close that program. What was graded is "
            "kept: call again."
        )
    if isinstance(error, AttributeError) and error.name == "fail":  # nbgrader's error for an unreadable time
        return NetgraderError(NO_TIME)
    return NetgraderError(f"nbgrader could not go on: {reason}")

"""What our commands ask of the gradebook, through nbgrader's own API: is it free, is it up to date, who has marks."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.nbgrader_plugin.converters import GradebookError, generate_assignment, nbgraders_ways, patient
from netgrader.nbgrader_plugin.deadlines import set_deadline
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from netgrader.course import Assignment, Course
    from netgrader.results import NotebookResult
    from netgrader.skeleton import Skeleton

__all__ = [
    "is_up_to_date",
    "not_on_roster",
    "opened",
    "penalties_of",
    "penalty_steps",
    "require_same",
    "require_writable",
    "settle_penalties",
    "submission_of",
    "sync_cells",
]

SQLITE = "sqlite:///"
WAIT_SECONDS = 2.0
SERVER_SECONDS = 5


def require_writable(db_url: str) -> None:
    """See that the gradebook can be written to before hours of grading.

    Raises
    ------
    GradebookError
        If another program has it locked, it is no database, or its server does not answer.
    """
    if not db_url.startswith(SQLITE):
        _require_answer(db_url)
        return
    path = db_url.removeprefix(SQLITE).partition("?")[0]
    try:
        with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise GradebookError(
                f"The gradebook {path} is locked by another program. Wait for it or close it, and call again."
            ) from error
        raise GradebookError(f"The gradebook {path} cannot be written: {error}.") from error
    except sqlite3.DatabaseError as error:
        raise GradebookError(f"The gradebook {path} is not a database or is damaged: {error}.") from error


def _require_answer(db_url: str) -> None:
    """See that a server answers; it queues writers itself."""
    import sqlalchemy  # noqa: PLC0415  (slow)
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError  # noqa: PLC0415

    try:
        url = sqlalchemy.make_url(db_url)
        named = url.render_as_string(hide_password=True)
        limit = {"connect_timeout": SERVER_SECONDS} if url.get_backend_name() in {"postgresql", "mysql"} else {}
        engine = sqlalchemy.create_engine(url, connect_args=limit)
    except ModuleNotFoundError as error:
        raise GradebookError(
            f"The gradebook {named} needs the module {error.name}, which is not installed. For PostgreSQL write "
            "postgresql+psycopg://… and type pip install 'psycopg[binary]>=3.2'."
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise GradebookError(f"The db_url of nbgrader_config.py is none that can be used: {error}.") from error
    try:
        with engine.connect():
            pass
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines() or ["no reason given"]
        raise GradebookError(
            f"The gradebook {named} does not answer: {reason[0]}. Start its server, or correct db_url in "
            "nbgrader_config.py; nothing was graded."
        ) from error
    finally:
        engine.dispose()


def sync_cells(assignment: Assignment, wanted: Collection[str]) -> tuple[str, ...]:
    """Have the gradebook know the cells and points of the notebooks `wanted`, and of those that it has already.

    Returns the notebooks that were saved. What nbgrader forbids (cells added once there are submissions) is an error.

    Raises
    ------
    NetgraderError
        With nbgrader's reason.
    """
    known = _cells_in_gradebook(assignment)
    stale = []
    for name in assignment.notebooks:
        skeleton = assignment.skeleton(name)
        if (name in wanted or name in known) and known.get(name) != _cells(skeleton):
            stale.append(name)
    for name in stale:
        with tempfile.TemporaryDirectory() as folder:
            generate_assignment(assignment.course, assignment.name, release_directory=folder, notebook=name)
    return tuple(stale)


def removed_notebooks(assignment: Assignment) -> set[str]:
    """Return the notebooks that the gradebook knows and the course has no more."""
    return set(_cells_in_gradebook(assignment)) - set(assignment.notebooks)


@contextmanager
def opened(course: Course) -> Iterator[Any]:
    """Open the gradebook for several questions or changes at once.

    Raises
    ------
    GradebookError
        If it cannot be opened.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    with nbgraders_ways(course), Gradebook(patient(course.db_url)) as gradebook:
        yield gradebook


def is_up_to_date(assignment: Assignment, student: str, digests: Mapping[str, str], gradebook: Any = None) -> bool:
    """Whether the gradebook and ``autograded/`` hold exactly these results (digest by notebook) for the student."""
    folder = assignment.course.folder("autograded", student, assignment.name)
    for name, digest in digests.items():
        try:
            raw = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))
            if not digest or raw["metadata"]["netgrader"]["digest"] != digest:
                return False
        except (OSError, ValueError, KeyError, TypeError):
            return False
    if gradebook is not None:
        return submission_of(gradebook, assignment, student) is not None
    with opened(assignment.course) as own:
        return submission_of(own, assignment, student) is not None


def submission_of(gradebook: Any, assignment: Assignment, student: str) -> Any:
    """Return the student's submission in the gradebook; None if there is none, or it is another one than what lies there."""
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    when = handed_in(assignment.course.folder("submitted", student, assignment.name))
    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        return None
    return submission if when is None or submission.timestamp == when else None


def require_same(gradebook: Any, assignment: Assignment, student: str, results: Iterable[NotebookResult]) -> None:
    """See that the gradebook has the points that are told, where steps of a course's own may have changed them.

    Raises
    ------
    NetgraderError
        With the first cell that it has others for.
    """
    for result in results:
        name = result.notebook.removesuffix(".ipynb")
        saved = {
            grade.name: grade.auto_score
            for grade in gradebook.find_submission_notebook(name, assignment.name, student).grades
        }
        for cell in result.cells:
            there = saved.get(cell.cell)
            if not cell.manual and (there is None or abs(there - (cell.points or 0.0)) > 1e-9):
                raise NetgraderError(
                    f"The gradebook has {'nothing' if there is None else f'{there:g}'} for {cell.cell} of {name}, and not "
                    f"{cell.points or 0:g}: a step that nbgrader_config.py adds has changed it. Take that step out, or count "
                    "what the gradebook has."
                )


def penalties_of(gradebook: Any, assignment: Assignment, student: str) -> list[str]:
    """Return a sentence for each notebook of which nbgrader takes points for coming late."""
    return [
        f"{student} {notebook.name}: it came late, so the gradebook counts {notebook.late_submission_penalty:g} points less."
        for notebook in gradebook.find_submission(assignment.name, student).notebooks
        if notebook.late_submission_penalty
    ]


def penalty_steps(course: Course) -> list[Any]:
    """Return nbgrader's steps that take points for coming late, as they are set up in `course`."""
    from nbgrader.preprocessors import AssignLatePenalties  # noqa: PLC0415  (slow)

    from netgrader.nbgrader_plugin.configure import autograde_steps  # noqa: PLC0415  (it knows this package's steps)

    return [step for step in autograde_steps(course)[1] if isinstance(step, AssignLatePenalties) and step.enabled]


def settle_penalties(gradebook: Any, assignment: Assignment, student: str, steps: Callable[[], Sequence[Any]]) -> bool:
    """Have a graded submission lose the points that deadlines and the plug-in say now; return whether that changed any."""
    submission = gradebook.find_submission(assignment.name, student)
    set_deadline(assignment, submission)
    gradebook.db.commit()
    before = {one.name: one.late_submission_penalty or 0.0 for one in submission.notebooks}
    if not submission.total_seconds_late and not any(before.values()):
        return False
    with nbgraders_ways(assignment.course):
        for step in steps():
            for name in before:
                about = {"assignment": assignment.name, "student": student, "notebook": name}
                step.preprocess(_NoCells(), {"nbgrader": {**about, "db_url": assignment.course.db_url}})
    gradebook.db.expire_all()
    after = {one.name: one.late_submission_penalty or 0.0 for one in submission.notebooks}
    return after != before


class _NoCells:
    """A notebook for a step that asks the gradebook alone."""

    cells: tuple[()] = ()


def not_on_roster(gradebook: Any, students: Iterable[str]) -> list[str]:
    """Return those of `students` whom nobody entered into the gradebook, where somebody entered students at all.

    Grading enters whoever handed in, by id alone: who has a name, an address, or no submission was entered by a person.
    """
    from nbgrader.api import Student, SubmittedAssignment  # noqa: PLC0415  (slow)

    known = {one.id: one for one in gradebook.db.query(Student).all()}
    busy = {student for (student,) in gradebook.db.query(SubmittedAssignment.student_id).distinct()}
    named = {name for name, one in known.items() if one.first_name or one.last_name or one.email}
    if not named and set(known) <= busy:
        return []
    entered = named | (set(known) - busy) if named else set(known)
    return [student for student in students if student not in entered]


def _cells_in_gradebook(assignment: Assignment) -> dict[str, list[tuple[str, float | None, str, str]]]:
    from nbgrader.api import Gradebook, MissingEntry  # noqa: PLC0415  (slow)

    with nbgraders_ways(assignment.course), Gradebook(assignment.course.db_url) as gradebook:
        try:
            saved = gradebook.find_assignment(assignment.name)
        except MissingEntry:
            return {}
        return {notebook.name: _saved_cells(notebook) for notebook in saved.notebooks}


def _saved_cells(notebook: Any) -> list[tuple[str, float | None, str, str]]:
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    return sorted((cell.name, points.get(cell.name), cell.cell_type, cell.source) for cell in notebook.source_cells)


def _cells(skeleton: Skeleton) -> list[tuple[str, float | None, str, str]]:
    return sorted(
        (cell.grade_id, cell.points if cell.is_graded else None, cell.cell_type, cell.source)
        for cell in skeleton.tracked
    )

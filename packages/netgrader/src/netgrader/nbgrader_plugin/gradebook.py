"""Queries to the gradebook, through nbgrader's API: is it writable, is it up to date, who has points."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from netgrader.nbgrader_plugin.converters import GradebookError, generate_assignment, nbgraders_ways, patient
from netgrader.nbgrader_plugin.deadlines import set_deadline
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from netgrader.course import Assignment, Course
    from netgrader.skeleton import Skeleton

__all__ = [
    "ids_in",
    "is_late",
    "is_up_to_date",
    "not_on_roster",
    "opened",
    "penalties_of",
    "require_writable",
    "submission_of",
    "sync_cells",
]

WAIT_SECONDS = 5  # for another writing program, or for a server
ASKED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "sqlite": ({"timeout": WAIT_SECONDS}, "BEGIN IMMEDIATE"),
    "postgresql": ({"connect_timeout": WAIT_SECONDS}, "SELECT 1"),
    "mysql": ({"connect_timeout": WAIT_SECONDS}, "SELECT 1"),
}
"""By kind of database, connection options and a statement that shows that it is writable; servers queue writers themselves."""


def require_writable(db_url: str) -> None:
    """Require that the gradebook is writable, before hours of grading.

    Raises
    ------
    GradebookError
        If another program has it locked, it is not a database, or its server does not answer.
    """
    import sqlalchemy  # noqa: PLC0415  (slow)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        url = sqlalchemy.make_url(db_url)
        limit, question = ASKED.get(url.get_backend_name(), ({}, "SELECT 1"))
        engine = sqlalchemy.create_engine(url, connect_args=limit, poolclass=sqlalchemy.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(question)
    except (ImportError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", error)).strip().partition("\n")[0]
        raise GradebookError(
            f"The gradebook cannot be written, so nothing was graded: {reason}. Close the program that has it locked, start its "
            "server, or correct db_url in nbgrader_config.py (docs/guides/postgresql.md), and call again."
        ) from error


def sync_cells(assignment: Assignment, wanted: Collection[str]) -> tuple[str, ...]:
    """Update the gradebook's cells and points of the notebooks `wanted`, and of those it has.

    Returns the notebooks that were saved. Changes that nbgrader forbids (new cells once there are submissions) are errors.

    Raises
    ------
    NetgraderError
        If nbgrader refuses, with its reason.
    """
    known = _cells_in_gradebook(assignment)
    asked = {*wanted, *known}.intersection(assignment.notebooks)
    stale = [name for name in sorted(asked) if known.get(name) != _cells(assignment.skeleton(name))]
    for name in stale:
        with tempfile.TemporaryDirectory() as folder:
            generate_assignment(assignment.course, assignment.name, release_directory=folder, notebook=name)
    with opened(assignment.course) as gradebook:
        for submission in gradebook.find_assignment(assignment.name).submissions:
            _complete(submission)
        gradebook.db.commit()
    return tuple(stale)


def _complete(submission: Any) -> None:
    """Give a submission a row for each notebook released since its first grading; nbgrader needs one."""
    from nbgrader.api import Comment, Grade, SubmittedNotebook  # noqa: PLC0415  (slow)

    for notebook in {*submission.assignment.notebooks} - {*map(attrgetter("notebook"), submission.notebooks)}:
        made = SubmittedNotebook(notebook=notebook)
        submission.notebooks.append(made)
        made.grades.extend(_rows(Grade, notebook.grade_cells))
        made.comments.extend(_rows(Comment, notebook.solution_cells))


def _rows(kind: type[Any], cells: Iterable[Any]) -> list[Any]:
    """Return an empty grade or comment for each cell."""
    return [kind(cell_id=cell.id) for cell in cells]


def removed_notebooks(assignment: Assignment) -> set[str]:
    """Return the notebooks in the gradebook that the course no longer has."""
    return set(_cells_in_gradebook(assignment)) - set(assignment.notebooks)


@contextmanager
def opened(course: Course) -> Iterator[Any]:
    """Open the gradebook for several queries or changes.

    Raises
    ------
    GradebookError
        If it cannot be opened.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    with nbgraders_ways(course), Gradebook(patient(course.db_url)) as gradebook:
        yield gradebook


def is_up_to_date(assignment: Assignment, student: str, digests: Mapping[str, str], gradebook: Any) -> bool:
    """Whether gradebook and ``autograded/`` hold exactly these results (digest by notebook)."""
    folder = assignment.course.folder("autograded", student, assignment.name)
    kept = {name: _digest(folder / f"{name}.ipynb") for name in digests}
    return kept == digests and submission_of(gradebook, assignment, student) is not None


def _digest(graded: Path) -> str:
    """Return the digest of the result in a graded notebook; empty if there is none."""
    try:
        return str(json.loads(graded.read_text(encoding="utf-8"))["metadata"]["netgrader"]["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def submission_of(gradebook: Any, assignment: Assignment, student: str) -> Any:
    """Return the student's submission in the gradebook; None if absent or different from the files."""
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    when = handed_in(assignment.course.folder("submitted", student, assignment.name))
    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        return None
    return submission if when is None or submission.timestamp == when else None


def penalties_of(gradebook: Any, assignment: Assignment, student: str) -> list[str]:
    """Return a sentence for each notebook with a late penalty in the gradebook."""
    return [
        f"{student} {notebook.name}: it came late, so the gradebook counts {notebook.late_submission_penalty:g} points less."
        for notebook in gradebook.find_submission(assignment.name, student).notebooks
        if notebook.late_submission_penalty
    ]


def is_late(gradebook: Any, assignment: Assignment, student: str) -> bool:
    """Whether a submission is late by the current deadline, or has a penalty, which nbgrader must update."""
    submission = gradebook.find_submission(assignment.name, student)
    set_deadline(assignment, submission)
    gradebook.db.commit()
    return bool(submission.total_seconds_late or penalties_of(gradebook, assignment, student))


def ids_in(gradebook: Any) -> set[str]:
    """Return the ids of the gradebook's students."""
    return {str(student.id) for student in gradebook.students}


def not_on_roster(gradebook: Any, students: Iterable[str]) -> list[str]:
    """Return those of `students` who are not in the gradebook; none if it has no students."""
    known = ids_in(gradebook)
    return [student for student in students if known and student not in known]


def _cells_in_gradebook(assignment: Assignment) -> dict[str, list[tuple[str, bool, float, str, str]]]:
    from nbgrader.api import Gradebook, MissingEntry  # noqa: PLC0415  (slow)

    with nbgraders_ways(assignment.course), Gradebook(assignment.course.db_url) as gradebook:
        try:
            saved = gradebook.find_assignment(assignment.name)
        except MissingEntry:
            return {}
        return {notebook.name: _saved_cells(notebook) for notebook in saved.notebooks}


def _saved_cells(notebook: Any) -> list[tuple[str, bool, float, str, str]]:
    points = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    return sorted(
        (cell.name, cell.name in points, points.get(cell.name, 0.0), cell.cell_type, cell.source)
        for cell in notebook.source_cells
    )


def _cells(skeleton: Skeleton) -> list[tuple[str, bool, float, str, str]]:
    return sorted(
        (cell.grade_id, cell.is_graded, cell.points, cell.cell_type, cell.source) for cell in skeleton.tracked
    )

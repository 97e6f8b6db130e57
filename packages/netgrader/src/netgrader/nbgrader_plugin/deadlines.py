"""Deadlines and extensions from ``deadlines.toml`` in the gradebook, where nbgrader uses them.

nbgrader stores a due date per assignment and an extension per submission, but reads no file of them. Both are set whenever
points are saved or checked for being up to date.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from netgrader.errors import UsageError

if TYPE_CHECKING:
    from netgrader.course import Assignment

__all__ = ["FILE", "Deadlines", "deadlines_of", "set_deadline"]

FILE = "deadlines.toml"


class Deadlines(msgspec.Struct, forbid_unknown_fields=True):
    """The file's table of an assignment: its due date, and the later ones of some students."""

    due: datetime
    students: dict[str, datetime] = {}


def deadlines_of(assignment: Assignment) -> Deadlines | None:
    """Return an assignment's deadlines as the file has them; None without the file, or without a table.

    Raises
    ------
    UsageError
        If the file's entries are not times.
    """
    file = assignment.course.root / FILE
    if not file.is_file():
        return None
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name)
        found: Deadlines | None = msgspec.convert(table, Deadlines | None, builtin_types=(datetime,))
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{file} must have, for each assignment, a table such as [{assignment.name}] with due = 2026-12-01T23:59:00 and, "
            f"if some have longer, [{assignment.name}.students] with ada = 2026-12-08T23:59:00 ({error})."
        ) from error
    return found


def _utc(when: datetime) -> datetime:
    """Return a time in UTC without time zone; one without a zone is in the machine's."""
    return when.astimezone(UTC).replace(tzinfo=None)


def set_deadline(assignment: Assignment, submission: Any) -> None:
    """Set the file's dates in `submission`'s open transaction; change nothing without a file."""
    found = deadlines_of(assignment)
    if found is None:
        return
    own, due = found.students.get(submission.student_id), _utc(found.due)
    submission.assignment.duedate = due
    submission.extension = None if own is None else _utc(own) - due

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
    from collections.abc import Mapping

    from netgrader.course import Assignment

__all__ = ["FILE", "deadlines_of", "set_deadline"]

FILE = "deadlines.toml"


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    """The file's table of an assignment."""

    due: datetime
    students: dict[str, datetime] = {}


def deadlines_of(assignment: Assignment) -> tuple[datetime | None, Mapping[str, datetime]]:
    """Return an assignment's due date and extensions, in UTC without time zone; None without the file.

    Raises
    ------
    UsageError
        If the file's entries are not times.
    """
    file = assignment.course.root / FILE
    if not file.is_file():
        return None, {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name)
        found = msgspec.convert(table, _Table | None, builtin_types=(datetime,))
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{file} must have, for each assignment, a table such as [{assignment.name}] with due = 2026-12-01T23:59:00 and, "
            f"if some have longer, [{assignment.name}.students] with ada = 2026-12-08T23:59:00 ({error})."
        ) from error
    if found is None:
        return None, {}
    return _utc(found.due), {name: _utc(when) for name, when in found.students.items()}


def _utc(when: datetime) -> datetime:
    """Return a time in UTC without time zone; one without a zone is in the machine's."""
    return when.astimezone(UTC).replace(tzinfo=None)


def set_deadline(assignment: Assignment, submission: Any) -> None:
    """Set the file's dates in `submission`'s open transaction; change nothing without a file."""
    due, own = deadlines_of(assignment)
    if due is None:
        return
    submission.assignment.duedate = due
    submission.extension = own[submission.student_id] - due if submission.student_id in own else None

"""Deadlines and extensions: from the course's file ``deadlines.toml`` into the gradebook, whose plug-in says what lateness costs.

nbgrader keeps a due date for an assignment and an extension for each submission, and has no file of either. Both are set
whenever marks are saved, and whenever it is looked whether they are up to date.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from netgrader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.course import Assignment

__all__ = ["FILE", "deadlines_of", "set_deadline"]

FILE = "deadlines.toml"
DUE, STUDENTS = "due", "students"


def deadlines_of(assignment: Assignment) -> tuple[datetime | None, Mapping[str, datetime]]:
    """Return when an assignment is due, and for whom at another time, in UTC without a zone; None and nobody without the file.

    Raises
    ------
    UsageError
        If the file does not say times.
    """
    file = assignment.course.root / FILE
    if not file.is_file():
        return None, {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name, {})
        own = table.get(STUDENTS, {})
        wrong = set(table) - {DUE, STUDENTS}
        times = {name: _utc(value) for name, value in own.items()}
        due = _utc(table[DUE]) if table else None
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        wrong, detail = {"?"}, f" ({error})"
    else:
        detail = ""
    if wrong:
        raise UsageError(
            f"{file} must have, for each assignment, a table such as [{assignment.name}] with due = 2026-12-01T23:59:00 and, "
            f"if some have longer, [{assignment.name}.{STUDENTS}] with ada = 2026-12-08T23:59:00{detail}."
        )
    return due, times


def _utc(value: Any) -> datetime:
    """Return a time of the file's; one without a zone is of the machine's."""
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is not a date with a time")
    return value.astimezone(UTC).replace(tzinfo=None)


def set_deadline(assignment: Assignment, submission: Any) -> None:
    """Set what the file says in the open transaction that `submission` belongs to; leave all as it is without a file."""
    due, own = deadlines_of(assignment)
    if due is None:
        return
    submission.assignment.duedate = due
    submission.extension = own[submission.student_id] - due if submission.student_id in own else None

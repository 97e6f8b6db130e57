"""Choose which students and notebooks of a class are graded: by name, by when they handed in, by how it went before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from netgrader.checks.wording import plain
from netgrader.commands.show import require_known, ungraded
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.grade import jobs_of
from netgrader.grading.last_result import load_last_result
from netgrader.grading.tasks import Task
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["file_states", "handed_in_since", "moment", "not_in_full", "notebooks_with", "students_of", "tasks_of"]

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def students_of(assignment: Assignment, asked: Sequence[str]) -> list[str]:
    """Return those who handed something in, or those of them who are asked for.

    Raises
    ------
    UsageError
        If there is nobody, or not everybody who is asked for.
    """
    for student in asked:
        if "/" in student or "\\" in student or student in {"", ".", ".."}:
            raise UsageError(f"'{student}' cannot be a student's id: it names a folder, so it has no slash in it.")
    there = list(assignment.course.submitted(assignment.name))
    if not there:
        folder = assignment.course.folder("submitted", "STUDENT", assignment.name)
        raise UsageError(f"Nobody has handed in '{assignment.name}' yet: there is no folder like {folder}.")
    require_known(asked, there, assignment.name)
    return sorted(set(asked)) if asked else there


def tasks_of(assignment: Assignment, students: Iterable[str]) -> tuple[list[Task], dict[str, str]]:
    """Return what `students` handed in, and a sentence for each whose submission cannot be read or is empty."""
    tasks: list[Task] = []
    unread: dict[str, str] = {}
    for student in students:
        try:
            own = [Task(student, job) for job in jobs_of(assignment, student)]
        except NetgraderError as error:
            unread[student] = str(error)
        except OSError as error:
            unread[student] = plain(
                f"{error.filename} cannot be read ({error.strerror}), so it was not graded. Make it readable for the "
                "user who grades, and call again."
            )
        else:
            tasks += own
            if not own:
                unread[student] = "No notebook was handed in."
    return tasks, unread


def not_in_full(assignment: Assignment, student: str) -> bool:
    """Whether the last result of one of the student's notebooks is missing or not in full."""
    tasks, unread = tasks_of(assignment, [student])
    before = [load_last_result(assignment, student, task.job.notebook) for task in tasks]
    return bool(unread) or any(one is None or ungraded([one.result]) for one in before)


def notebooks_with(assignment: Assignment, cell: str) -> list[str]:
    """Return the notebooks that have the check cell called `cell`.

    Raises
    ------
    UsageError
        If none has.
    """
    cells = {name: [one.grade_id for one in assignment.skeleton(name).graded] for name in assignment.notebooks}
    found = [name for name, own in cells.items() if cell in own]
    if not found:
        known = ", ".join(one for own in cells.values() for one in own)
        raise UsageError(
            f"No notebook of '{assignment.name}' has a cell '{cell}' that earns points. There is: {known}."
        )
    return found


def moment(text: str, now: datetime | None = None) -> datetime:
    """Parse a time: ``2026-11-20``, ``2026-11-20T18:00`` in the local zone, or ``3h``, ``2d``, ``1w`` ago.

    Raises
    ------
    UsageError
        If it is none.
    """
    now = now or datetime.now(UTC)
    ago = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if ago:
        return now - timedelta(**{UNITS[ago.group(2)]: int(ago.group(1))})
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f"--since takes a time such as 2026-11-20, 2026-11-20T18:00, or 3h, 2d, 1w for how long ago, not '{text}'."
        ) from error
    return found.astimezone() if found.tzinfo is None else found


def handed_in_since(assignment: Assignment, student: str, since: datetime) -> bool:
    """Whether a student handed in at `since` or later, by ``timestamp.txt``, else by the newest of the files."""
    folder = assignment.course.folder("submitted", student, assignment.name)
    try:
        written = handed_in(folder)
    except NetgraderError:
        written = None
    if written is not None:
        return bool(written.replace(tzinfo=UTC) >= since)
    newest = max((changed for _, changed, _ in file_states(folder)), default=0)
    return datetime.fromtimestamp(newest / 1e9, UTC) >= since


def file_states(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return the files of a submission with when they were last changed (nanoseconds) and how large they are (bytes)."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            status = path.lstat()
        except OSError:
            continue  # it went while we looked
        if not path.is_dir():
            found.append((path.relative_to(folder).as_posix(), status.st_mtime_ns, status.st_size))
    return tuple(found)

"""Submission times: nbgrader's ``timestamp.txt`` is untrusted, since a student's process writes it.

`nbgrader submit` runs as the student, so a student can change the file in a submission and the name of its folder in the
exchange. Penalties are based on it, as in nbgrader; if that matters, use a platform's times or a hub's own service.
"""

from __future__ import annotations

import os
import shutil
import time
from datetime import UTC, datetime
from stat import S_ISREG
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.grading.folders import KINDS
from netgrader.grading.result_store import REPLACED, hash_file, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["FILE", "NO_TIME", "handed_in", "holds_same", "set_aside", "stamp"]

FILE = "timestamp.txt"
LONGEST_STAMP = 64  # bytes of it: nbgrader writes 30
NO_TIME = (
    "The file timestamp.txt next to the notebooks holds no time, so nbgrader cannot determine whether they came late. "
    "Correct or delete it, and call again."
)


def holds_same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same notebooks and modules."""
    return _work_in(one) == _work_in(other)


def _work_in(folder: Path) -> dict[str, str]:
    """Return hashes of the notebooks and modules in a folder, by relative path."""
    work = (path for path in folder.rglob("*") if path.suffix.lower() in KINDS and path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in work}


def set_aside(assignment: Assignment, student: str) -> Path:
    """Move a student's earlier submission, if any, into the store; return its folder, now free."""
    folder = assignment.course.folder("submitted", student, assignment.name)
    if folder.is_dir():
        aside = open_store(assignment.course).root / REPLACED / assignment.name / student
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, aside.with_name(f"{aside.name}-{time.time_ns()}"))
    return folder


def handed_in(folder: Path | str) -> datetime | None:
    """Return the time in ``timestamp.txt``, in UTC without time zone; None if it is missing or empty.

    Raises
    ------
    NetgraderError
        If it does not contain a time.
    """
    stamp = f"{folder}/{FILE}"  # as text: faster than a path, for ten thousand calls
    try:
        if not S_ISREG(os.lstat(stamp).st_mode):
            return None
        with open(stamp, "rb", buffering=0) as file:  # noqa: PTH123  (as above)
            text = file.read(LONGEST_STAMP + 1).decode()
        return time_of(text) if text.strip() else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise NetgraderError(NO_TIME) from error


def stamp(when: datetime) -> str:
    """Return a time in UTC without time zone in nbgrader's format."""
    return f"{when:%Y-%m-%d %H:%M:%S.%f} UTC"


def time_of(text: str) -> datetime:
    """Return an ISO time, with nbgrader's zone name after it or not, in UTC without time zone.

    Raises
    ------
    ValueError, OverflowError
        If it is not a time, or too long for one.
    """
    if len(text) > LONGEST_STAMP:
        raise ValueError(text[:LONGEST_STAMP])
    stem, _, zone = text.strip().rpartition(" ")
    is_named = zone in {"UTC", *time.tzname}
    when = datetime.fromisoformat(stem if is_named else text.strip())
    if zone == "UTC" or not (is_named or when.tzinfo):
        return when
    return when.astimezone(UTC).replace(tzinfo=None)

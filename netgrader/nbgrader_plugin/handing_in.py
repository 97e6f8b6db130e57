"""When submissions were handed in, as nbgrader's exchange has it: what a student's own ``timestamp.txt`` says is a claim.

`nbgrader submit` runs as the student, so both the name of the folder that it leaves in the exchange and the file in it are
theirs to change; but the name is what nbgrader collects by. Where a submission can be found in the exchange, the time in
its folder's name counts, and is put into ``timestamp.txt``, where nbgrader looks for it. Where it cannot be found, nobody but
the student says when it was handed in, and that is told.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING

from netgrader.checks.wording import plain
from netgrader.errors import NetgraderError
from netgrader.files import write_text
from netgrader.grading.folders import KINDS, in_folders
from netgrader.limited import ExceededError, within_limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netgrader.course import Assignment, Course

__all__ = ["FILE", "NO_TIME", "HandedIn", "handed_in", "holds_same", "put_right", "stamp"]

FILE = "timestamp.txt"
LONGEST_STAMP = 64  # bytes of it: nbgrader writes 30
NO_TIME = (
    "The file timestamp.txt beside the notebooks holds no time, so nbgrader cannot tell whether they came late. "
    "Correct or delete it, and call again."
)
EXCHANGE = "/usr/local/share/nbgrader/exchange"
CHUNK = 1 << 20


@dataclass(frozen=True)
class HandedIn:
    """What was found of some students' times."""

    warnings: tuple[str, ...]
    """Sentences on times that were put right, or are doubtful."""
    unconfirmed: tuple[str, ...]
    """Students whose time nobody but their own ``timestamp.txt`` says."""


@dataclass(frozen=True)
class _Record:
    """A folder in the exchange: the time in its name in UTC without a zone, and as it is written there."""

    folder: Path
    when: datetime
    text: str


def put_right(assignment: Assignment, students: Iterable[str]) -> HandedIn:
    """Have ``timestamp.txt`` of each student's submission say what the exchange says, where that knows the submission."""
    records = _records(assignment.course, assignment.name)
    warnings: list[str] = []
    unconfirmed = []
    for student in students:
        folder = assignment.course.folder("submitted", student, assignment.name)
        try:
            claimed = handed_in(folder)
        except NetgraderError:
            claimed = None  # what is no time is told when it is saved, unless the exchange has one
        same: list[_Record] = []
        if student in records:
            try:
                same = within_limits(_same, records[student], folder)
            except ExceededError as error:
                warnings.append(
                    f"{student}: comparing it with what the exchange has {error}. Look at it, and at its time."
                )
        if not same:
            unconfirmed += [student] if claimed is not None else []
            continue
        record = max(same, key=lambda one: (one.when == claimed, one.when))
        if record.when != claimed:
            warnings.append(_corrected(folder, student, claimed, record))
    return HandedIn(tuple(map(plain, warnings)), tuple(unconfirmed))


def _corrected(folder: Path, student: str, claimed: datetime | None, record: _Record) -> str:
    """Write the exchange's time; the sentence about it."""
    said = "no time" if claimed is None else f"{claimed:%Y-%m-%d %H:%M:%S} UTC"
    try:
        write_text(folder / FILE, record.text)
    except OSError as error:
        return (
            f"{student}: {FILE} says {said}, and the exchange {record.text}; {folder / FILE} cannot be corrected "
            f"({error.strerror}), so correct it by hand and grade again."
        )
    return f"{student}: {FILE} said {said}, and the exchange says {record.text}, which counts."


def _records(course: Course, assignment: str) -> Mapping[str, list[_Record]]:
    """Return what was handed in for an assignment through the exchange, by student, as nbgrader reads its folders' names."""
    exchange = Path(str(course.config.get("Exchange", {}).get("root", EXCHANGE)))
    name = str(course.config.get("CourseDirectory", {}).get("course_id", ""))
    inbound = exchange / name / "inbound"
    found: dict[str, list[_Record]] = {}
    try:
        entries = [entry.name for entry in os.scandir(inbound) if entry.is_dir(follow_symlinks=False)] if name else []
    except OSError:
        return {}
    for entry in entries:
        student, *rest = entry.rsplit("+", 3)
        if len(rest) < 2 or rest[0] != assignment:
            continue
        with contextlib.suppress(ValueError, OverflowError):  # then it is no record
            found.setdefault(student, []).append(_Record(inbound / entry, time_of(rest[1]), rest[1]))
    return found


def _same(records: Sequence[_Record], submission: Path) -> list[_Record]:
    """Return those whose work is a submission's."""
    return [record for record in records if holds_same(record.folder, submission)]


def holds_same(record: Path, submission: Path) -> bool:
    """Whether the notebooks and modules in a folder are those of a submission, and all of them."""
    try:
        files = set(_work_in(record))
        if not files or not all(_is_same(record / file, submission / file) for file in files):
            return False
        more = [file for file in _work_in(submission) if file not in files and not (submission / file).is_symlink()]
        brought = in_folders(record)
        return all(_is_same(brought.get(str(file), record / file), submission / file) for file in more)
    except OSError:
        return False


def _work_in(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in KINDS and ".ipynb_checkpoints" not in path.parts:
            yield path.relative_to(folder)


def _is_same(one: Path, other: Path) -> bool:
    """Whether both are files with the same content; what is a link or a pipe by now is opened by nobody.

    Nor is waited for what a process of the student's has a lease on, which may keep back whoever opens it for a minute.
    """
    with open(one, "rb", opener=_at_once) as first, open(other, "rb", opener=_at_once) as second:
        kinds = os.fstat(first.fileno()), os.fstat(second.fileno())
        if not all(S_ISREG(status.st_mode) for status in kinds) or kinds[0].st_size != kinds[1].st_size:
            return False
        while (piece := first.read(CHUNK)) == second.read(CHUNK):
            if not piece:
                return True
    return False


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def handed_in(folder: Path | str) -> datetime | None:
    """Return the time in a submission's ``timestamp.txt``, in UTC without a zone; None if there is none or it is empty.

    Raises
    ------
    NetgraderError
        If it holds something else than a time.
    """
    stamp = f"{folder}/{FILE}"  # a text: a list of ten thousand asks for as many
    try:
        if not S_ISREG(os.lstat(stamp).st_mode):
            return None
        with open(stamp, "rb", buffering=0) as file:  # noqa: PTH123  (likewise)
            text = file.read(LONGEST_STAMP + 1).decode()
        return time_of(text) if text.strip() else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, OverflowError) as error:
        raise NetgraderError(NO_TIME) from error


def stamp(when: datetime) -> str:
    """Return a time in UTC without a zone as nbgrader writes it."""
    return f"{when:%Y-%m-%d %H:%M:%S.%f} UTC"


def time_of(text: str) -> datetime:
    """Return a time in ISO form, with a zone behind it as nbgrader writes it, in UTC without a zone.

    Raises
    ------
    ValueError, OverflowError
        If it is none, or longer than any.
    """
    if len(text) > LONGEST_STAMP:
        raise ValueError(text[:LONGEST_STAMP])
    stem, _, zone = text.strip().rpartition(" ")
    is_named = zone in {"UTC", *time.tzname}
    when = datetime.fromisoformat(stem if is_named else text.strip())
    if zone == "UTC" or not (is_named or when.tzinfo):
        return when
    return when.astimezone(UTC).replace(tzinfo=None)

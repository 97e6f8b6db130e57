"""Read what a platform gave, zip files and sheets, in the limited child: the one way for commands to bytes of a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.grading.archives import unpack
from netgrader.limited import read_within_limits
from netgrader.platforms.people import Collected, name_key, numbers_of
from netgrader.platforms.sheets import Sheet, read_canvas, read_moodle, read_people
from netgrader.platforms.zips import DownloadedSubmission, read_download

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from netgrader.platforms.people import Member

__all__ = ["ReceivedFile", "canvas_sheet", "fits_for", "moodle_sheet", "read_handed_in", "unpack_into"]


@dataclass(frozen=True)
class ReceivedFile:
    """A file of submissions: whose platform's it is, what was handed in, and the sheet that was given with it."""

    platform: str
    submissions: tuple[DownloadedSubmission, ...]
    sheet: Sheet | None


def read_handed_in(
    file: Path, sheet: Path | None, roster: Sequence[Member], known: Collected, notebooks: Sequence[str]
) -> ReceivedFile:
    """Return what was handed in, by the names that fit somebody of the sheet or, without one, of the course.

    Raises
    ------
    UsageError
        If the file or the sheet is none of a platform's, or takes too long to read.
    """
    return read_within_limits(file, _handed_in, file, sheet, roster, known, notebooks)


def moodle_sheet(file: Path) -> Sheet:
    """Read Moodle's grading worksheet; see `read_moodle`."""
    return read_within_limits(file, read_moodle, file)


def canvas_sheet(file: Path, column: int | None, title: str) -> Sheet:
    """Read Canvas's gradebook; see `read_canvas`."""
    return read_within_limits(file, read_canvas, file, column, title)


def unpack_into(folder: Path, archive: Path, entries: Mapping[str, int], shown: str) -> None:
    """Copy entries of an archive into a folder; see `unpack`."""
    read_within_limits(archive, unpack, archive, entries, folder, shown)


def _handed_in(
    file: Path, sheet: Path | None, roster: Sequence[Member], known: Collected, notebooks: Sequence[str]
) -> ReceivedFile:
    download = read_download(file)
    known = known.on(download.platform)
    people = read_people(sheet, download.platform) if sheet else None
    in_sheet = people.people if people else ()
    numbers = {*numbers_of(roster, known), *(person.number for person in in_sheet)} - {""}
    submissions = download.submissions(fits_for(people, roster, known), numbers, notebooks)
    return ReceivedFile(download.platform, submissions, people)


def fits_for(sheet: Sheet | None, roster: Sequence[Member], known: Collected) -> Callable[[str, str], bool]:
    """Return whether somebody is known by a number and a name: to the sheet, or without one to this course."""
    pairs = {(member.lms_id, name) for member in roster for name in member.names}
    pairs |= {(number, name_key(name)) for number, name in known.names.items()}
    if sheet is not None:
        return lambda number, name: bool(sheet.who(number, name))
    return lambda number, name: (number, name_key(name)) in pairs

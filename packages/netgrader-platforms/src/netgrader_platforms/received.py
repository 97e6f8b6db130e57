"""Read a platform's untrusted zip files and sheets in a child process with limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.grading.archives import unpack
from netgrader.limited import read_within_limits
from netgrader_platforms.sheets import Sheet, read_canvas, read_moodle, read_people
from netgrader_platforms.zips import DownloadedSubmission, read_download

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["ReceivedFile", "canvas_sheet", "moodle_sheet", "read_handed_in", "unpack_into"]


@dataclass(frozen=True)
class ReceivedFile:
    """A download of submissions: its platform, the submissions, and the accompanying sheet."""

    platform: str
    submissions: tuple[DownloadedSubmission, ...]
    sheet: Sheet


def read_handed_in(file: Path, sheet: Path, notebooks: Sequence[str], known: Sequence[str]) -> ReceivedFile:
    """Return the submissions of the people in the sheet; see `Download.submissions`.

    Raises
    ------
    UsageError
        If the file or the sheet is not from a known platform, or takes too long to read.
    """
    return read_within_limits(file, _handed_in, file, sheet, notebooks, known)


def moodle_sheet(file: Path) -> Sheet:
    """Read Moodle's grading worksheet; see `read_moodle`."""
    return read_within_limits(file, read_moodle, file)


def canvas_sheet(file: Path, column: int | None, title: str) -> Sheet:
    """Read Canvas's gradebook; see `read_canvas`."""
    return read_within_limits(file, read_canvas, file, column, title)


def unpack_into(folder: Path, archive: Path, entries: Mapping[str, int], shown: str) -> None:
    """Copy entries of an archive into a folder; see `unpack`."""
    read_within_limits(archive, unpack, archive, entries, folder, shown)


def _handed_in(file: Path, sheet: Path, notebooks: Sequence[str], known: Sequence[str]) -> ReceivedFile:
    download = read_download(file)
    people = read_people(sheet, download.platform)
    return ReceivedFile(download.platform, download.submissions(people, notebooks, known), people)

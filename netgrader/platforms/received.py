"""Read what a platform gave, zip files and sheets, in the limited child: the one way for commands to bytes of a class."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.grading.archives import unpack
from netgrader.limited import read_within_limits
from netgrader.platforms.people import CANVAS, Collected, Person, match, name_key, notes_on, same_name
from netgrader.platforms.sheets import Sheet, read_canvas, read_moodle, read_people
from netgrader.platforms.zips import DownloadedSubmission, read_download

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from netgrader.platforms.people import Member
    from netgrader.platforms.zips import Download

__all__ = ["Expected", "Handed", "HandedIn", "canvas_sheet", "moodle_sheet", "read_handed_in", "unpack_into"]

NOT_IN_SHEET = "nobody has this number and name in the sheet; is it of the same assignment?"
TWICE = "something else fits the same student, or team"


@dataclass
class Handed:
    """A submission, and what became of it."""

    submission: DownloadedSubmission
    people: dict[Person, str] = field(default_factory=dict)
    """Who handed it in, one or the members of a team, each with the student's id; empty where nobody fits."""
    students: list[str] = field(default_factory=list)
    """Whose it is."""
    problem: str = ""
    """Why it is nobody's, or cannot be read."""
    notes: list[str] = field(default_factory=list)

    @property
    def late(self) -> bool:
        """Whether the platform says so."""
        return self.submission.late or any(person.late for person in self.people)


@dataclass(frozen=True)
class Expected:
    """What a course knows of who may hand in what: notebooks, groups with their members, students, what came before."""

    notebooks: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    roster: Sequence[Member]
    known: Collected


@dataclass(frozen=True)
class HandedIn:
    """A file of submissions: what was handed in and whose it is, the people of the sheet, and paths of nobody's."""

    platform: str
    handed: list[Handed]
    people: tuple[Person, ...]
    unread: tuple[str, ...]


def read_handed_in(file: Path, sheet: Path | None, expected: Expected) -> HandedIn:
    """Return what was handed in and whose it is.

    Raises
    ------
    UsageError
        If the file or the sheet is none of a platform's, or takes too long to read.
    """
    return read_within_limits(file, _handed_in, file, sheet, expected)


def moodle_sheet(file: Path) -> Sheet:
    """Read Moodle's grading worksheet; see `read_moodle`."""
    return read_within_limits(file, read_moodle, file)


def canvas_sheet(file: Path, column: int | None, title: str) -> Sheet:
    """Read Canvas's gradebook; see `read_canvas`."""
    return read_within_limits(file, read_canvas, file, column, title)


def unpack_into(folder: Path, archive: Path, entries: Mapping[str, int], shown: str) -> None:
    """Copy entries of an archive into a folder; see `unpack`."""
    read_within_limits(archive, unpack, archive, entries, folder, shown)


def _handed_in(file: Path, sheet: Path | None, expected: Expected) -> HandedIn:
    download = read_download(file)
    people = read_people(sheet, download.platform) if sheet else None
    handed = _whose(download, people, expected)
    return HandedIn(download.platform, handed, people.people if people else (), download.unread())


def _whose(download: Download, sheet: Sheet | None, expected: Expected) -> list[Handed]:
    """Return what was handed in, and whose it is: by the sheet if there is one, else by the course's groups, else by names."""
    roster, known = expected.roster, expected.known.of_platform(download.platform)
    fits = _fits(sheet, roster, known)
    handed = [Handed(one, problem=one.problem) for one in download.submissions(fits, expected.notebooks)]
    groups = {} if sheet else {name_key(name): members for name, members in expected.groups.items() if name_key(name)}
    for one in handed:
        number, name = one.submission.owner.number, one.submission.owner.name
        if one.submission.disputed:
            continue
        if sheet is not None:
            one.people = dict.fromkeys(sheet.who(number, name), "")
        elif name_key(name) in groups:
            one.students = list(groups[name_key(name)])
        else:
            # A number that is read off a name may be one that its owner chose, unless both belong together.
            sure = download.platform == CANVAS and fits(number, name)
            one.people = {Person(number, name, lms_id=number if sure else ""): ""}
    found, why = match(sheet.people if sheet else [person for one in handed for person in one.people], roster, known)
    notes = notes_on(found, roster)
    for one in handed:
        one.people = {person: found.get(person, "") for person in one.people}
        one.students += filter(None, one.people.values())
        one.notes += [notes[person] for person in one.people if person in notes]
        reasons = [why[person] for person, student in one.people.items() if not student]
        if not one.students:
            one.problem = one.problem or (reasons[0] if reasons else NOT_IN_SHEET)
        elif reasons:
            one.notes.append(f"{len(reasons)} of the team fit nobody: {reasons[0]}")
    owned = Counter(student for one in handed for student in one.students)
    for one in handed:
        if any(owned[student] > 1 for student in one.students):
            one.problem, one.students = TWICE, []
    return handed


def _fits(sheet: Sheet | None, roster: Sequence[Member], known: Collected) -> Callable[[str, str], bool]:
    """Return whether somebody is known by a number and a name."""
    in_roster = {(member.lms_id, name) for member in roster for name in member.names}

    def fits(number: str, name: str) -> bool:
        if sheet is not None:
            return bool(sheet.who(number, name))
        known_before = number in known.names and same_name(known.names[number], name, known.platform)
        return known_before or (number, name_key(name)) in in_roster

    return fits

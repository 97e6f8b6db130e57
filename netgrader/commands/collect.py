"""``netgrader collect``: a file of submissions from Moodle or Canvas, brought to where nbgrader has them."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Mapping  # noqa: TC003  (a field's type)
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rich.table import Table

from netgrader.commands.show import console
from netgrader.files import write_text
from netgrader.grading.folders import KINDS, MOST_FILES, choose
from netgrader.grading.submission import UnreadableError
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import holds_same, set_aside, stamp
from netgrader.platforms.people import (
    CANVAS,
    MOODLE,
    NOBODY,
    Collected,
    Person,
    enter_student,
    match,
    name_key,
    notes_on,
    read_collected,
    roster_of,
    write_collected,
)
from netgrader.platforms.received import fits_for, read_handed_in, unpack_into
from netgrader.which_course import find_course, only_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.platforms.people import Member
    from netgrader.platforms.received import ReceivedFile
    from netgrader.platforms.zips import DownloadedSubmission

__all__ = ["assignment_called", "handed_in_by", "run"]

NOT_IN_SHEET = "nobody has this number and name in the sheet; is it of the same assignment?"
TWICE = "something else fits the same student, or team"
TEST_STUDENT = "studenttest"
"""Whom Canvas has in each gradebook for its teacher to try things."""
NOTHING = "there is no notebook or module in it"
SHEETS = {CANVAS: "Canvas's gradebook", MOODLE: "Moodle's grading worksheet"}
WHAT_TO_DO = (
    "For whom nobody fits: give {sheet} with --sheet FILE.csv, which knows addresses and numbers; or correct the names (nbgrader "
    "db student add ID --first-name=… --last-name=… --email=…); or enter who is nobody there with --enter. Then call again."
)


@dataclass
class _Handed:
    """A submission, and what became of it."""

    submission: DownloadedSubmission
    people: dict[Person, str] = field(default_factory=dict)
    """Who handed it in, one or the members of a team, each with the student's id; empty where nobody fits."""
    students: list[str] = field(default_factory=list)
    """Whose it is."""
    problem: str = ""
    """Why it is nobody's, or cannot be read."""
    notes: list[str] = field(default_factory=list)
    files: Mapping[str, int] = field(default_factory=dict)
    """Those that are graded, by their names there, and their places in the archive."""

    @property
    def late(self) -> bool:
        """Whether the platform says so."""
        return self.submission.late or any(person.late for person in self.people)

    @property
    def when(self) -> datetime | None:
        """When it was handed in, as far as the platform says."""
        return next((person.when for person in self.people if person.when), None)

    @property
    def left_out(self) -> list[str]:
        """Names of the files that are not graded."""
        kept = {*self.files.values()}
        return sorted(PurePosixPath(name).name for name, place in self.submission.files if place not in kept)


def run(file: Path, name: str | None, sheet: Path | None, *, enter: bool) -> int:
    """Collect what was handed in; the exit code."""
    assignment = assignment_called(name)
    with opened(assignment.course) as gradebook:
        known = read_collected(assignment)
        download = read_handed_in(file, sheet, roster_of(gradebook), known, assignment.notebooks)
        known = known.on(download.platform)
        if enter:
            _enter(gradebook, known, download)
        handed = handed_in_by(download, roster_of(gradebook), known)
        for one in handed:
            if not one.problem:
                _place(assignment, file, one)
        _remember(assignment, gradebook, known, handed)
    return _say(console(), assignment, download, handed)


def assignment_called(name: str | None) -> Assignment:
    """Return the course's assignment called `name`, one of nbgrader's own too, or the only one.

    Raises
    ------
    UsageError
        If there is none, or several and no name.
    """
    course = find_course()
    return course.assignment(name) if name is not None else only_assignment(course, course.assignments)


def _named(download: ReceivedFile, submission: DownloadedSubmission, roster: list[Member]) -> dict[Person, str]:
    """Return who is named as the one, or the team, that handed something in; nobody where names are disputed."""
    number, name = submission.owner.number, submission.owner.name
    if submission.disputed:
        return {}
    if download.sheet is not None:
        return dict.fromkeys(download.sheet.who(number, name), "")
    # A number that is read off a name may be one that its owner chose, unless both belong together; what was collected before by
    # a name alone says nothing of that.
    sure = download.platform == CANVAS and fits_for(None, roster, Collected())(number, name)
    return {Person(number, name, lms_id=number if sure else ""): ""}


def _people(download: ReceivedFile, handed: list[_Handed]) -> Sequence[Person]:
    """Return all people whom the platform names: in the sheet, or without one in the file."""
    return download.sheet.people if download.sheet else [person for one in handed for person in one.people]


def handed_in_by(download: ReceivedFile, roster: list[Member], known: Collected) -> list[_Handed]:
    """Return each submission with whose it is, by the sheet if there is one, else by names; or why it is nobody's."""
    handed = [_Handed(one, _named(download, one, roster)) for one in download.submissions]
    found, why = match(_people(download, handed), roster, known)
    notes = notes_on(found, roster)
    for one in handed:
        one.people = {person: found.get(person, "") for person in one.people}
        one.students = [*filter(None, one.people.values())]
        one.notes = [*filter(None, map(notes.get, one.people))]
        reasons = [*filter(None, map(why.get, one.people))]
        one.problem = one.submission.problem
        if not one.students:
            one.problem = one.problem or next(iter(reasons), NOT_IN_SHEET)
        elif reasons:
            one.notes.append(f"{len(reasons)} of the team fit nobody: {reasons[0]}")
    owned = Counter(student for one in handed for student in one.students)
    for one in handed:
        if any(owned[student] > 1 for student in one.students):
            one.problem, one.students = TWICE, []
    return handed


def _enter(gradebook: Any, known: Collected, download: ReceivedFile) -> None:
    """Enter those whom nobody in the gradebook fits, if anybody handed in; whose number is whose is kept."""
    roster = roster_of(gradebook)
    handed = [one for one in handed_in_by(download, roster, known) if one.people]
    _, why = match(_people(download, handed) if handed else (), roster, known)
    for person in [one for one, reason in why.items() if reason == NOBODY and name_key(one.name) != TEST_STUDENT]:
        _keep(known, person, enter_student(gradebook, person))


def _keep(known: Collected, person: Person, student: str) -> None:
    """Keep whose number a person's is."""
    if person.number:
        known.students[person.number], known.names[person.number] = student, person.name


def _place(assignment: Assignment, archive: Path, one: _Handed) -> None:
    """Put a submission where nbgrader has it; what lay there before is kept elsewhere."""
    one.files = choose(one.submission.files, KINDS)
    if not 0 < len(one.files) <= MOST_FILES:
        one.problem = f"{len(one.files):,} files are more than can be graded" if one.files else NOTHING
        return
    for student in one.students:
        try:
            one.notes += _place_for(assignment, archive, one, student)
        except UnreadableError as error:
            one.problem = str(error)


def _place_for(assignment: Assignment, archive: Path, one: _Handed, student: str) -> list[str]:
    """Put a submission into a student's folder; what is to be noted of it."""
    folder = assignment.course.folder("submitted", student, assignment.name)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    part.mkdir(parents=True)
    replaced = ["replaces what was there"] * folder.is_dir()
    try:
        unpack_into(part, archive, one.files, one.submission.owner.shown)
        unchanged = holds_same(part, folder)
        if one.when is not None:
            write_text((folder if unchanged else part) / TIMESTAMP, f"{stamp(one.when)}\n")
        if unchanged:
            return ["unchanged"]
        part.rename(set_aside(assignment, student))
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return replaced


def _remember(assignment: Assignment, gradebook: Any, known: Collected, handed: list[_Handed]) -> None:
    """Keep who has which number, in the gradebook if it is one of all of the platform."""
    ids = {str(student.id): student for student in gradebook.students}
    told = [(person, student) for one in handed if one.students for person, student in one.people.items() if student]
    for person, student in told:
        _keep(known, person, student)
        ids[student].lms_user_id = ids[student].lms_user_id or person.lms_id or None
    gradebook.db.commit()
    write_collected(assignment, known)


def _say(out: Console, assignment: Assignment, download: ReceivedFile, handed: list[_Handed]) -> int:
    """Say who handed in what, who was late, and what fits nobody; the exit code."""
    platform = download.platform
    placed = [one for one in handed if not one.problem]
    lost = [one for one in handed if one.problem]
    table = Table("student", f"in {platform}", "files", "notes")
    for one in placed:
        late, left = ["late"] * one.late, [f"left out: {', '.join(one.left_out)}"] * bool(one.left_out)
        notes = "; ".join([*late, *dict.fromkeys(one.notes), *left])
        table.add_row(", ".join(one.students), one.submission.owner.shown, ", ".join(sorted(one.files)), notes)
    if placed:
        out.print(table)
    for one in lost:
        out.print(f"Not collected: {one.submission.owner.shown}: {one.problem.rstrip('.')}.")
    if any(not one.students for one in lost):
        out.print(WHAT_TO_DO.format(sheet=SHEETS[platform]))
    out.print(
        f"{len(handed)} handed in {assignment.name}, {len(placed)} collected into "
        f"{assignment.course.folder('submitted', 'STUDENT', assignment.name)}."
    )
    return int(bool(lost))

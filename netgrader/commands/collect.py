"""``netgrader collect``: a file of submissions from Moodle or Canvas, brought to where nbgrader has them."""

from __future__ import annotations

import functools
import secrets
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rich.table import Table

from netgrader.commands.show import console
from netgrader.files import write_text
from netgrader.grading.folders import KINDS, MOST_FILES, choose
from netgrader.grading.members import groups_of
from netgrader.grading.submission import UnreadableError
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.nbgrader_plugin.groups import set_aside
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import holds_same, stamp
from netgrader.platforms.people import (
    CANVAS,
    NOBODY,
    Person,
    enter_student,
    match,
    name_key,
    notes_on,
    numbers_of,
    read_collected,
    roster_of,
    write_collected,
)
from netgrader.platforms.received import fits_for, read_handed_in, unpack_into
from netgrader.which_course import find_course, only_assignment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.platforms.people import Collected, Member
    from netgrader.platforms.received import ReceivedFile
    from netgrader.platforms.sheets import Sheet
    from netgrader.platforms.zips import DownloadedSubmission

__all__ = ["assignment_called", "run"]

NOT_IN_SHEET = "nobody has this number and name in the sheet; is it of the same assignment?"
TWICE = "something else fits the same student, or team"
TEST_STUDENT = "studenttest"
"""Whom Canvas has in each gradebook for its teacher to try things."""
BY_GROUP = "by a group's name in groups.toml, which a student may have taken"
NOTHING = "there is no notebook or module in it"


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

    @property
    def late(self) -> bool:
        """Whether the platform says so."""
        return self.submission.late or any(person.late for person in self.people)


def run(file: Path, name: str | None, sheet: Path | None, *, enter: bool) -> int:
    """Collect what was handed in; the exit code."""
    assignment = assignment_called(name)
    with opened(assignment.course) as gradebook:
        known = read_collected(assignment)
        download = read_handed_in(file, sheet, roster_of(gradebook), known, assignment.notebooks)
        known = known.on(download.platform)
        people = download.sheet
        before = {str(student.id) for student in gradebook.students}
        entering = functools.partial(_enter, gradebook, known) if enter else None
        handed = _whose(assignment, download, people, roster_of(gradebook), known, enter=entering)
        for one in handed:
            if not one.problem:
                _place(assignment, file, one)
        _remember(assignment, gradebook, known, handed, tells_late=people is not None or download.platform == CANVAS)
        here = {student for one in handed for student in one.students}
        if absent := sorted({str(student.id) for student in gradebook.students} - before - here):
            console().print(f"Entered from the sheet, with nothing handed in: {', '.join(absent)}.")
        return _say(console(), assignment, download.platform, handed, with_sheet=sheet is not None)


def assignment_called(name: str | None) -> Assignment:
    """Return the course's assignment called `name`, one of nbgrader's own too, or the only one.

    Raises
    ------
    UsageError
        If there is none, or several and no name.
    """
    course = find_course()
    return course.assignment(name) if name is not None else only_assignment(course, course.assignments)


def _whose(
    assignment: Assignment,
    download: ReceivedFile,
    sheet: Sheet | None,
    roster: list[Member],
    known: Collected,
    *,
    enter: Callable[[list[Person]], dict[Person, str]] | None = None,
) -> list[_Handed]:
    """Return what was handed in, and whose it is: by the sheet if there is one, else by the course's groups, else by names.

    `enter` enters people who are nobody in the gradebook, and gives their ids.
    """
    fits, numbers = fits_for(sheet, roster, known), numbers_of(roster, known)
    groups = {} if sheet else groups_of(assignment)
    by_key = {name_key(name): list(members) for name, members in groups.items()}
    # Two groups of one name are nobody's, and a submission without a name, or with a student's number, is no group's.
    keys = ["", "", *map(name_key, groups)]
    handed = [_Handed(one, problem=one.problem) for one in download.submissions]
    for one in handed:
        number, name = one.submission.owner.number, one.submission.owner.name
        # A number that is read off a name may be one that its owner chose, unless both belong together.
        sure = number if download.platform == CANVAS and fits(number, name) else ""
        is_group = keys.count(name_key(name)) == 1 and not numbers.get(number)
        one.students = by_key[name_key(name)] if is_group else []
        one.notes += [BY_GROUP] * len(one.students)
        named = sheet.who(number, name) if sheet else [] if one.students else [Person(number, name, lms_id=sure)]
        one.people = dict.fromkeys([] if one.submission.disputed else named, "")
    here = [person for one in handed for person in one.people]
    found, why = match(sheet.people if sheet else here, roster, known)
    notes = notes_on(found, roster)
    if enter is not None and here:
        entered = enter([person for person, reason in why.items() if reason == NOBODY])
        found, why = {**found, **entered}, {**why, **dict.fromkeys(entered, "")}
        notes = {**notes, **dict.fromkeys(entered, "entered")}
    for one in handed:
        one.people = {person: found.get(person, "") for person in one.people}
        one.students = [*one.students, *filter(None, one.people.values())]
        one.notes += filter(None, map(notes.get, one.people))
        reasons = [*filter(None, map(why.get, one.people))]
        if not one.students:
            one.problem = one.problem or next(iter(reasons), NOT_IN_SHEET)
        elif reasons:
            one.notes.append(f"{len(reasons)} of the team fit nobody: {reasons[0]}")
    owned = Counter(student for one in handed for student in one.students)
    for one in handed:
        if any(owned[student] > 1 for student in one.students):
            one.problem, one.students = TWICE, []
    return handed


def _enter(gradebook: Any, known: Collected, nobody: list[Person]) -> dict[Person, str]:
    """Enter people into the gradebook; their new ids, kept by the platform's numbers."""
    taken = {str(student.id) for student in gradebook.students}
    entered: dict[Person, str] = {}
    for person in nobody:
        if name_key(person.name) != TEST_STUDENT:
            entered[person] = enter_student(gradebook, person, {*taken, *entered.values()})
            _keep(known, person, entered[person])
    return entered


def _keep(known: Collected, person: Person, student: str) -> None:
    """Keep whose number a person's is."""
    if person.number:
        known.students[person.number], known.names[person.number] = student, person.name


def _place(assignment: Assignment, archive: Path, one: _Handed) -> None:
    """Put a submission where nbgrader has it; what lay there before is kept elsewhere."""
    entries = choose(one.submission.files, KINDS)
    if not entries or len(entries) > MOST_FILES:
        one.problem = f"{len(entries):,} files are more than can be graded" if entries else NOTHING
        return
    passed_over = sum(name.lower().endswith(KINDS) for name, _ in one.submission.files) - len(entries)
    if passed_over:
        one.notes.append(f"left out {passed_over} of the same name, or hidden")
    when = next((person.when for person in one.people if person.when), None)
    for student in one.students:
        folder = assignment.course.folder("submitted", student, assignment.name)
        part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        part.mkdir(parents=True)
        try:
            unpack_into(part, archive, entries, one.submission.owner.shown)
            if when is not None:
                write_text(part / TIMESTAMP, f"{stamp(when)}\n")
            if folder.is_dir() and holds_same(part, folder):
                one.notes.append("unchanged")
                if when is not None:
                    (part / TIMESTAMP).replace(folder / TIMESTAMP)
            else:
                one.notes += ["replaces what was there"] if folder.is_dir() else []
                part.rename(set_aside(assignment, student))
        except UnreadableError as error:
            one.problem = str(error)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _remember(
    assignment: Assignment, gradebook: Any, known: Collected, handed: list[_Handed], *, tells_late: bool
) -> None:
    """Keep who has which number, in the gradebook if it is one of all of the platform, and who was late if that is told."""
    if tells_late:
        told = {student: one.late for one in handed if not one.problem for student in one.students}
        known.late[:] = sorted({*known.late} - told.keys() | {student for student, late in told.items() if late})
    ids = {str(student.id): student for student in gradebook.students}
    for person, student in [told for one in handed if one.students for told in one.people.items() if told[1]]:
        _keep(known, person, student)
        if student in ids:
            ids[student].lms_user_id = ids[student].lms_user_id or person.lms_id or None
    gradebook.db.commit()
    write_collected(assignment, known)


def _say(out: Console, assignment: Assignment, platform: str, handed: list[_Handed], *, with_sheet: bool) -> int:
    """Say who handed in what, who was late, and what fits nobody; the exit code."""
    placed = [one for one in handed if not one.problem]
    table = Table("student", f"in {platform}", "files", "notes")
    for one in placed:
        files = ", ".join(sorted(choose(one.submission.files, KINDS)))
        others = sorted(
            PurePosixPath(name).name for name, _ in one.submission.files if not name.lower().endswith(KINDS)
        )
        left = [f"left out: {', '.join(others)}"] if others else []
        notes = [*(["late"] if one.late else []), *dict.fromkeys(one.notes), *left]
        table.add_row(", ".join(one.students), one.submission.owner.shown, files, "; ".join(notes))
    if placed:
        out.print(table)
    lost = [one for one in handed if one.problem]
    for one in lost:
        out.print(f"Not collected: {one.submission.owner.shown}: {one.problem.rstrip('.')}.")
    late = [student for one in placed if one.late for student in one.students]
    if late:
        out.print(f"Late, by what {platform} says: {', '.join(sorted(late))}.")
    if any(not one.students for one in lost):
        sheet = "Canvas's gradebook" if platform == CANVAS else "Moodle's grading worksheet"
        tell = "" if with_sheet else f"add {sheet} with --sheet FILE.csv, which knows addresses and numbers; or "
        out.print(
            f"For whom nobody fits: {tell}correct the names (nbgrader db student add ID --first-name=… --last-name=… "
            "--email=…); or enter who is nobody there with --enter. Then call again."
        )
    out.print(
        f"{len(handed)} handed in {assignment.name}, {len(placed)} collected into "
        f"{assignment.course.folder('submitted', 'STUDENT', assignment.name)}."
    )
    return int(bool(lost))

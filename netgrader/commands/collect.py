"""``netgrader collect``: a file of submissions from Moodle or Canvas, brought to where nbgrader has them."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Any

from rich.table import Table

from netgrader.commands.show import console
from netgrader.files import write_text
from netgrader.grading.folders import KINDS, MOST_FILES, choose
from netgrader.grading.submission import UnreadableError
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.nbgrader_plugin.groups import groups_of, set_aside
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import holds_same, stamp
from netgrader.platforms.people import (
    CANVAS,
    NOBODY,
    Collected,
    enter_student,
    match,
    name_key,
    read_collected,
    roster_of,
    write_collected,
)
from netgrader.platforms.received import Expected, read_handed_in, unpack_into
from netgrader.which_course import find_course, only_assignment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.platforms.people import Person
    from netgrader.platforms.received import Handed, HandedIn

__all__ = ["assignment_called", "run"]

TEST_STUDENT = "studenttest"
"""Whom Canvas has in each gradebook for its teacher to try things."""
NOTHING = "there is no notebook or module in it"


def run(file: Path, name: str | None, sheet: Path | None, *, enter: bool) -> int:
    """Collect what was handed in; the exit code."""
    assignment = assignment_called(name)
    with opened(assignment.course) as gradebook:
        collected = read_collected(assignment)
        expected = Expected(assignment.notebooks, dict(groups_of(assignment)), roster_of(gradebook), collected)
        download = read_handed_in(file, sheet, expected)
        known = collected.of_platform(download.platform)
        people, handed = download.people, download.handed
        absent: dict[Person, str] = {}
        if enter:
            _enter(gradebook, handed)
            if people and any(one.students for one in handed):
                absent = _enter_absent(gradebook, people, handed, known)
        for one in handed:
            if one.students and not one.problem:
                _place(assignment, file, one)
        tells_late = sheet is not None or download.platform == CANVAS
        _remember(assignment, gradebook, known, handed, absent, tells_late=tells_late)
        if absent:
            names = ", ".join(sorted(absent.values()))
            console().print(f"Entered from the sheet, with nothing handed in: {names}.")
        return _say(console(), assignment, download, handed, with_sheet=sheet is not None)


def assignment_called(name: str | None) -> Assignment:
    """Return the course's assignment called `name`, one of nbgrader's own too, or the only one.

    Raises
    ------
    UsageError
        If there is none, or several and no name.
    """
    course = find_course()
    return course.assignment(name) if name is not None else only_assignment(course, course.assignments)


def _enter(gradebook: Any, handed: list[Handed]) -> None:
    """Enter into the gradebook who handed in and is nobody there."""
    taken = {str(student.id) for student in gradebook.students}
    for one in handed:
        if one.problem != NOBODY:
            continue
        for person in one.people:
            one.people[person] = enter_student(gradebook, person, taken)
            taken.add(one.people[person])
        one.students, one.problem = list(one.people.values()), ""
        one.notes.append("entered")


def _enter_absent(
    gradebook: Any, people: Sequence[Person], handed: list[Handed], known: Collected
) -> dict[Person, str]:
    """Enter who is in the sheet, handed in nothing and is nobody in the gradebook; their new ids."""
    taken = {str(student.id) for student in gradebook.students}
    here = {person for one in handed for person in one.people}
    _, why = match(people, roster_of(gradebook), known)
    entered: dict[Person, str] = {}
    for person, reason in why.items():
        if reason == NOBODY and person not in here and name_key(person.name) != TEST_STUDENT:
            entered[person] = enter_student(gradebook, person, taken)
            taken.add(entered[person])
    return entered


def _place(assignment: Assignment, archive: Path, one: Handed) -> None:
    """Put a submission where nbgrader has it; what lay there before is kept elsewhere."""
    entries = choose(one.submission.files, KINDS)
    if not entries or len(entries) > MOST_FILES:
        one.problem = f"{len(entries):,} files are more than can be graded" if entries else NOTHING
        return
    if len(entries) < len(one.submission.files):
        one.notes.append(f"left out {len(one.submission.files) - len(entries)} of the same name, or hidden")
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
                one.notes += [] if "unchanged" in one.notes else ["unchanged"]
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
    assignment: Assignment,
    gradebook: Any,
    known: Collected,
    handed: list[Handed],
    absent: dict[Person, str],
    *,
    tells_late: bool,
) -> None:
    """Keep who has which number, in the gradebook if it is one of all of the platform, and who was late if that is told."""
    for person, student in absent.items():
        if person.number:
            known.students[person.number], known.names[person.number] = student, person.name
    placed = [one for one in handed if not one.problem] if tells_late else []
    told = {student: one.late for one in placed for student in one.students}
    known.late[:] = sorted({*known.late} - told.keys() | {student for student, late in told.items() if late})
    ids = {str(student.id): student for student in gradebook.students}
    for one in handed:
        for person, student in one.people.items():
            if not student or not one.students:
                continue
            if person.when is not None:
                known.times[student] = stamp(person.when)
            if person.number:
                known.students[person.number], known.names[person.number] = student, person.name
            if person.lms_id and student in ids and not ids[student].lms_user_id:
                ids[student].lms_user_id = person.lms_id
    gradebook.db.commit()
    write_collected(assignment, known)


def _say(out: Console, assignment: Assignment, download: HandedIn, handed: list[Handed], *, with_sheet: bool) -> int:
    """Say who handed in what, who was late, and what fits nobody; the exit code."""
    platform = download.platform
    placed = [one for one in handed if not one.problem]
    table = Table()
    for column in ("student", f"in {platform}", "files", "notes"):
        table.add_column(column)
    for one in placed:
        files = ", ".join(sorted(choose(one.submission.files, KINDS)))
        left = [f"left out: {', '.join(sorted(one.submission.others))}"] if one.submission.others else []
        notes = [*(["late"] if one.late else []), *one.notes, *left]
        table.add_row(", ".join(one.students), one.submission.owner.shown, files, "; ".join(notes))
    if placed:
        out.print(table)
    lost = [one for one in handed if one.problem]
    for one in lost:
        out.print(f"Not collected: {one.submission.owner.shown}: {one.problem.rstrip('.')}.")
    if unread := download.unread:
        out.print(f"Passed over, since {platform} does not name files so: {', '.join(unread)}.")
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
    return 1 if lost else 0

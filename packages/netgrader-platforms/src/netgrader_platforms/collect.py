"""``netgrader collect``: sort submissions from Moodle or Canvas into nbgrader's folders."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from collections.abc import Mapping  # noqa: TC003  (a field's type)
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003
from operator import attrgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rich.table import Table

from netgrader.commands.show import console
from netgrader.files import write_text
from netgrader.grading.folders import KINDS, FolderLimits, choose
from netgrader.grading.submission import UnreadableError
from netgrader.nbgrader_plugin.gradebook import opened
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import holds_same, set_aside, stamp
from netgrader.which_course import find_course, only_assignment
from netgrader_platforms.people import (
    CANVAS,
    MOODLE,
    NOBODY,
    enter_student,
    match,
    name_key,
    notes_on,
    roster_of,
)
from netgrader_platforms.received import read_handed_in, unpack_into

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader_platforms.people import Member, Person
    from netgrader_platforms.received import ReceivedFile
    from netgrader_platforms.zips import DownloadedSubmission

__all__ = ["assignment_called", "handed_in_by", "run"]

NOT_IN_SHEET = (
    "nobody in the sheet has this number and name: download submissions and sheet of the same assignment again, "
    "with names shown"
)
TWICE = "something else fits the same student, or team"
TEST_STUDENT = "studenttest"
"""`name_key` of the test student that Canvas adds to each gradebook for the teacher."""
NOTHING = "there is no notebook or module in it"
SHEETS = {CANVAS: "Canvas's gradebook", MOODLE: "Moodle's grading worksheet"}
WHAT_TO_DO = (
    "To place them: download {sheet} again; or correct the names (nbgrader db student add ID --first-name=… "
    "--last-name=… --email=…); or add students who are missing in the gradebook with --enter. Then call again."
)


@dataclass
class _Handed:
    """A submission and what has been done with it."""

    submission: DownloadedSubmission
    students: list[str]
    """Student ids of its owner or team; empty if nobody matches."""
    problem: str
    """Why it has no owner or cannot be read; empty if all is well."""
    notes: list[str]
    files: Mapping[str, int] = field(default_factory=dict)
    """The graded files: name in the submission folder to index in the archive."""

    @property
    def late(self) -> bool:
        """Whether the platform marks it as late."""
        return self.submission.late or any(person.late for person in self.submission.people)

    @property
    def when(self) -> datetime | None:
        """Return the submission time, if the platform states it."""
        return next(filter(None, (person.when for person in self.submission.people)), None)

    @property
    def left_out(self) -> list[str]:
        """Return the names of the files that are not graded."""
        kept = {*self.files.values()}
        return sorted(PurePosixPath(name).name for name, place in self.submission.files if place not in kept)


def run(file: Path, name: str | None, sheet: Path, *, enter: bool) -> int:
    """Collect the submissions of the people in the sheet; return the exit code."""
    assignment = assignment_called(name)
    with opened(assignment.course) as gradebook:
        known = [member.lms_id for member in roster_of(gradebook)]
        download = read_handed_in(file, sheet, assignment.notebooks, known)
        if enter and any(one.people for one in download.submissions):
            _enter(gradebook, download)
        handed = handed_in_by(download, roster_of(gradebook))
        _keep_numbers(gradebook, handed)
    for one in handed:
        if not one.problem:
            _place(assignment, file, one)
    return _say(console(), assignment, download, handed)


def assignment_called(name: str | None) -> Assignment:
    """Return the assignment `name`, which may be a plain nbgrader one, or the course's only assignment.

    Raises
    ------
    UsageError
        If it does not exist, or if no name is given and there are several.
    """
    course = find_course()
    return course.assignment(name) if name is not None else only_assignment(course, course.assignments)


def handed_in_by(download: ReceivedFile, roster: list[Member]) -> list[_Handed]:
    """Match each submission with its owners; return it with them, or with the reason for having none."""
    found, why = match(download.sheet.people, roster)
    notes = notes_on(found, roster)
    handed = [_handed(one, found, why, notes) for one in download.submissions]
    owned = Counter(student for one in handed for student in one.students)
    for one in handed:
        if any(owned[student] > 1 for student in one.students):
            one.problem, one.students = TWICE, []
    return handed


def _handed(
    submission: DownloadedSubmission,
    found: Mapping[Person, str],
    why: Mapping[Person, str],
    notes: Mapping[Person, str],
) -> _Handed:
    """Return a submission with its students, and a note if a team member could not be matched."""
    students = [*filter(None, map(found.get, submission.people))]
    told = [*filter(None, map(notes.get, submission.people))]
    reasons = [*filter(None, map(why.get, submission.people))]
    problem = submission.problem
    if not students:
        problem = problem or next(iter(reasons), NOT_IN_SHEET)
    elif reasons:
        told.append(f"{len(reasons)} of the team could not be matched: {reasons[0]}")
    return _Handed(submission, students, problem, told)


def _enter(gradebook: Any, download: ReceivedFile) -> None:
    """Add the people of the sheet whom no student in the gradebook matches."""
    _, why = match(download.sheet.people, roster_of(gradebook))
    for person, reason in why.items():
        if reason == NOBODY and name_key(person.name) != TEST_STUDENT:
            enter_student(gradebook, person)


def _keep_numbers(gradebook: Any, handed: list[_Handed]) -> None:
    """Store the submitters' platform-wide user ids in the gradebook, which has no teams."""
    ids = {student: person.lms_id for one in handed for person in one.submission.people for student in one.students}
    for student in gradebook.students:
        student.lms_user_id = student.lms_user_id or ids.get(student.id) or None
    gradebook.db.commit()


def _place(assignment: Assignment, archive: Path, one: _Handed) -> None:
    """Put a submission into nbgrader's folders; an earlier version is set aside."""
    one.files = choose(one.submission.files, KINDS)
    if not 0 < len(one.files) <= FolderLimits.MOST_FILES:
        one.problem = f"{len(one.files):,} files are more than can be graded" if one.files else NOTHING
        return
    for student in one.students:
        try:
            one.notes += _place_for(assignment, archive, one, student)
        except UnreadableError as error:
            one.problem = str(error)


def _place_for(assignment: Assignment, archive: Path, one: _Handed, student: str) -> list[str]:
    """Put a submission into a student's folder; return notes on it."""
    folder = assignment.course.folder("submitted", student, assignment.name)
    part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    part.mkdir(parents=True)
    gone = {*map(attrgetter("name"), folder.glob("*.ipynb"))} - {*one.files}
    replaced = ["replaces what was there"] * folder.is_dir()
    replaced += [f"{', '.join(sorted(gone))} of the earlier submission is missing"] * bool(gone)
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


def _say(out: Console, assignment: Assignment, download: ReceivedFile, handed: list[_Handed]) -> int:
    """Print the submissions, late ones and unmatched ones; return the exit code."""
    platform = download.platform
    placed = [one for one in handed if not one.problem]
    lost = [one for one in handed if one.problem]
    table = Table("student", f"in {platform}", "files", "notes")
    for one in placed:
        late, left = ["late"] * one.late, [f"left out: {', '.join(one.left_out)}"] * bool(one.left_out)
        notes = "; ".join([*late, *dict.fromkeys(one.notes), *left])
        table.add_row(", ".join(one.students), one.submission.owner.shown, ", ".join(sorted(one.files)), notes)
    out.print(table)
    for one in lost:
        out.print(f"Not collected: {one.submission.owner.shown}: {one.problem.rstrip('.')}.")
    if lost:
        out.print(WHAT_TO_DO.format(sheet=SHEETS[platform]))
    out.print(
        f"{len(handed)} handed in {assignment.name}, {len(placed)} collected into "
        f"{assignment.course.folder('submitted', 'STUDENT', assignment.name)}."
    )
    return int(bool(lost))

"""Groups: one hands in, and all have the submission and its marks. nbgrader has none, so that each member has a copy of it.

The course's file ``groups.toml`` names them. Of what members handed in the newest counts; what lay in its place is moved
into the store, and told.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from typing import TYPE_CHECKING, Any

from netgrader.course import holds_work
from netgrader.errors import NetgraderError
from netgrader.files import write_text
from netgrader.grading.folders import KINDS
from netgrader.grading.jobs import jobs_in
from netgrader.grading.members import groups_of
from netgrader.grading.result_store import REPLACED, hash_file, open_store
from netgrader.grading.submission import SubmissionLimits, UnreadableError
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["set_aside", "share_marks_by_hand", "share_submissions"]


def share_submissions(assignment: Assignment) -> list[str]:
    """Put what a group handed in last into the folder of each member; sentences on what was done."""
    said: list[str] = []
    for group, members in groups_of(assignment).items():
        try:
            said += _shared(assignment, group, members)
        except OSError as error:
            said.append(f"{group}: {error.filename} cannot be read ({error.strerror}), so nobody was given anything.")
    return said


def _shared(assignment: Assignment, group: str, members: Sequence[str]) -> list[str]:
    """Put what one of a group handed in last into the folder of each member; sentences on what was done."""
    folders = {one: assignment.course.folder("submitted", one, assignment.name) for one in members}
    works = {one: _work(assignment, folder) for one, folder in folders.items() if holds_work(folder)}
    times = {one: _time(folders[one]) for one in works}
    owner = max(works, key=times.__getitem__, default="")
    behind = [one for one in members if works.get(one) != works.get(owner)]
    if not all(times[one] for one in works if one in behind):
        where = f"Leave one of them in {folders[owner].parents[1]}, and grade again."
        who = f"{group}: {', '.join(works)} handed in different work"
        return [f"{who}, and without timestamp.txt nobody can tell what is newest. {where}"]
    for one in behind:
        _replace(assignment, one, folders[owner])
    replaced = "; what was handed in before is replaced"
    return [f"{group}: {one} has what {owner} handed in{replaced if one in works else ''}." for one in behind]


def _work(assignment: Assignment, folder: Path) -> tuple[tuple[str, str], ...]:
    """Return what was handed in, brought up from folders: names, and hashes of what is not too large to be read."""
    # What is no notebook is said when it is graded; here it is as it lies there.
    with contextlib.suppress(UnreadableError):
        jobs_in(folder, assignment)
    return tuple((path.name, hash_file(path)) for path in _travelling(folder))


def _travelling(folder: Path) -> list[Path]:
    """Return the files that are copied: regular ones of the kinds that are graded, each no larger than a notebook may be."""
    most = SubmissionLimits().notebook_bytes
    return [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in KINDS and not path.is_symlink() and path.is_file() and path.stat().st_size <= most
    ]


def _time(folder: Path) -> str:
    try:
        when = handed_in(folder)
    except NetgraderError:
        when = None
    return when.isoformat() if when else ""


def _replace(assignment: Assignment, student: str, source: Path) -> None:
    folder = set_aside(assignment, student)
    folder.mkdir(parents=True)
    for path in _travelling(source):
        shutil.copyfile(path, folder / path.name)
    when = _time(source)
    if when:
        write_text(folder / TIMESTAMP, f"{when.replace('T', ' ')} UTC\n")


def set_aside(assignment: Assignment, student: str) -> Path:
    """Move what a student handed in before out of the way, if there is anything; the folder, which is not there now."""
    folder = assignment.course.folder("submitted", student, assignment.name)
    if folder.is_dir():
        aside = open_store(assignment.course).root / REPLACED / assignment.name / student
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, aside.with_name(f"{aside.name}-{time.time_ns()}"))
    return folder


def share_marks_by_hand(gradebook: Any, assignment: Assignment) -> list[str]:
    """Give each member of a group the points that a person gave to one of them; sentences where they differ."""
    said = []
    for group, members in groups_of(assignment).items():
        cells: dict[str, list[Any]] = {}
        for grade in (grade for student in members for grade in _grades(gradebook, assignment, student)):
            cells.setdefault(f"{grade.name} of {grade.notebook.name}", []).append(grade)
        for cell, grades in cells.items():
            given = {grade.manual_score for grade in grades} - {None}
            if len(given) > 1:
                said.append(f"{group}: members have different marks by hand for {cell}. Nothing was changed.")
            elif given:
                _give(grades, *given)
    gradebook.db.commit()
    return said


def _give(grades: list[Any], points: float) -> None:
    """Give these points to each who has none by hand."""
    for grade in grades:
        if grade.manual_score is None:
            grade.manual_score, grade.needs_manual_grade = points, False


def _grades(gradebook: Any, assignment: Assignment, student: str) -> list[Any]:
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        return []
    return [grade for notebook in submission.notebooks for grade in notebook.grades]

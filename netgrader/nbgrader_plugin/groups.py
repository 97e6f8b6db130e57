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
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["set_aside", "share_marks_by_hand", "share_submissions"]


def share_submissions(assignment: Assignment) -> list[str]:
    """Put what a group handed in last into the folder of each member; sentences on what was done."""
    said = []
    for group, members in groups_of(assignment).items():
        folders = {one: assignment.course.folder("submitted", one, assignment.name) for one in members}
        try:
            works = {one: _work(assignment, folder) for one, folder in folders.items() if holds_work(folder)}
        except OSError as error:
            said.append(f"{group}: {error.filename} cannot be read ({error.strerror}), so nobody was given anything.")
            continue
        if not works or (len(works) == len(members) and len(set(works.values())) == 1):
            continue
        times = {one: _time(folders[one]) for one in works}
        owner = max(works, key=lambda one: times[one])
        different = [one for one in works if works[one] != works[owner]]
        if different and min(times.values()) == "":
            said.append(
                f"{group}: {', '.join(works)} handed in different work, and without timestamp.txt nobody can tell what is "
                f"newest. Leave one of them in {folders[owner].parents[1]}, and grade again."
            )
            continue
        for one in [*different, *(member for member in members if member not in works)]:
            _replace(assignment, one, folders[owner])
            old = "; what was handed in before is replaced" if one in different else ""
            said.append(f"{group}: {one} has what {owner} handed in{old}.")
    return said


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
        cells: dict[tuple[str, str], list[Any]] = {}
        for student in members:
            for grade in _grades(gradebook, assignment, student):
                cells.setdefault((grade.notebook.name, grade.name), []).append(grade)
        for (notebook, cell), grades in cells.items():
            given = {grade.manual_score for grade in grades if grade.manual_score is not None}
            if len(given) > 1:
                said.append(
                    f"{group}: members have different marks by hand for {cell} of {notebook}. Nothing was changed."
                )
            for grade in grades if len(given) == 1 else ():
                if grade.manual_score is None:
                    (grade.manual_score,), grade.needs_manual_grade = given, False
    gradebook.db.commit()
    return said


def _grades(gradebook: Any, assignment: Assignment, student: str) -> list[Any]:
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    try:
        submission = gradebook.find_submission(assignment.name, student)
    except MissingEntry:
        return []
    return [grade for notebook in submission.notebooks for grade in notebook.grades]

"""Groups: one hands in, and all have the submission and its marks. nbgrader has none, so that each member has a copy of it.

The course's file ``groups.toml`` names them. Of what members handed in the newest counts; what lay in its place is moved
into the course's scratch folder, and told.
"""

from __future__ import annotations

import contextlib
import shutil
import time
import tomllib
from typing import TYPE_CHECKING, Any

from netgrader.course import holds_work
from netgrader.errors import NetgraderError, UsageError
from netgrader.files import decode, write_text
from netgrader.grading.folders import KINDS
from netgrader.grading.jobs import jobs_in
from netgrader.grading.result_store import hash_file
from netgrader.grading.submission import SubmissionLimits, UnreadableError
from netgrader.nbgrader_plugin.handing_in import FILE as TIMESTAMP
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["FILE", "groups_of", "set_aside", "share_marks_by_hand", "share_submissions"]

FILE = "groups.toml"


def groups_of(assignment: Assignment) -> Mapping[str, Sequence[str]]:
    """Return the members of each group of an assignment; none without the file.

    Raises
    ------
    UsageError
        If the file does not say lists of students, or somebody is in two groups.
    """
    file = assignment.course.root / FILE
    if not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name, {})
        groups = decode(dict[str, list[str]], table)
    except ValueError:
        groups = {"": [""]}
    members = [student for group in groups.values() for student in group]
    if any("/" in one or one in {"", ".", ".."} for one in members):
        raise UsageError(f'{file} must have a table such as [{assignment.name}] with team1 = ["ada", "bela"].')
    twice = sorted({one for one in members if members.count(one) > 1})
    if twice:
        raise UsageError(f"{file} has {', '.join(twice)} in more than one group of {assignment.name}.")
    return groups


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
        aside = assignment.course.scratch / "replaced" / assignment.name / student
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

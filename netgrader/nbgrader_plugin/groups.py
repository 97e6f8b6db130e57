"""Groups: one hands in, and all have the submission and its marks. nbgrader has none, so that each member has a copy of it.

The course's file ``groups.toml`` names them. Of what members handed in the newest counts; what lay in its place is moved
into the course's scratch folder, and told.
"""

from __future__ import annotations

import shutil
import time
import tomllib
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.submission import find_notebooks
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["FILE", "groups_of", "share_marks_by_hand", "share_submissions"]

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
        groups = tomllib.loads(file.read_text(encoding="utf-8")).get(assignment.name, {})
        members = [student for group in groups.values() for student in group]
        good = all(isinstance(group, list) for group in groups.values()) and all(
            isinstance(one, str) for one in members
        )
    except (ValueError, AttributeError, TypeError):
        good, members, groups = False, [], {}
    if not good or any("/" in one or one in {"", ".", ".."} for one in members):
        raise UsageError(f'{file} must have a table such as [{assignment.name}] with team1 = ["ada", "bela"].')
    twice = sorted({one for one in members if members.count(one) > 1})
    if twice:
        raise UsageError(f"{file} has {', '.join(twice)} in more than one group of {assignment.name}.")
    return groups  # type: ignore[no-any-return]


def share_submissions(assignment: Assignment) -> list[str]:
    """Put what a group handed in last into the folder of each member; sentences on what was done."""
    said = []
    for group, members in groups_of(assignment).items():
        folders = {one: assignment.course.folder("submitted", one, assignment.name) for one in members}
        there = {one: folder for one, folder in folders.items() if folder.is_dir() and _work(folder)}
        if not there or len({_work(folder) for folder in there.values()}) == 1 == len(members) - len(there) + 1:
            continue
        times = {one: _time(folder) for one, folder in there.items()}
        owner = max(there, key=lambda one: times[one])
        different = [one for one in there if _work(there[one]) != _work(there[owner])]
        if different and min(times.values()) == "":
            said.append(
                f"{group}: {', '.join(there)} handed in different work, and without timestamp.txt nobody can tell what is "
                f"newest. Leave one of them in {there[owner].parents[1]}, and grade again."
            )
            continue
        for one in [*different, *(member for member in members if member not in there)]:
            _replace(folders[one], there[owner], assignment.course.scratch / "replaced" / assignment.name / one)
            old = "; what was handed in before is replaced" if one in different else ""
            said.append(f"{group}: {one} has what {owner} handed in{old}.")
    return said


def _work(folder: Path) -> tuple[tuple[str, bytes], ...]:
    """Return the notebooks in a folder, by name and content."""
    return tuple((path.name, path.read_bytes()) for path in find_notebooks(folder))


def _time(folder: Path) -> str:
    try:
        when = handed_in(folder)
    except NetgraderError:
        when = None
    return when.isoformat() if when else ""


def _replace(folder: Path, source: Path, aside: Path) -> None:
    if folder.is_dir():
        aside.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder, aside.with_name(f"{aside.name}-{time.time_ns()}"))
    shutil.copytree(source, folder, symlinks=True)


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

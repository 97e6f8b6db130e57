"""``netgrader feedback``: a page for each student's notebook, through nbgrader's own feedback step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.errors import NetgraderError, UsageError
from netgrader.nbgrader_plugin.converters import generate_feedback

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from netgrader.course import Assignment

__all__ = ["feedback_of_class", "run"]


def run(name: str, students: Sequence[str]) -> int:
    """Write the pages of the class, or of some students of it; the exit code."""
    return feedback_of_class(find_course().assignment(name), students, console())


def feedback_of_class(assignment: Assignment, students: Sequence[str], out: Console) -> int:
    """Write the pages of `students` of `assignment` (all who were graded, if none are named); the exit code."""
    chosen = _chosen(assignment, students)
    failed = {}
    for student in chosen:
        try:
            generate_feedback(assignment.course, assignment.name, student)
        except NetgraderError as error:
            failed[student] = str(error)
            out.print(f"{student}: {error}", markup=False)
    where = assignment.course.folder("feedback", "STUDENT", assignment.name)
    out.print(f"Feedback for {len(chosen) - len(failed)} of {len(chosen)} students: {where}", markup=False)
    return 1 if failed else 0


def _chosen(assignment: Assignment, asked: Sequence[str]) -> list[str]:
    graded = _graded(assignment)
    if not graded:
        raise UsageError(
            f"Nothing of '{assignment.name}' has been graded yet. Type netgrader autograde {assignment.name} first."
        )
    missing = [student for student in asked if student not in graded]
    if missing:
        raise UsageError(
            f"Nothing of {', '.join(missing)} has been graded for '{assignment.name}'. "
            f"Type netgrader autograde {assignment.name} first."
        )
    return sorted(set(asked)) if asked else graded


def _graded(assignment: Assignment) -> list[str]:
    """Students who have an autograded notebook."""
    marker = "STUDENT"
    parts = assignment.course.folder("autograded", marker, assignment.name).parts
    place = parts.index(marker)
    root, rest = Path(*parts[:place]), Path(*parts[place + 1 :])
    if not root.is_dir():
        return []
    return sorted(folder.name for folder in root.iterdir() if any((folder / rest).glob("*.ipynb")))

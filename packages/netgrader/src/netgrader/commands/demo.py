"""``netgrader demo``: the whole workflow on the sample class, from source to feedback and report."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from netgrader.commands.autograde import grade_class
from netgrader.commands.pages import feedback_of_class, report_on_class
from netgrader.commands.release import chosen, release
from netgrader.commands.show import console
from netgrader.grading.stages import Options
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["run"]


def run(workers: int | None) -> int:
    """Release, grade, write pages, show them; return 0, although the sample class has ungradable work."""
    course = find_course()
    assignment = chosen(course, None)
    out = console()
    out.print(f"Releasing {assignment.name}: source/ → release/")
    release(assignment)
    out.print(f"Grading the sample class in {course.folder('submitted', '*', assignment.name)}")

    def pages() -> None:
        out.print("Writing a feedback page for each notebook, and the report on the class")
        feedback_of_class(assignment, (), out)
        report_on_class(assignment)

    grade_class(assignment, (), Options(), out, workers=workers, before_table=pages)
    out.print("\nOpen in a browser:")
    for what, path in _to_open(assignment):
        out.print(f"  {what}: {os.path.relpath(path)}")
    return 0


def _to_open(assignment: Assignment) -> list[tuple[str, Path]]:
    """Return the pages to look at next: the report, and each student's pages."""
    pages = [("the class", assignment.course.root / "reports" / f"{assignment.name}.html")]
    for student in assignment.course.submitted(assignment.name):
        folder = assignment.course.folder("feedback", student, assignment.name)
        pages += [(student, page) for page in sorted(folder.glob("*.html"))]
    return pages

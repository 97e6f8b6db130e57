"""``netgrader demo``: the whole road on the sample class, from source to a table of marks and reasons."""

from __future__ import annotations

from netgrader.commands.autograde import grade_class
from netgrader.commands.release import chosen
from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.grading.stages import Options
from netgrader.release import release

__all__ = ["run"]


def run(workers: int | None) -> int:
    """Release, grade, show. The sample class has submissions that cannot be graded, so only our own trouble is a 1."""
    course = find_course()
    assignment = chosen(course, None)
    out = console()
    out.print(f"Releasing {assignment.name}: source/ → release/")
    release(assignment)
    out.print(f"Grading the sample class in {course.folder('submitted', '*', assignment.name)}")
    grade_class(assignment, (), Options(), out, workers=workers, force=False)
    return 0

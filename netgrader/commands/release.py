"""``netgrader release``: generates ``release/`` from ``source/``, or says whether it is what would be generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from netgrader.course import find_course
from netgrader.errors import UsageError
from netgrader.release import differences, release

if TYPE_CHECKING:
    from netgrader.course import Assignment, Course

__all__ = ["chosen", "run"]


def run(assignment: str | None, notebook: str | None, *, check: bool) -> int:
    """Release, or compare; the exit code."""
    course = find_course()
    which = chosen(course, assignment)
    if not check:
        target = release(which, notebook)
        files = sorted(path.name for path in target.iterdir())
        typer.echo(f"{target}: {', '.join(files)}")
        early = _early(which, notebook) if notebook else ()
        if early:
            typer.echo(
                f"It still holds {', '.join(early)}, which answers this notebook and was released with later ones. "
                f"To release {notebook} alone, delete {target} and type the command again."
            )
        return 0
    if notebook:
        raise UsageError("--check compares the whole release; it takes no --notebook.")
    stale = differences(which)
    if stale:
        typer.echo(f"{which.release} is not what {which.source} generates: {', '.join(stale)}. Type netgrader release.")
        return 1
    typer.echo(f"{which.release} is what {which.source} generates.")
    return 0


def _early(assignment: Assignment, notebook: str) -> tuple[str, ...]:
    """Files in the release that are given with other notebooks only: they may answer this one."""
    own = {path.name for path in assignment.files(notebook).given}
    given = {path.name for name in assignment.notebooks for path in assignment.files(name).given}
    return tuple(sorted(name for name in given - own if (assignment.release / name).exists()))


def chosen(course: Course, name: str | None) -> Assignment:
    """The assignment called `name`, or the only one.

    Raises
    ------
    UsageError
        If there is none, or several and no name.
    """
    if name is not None:
        return course.assignment(name)
    if len(course.assignments) != 1:
        known = ", ".join(course.assignments) or "none"
        raise UsageError(f"The course in {course.root} has these assignments: {known}. Name one with --assignment.")
    return course.assignment(course.assignments[0])

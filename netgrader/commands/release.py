"""``netgrader release``: generates ``release/`` from ``source/``, or says whether it is what would be generated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from netgrader.course import find_course
from netgrader.errors import UsageError
from netgrader.release import differences, release

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.course import Assignment, Course

__all__ = ["chosen", "run"]


def run(assignment: str | None, notebooks: Sequence[str], *, check: bool) -> int:
    """Release, or compare; the exit code."""
    course = find_course()
    which = chosen(course, assignment)
    if not check:
        target = release(which, notebooks)
        files = sorted(path.name for path in target.iterdir())
        typer.echo(f"{target}: {', '.join(files)}")
        waiting = [name for name in which.notebooks if not (target / f"{name}.ipynb").exists()]
        if waiting:
            typer.echo(f"Not released: {', '.join(waiting)}, and what only these are given.")
        return 0
    if notebooks:
        raise UsageError("--check compares the whole release; it takes no --notebook.")
    stale = differences(which)
    if stale:
        typer.echo(f"{which.release} is not what {which.source} generates: {', '.join(stale)}. Type netgrader release.")
        return 1
    typer.echo(f"{which.release} is what {which.source} generates.")
    return 0


def chosen(course: Course, name: str | None) -> Assignment:
    """Return the assignment called `name`, or the only one.

    Raises
    ------
    UsageError
        If there is none, or several and no name.
    """
    if name is not None:
        return course.own_assignment(name, "nbgrader generate_assignment")
    own = course.own_assignments
    if len(own) != 1:
        known = ", ".join(one.name for one in own) or "none"
        raise UsageError(f"The course in {course.root} has these assignments: {known}. Name one with --assignment.")
    return own[0]

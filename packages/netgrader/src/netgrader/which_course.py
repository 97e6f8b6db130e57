"""Find the course and assignment of a command: from the working folder, or else the package."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.belonging import TESTS, TRUST_VARIABLE, lies_among_submissions, require_own, trusting
from netgrader.course import CONFIG, Course
from netgrader.errors import UsageError, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.course import Assignment

__all__ = ["find_course", "is_taken_for_another", "only_assignment", "require_meant"]


PASSED_OVER = (
    "{folder} may have come with a submission, so it is not taken for the course. Type the command in the course's folder. If "
    f"this is the course and you trust its files, set {TRUST_VARIABLE} to its folder."
)
NO_COURSE = (
    f"No course was found: there is no folder with {CONFIG} and {TESTS}/ above {{here}}. Type the command inside the course, or "
    f"set {TRUST_VARIABLE} to its folder. To make a course, type: netgrader new digits --from digits"
)
OWN_TAKEN = (
    "{here} is in no course, so this is about netgrader's own, in {folder}. If you mean another course, cd into its folder "
    "first."
)


def find_course(submission: Path | None = None) -> Course:
    """Return the course of the working folder, or else the one around this package.

    Searches for ``nbgrader_config.py`` and ``grader_tests`` from the working folder upward, then from the package upward (a
    checkout with an editable install). A course's config is a program that will run, so only an instructor's counts: no
    folder where a course keeps submissions, none that came with the `submission` being graded, and none that belongs to
    another user. The environment variable ``NETGRADER_COURSE`` overrides all of this: it marks its folder as trusted. The
    package's own course is always trusted, since the package itself runs from there.

    Raises
    ------
    UsageError
        If there is no course, or it is not trusted.
    """
    named = os.environ.get(TRUST_VARIABLE)
    if named:
        if not (Path(named) / CONFIG).is_file():
            raise UsageError(f"{TRUST_VARIABLE} names {named}, where there is no {CONFIG}.")
        return Course(Path(named).resolve())
    own = [folder for folder in Path(__file__).resolve().parents if _is_course(folder)]
    found = _found_from(Path.cwd(), own, submission)
    if found not in own:
        require_own(found)
    return Course(found)


def _found_from(here: Path, own: Sequence[Path], submission: Path | None) -> Path:
    """Return the folder of the course for the working folder `here`; `own` are the package's folders.

    Print a line to stderr if the package's own course is taken although `here` is not in it.
    """
    above = [folder for folder in (here, *here.parents) if _is_course(folder)]
    for folder in above:
        if folder in own or not _may_be_handed_in(folder, submission):
            return folder
    if own and (submission is not None or not above):
        sys.stderr.write(f"{OWN_TAKEN.format(here=here, folder=own[0])}\n")  # stdout may be JSON
        return own[0]
    raise UsageError(PASSED_OVER.format(folder=above[0]) if above else NO_COURSE.format(here=here))


def require_meant(root: Path) -> None:
    """Check that the folder `root` is an instructor's course, and not part of another one.

    Raises
    ------
    UsageError
        If not; the message says what to type.
    """
    if is_taken_for_another(root):
        raise UsageError(
            f"{root} lies inside of another course, so it is not taken for one. If you mean it, type: "
            f"{trusting(root.resolve())}; if you mean the other one, name its folder."
        )
    require_own(root)


def only_assignment(course: Course, names: Sequence[str]) -> Assignment:
    """Return the only assignment of `names`, for a command that names none.

    Raises
    ------
    UsageError
        If there are none or several.
    """
    if len(names) != 1:
        raise UsageError(
            f"The course in {course.root} has these assignments: {listed(names)}. Name one with --assignment."
        )
    return course.assignment(names[0])


def is_taken_for_another(root: Path) -> bool:
    """Whether commands in `root` would use the course around it, with no course set in the environment."""
    return lies_among_submissions(root) and not os.environ.get(TRUST_VARIABLE)


def _may_be_handed_in(folder: Path, submission: Path | None) -> bool:
    """Whether `folder` may be a student's: among submissions, or part of the one being graded."""
    if lies_among_submissions(folder):
        return True
    if submission is None:
        return False
    handed_in = submission.resolve()
    return folder.is_relative_to(handed_in) if handed_in.is_dir() else folder == handed_in.parent


def _is_course(folder: Path) -> bool:
    """Whether `folder` looks like a course that we can grade: it has nbgrader's config and our tests."""
    return (folder / CONFIG).is_file() and (folder / TESTS).is_dir()

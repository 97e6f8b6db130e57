"""Decide whether a folder's configuration is trusted: an instructor's, never a submission's.

A course's ``nbgrader_config.py`` and its tests are programs that run with the rights of the user who types a command, so they
are checked before anything runs. The model is git's ``safe.directory``.
"""

from __future__ import annotations

import os
import pwd
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CONFIGS", "TESTS", "TRUST_VARIABLE", "lies_among_submissions", "require_own", "trusting"]

CONFIGS = ("nbgrader_config.py", "nbgrader_config.json")
TESTS = "grader_tests"
TRUST_VARIABLE = "NETGRADER_COURSE"
"""The environment variable that names the course folder the user means and trusts."""
OF_STUDENTS = frozenset({"submitted", "autograded", "downloaded", "feedback"})
"""nbgrader's default names of the folders with submissions and with files generated from them."""
GRADEBOOK = "gradebook.db"
COURSE_FOLDERS = ("source", "release", TESTS)


def lies_among_submissions(path: Path) -> bool:
    """Whether `path` is in one of nbgrader's submission folders, or anywhere else inside another course.

    A course can rename these folders, and only its own, untrusted configuration says how. So no folder inside one that looks
    like a course counts as another course.
    """
    real = path.resolve()
    return not OF_STUDENTS.isdisjoint(real.parts) or any(map(_looks_like_a_course, real.parents))


def require_own(course: Path) -> None:
    """Check that this user or root owns every file of the folder `course` that would run.

    Raises
    ------
    UsageError
        If a file belongs to another user or links to a submission's file; the message says what to type.
    """
    allowed = _own_users()
    for path in _run_from(course):
        strangers = {path.lstat().st_uid, path.stat().st_uid} - allowed
        if strangers:
            raise UsageError(
                f"{path} belongs to {_name(min(strangers))}, and it would be run with your rights, so it is not taken for a "
                f"course's. If you trust it, type: {trusting(course)}"
            )
        if path != course and path.is_symlink() and lies_among_submissions(path):
            raise UsageError(
                f"{path} is a link to {path.resolve()}, where students' files lie, so it is not run. "
                f"Put the file itself there. If you trust it, type: {trusting(course)}"
            )


def _run_from(course: Path) -> Iterator[Path]:
    """Yield the paths of a course that commands execute: the folder, its configuration, its tests."""
    yield course
    yield from filter(Path.exists, map(course.joinpath, CONFIGS))
    tests = course / TESTS
    if tests.is_dir():
        yield tests
        yield from (path for path in sorted(tests.iterdir()) if path.exists() and path.suffix in {".py", ".txt"})


def _own_users() -> frozenset[int]:
    """Return the user ids whose files may run: root, this user, and the user behind ``sudo``."""
    me = os.geteuid()
    behind_sudo = os.environ.get("SUDO_UID", "") if me == 0 else ""
    return frozenset({0, me, *([int(behind_sudo)] if behind_sudo.isdecimal() else [])})


def _name(user: int) -> str:
    try:
        return f"the user {pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"the user {user}"


def trusting(course: Path) -> str:
    """Return the shell command that marks the folder `course` as trusted."""
    return f"export {TRUST_VARIABLE}={shlex.quote(str(course))}"


def _looks_like_a_course(folder: Path) -> bool:
    """Whether `folder` looks like a course: a gradebook, or a configuration with nbgrader's folders."""
    try:
        configured = any((folder / name).is_file() for name in CONFIGS)
        return (folder / GRADEBOOK).is_file() or (
            configured and any((folder / name).is_dir() for name in COURSE_FOLDERS)
        )
    except PermissionError:
        return False

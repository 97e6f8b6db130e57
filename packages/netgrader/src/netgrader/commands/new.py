"""``netgrader new``: make a complete, working course, or add an assignment to one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.belonging import trusting
from netgrader.commands.show import console
from netgrader.course import CONFIG, Course
from netgrader.errors import UsageError
from netgrader.nbgrader_plugin.configure import LINES, problem_of
from netgrader.new_course import NewAssignment, copy_digits, make_assignment, make_config
from netgrader.which_course import is_taken_for_another, require_meant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["run", "run_from_digits"]

COURSE_ID = (
    "\nnbgrader's exchange and JupyterHub know this course as '{}'. Does it have another name there? Set course_id in "
    "nbgrader_config.py before the first release.\n"
)

DIGITS_FIRST = (
    "\nFirst read its README.md. Release notebooks 2 and 3 only after the deadline of notebook 1: they contain code "
    "that solves it.\n"
)


def run_from_digits(root: Path) -> int:
    """Copy the digits course into the new folder `root`, show what to type next; return the exit code."""
    _require_empty(root)
    written = copy_digits(root)
    return _show_next(
        root, "digits", written, "--notebook 1_one_layer", DIGITS_FIRST + COURSE_ID.format(root.resolve().name)
    )


def run(root: Path, wanted: NewAssignment) -> int:
    """Write a course, or an assignment into the one in `root`, show what to type; return the exit code.

    An assignment without a name gets the course's name.
    """
    name = wanted.name or re.sub(r"\W", "_", root.resolve().name).strip("_") or "course"
    if not name.isidentifier():
        raise UsageError(f"'{name}' cannot be an assignment's name: take letters, digits and underscores.")
    note = ""
    if not (root / CONFIG).is_file():
        _require_empty(root)
        written = make_assignment(root, replace(wanted, name=name))
        make_config(root)
        note = COURSE_ID.format(root.resolve().name)
    else:
        _require_ready(root)
        written = make_assignment(root, replace(wanted, name=name))
    return _show_next(root, name, written, f"--assignment {name}", note)


def _show_next(root: Path, name: str, written: Iterable[Path], released: str, note: str) -> int:
    """Print the files, the commands to type next, and a note; return 0.

    `released` are the options of `netgrader release`.
    """
    out = console()
    out.print("\n".join(str(path.relative_to(root)) for path in written))
    out.print(f"\nNow type, in {root}:")
    if is_taken_for_another(root):
        out.print(f"  {trusting(root.resolve())}")
    for line in (f"release {released}", f"autograde {name}", f"feedback {name}", f"report {name}"):
        out.print(f"  netgrader {line}")
    out.print(note, end="")
    return 0


def _require_empty(root: Path) -> None:
    """Make the folder `root`; raise UsageError if it exists and is not empty."""
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()):
        raise UsageError(f"{root} is not empty and has no {CONFIG}. Name a new folder.")


def _require_ready(root: Path) -> None:
    """Require that the course in `root` is the instructor's, and that nbgrader uses our steps there."""
    require_meant(root)
    if problem_of(Course(root.resolve())) is not None:
        raise UsageError(
            f"nbgrader does not grade in the cage yet. Add this at the end of {root / CONFIG}, and call again:\n  {LINES}"
        )

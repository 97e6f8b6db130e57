"""``netgrader new``: a course in which everything works at once, or a further assignment of one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from netgrader.belonging import trusting
from netgrader.commands.show import console
from netgrader.course import Course
from netgrader.errors import UsageError
from netgrader.nbgrader_plugin.configure import LINES, problem_of
from netgrader.new_course import NewAssignment, make_assignment, make_config
from netgrader.which_course import course_here, is_taken_for_another

__all__ = ["Answers", "run"]

CONFIG = "nbgrader_config.py"
TARGET = "The test accuracy to reach; where targets are numbers, the mean absolute error on the test rows"


@dataclass(frozen=True)
class Answers:
    """What was given on the command line; what is None is asked for."""

    data: Path | None
    called: str | None
    names: str | None
    target: float | None
    unit: str | None = None
    target_column: str | None = None


def run(folder: Path | None, assignment: str | None, given: Answers) -> int:
    """Ask for what is not given, write it, and say what to type next; the exit code."""
    if folder is None and assignment is None:
        raise UsageError(
            "Name the folder of a new course, or with --assignment what to add to the one that you stand in."
        )
    root = course_here() if folder is None else folder
    is_new = not (root / CONFIG).is_file()
    if is_new and root.exists() and any(root.iterdir()):
        raise UsageError(f"{root} is not empty, and no course of nbgrader's. Name a new folder.")
    called = "".join(sign if sign.isalnum() else "_" for sign in root.resolve().name)
    name = assignment or called.strip("_") or "course"
    if not name.isidentifier():
        raise UsageError(f"'{name}' cannot be an assignment's name: take letters, digits and underscores.")
    data = given.data or Path(_asked("The data (.npz or .csv)", "--data"))
    target = given.target if given.target is not None else _asked(TARGET, "--target", "0.9")
    wanted = NewAssignment(
        name=name,
        data=data,
        called=given.called or _asked("What one input shows, in the singular (or nothing)", "--called", ""),
        names=tuple(one.strip() for one in given.names.split(",")) if given.names else (),
        target=_number(target),
        unit=given.unit or "",
        target_column=_target_column(data, given),
    )
    root.mkdir(parents=True, exist_ok=True)
    if not is_new:
        _plug_in(root)
    written = make_assignment(root, wanted)
    if is_new:
        make_config(root)
    out = console()
    for path in written:
        out.print(str(path.relative_to(root)))
    out.print(f"\nNow type, in {root}:")
    if is_taken_for_another(root):
        out.print(f"  {trusting(root.resolve())}")
    release = "release" if len(Course(root.resolve()).own_assignments) == 1 else f"release --assignment {name}"
    for line in (release, f"autograde {name}", f"feedback {name}", f"report {name}"):
        out.print(f"  netgrader {line}")
    return 0


def _target_column(data: Path, given: Answers) -> str | None:
    """Return the column of a table that is to be found out; nothing is asked of other data."""
    if given.target_column or data.suffix.lower() != ".csv":
        return given.target_column
    return _asked("The column that is to be found out", "--target-column", "") or None


def _number(text: str | float) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"What is to be reached is a number, such as an accuracy of 0.9; not {text}.") from error


def _asked(what: str, option: str, default: str | None = None) -> str:
    """Return what is typed in answer; where nobody can type, the default."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, default=default))
    if default is None:
        raise UsageError(f"{what}: give it with {option}.")
    return default


def _plug_in(root: Path) -> None:
    """Add the line to an existing configuration, after asking, if nbgrader would not grade by our steps."""
    file = root / CONFIG
    if problem_of(Course(root.resolve())) is None:
        return
    question = f"{file} does not have nbgrader grade in the cage. Add this at its end?\n  {LINES}\n"
    if not sys.stdin.isatty() or not typer.confirm(question, default=True):
        raise UsageError(f"Before anything can be graded, add to {file}:\n  {LINES}")
    file.write_text(f"{file.read_text(encoding='utf-8').rstrip()}\n\n{LINES}\n", encoding="utf-8")

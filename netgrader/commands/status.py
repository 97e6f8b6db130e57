"""``netgrader status``: how far the grading of a class is, asked in another terminal, or how the last one ended."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

import psutil

from netgrader.commands.running import log_path, status_path
from netgrader.commands.show import console
from netgrader.course import find_course

if TYPE_CHECKING:
    from rich.console import Console

    from netgrader.course import Assignment

__all__ = ["run"]

LOOK_SECONDS = 0.3
SAME_SECONDS = 0.5  # by so much the time at which a process began may be told differently


def run(name: str | None, json_wanted: bool = False) -> int:
    """Say it of one assignment or of all; the exit code."""
    course = find_course()
    out = console()
    for assignment in [course.own_assignment(name, "nbgrader export --assignment")] if name else course.own_assignments:
        about = _read(assignment)
        if about is not None:
            about["alive"] = _alive(about)
        if json_wanted:
            out.print(json.dumps(about), markup=False, soft_wrap=True)
        else:
            _say(out, assignment, about)
    return 0


def _read(assignment: Assignment) -> dict[str, Any] | None:
    try:
        raw = json.loads(status_path(assignment).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return raw if isinstance(raw, dict) and "pid" in raw and "notebooks" in raw else None


def _alive(about: dict[str, Any]) -> bool | None:
    """Whether the command that wrote it still runs; None if that was on another machine and cannot be known."""
    if "ended" in about:
        return False
    if about["host"] != platform.node():
        return None
    try:
        began: float = psutil.Process(about["pid"]).create_time()
        return abs(began - float(about["process"])) < SAME_SECONDS
    except psutil.NoSuchProcess:
        return False


def _say(out: Console, assignment: Assignment, about: dict[str, Any] | None) -> None:
    if about is None:
        out.print(f"Nothing of '{assignment.name}' has been graded yet. Type netgrader autograde {assignment.name}.")
        return
    done, total = about["done"], about["notebooks"]
    far = (
        f"{about['students_done']} of {about['students']} students, {done} of {total} notebooks in "
        f"{_minutes(about['seconds'])}; {about['graded_now']} graded now, {about['unchanged']} unchanged"
    )
    if about["alive"] is False:
        ended = about.get("ended", "killed")
        goes_on = (
            ""
            if ended == "finished"
            else f". Type netgrader autograde {assignment.name} to go on: what is done is kept"
        )
        out.print(f"{assignment.name}: {ended}. {far}{goes_on}.")
    else:
        out.print(f"{assignment.name}: grading {about['how']} since {about['started']}. {far}.")
        if about["alive"] is None:
            out.print(f"It runs on {about['host']}; last heard of at {about['written']}.")
        else:
            out.print(f"Cores busy: {_cores(about['pid']):.1f} of {psutil.cpu_count()}.{_left(about)}")
        for one in about["running"]:
            out.print(f"  {one['student']} {one['notebook']} {_minutes(one['seconds'])}", markup=False)
    out.print(f"Log: {log_path(assignment)}", soft_wrap=True)


def _left(about: dict[str, Any]) -> str:
    done, now = about["done"], about["graded_now"]
    if not now or done == about["notebooks"]:
        return ""
    return f" About {_minutes(about['seconds'] / done * (about['notebooks'] - done))} left."


def _cores(pid: int) -> float:
    """How many cores a process and its descendants keep busy, over a moment."""
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for one in family:
        _percent(one)
    psutil.cpu_percent(LOOK_SECONDS)
    return sum(map(_percent, family)) / 100


def _percent(process: psutil.Process) -> float:
    try:
        return float(process.cpu_percent(None))
    except psutil.Error:
        return 0.0


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

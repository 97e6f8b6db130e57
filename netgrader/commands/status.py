"""How far the grading of a class is: what a grading writes down, and ``netgrader status``, which tells it elsewhere."""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psutil

from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.files import write_json, write_json_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.grading.tasks import Done, Task

__all__ = ["Journal", "log_path", "run", "status_path"]

EVERY_SECONDS = 1.0
SAME_SECONDS = 0.5  # by so much the time at which a process began may be told differently


def run(name: str | None) -> int:
    """Print the state of the last grading of one assignment or of all; the exit code."""
    course, out = find_course(), console()
    for assignment in [course.own_assignment(name, "nbgrader export --assignment")] if name else course.own_assignments:
        try:
            state = json.loads(status_path(assignment).read_text(encoding="utf-8"))
            _print(out, assignment, state)
        except (OSError, ValueError, KeyError, TypeError):
            out.print(
                f"Nothing of '{assignment.name}' has been graded yet. Type netgrader autograde {assignment.name}."
            )
    return 0


def status_path(assignment: Assignment) -> Path:
    """Return the file with the state of the last grading."""
    return assignment.course.scratch / "status" / f"{assignment.name}.json"


def log_path(assignment: Assignment) -> Path:
    """Return the file with a line of JSON for each notebook of all gradings."""
    return assignment.course.scratch / "log" / f"{assignment.name}.jsonl"


class Journal:
    """Writes the state and the log while a class is graded.

    Parameters
    ----------
    assignment
        Of what.
    tasks
        All that is going to be graded.
    how
        Where it is graded, in words.
    """

    def __init__(self, assignment: Assignment, tasks: Sequence[Task], how: str) -> None:
        self._status, self._log = status_path(assignment), log_path(assignment)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._left = Counter(task.student for task in tasks)
        self._running: dict[Task, float] = {}
        self._count = Counter(done=0, graded_now=0, unchanged=0, failed=0)
        self._start, self._written = time.monotonic(), 0.0
        self._about: dict[str, Any] = {
            "assignment": assignment.name,
            "pid": os.getpid(),
            "process": psutil.Process().create_time(),  # a number may be another process's by then
            "host": platform.node(),
            "how": how,
            "started": _now(),
            "notebooks": len(tasks),
            "students": len(self._left),
        }
        self._run = uuid.uuid4().hex[:12]
        self._line("begin", **self._about)
        self._write()

    def begin(self, task: Task) -> None:
        """Note that a notebook is being graded."""
        self._running[task] = time.monotonic()
        self._write()

    def end(self, done: Done) -> None:
        """Note that a notebook has been graded."""
        self._running.pop(done.task, None)
        self._left -= Counter([done.task.student])
        result = done.result
        self._count.update(
            ["done", "graded_now" if done.made else "unchanged", *(["failed"] if result is None else [])]
        )
        about: dict[str, Any] = {"error": done.error}
        if result is not None:
            about = {
                "score": result.score,
                "max_score": result.max_score,
                "status": str(result.status),
                "problem": result.problem,
                "faults": list(result.faults),
                "took": dict(result.seconds),
            }
        self._line(
            "graded",
            student=done.task.student,
            notebook=done.task.job.notebook,
            seconds=round(done.seconds, 2),
            made=sorted(done.made),
            **about,
            digest=done.digest,
            trouble=[text.strip().splitlines()[-1] for text in done.trouble if text.strip()],
            store=list(done.warnings),
        )
        self.tick()

    def tick(self) -> None:
        """Write the state again, so that one sees that it lives."""
        if time.monotonic() - self._written > EVERY_SECONDS:
            self._write()

    def close(self, ended: str) -> None:
        """Write how it ended."""
        self._running.clear()
        self._about["ended"] = ended
        self._line(ended, **self._progress())
        self._write()

    def _progress(self) -> dict[str, Any]:
        students = self._about["students"] - len(self._left)
        return {**self._count, "students_done": students, "seconds": round(time.monotonic() - self._start, 1)}

    def _line(self, event: str, **record: Any) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            write_json_line(log, time=_now(), run=self._run, event=event, **record)

    def _write(self) -> None:
        self._written = now = time.monotonic()
        running = [
            {"student": task.student, "notebook": task.job.notebook, "seconds": round(now - since, 1)}
            for task, since in self._running.items()
        ]
        write_json(self._status, {**self._about, **self._progress(), "written": _now(), "running": running})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _print(out: Console, assignment: Assignment, state: dict[str, Any]) -> None:
    done, total, seconds = state["done"], state["notebooks"], state["seconds"]
    far = (
        f"{state['students_done']} of {state['students']} students, {done} of {total} notebooks in "
        f"{_minutes(seconds)}; {state['graded_now']} graded now, {state['unchanged']} unchanged"
    )
    here = state["host"] == platform.node()
    if "ended" in state or (here and not _runs(state)):
        ended = state.get("ended", "killed")
        again = f". Type netgrader autograde {assignment.name} to go on: what is done is kept"
        out.print(f"{assignment.name}: {ended}. {far}{'' if ended == 'finished' else again}.")
    else:
        left = f" About {_minutes(seconds / done * (total - done))} left." if done and done < total else ""
        out.print(f"{assignment.name}: grading {state['how']} since {state['started']}. {far}.{left}")
        if not here:
            out.print(f"It runs on {state['host']}; last heard of at {state['written']}.")
        for one in state["running"]:
            out.print(f"  {one['student']} {one['notebook']} {_minutes(one['seconds'])}", markup=False)
    out.print(f"Log: {log_path(assignment)}", soft_wrap=True)


def _runs(state: dict[str, Any]) -> bool:
    """Whether the process that wrote the state still runs on this machine."""
    try:
        return abs(psutil.Process(state["pid"]).create_time() - float(state["process"])) < SAME_SECONDS
    except psutil.NoSuchProcess:
        return False


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

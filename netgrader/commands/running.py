"""What runs now and what has run: a file that ``netgrader status`` reads, and a log with a line of JSON for each notebook."""

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

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.course import Assignment
    from netgrader.grading.tasks import Done, Task

__all__ = ["Journal", "log_path", "status_path"]

EVERY_SECONDS = 1.0


def status_path(assignment: Assignment) -> Path:
    """Where the state of the last grading stands."""
    return assignment.course.scratch / "status" / f"{assignment.name}.json"


def log_path(assignment: Assignment) -> Path:
    """Where the log of all gradings stands."""
    return assignment.course.scratch / "log" / f"{assignment.name}.jsonl"


class Journal:
    """Writes down how far the grading of a class is.

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
        for path in (self._status, self._log):
            path.parent.mkdir(parents=True, exist_ok=True)
        self._left = Counter(task.student for task in tasks)
        self._students = len(self._left)
        self._running: dict[Task, float] = {}
        self._begun = time.monotonic()
        self._written = 0.0
        self._about: dict[str, Any] = {
            "assignment": assignment.name,
            "pid": os.getpid(),
            "process": psutil.Process().create_time(),  # a number may be another process's by then
            "host": platform.node(),
            "how": how,
            "started": _now(),
            "notebooks": len(tasks),
            "students": self._students,
        }
        self._run = uuid.uuid4().hex[:12]
        self._count: Counter[str] = Counter()
        self._line(event="begin", **self._about)
        self._write()

    def begin(self, task: Task) -> None:
        """A notebook is being graded."""
        self._running[task] = time.monotonic()
        self._write()

    def end(self, done: Done) -> None:
        """A notebook has been graded."""
        self._running.pop(done.task, None)
        self._left -= Counter([done.task.student])
        result = done.result
        self._count["done"] += 1
        self._count["now" if done.made else "unchanged"] += 1
        self._count["failed"] += result is None
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
            event="graded",
            student=done.task.student,
            notebook=done.task.job.notebook,
            seconds=round(done.seconds, 2),
            made=sorted(done.made),
            **about,
            digest=done.digest,
            trouble=[text.strip().splitlines()[-1] for text in done.trouble if text.strip()],
            store=list(done.warnings),
        )
        if time.monotonic() - self._written > EVERY_SECONDS:
            self._write()

    def tick(self) -> None:
        """Write it down again, so that one sees that it lives."""
        if time.monotonic() - self._written > EVERY_SECONDS:
            self._write()

    def close(self, ended: str) -> None:
        """Note how it ended."""
        self._running.clear()
        self._about["ended"] = ended
        self._line(event=ended, **self._counts())
        self._write()

    def _counts(self) -> dict[str, Any]:
        return {
            "done": self._count["done"],
            "graded_now": self._count["now"],
            "unchanged": self._count["unchanged"],
            "failed": self._count["failed"],
            "students_done": self._students - len(self._left),
            "seconds": round(time.monotonic() - self._begun, 1),
        }

    def _line(self, **what: Any) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"time": _now(), "run": self._run, **what}) + "\n")

    def _write(self) -> None:
        self._written = now = time.monotonic()
        running = [
            {"student": task.student, "notebook": task.job.notebook, "seconds": round(now - since, 1)}
            for task, since in self._running.items()
        ]
        raw = {**self._about, **self._counts(), "written": _now(), "running": running}
        part = self._status.with_name(f".{self._status.name}.{uuid.uuid4().hex[:8]}")
        part.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
        part.replace(self._status)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

"""Progress of grading a class: a bar on the terminal, and a log of JSON lines."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from netgrader.files import write_json_line
from netgrader.grading.pool import Watcher, count_by_student
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.grading.pool import Done, Task

__all__ = ["Journal", "Progress", "log_path"]

COLUMNS = (
    TextColumn("{task.fields[students]}"),
    BarColumn(),
    MofNCompleteColumn(),
    TextColumn("notebooks"),
    TimeElapsedColumn(),
    TextColumn("left"),
    TimeRemainingColumn(),
    TextColumn("{task.description}", markup=False),
)


class Progress(Watcher):
    """Shows students and notebooks in a live bar on a terminal; elsewhere prints a line per notebook."""

    def __init__(self, out: Console, tasks: Sequence[Task]) -> None:
        self._out = out
        self._total, self._done = len(tasks), 0
        self._left = count_by_student(tasks)
        self._students = len(self._left)
        self._running: dict[Task, float] = {}
        self._bar = Bar(*COLUMNS, console=out, transient=True, disable=not out.is_terminal)
        self._row = self._bar.add_task("", total=len(tasks), students=self._students_done())

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, task: Task) -> None:
        """Record that grading of a notebook started."""
        self._running[task] = time.monotonic()

    def end(self, done: Done) -> None:
        """Show that a notebook has been graded."""
        self._running.pop(done.task, None)
        self._done += 1
        self._left -= Counter([done.task.student])
        self._bar.update(self._row, advance=1, students=self._students_done())
        if self._bar.disable:
            result, name = done.result, f"{done.task.student} {done.task.job.notebook}"
            what = f"{result.score:g} of {result.max_score:g}" if result else done.error
            # For an unreadable file no stage ran, but that does not mean it is unchanged.
            unread = result is None or result.status is Status.NOT
            how = f"{done.seconds:.1f} s" if done.made or unread else "unchanged"
            self._out.print(f"[{self._done}/{self._total}] {name}: {what} ({how})")

    def tick(self) -> None:
        """Show the running notebooks, and for how long."""
        now = time.monotonic()
        running = (f"{task.student} {task.job.notebook} {now - since:.0f} s" for task, since in self._running.items())
        self._bar.update(self._row, description=", ".join(running))

    def _students_done(self) -> str:
        return f"{self._students - len(self._left)}/{self._students} students"


def log_path(assignment: Assignment) -> Path:
    """Return the path of the log of all gradings, in JSON lines."""
    return assignment.course.scratch / "log" / f"{assignment.name}.jsonl"


class Journal(Watcher):
    """Logs the grading of a class: ``begin``, ``running`` and ``graded`` per notebook, and the end.

    `how` describes where it is graded.
    """

    def __init__(self, assignment: Assignment, tasks: Sequence[Task], how: str) -> None:
        self._log = log_path(assignment)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._left = count_by_student(tasks)
        self._students = len(self._left)
        self._line(
            "begin",
            assignment=assignment.name,
            pid=os.getpid(),
            host=platform.node(),
            how=how,
            notebooks=len(tasks),
            students=self._students,
        )

    def begin(self, task: Task) -> None:
        """Log that grading of a notebook started."""
        self._line("running", student=task.student, notebook=task.job.notebook)

    def end(self, done: Done) -> None:
        """Log the result of a notebook."""
        self._left -= Counter([done.task.student])
        result = done.result
        about: dict[str, Any] = {"error": done.error}
        if result is not None:
            about = {
                "score": result.score,
                "max_score": result.max_score,
                "status": str(result.status),
                "problem": done.task.job.assignment.texts.in_english.written(result.problem),
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
            students_done=self._students - len(self._left),
        )

    def close(self, ended: str) -> None:
        """Log how grading ended."""
        self._line(ended)

    def _line(self, event: str, **record: Any) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            write_json_line(log, time=datetime.now(UTC).isoformat(timespec="seconds"), event=event, **record)

"""How far the grading of a class is, in students and cells: a live bar on a terminal, a line for each notebook elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Self

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from netgrader.checks.cell_points import causes
from netgrader.faults import Severity
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from netgrader.grading.tasks import Done, Task
    from netgrader.results import NotebookResult

__all__ = ["Progress"]


class Progress:
    """Shows what `fill` tells it.

    Parameters
    ----------
    out
        Where to.
    tasks
        All that is going to be graded.
    """

    def __init__(self, out: Console, tasks: Sequence[Task]) -> None:
        self._out = out
        self._total = len(tasks)
        self._done = 0
        self._left = Counter(task.student for task in tasks)
        self._students = len(self._left)
        self._running: dict[Task, float] = {}
        columns = (
            TextColumn("{task.fields[students]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self._bar = Bar(*columns, console=out, transient=True) if out.is_terminal else None
        cells = sum(map(_cells, tasks))
        self._row = self._bar.add_task("", total=cells, students=self._students_done()) if self._bar else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def begin(self, task: Task) -> None:
        """Note that a notebook is being graded."""
        self._running[task] = time.monotonic()

    def end(self, done: Done) -> None:
        """Note that a notebook has been graded."""
        self._running.pop(done.task, None)
        self._done += 1
        self._left -= Counter([done.task.student])
        if self._bar is not None and self._row is not None:
            self._bar.update(self._row, advance=_cells(done.task), students=self._students_done())
        else:
            what = (
                f"{done.result.score:g} of {done.result.max_score:g}{_broken(done.result)}"
                if done.result
                else done.error
            )
            how = f"{done.seconds:.1f} s" if done.made or done.error or _unread(done) else "unchanged"
            name = f"{done.task.student} {done.task.job.notebook}"
            self._out.print(f"[{self._done}/{self._total}] {name}: {what} ({how})", markup=False)

    def tick(self) -> None:
        """Say what is running, and for how long."""
        if self._bar is not None and self._row is not None:
            now = time.monotonic()
            running = ", ".join(
                f"{task.student} {task.job.notebook} {now - since:.0f} s" for task, since in self._running.items()
            )
            self._bar.update(self._row, description=escape(running))

    def _students_done(self) -> str:
        return f"{self._students - len(self._left)}/{self._students} students"


def _cells(task: Task) -> int:
    """Return how many cells of a task earn points; one for a notebook that is none of the course's."""
    assignment, notebook = task.job.assignment, task.job.notebook
    return len(assignment.skeleton(notebook).graded) if notebook in assignment.notebooks else 1


def _broken(result: NotebookResult) -> str:
    """Return what is fatal in a notebook, to be shown beside its points."""
    found = causes(check for cell in result.cells for check in cell.checks)
    fatal = [code for code, severity in found.items() if severity is Severity.FATAL]
    return f", fatal: {', '.join(fatal)}" if fatal else ""


def _unread(done: Done) -> bool:
    """Whether the file could not be run at all: then no stage was, and nothing is known to be unchanged."""
    return done.result is not None and done.result.status is Status.NOT

"""Save marks while others are being graded: one writer thread, one student at a time."""

from __future__ import annotations

import dataclasses
import queue
import threading
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.grading.pool import Watcher
from netgrader.nbgrader_plugin.converters import GradebookError, autograde_one
from netgrader.nbgrader_plugin.gradebook import (
    is_late,
    is_up_to_date,
    opened,
    penalties_of,
)
from netgrader.nbgrader_plugin.handing_in import handed_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.course import Assignment
    from netgrader.grading.pool import Done, Task
    from netgrader.grading.stages import Options

__all__ = ["Saver", "Unsaved", "file_states"]

STOP_SECONDS = 1.0


class Unsaved(Watcher):
    """Saves nothing: for a dry run."""

    def finish(self) -> None:
        """Wait for nothing."""

    def stop(self) -> None:
        """Stop nothing."""


class Saver(Watcher):
    """Saves each student's marks as soon as all of their notebooks are graded.

    Attributes
    ----------
    failed
        Sentences on students whose marks could not be saved.
    late
        Students who resubmitted meanwhile: their marks stay, since nbgrader would save the newest submission.
    penalties
        Sentences on points that the gradebook has fewer than are shown, for coming late.
    """

    def __init__(self, assignment: Assignment, tasks: Sequence[Task], options: Options) -> None:
        self.failed: dict[str, str] = {}
        self.late: list[str] = []
        self.penalties: list[str] = []
        self._assignment = assignment
        self._options = dataclasses.replace(options, anew=False)
        self._left: dict[str, int] = {}
        for task in tasks:
            self._left[task.student] = self._left.get(task.student, 0) + 1
        self._files = {student: file_states(self._folder(student)) for student in self._left}
        self._done: dict[str, list[Done]] = {}
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)
        self._thread.start()

    def end(self, done: Done) -> None:
        """Have the student saved if this was the last of their notebooks."""
        student = done.task.student
        self._done.setdefault(student, []).append(done)
        self._left[student] -= 1
        if not self._left[student]:
            self._queue.put(student)

    def tick(self) -> None:
        """Raise what ended the saving, so that nothing more is graded in vain."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Wait until all is saved.

        Raises
        ------
        GradebookError
            If the gradebook cannot be used.
        """
        self._queue.put(None)
        while self._thread.is_alive():
            self._thread.join(0.2)  # in small steps, so that Ctrl-C is heard
        self.tick()

    def stop(self) -> None:
        """Let the student who is being saved be saved, and nobody further."""
        self._stop.set()
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        try:
            with opened(self._assignment.course) as gradebook:
                while (student := self._queue.get()) is not None and not self._stop.is_set():
                    self._one(gradebook, student)
                    # What was read is not held on to: nbgrader's own steps write through sessions of their own.
                    gradebook.db.rollback()
        except Exception as error:  # noqa: BLE001  (raised in the thread that waits for this one)
            self._error = error

    def _one(self, gradebook: Any, student: str) -> None:
        own = self._done.pop(student)
        error = " ".join(dict.fromkeys(filter(None, (one.error for one in own))))
        if error:
            self.failed[student] = error
        elif file_states(self._folder(student)) != self._files[student]:
            self.late.append(student)
        else:
            try:
                self._save(gradebook, student, {one.task.job.notebook: one.digest for one in own})
            except GradebookError:
                raise
            except NetgraderError as reason:
                self.failed[student] = str(reason)

    def _save(self, gradebook: Any, student: str, digests: dict[str, str]) -> None:
        """Save a student's marks with nbgrader, unless the gradebook has them and nothing is late."""
        there = is_up_to_date(self._assignment, student, digests, gradebook)
        if there and not is_late(gradebook, self._assignment, student):
            return
        handed_in(self._folder(student))  # a time that nbgrader cannot read is the student's own trouble
        autograde_one(self._assignment.course, self._assignment.name, student, self._options.sandbox)
        gradebook.db.rollback()  # what nbgrader wrote is not seen before
        self.penalties += penalties_of(gradebook, self._assignment, student)

    def _folder(self, student: str) -> Path:
        return self._assignment.course.folder("submitted", student, self._assignment.name)


def file_states(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return a submission's files with modification time (nanoseconds) and size (bytes)."""
    found = []
    for path in sorted(folder.rglob("*")):
        try:
            status = path.lstat()
        except OSError:
            continue  # it went while we looked
        if not path.is_dir():
            found.append((path.relative_to(folder).as_posix(), status.st_mtime_ns, status.st_size))
    return tuple(found)

"""Save points while others are being graded: one writer thread, one student at a time."""

from __future__ import annotations

import dataclasses
import queue
import threading
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.grading.pool import Watcher, count_by_student
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
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class Saver(Watcher):
    """Saves each student's points as soon as all of their notebooks are graded.

    Attributes
    ----------
    failed
        Sentences about students whose points could not be saved, by student.
    late
        Students who resubmitted meanwhile: their old points stay, since nbgrader would save the new submission.
    penalties
        Sentences about penalties for late submission, which the gradebook subtracts from the shown points.
    """

    def __init__(self, assignment: Assignment, tasks: Sequence[Task], options: Options) -> None:
        self.failed: dict[str, str] = {}
        self.late: list[str] = []
        self.penalties: list[str] = []
        self._assignment = assignment
        self._options = dataclasses.replace(options, anew=False)
        self._left = count_by_student(tasks)
        self._files = {student: file_states(self._folder(student)) for student in self._left}
        self._done: dict[str, list[Done]] = {}
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="saver", daemon=True)
        self._thread.start()

    def end(self, done: Done) -> None:
        """Queue the student for saving if this was the last of their notebooks."""
        student = done.task.student
        self._done.setdefault(student, []).append(done)
        self._left[student] -= 1
        if not self._left[student]:
            self._queue.put(student)

    def tick(self) -> None:
        """Raise the exception that ended the saving, so that grading does not continue in vain."""
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Wait until all points are saved.

        Raises
        ------
        GradebookError
            If the gradebook is unusable.
        """
        self._queue.put(None)
        while self._thread.is_alive():
            self._thread.join(0.2)  # in small steps, so that Ctrl-C works
        self.tick()

    def stop(self) -> None:
        """Finish saving the current student, and save no others."""
        self._stop.set()
        self._queue.put(None)
        self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        try:
            with opened(self._assignment.course) as gradebook:
                while (student := self._queue.get()) is not None and not self._stop.is_set():
                    self._one(gradebook, student)
                    # End the transaction: nbgrader's own steps write through sessions of their own.
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
        """Save a student's points with nbgrader, unless the gradebook is up to date and nothing is late."""
        there = is_up_to_date(self._assignment, student, digests, gradebook)
        if there and not is_late(gradebook, self._assignment, student):
            return
        handed_in(self._folder(student))  # an unreadable time is this student's error only
        autograde_one(self._assignment.course, self._assignment.name, student, self._options.sandbox)
        gradebook.db.rollback()  # make nbgrader's changes visible
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
            continue  # removed meanwhile
        if not path.is_dir():
            found.append((path.relative_to(folder).as_posix(), status.st_mtime_ns, status.st_size))
    return tuple(found)

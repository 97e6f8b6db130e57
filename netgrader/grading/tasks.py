"""Notebooks to grade and their results, in a form that goes to another process or another machine and back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.checks.wording import plain
from netgrader.course import Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import Job, grade_job
from netgrader.grading.last_result import load_last_result
from netgrader.results import NotebookResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.grading.stages import Options

__all__ = ["Done", "Task", "WorkerResult", "WorkerTask", "grade_worker_task", "longest_first"]


@dataclass(frozen=True)
class Task:
    """A student's notebook to be graded."""

    student: str
    job: Job

    @property
    def for_worker(self) -> WorkerTask:
        """Return the task as it is sent."""
        job = self.job
        assignment = job.assignment
        return WorkerTask(
            str(assignment.course.root), assignment.name, job.notebook, str(job.path), job.problem, tuple(job.notes)
        )


@dataclass(frozen=True)
class WorkerTask:
    """A task as it is sent to a worker: names and paths, which mean the same there as here."""

    root: str
    assignment: str
    notebook: str
    path: str
    problem: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class WorkerResult:
    """What a worker sends back.

    Attributes
    ----------
    result, error
        A result as JSON, or a sentence why there is none.
    made
        The stages that were run now.
    digest
        The hash of all that the result was made from.
    trouble
        What broke in checks of ours.
    warnings
        On the store.
    seconds
        How long the worker took.
    """

    result: Mapping[str, Any] | None
    error: str | None = None
    made: frozenset[str] = frozenset()
    digest: str = ""
    trouble: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Done:
    """A task and its result; the attributes are those of `WorkerResult`."""

    task: Task
    result: NotebookResult | None
    error: str | None
    made: frozenset[str]
    digest: str
    seconds: float
    trouble: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, sent: WorkerResult) -> Done:
        """Return `task` with what a worker sent back."""
        result = NotebookResult.from_json(sent.result) if sent.result is not None else None
        return cls(task, result, sent.error, sent.made, sent.digest, sent.seconds, sent.trouble, sent.warnings)


def grade_worker_task(task: WorkerTask, options: Options) -> WorkerResult:
    """Grade one notebook; results go into the course's store. Never raises: a class must not end over one."""
    start = time.monotonic()
    try:
        assignment = Course(Path(task.root)).assignment(task.assignment)
        graded = grade_job(Job(assignment, task.notebook, Path(task.path), task.problem, task.notes), options)
    except NetgraderError as error:
        return WorkerResult(None, str(error), seconds=time.monotonic() - start)
    except Exception as error:  # noqa: BLE001  (one notebook's trouble must not end the class)
        sentence = plain(f"Grading it broke unexpectedly: {type(error).__name__}: {error}")
        return WorkerResult(None, sentence, seconds=time.monotonic() - start)
    return WorkerResult(
        graded.result.as_json(),
        None,
        graded.made,
        graded.digest,
        graded.trouble,
        graded.said,
        time.monotonic() - start,
    )


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """Sort `tasks` by how long they took before, for the student or else for the others; else later notebooks first."""
    own: dict[Task, float] = {}
    by_notebook: dict[str, list[float]] = {}
    for task in tasks:
        before = load_last_result(task.job.assignment, task.student, task.job.notebook)
        if before is not None:
            own[task] = sum(before.result.seconds.get(stage, 0.0) for stage in ("execute", "verify"))
            by_notebook.setdefault(task.job.notebook, []).append(own[task])
    usual = {name: sorted(found)[len(found) // 2] for name, found in by_notebook.items()}
    return sorted(
        tasks, key=lambda task: (own.get(task, usual.get(task.job.notebook, 0.0)), task.job.notebook), reverse=True
    )

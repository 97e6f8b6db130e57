"""Notebooks to grade and their results, in a form that goes to another process or another machine and back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.checks.wording import plain
from netgrader.course import Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import Job, grade_job
from netgrader.grading.graded_notebook import leave_graded
from netgrader.grading.last_result import load_last_result
from netgrader.grading.store import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.grading.stages import Options
    from netgrader.grading.store import Key
    from netgrader.results import NotebookResult

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
        A result, or a sentence why there is none.
    made
        The stages that were run now.
    digest
        The hash of all that the result was made from.
    graded
        Where in the store the graded notebook is, None if it is nowhere.
    trouble
        What broke in checks of ours.
    warnings
        On the store.
    seconds
        How long the worker took.
    """

    result: NotebookResult | None
    error: str | None = None
    made: frozenset[str] = frozenset()
    digest: str = ""
    graded: Key | None = None
    trouble: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Done(WorkerResult):
    """What a worker sent back, with the `task` that it is of."""

    task: Task = field(kw_only=True)

    @classmethod
    def of(cls, task: Task, sent: WorkerResult) -> Done:
        """Return `task` with what a worker sent back."""
        return cls(**vars(sent), task=task)


def grade_worker_task(task: WorkerTask, options: Options) -> WorkerResult:
    """Grade one notebook; results go into the course's store. Never raises: a class must not end over one."""
    start = time.monotonic()
    try:
        assignment = Course(Path(task.root)).assignment(task.assignment)
        job = Job(assignment, task.notebook, Path(task.path), task.problem, task.notes)
        graded = grade_job(job, options)
        kept = None
        if job.notebook in assignment.notebooks:
            kept = leave_graded(open_store(assignment.course), job.path, graded, assignment.skeleton(job.notebook))
    except NetgraderError as error:
        return WorkerResult(None, str(error), seconds=time.monotonic() - start)
    except Exception as error:  # noqa: BLE001  (one notebook's trouble must not end the class)
        sentence = plain(f"Grading it broke unexpectedly: {type(error).__name__}: {error}")
        return WorkerResult(None, sentence, seconds=time.monotonic() - start)
    return WorkerResult(
        graded.result,
        None,
        graded.made,
        graded.digest,
        kept,
        graded.trouble,
        graded.warnings,
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

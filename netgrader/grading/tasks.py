"""What is graded and what comes of it, in a form that goes to another process or another machine and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from netgrader.checks.wording import plain
from netgrader.course import Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import Job, grade_job
from netgrader.grading.kept import kept, kept_path
from netgrader.results import NotebookResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.grading.stages import Options

__all__ = ["Answer", "Done", "Order", "Task", "Watcher", "carry_out", "longest_first"]


@dataclass(frozen=True)
class Task:
    """A student's notebook to be graded."""

    student: str
    job: Job

    @property
    def order(self) -> Order:
        """The task as it is sent."""
        job = self.job
        assignment = job.assignment
        return Order(
            str(assignment.course.root), assignment.name, job.notebook, str(job.path), job.problem, tuple(job.notes)
        )


@dataclass(frozen=True)
class Order:
    """A task as it is sent to a worker: names and paths, which the worker sees as we do."""

    root: str
    assignment: str
    notebook: str
    path: str
    problem: str | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a worker sends back: the result as JSON, or a sentence why there is none."""

    result: Mapping[str, Any] | None
    error: str | None = None
    made: frozenset[str] = frozenset()
    digest: str = ""
    trouble: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Attributes
    ----------
    result, error
        A result, or a sentence why there is none.
    made
        The stages that were run now.
    trouble
        What broke in checks of ours.
    said
        What was noticed of the store.
    """

    task: Task
    result: NotebookResult | None
    error: str | None
    made: frozenset[str]
    digest: str
    seconds: float
    trouble: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task, answer: Answer, seconds: float) -> Done:
        """What `answer` says of `task`, which took `seconds`."""
        result = NotebookResult.from_json(answer.result) if answer.result is not None else None
        return cls(task, result, answer.error, answer.made, answer.digest, seconds, answer.trouble, answer.said)


class Watcher(Protocol):
    """Is told how far a class is, in the process that asked for it."""

    def begin(self, task: Task) -> None:
        """A task begins."""

    def end(self, done: Done) -> None:
        """A task has ended."""

    def tick(self) -> None:
        """About twice a second."""


def carry_out(order: Order, options: Options) -> Answer:
    """Grade what `order` names; results go into the course's store. Never raises: a class must not end over one."""
    try:
        assignment = Course(Path(order.root)).assignment(order.assignment)
        graded = grade_job(Job(assignment, order.notebook, Path(order.path), order.problem, order.notes), options)
    except NetgraderError as error:
        return Answer(None, str(error))
    except Exception as error:  # noqa: BLE001  (one notebook's trouble must not end the class)
        return Answer(None, plain(f"Grading it broke unexpectedly: {type(error).__name__}: {error}"))
    return Answer(graded.result.as_json(), None, graded.made, graded.digest, graded.trouble, graded.said)


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """`tasks` with those first that took longest before, for them or for others; else later notebooks first."""
    own: dict[Task, float] = {}
    by_notebook: dict[str, list[float]] = {}
    for task in tasks:
        before = kept(kept_path(task.job.assignment, task.student, task.job.notebook))
        if before is not None:
            own[task] = sum(before.result.seconds.get(stage, 0.0) for stage in ("execute", "verify"))
            by_notebook.setdefault(task.job.notebook, []).append(own[task])
    usual = {name: sorted(found)[len(found) // 2] for name, found in by_notebook.items()}
    return sorted(
        tasks, key=lambda task: (own.get(task, usual.get(task.job.notebook, 0.0)), task.job.notebook), reverse=True
    )

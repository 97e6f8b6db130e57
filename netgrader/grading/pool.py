"""A class graded on all cores: lasting worker processes, the longest notebooks first, nothing lost if one dies."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.course import Course
from netgrader.errors import NetgraderError
from netgrader.grading.grade import Job, grade_job
from netgrader.grading.kept import kept, kept_path
from netgrader.results import NotebookResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.grading.stages import Options

__all__ = ["Done", "Task", "fill", "longest_first"]

ATTEMPTS = 2
TICK = 0.5
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Task:
    """A student's notebook to be graded."""

    student: str
    job: Job


@dataclass(frozen=True)
class Done:
    """What came of a task: a result, or a sentence why there is none; `made` are the stages that were run now."""

    task: Task
    result: NotebookResult | None
    error: str | None
    made: frozenset[str]
    digest: str
    seconds: float


@dataclass
class _Worker:
    process: Any
    connection: Connection
    task: Task | None = None
    since: float = 0.0


@dataclass
class _Pool:
    options: Options
    workers: list[_Worker] = field(default_factory=list)

    def start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self.options), daemon=True)
        process.start()
        # Once only the worker holds its end, each side notices when the other is gone.
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def give(self, worker: _Worker, task: Task) -> None:
        job = task.job
        worker.task, worker.since = task, time.monotonic()
        place = (str(job.assignment.course.root), job.assignment.name, job.notebook, str(job.path))
        worker.connection.send((*place, job.problem, job.notes))

    def stop(self, *, at_once: bool) -> None:
        for worker in self.workers:
            worker.connection.close()
            if at_once:
                worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self.workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self.workers.clear()


def fill(
    tasks: Sequence[Task],
    options: Options,
    *,
    workers: int,
    on_start: Callable[[Task], None] = lambda _task: None,
    on_done: Callable[[Done], None] = lambda _done: None,
    on_tick: Callable[[], None] = lambda: None,
) -> list[Done]:
    """Grade `tasks` in worker processes; results go into the store, and come back in the order of `tasks`.

    A worker that dies is replaced, and what it had is tried once more. Interrupted, it stops the workers and with them
    their cages within seconds; what was finished is in the store.

    Parameters
    ----------
    tasks
        What to grade, in the order in which to begin.
    options
        How notebooks are run.
    workers
        How many processes.
    on_start, on_done, on_tick
        Called in this process: as a task begins, as it ends, and about twice a second.
    """
    pool = _Pool(options)
    queue = deque(tasks)
    died: dict[Task, int] = {}
    done: dict[Task, Done] = {}
    finished = False

    def finish(one: Done) -> None:
        done[one.task] = one
        on_done(one)

    try:
        for _ in range(min(workers, len(tasks))):
            pool.start()
        while len(done) < len(tasks):
            for worker in pool.workers:
                if worker.task is None and queue:
                    pool.give(worker, queue.popleft())
                    on_start(worker.task)  # type: ignore[arg-type]
            busy = [worker for worker in pool.workers if worker.task is not None]
            wait([worker.connection for worker in busy], TICK)
            for worker in busy:
                lost = _collect(worker, finish)
                if lost is not None:
                    pool.workers.remove(worker)
                    pool.start()
                    died[lost] = died.get(lost, 0) + 1
                    if died[lost] < ATTEMPTS:
                        queue.appendleft(lost)
                    else:
                        sentence = "The process that graded it was killed twice; its memory may not suffice."
                        finish(Done(lost, None, sentence, frozenset(), "", 0.0))
            on_tick()
        finished = True
    finally:
        pool.stop(at_once=not finished)
    return [done[task] for task in tasks]


def _collect(worker: _Worker, finish: Callable[[Done], None]) -> Task | None:
    """Take a worker's answer if there is one; its task if it died over it."""
    task = worker.task
    if task is None:
        return None
    try:
        if not worker.connection.poll():
            return None
        raw, error, made, digest = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.connection.close()
        return task
    result = NotebookResult.from_json(raw) if raw is not None else None
    seconds = time.monotonic() - worker.since
    worker.task = None
    finish(Done(task, result, error, made, digest, seconds))
    return None


def _work(connection: Connection, options: Options) -> None:
    """Grade what comes through `connection` until it closes."""
    # Ctrl-C reaches the whole group; the parent decides, and ends us by SIGTERM, which lets cages be cleaned up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    while True:
        try:
            root, assignment, notebook, path, problem, notes = connection.recv()
        except EOFError:
            return
        raw, error, made, digest = None, None, frozenset[str](), ""
        try:
            job = Job(Course(Path(root)).assignment(assignment), notebook, Path(path), problem, notes)
            graded = grade_job(job, options)
            raw, made, digest = graded.result.as_json(), graded.made, graded.digest
        except NetgraderError as caught:
            error = str(caught)
        except Exception as caught:  # noqa: BLE001  (one notebook's trouble must not end the class)
            error = f"Grading it broke unexpectedly: {type(caught).__name__}: {caught}"
        connection.send((raw, error, made, digest))


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """`tasks` with those first that took longest before, for them or for others; else later notebooks first."""
    own: dict[Task, float] = {}
    by_notebook: dict[str, list[float]] = {}
    for task in tasks:
        before = kept(kept_path(task.job.assignment, task.student, task.job.notebook))
        if before is not None:
            own[task] = sum(before.result.seconds.values())
            by_notebook.setdefault(task.job.notebook, []).append(own[task])
    usual = {name: sorted(found)[len(found) // 2] for name, found in by_notebook.items()}
    return sorted(
        tasks, key=lambda task: (own.get(task, usual.get(task.job.notebook, 0.0)), task.job.notebook), reverse=True
    )

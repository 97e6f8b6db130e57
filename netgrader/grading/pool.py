"""A class graded on all cores: lasting worker processes, the longest notebooks first, nothing lost if one dies."""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from netgrader.grading.tasks import Answer, Done, Task, carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.grading.stages import Options
    from netgrader.grading.tasks import Watcher

__all__ = ["fill"]

ATTEMPTS = 2
TICK = 0.5
STOP_SECONDS = 2.5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


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
        worker.task, worker.since = task, time.monotonic()
        worker.connection.send(task.order)

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
    watcher: Watcher,
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
    watcher
        Is told how far it is.
    """
    pool = _Pool(options)
    queue = deque(tasks)
    died: dict[Task, int] = {}
    done: dict[Task, Done] = {}
    finished = False

    def finish(one: Done) -> None:
        done[one.task] = one
        watcher.end(one)

    try:
        for _ in range(min(workers, len(tasks))):
            pool.start()
        while len(done) < len(tasks):
            for worker in pool.workers:
                if worker.task is None and queue:
                    pool.give(worker, queue.popleft())
                    watcher.begin(worker.task)  # type: ignore[arg-type]
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
                        finish(Done.of(lost, Answer(None, sentence), 0.0))
            watcher.tick()
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
        answer = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join()
        worker.connection.close()
        return task
    worker.task = None
    finish(Done.of(task, answer, time.monotonic() - worker.since))
    return None


def _work(connection: Connection, options: Options) -> None:
    """Grade what comes through `connection` until it closes."""
    # Ctrl-C reaches the whole group; the parent decides, and ends us by SIGTERM, which lets cages be cleaned up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _end_with_parent()
    while True:
        try:
            order = connection.recv()
        except EOFError:
            return
        connection.send(carry_out(order, options))


def _end_with_parent() -> None:
    """Have the system end this process when the one that asked is killed, so that no cage lives on by itself."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        sys.exit(1)

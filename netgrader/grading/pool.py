"""A class graded by workers: one loop over an executor, and the executor of this machine.

The one of a cluster is in `netgrader.grading.cluster`.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Protocol

from netgrader.grading.tasks import Done, Task, WorkerResult, grade_worker_task

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from multiprocessing.connection import Connection

    from netgrader.grading.cluster import DaskPool
    from netgrader.grading.stages import Options

__all__ = ["ProcessPool", "Watcher", "grade_tasks"]

ATTEMPTS = 2
TICK_SECONDS = 0.5
STOP_SECONDS = 2.5
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Watcher(Protocol):
    """Is called as the grading of a class goes on, in the process that asked for it."""

    def begin(self, task: Task) -> None:
        """Hear that a task begins."""

    def end(self, done: Done) -> None:
        """Hear that a task has ended."""

    def tick(self) -> None:
        """Show that time goes on; called about twice a second."""


def grade_tasks(
    tasks: Sequence[Task],
    options: Options,
    pool: ProcessPool | DaskPool,
    watchers: Sequence[Watcher] = (),
) -> list[Done]:
    """Grade `tasks`, the first ones first, and return the results in their order; they are in the store too.

    Shuts `pool` down. Interrupted, it stops the workers and with them their cages within seconds.
    """
    waiting = deque(tasks)
    running: dict[Future[WorkerResult], Task] = {}
    done: dict[Task, Done] = {}
    try:
        while waiting or running:
            for _ in range(min(len(waiting), pool.slots - len(running))):
                task = waiting.popleft()
                running[pool.submit(grade_worker_task, task.for_worker, options)] = task
                for watcher in watchers:
                    watcher.begin(task)
            for future in wait(running, TICK_SECONDS, FIRST_COMPLETED).done:
                task = running.pop(future)
                done[task] = Done.of(task, _result(future))
                for watcher in watchers:
                    watcher.end(done[task])
            for watcher in watchers:
                watcher.tick()
    finally:
        pool.shutdown(wait=len(done) == len(tasks))
    return [done[task] for task in tasks]


def _result(future: Future[WorkerResult]) -> WorkerResult:
    """Return the result; `grade_worker_task` never raises, so an exception is the pool's own."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenExecutor):
        return WorkerResult(None, str(error))
    if type(error).__name__ == "KilledWorker":  # Dask's
        return WorkerResult(
            None, "The workers that graded it were killed, one after another; their memory may not suffice."
        )
    return WorkerResult(None, f"The cluster could not grade it: {type(error).__name__}: {error}")


class ProcessPool:
    """Lasting worker processes on this machine; one that dies is replaced, and its call tried once more.

    Parameters
    ----------
    slots
        How many processes.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # A thread waits for a process.
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="worker")
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []
        self._closed = False

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call `function`, which can be imported and does not raise, in a worker."""
        return self._threads.submit(self._call, function, arguments)

    def shutdown(self, wait: bool = True) -> None:
        """End the workers: when they have nothing to do, or without `wait` at once."""
        with self._lock:
            self._closed = True
        for worker in self._all:
            if wait:
                worker.connection.close()
            else:
                worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._all:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            worker.process.kill()
            worker.process.join()
        # After the processes: each gets a signal when the thread that started it ends.
        self._threads.shutdown(cancel_futures=True)

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        for _ in range(ATTEMPTS):
            worker = self._take()
            with contextlib.suppress(EOFError, OSError):
                worker.connection.send((function, arguments))
                result = worker.connection.recv()
                self._idle.append(worker)
                return result
        raise BrokenExecutor("The process that graded it was killed twice; its memory may not suffice.")

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise BrokenExecutor("Stopped.")
            if self._idle:
                return self._idle.pop()
            self._all.append(_Worker())
            return self._all[-1]


class _Worker:
    """A process that makes the calls which it is sent."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self.process.start()
        # Once only the worker holds its end, each side notices when the other is gone.
        theirs.close()


def _serve(connection: Connection[Any, Any]) -> None:
    """Make the calls that come through `connection` until it closes."""
    # Ctrl-C reaches the whole group; the parent decides, and ends us by SIGTERM, which lets cages be cleaned up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # When the parent is killed, so is this, so that no cage lives on by itself.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        sys.exit(1)
    with contextlib.suppress(EOFError):
        while True:
            function, arguments = connection.recv()
            connection.send(function(*arguments))

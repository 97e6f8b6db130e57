"""Grade a class with workers: one loop over an executor, on this machine or a Dask cluster."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import pickle
import signal
import sys
import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import plain
from netgrader.course import Course
from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.execution import installed
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.graded_notebook import load_last_result
from netgrader.workers import EndedError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from netgrader.grading.jobs import Job
    from netgrader.grading.stages import Options
    from netgrader.results import NotebookResult

__all__ = [
    "DaskPool",
    "Done",
    "ProcessPool",
    "Task",
    "Watcher",
    "count_by_student",
    "grade_task",
    "grade_tasks",
    "longest_first",
]


class Waits:
    """Retries and timeouts of a pool, in seconds."""

    ATTEMPTS = 2
    TICK_SECONDS = 0.5
    PR_SET_PDEATHSIG = 1  # linux/prctl.h
    CONNECT_SECONDS = 10.0
    NO_WORKER_SECONDS = 60.0


# Packages that points may depend on: workers with other versions could grade a notebook differently.
SAME = ("netgrader", "tensorflow", "numpy")
MARKER = ".cluster-check"


@dataclass(frozen=True)
class Task:
    """A notebook to grade: names and paths that are valid on a worker's machine too."""

    student: str
    job: Job


def count_by_student(tasks: Sequence[Task]) -> Counter[str]:
    """Return the number of tasks of each student."""
    return Counter(task.student for task in tasks)


@dataclass(frozen=True)
class Done:
    """A worker's reply to a task."""

    task: Task
    """The task it answers."""
    result: NotebookResult | None = None
    error: str | None = None
    """The result, or a sentence that says why there is none."""
    made: frozenset[str] = frozenset()
    """The stages that ran now."""
    digest: str = ""
    """The hash of all inputs of the result."""
    trouble: tuple[str, ...] = ()
    """Errors in the course's checks."""
    warnings: tuple[str, ...] = ()
    """Warnings about the store."""
    seconds: float = 0.0
    """Wall time of the worker, in seconds."""


class Watcher:
    """Receives progress of grading a class, in the process that requested it."""

    def begin(self, task: Task) -> None:
        """Handle the start of a task."""

    def end(self, done: Done) -> None:
        """Handle the end of a task."""

    def tick(self) -> None:
        """Show that grading goes on; called about twice a second."""


def grade_task(task: Task, options: Options) -> Done:
    """Grade one notebook and store its results. Never raises, so that one notebook cannot end the class."""
    begun, job = time.monotonic(), task.job
    try:
        graded = grade_job(job, options)
        done = Done(task, graded.result, None, graded.made, graded.digest, graded.trouble, graded.warnings)
    except NetgraderError as error:
        done = Done(task, error=str(error))
    except Exception as error:  # noqa: BLE001  (one notebook's error must not end the class)
        done = Done(task, error=plain(f"Grading it broke unexpectedly: {type(error).__name__}: {error}"))
    return replace(done, seconds=time.monotonic() - begun)


def longest_first(tasks: Sequence[Task]) -> list[Task]:
    """Return `tasks` sorted by student, longest total first; per student, the longest notebook first.

    So a student's points can be saved while others are graded.
    """
    seconds: dict[Task, float] = {}
    most: Counter[str] = Counter()
    for task in tasks:
        seconds[task] = _seconds_before(task)
        most[task.student] += 1 + math.ceil(seconds[task])
    return sorted(
        tasks, key=lambda task: (most[task.student], task.student, seconds[task], task.job.notebook), reverse=True
    )


def _seconds_before(task: Task) -> float:
    """Return the seconds that a notebook took the last time; 0 if it was never graded."""
    before = load_last_result(task.job.assignment, task.student, task.job.notebook)
    seconds = before.result.seconds if before is not None else {}
    return seconds.get("execute", 0.0) + seconds.get("verify", 0.0)


def grade_tasks(
    tasks: Sequence[Task],
    options: Options,
    pool: ProcessPool | DaskPool,
    watchers: Sequence[Watcher] = (),
) -> list[Done]:
    """Grade `tasks` in order and return the results in that order; they are stored too.

    Shuts `pool` down. When interrupted, it stops the workers, and with them their sandboxes, within seconds.
    """
    waiting = deque(tasks)
    running: dict[Future[Done], Task] = {}
    done: dict[Task, Done] = {}
    try:
        while waiting or running:
            for _ in range(min(len(waiting), pool.slots - len(running))):
                task = waiting.popleft()
                running[pool.submit(grade_task, task, options)] = task
                for watcher in watchers:
                    watcher.begin(task)
            for future in wait(running, Waits.TICK_SECONDS, FIRST_COMPLETED).done:
                task = running.pop(future)
                done[task] = _done(task, future)
                for watcher in watchers:
                    watcher.end(done[task])
            for watcher in watchers:
                watcher.tick()
    finally:
        pool.shutdown(wait=len(done) == len(tasks))
    return [done[task] for task in tasks]


def _done(task: Task, future: Future[Done]) -> Done:
    """Return the result; `grade_task` never raises, so an exception is the pool's own."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenExecutor):
        return Done(task, error=str(error))
    return Done(
        task, error=f"The cluster could not grade it (did its memory suffice?): {type(error).__name__}: {error}"
    )


class ProcessPool:
    """Persistent worker processes on this machine; one that dies is replaced, and its call retried once."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        # Each thread waits for a process.
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="worker")
        self._workers = Workers(os.environ, stderr=None)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call `function`, which must be importable and not raise, in a worker."""
        return self._threads.submit(self._call, function, arguments)

    def shutdown(self, wait: bool = True) -> None:  # noqa: ARG002  (no worker is busy when a caller would wait)
        """Stop the workers at once."""
        self._workers.stop()
        # After the processes, since a process gets a signal when the thread that started it ends.
        self._threads.shutdown(cancel_futures=True)

    def _call(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        for _ in range(Waits.ATTEMPTS):
            with contextlib.suppress(EndedError):
                return self._workers.call(
                    pickle.loads, sys.maxsize, f"{__name__}:_called", os.getpid(), function, arguments
                )
        raise BrokenExecutor("The process that graded it was killed twice; its memory may not suffice.")


def _called(_asking: int, parent: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Call a function in a worker; return its pickled result."""
    # SIGTERM lets sandboxes be cleaned up. If the parent is killed, so is this process, and no sandbox is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ctypes.CDLL(None).prctl(Waits.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(1)
    return pickle.dumps(function(*arguments))


class DaskPool:
    """Dask's own executor; the scheduler gives tasks of a lost worker to another one.

    `address` is the scheduler's, ``tcp://host:8786``.

    Raises
    ------
    UsageError
        If Dask is not installed.
    NetgraderError
        If the scheduler does not answer, has no workers, or has some with other versions or another view of the course.
    """

    def __init__(self, address: str, course: Course) -> None:
        self._client = _connect(address)
        try:
            _require_workers(self._client, course)
        except BaseException:
            self._client.close()
            raise
        # Equal calls are separate tasks, since their results depend on files.
        self._executor = self._client.get_executor(pure=False)
        self._last_worker = time.monotonic()

    @property
    def slots(self) -> int:
        """Twice the number of threads, so that workers never wait for a task and a cluster can grow.

        Raises
        ------
        NetgraderError
            If there have been no workers for a minute.
        """
        threads: int = sum(self._client.nthreads().values())
        now = time.monotonic()
        if threads:
            self._last_worker = now
        elif now - self._last_worker > Waits.NO_WORKER_SECONDS:
            raise NetgraderError(
                f"The cluster has had no workers for {Waits.NO_WORKER_SECONDS:.0f} seconds. What was graded is kept; start "
                "workers with dask worker, and call again."
            )
        return 2 * max(1, threads)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call `function`, which must be importable, on a worker."""
        future: Future[Any] = self._executor.submit(function, *arguments)
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Leave the cluster; without `wait`, submitted tasks are canceled."""
        self._executor.shutdown(wait=wait)
        self._client.close()


def _connect(address: str) -> Any:
    try:
        import distributed  # noqa: PLC0415  (slow, and needed only here)
    except ModuleNotFoundError as error:
        raise UsageError("--scheduler needs Dask: type pip install 'distributed>=2024.8'.") from error
    try:
        return distributed.Client(  # type: ignore[no-untyped-call]
            address, timeout=Waits.CONNECT_SECONDS, set_as_default=False, name="netgrader"
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise NetgraderError(
            f"No Dask scheduler answers at {address}. Start one with dask scheduler, and name the address it prints."
        ) from error


def _require_workers(client: Any, course: Course) -> None:
    """Require that there are workers, and that each would grade as this machine does.

    Raises
    ------
    NetgraderError
        If there are none, or one differs; the message names both sides.
    """
    # A folder of the same name on another disk is another folder.
    secret = os.urandom(8).hex()
    marker = course.scratch / MARKER
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(secret, encoding="utf-8")
    try:
        machines: dict[str, tuple[dict[str, str], str, bool]] = client.run(_machine, str(course.root), secret)
    except ModuleNotFoundError as error:
        raise NetgraderError(f"The cluster's workers do not have {error.name}: install netgrader there too.") from error
    finally:
        marker.unlink(missing_ok=True)
    if not machines:
        raise NetgraderError("The cluster has no workers. Start some with dask worker, and call again.")
    ours = installed(SAME)
    for worker, (theirs, store, same_store) in machines.items():
        if theirs != ours:
            raise NetgraderError(
                f"The worker {worker} has {_listed(theirs)}, and this machine {_listed(ours)}. Install "
                "the same, so that all notebooks are graded alike."
            )
        if not same_store:
            raise NetgraderError(
                f"The worker {worker} does not see the store {course.scratch} (it looks in {store}). Put the course on "
                "a folder that all machines share, under the same path."
            )


def _machine(root: str, secret: str) -> tuple[dict[str, str], str, bool]:
    """Return a worker's versions, its store's path, and whether that is our store; runs on the worker."""
    scratch = Course(Path(root)).scratch
    marker = scratch / MARKER
    return installed(SAME), str(scratch), marker.is_file() and marker.read_text(encoding="utf-8") == secret


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(map(" ".join, versions.items()))

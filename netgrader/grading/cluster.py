"""A class graded by the workers of a running Dask cluster, which see the course's folder as this machine does."""

from __future__ import annotations

import importlib.metadata
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError, UsageError
from netgrader.grading.remote import ObjectStore
from netgrader.grading.tasks import Answer, Done, Task, carry_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.course import Course
    from netgrader.grading.stages import Options
    from netgrader.grading.tasks import Watcher

__all__ = ["fill_on_cluster"]

TICK_SECONDS = 0.5
CONNECT_SECONDS = 10.0
NO_WORKER_SECONDS = 60.0
# What marks may depend on: workers with another one of these would make other results of the same notebook.
SAME = ("netgrader", "tensorflow", "numpy")
MARKER = ".cluster-check"


@dataclass(frozen=True)
class _Machine:
    """What a worker says of itself."""

    versions: dict[str, str]
    sees_course: bool
    store: str


def fill_on_cluster(
    tasks: Sequence[Task],
    options: Options,
    *,
    address: str,
    watcher: Watcher,
) -> list[Done]:
    """Grade `tasks` on the workers of the scheduler at `address`; results come back in the order of `tasks`.

    Dask gives what a lost worker had to another one. Results stand in the course's store, a shared folder, so that
    nothing is done again after an interruption.

    Parameters
    ----------
    tasks
        What to grade, in the order in which to begin.
    options
        How notebooks are run.
    address
        Of Dask's scheduler, ``tcp://host:8786``.
    watcher
        Is told how far it is.

    Raises
    ------
    UsageError
        If Dask is not installed.
    NetgraderError
        If the scheduler does not answer, has no workers, or has some with other versions or another view of the course.
    """
    try:
        import distributed  # noqa: PLC0415  (slow, and needed here only)
    except ModuleNotFoundError as error:
        raise UsageError("--scheduler needs Dask: type pip install 'distributed>=2024.8'.") from error
    if not tasks:
        return []
    try:
        client: Any = distributed.Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_SECONDS, set_as_default=False, name="netgrader"
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise NetgraderError(
            f"No Dask scheduler answers at {address}. Start one with dask scheduler, and name the address it prints."
        ) from error
    with client, client.as_current():
        _require_workers(client, tasks[0].job.assignment.course)
        return _Run(client, options, watcher).all(tasks)


class _Run:
    """The futures of one call."""

    def __init__(self, client: Any, options: Options, watcher: Watcher) -> None:
        self._client = client
        self._options = options
        self._watcher = watcher
        self._begun: dict[str, float] = {}
        self._last_worker = time.monotonic()

    def all(self, tasks: Sequence[Task]) -> list[Done]:
        """Submit, wait, collect. Interrupted, nothing further is begun."""
        futures = {}
        for place, task in enumerate(tasks):
            # Earlier tasks first; the same call twice is two tasks, since its result depends on files.
            future = self._client.submit(carry_out, task.order, self._options, pure=False, priority=-place)
            futures[future] = task
        by_key = {future.key: task for future, task in futures.items()}
        done: dict[Task, Done] = {}
        try:
            while len(done) < len(tasks):
                self._see_begun(by_key)
                for future in [future for future in futures if future.done()]:
                    task = futures.pop(future)
                    begun = self._begun.get(future.key, time.monotonic())
                    done[task] = Done.of(task, _answer(future), time.monotonic() - begun)
                    self._watcher.end(done[task])
                self._require_some_worker()
                self._watcher.tick()
                _wait(futures)
        finally:
            self._client.cancel(list(futures), force=True)
        return [done[task] for task in tasks]

    def _see_begun(self, tasks: dict[str, Task]) -> None:
        for keys in self._client.processing().values():
            for key in keys:
                if key in tasks and key not in self._begun:
                    self._begun[key] = time.monotonic()
                    self._watcher.begin(tasks[key])

    def _require_some_worker(self) -> None:
        if self._client.nthreads():
            self._last_worker = time.monotonic()
        elif time.monotonic() - self._last_worker > NO_WORKER_SECONDS:
            raise NetgraderError(
                f"The cluster has had no workers for {NO_WORKER_SECONDS:.0f} seconds. What was graded is kept; start "
                "workers with dask worker, and call again."
            )


def _wait(futures: dict[Any, Task]) -> None:
    """Wait for the next answer, or for a tick."""
    from distributed import wait  # noqa: PLC0415

    if futures:
        try:
            wait(list(futures), timeout=TICK_SECONDS, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
        except TimeoutError:
            return  # the tick


def _answer(future: Any) -> Answer:
    """What a finished future holds; `carry_out` never raises, so an exception is the cluster's own."""
    error = future.exception()
    if error is None:
        answer: Answer = future.result()
        return answer
    if type(error).__name__ == "KilledWorker":
        return Answer(None, "The workers that graded it were killed, one after another; their memory may not suffice.")
    return Answer(None, f"The cluster could not grade it: {type(error).__name__}: {error}")


def _require_workers(client: Any, course: Course) -> None:
    """See that there are workers, and that each would grade as this machine does.

    Raises
    ------
    NetgraderError
        With both sides named where they differ.
    """
    # A folder of the same name on another disk is not the same folder, nor a bucket elsewhere the same bucket.
    secret = os.urandom(8).hex()
    try:
        _leave(course, secret)
        machines: dict[str, _Machine] = client.run(_look, str(course.root), secret)
    except ModuleNotFoundError as error:
        raise NetgraderError(f"The cluster's workers do not have {error.name}: install netgrader there too.") from error
    finally:
        _leave(course, None)
    if not machines:
        raise NetgraderError("The cluster has no workers. Start some with dask worker, and call again.")
    ours = _versions()
    for worker, machine in machines.items():
        for name in SAME:
            if machine.versions[name] != ours[name]:
                raise NetgraderError(
                    f"The worker {worker} has {name} {machine.versions[name]}, and this machine {ours[name]}. Install "
                    "the same, so that all notebooks are graded alike."
                )
        if not machine.sees_course:
            what_to_do = (
                f"Set NETGRADER_STORE to {course.store_url} there too, and put the course under {course.root}."
                if course.store_url
                else "Put the course on a folder that all machines share, under the same path."
            )
            raise NetgraderError(
                f"The worker {worker} does not see the store {_place(course)} (it looks in {machine.store}). {what_to_do}"
            )


def _place(course: Course) -> str:
    return course.store_url or str(course.scratch)


def _leave(course: Course, secret: str | None) -> None:
    """Write the secret where the store is, or take it away again."""
    if course.store_url:
        remote = ObjectStore(course.store_url)
        remote.write(MARKER, (secret or "").encode())
        return
    marker = course.scratch / MARKER
    if secret is None:
        marker.unlink(missing_ok=True)
        return
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(secret, encoding="utf-8")


def _look(root: str, secret: str) -> _Machine:
    """Runs on a worker."""
    from netgrader.course import Course  # noqa: PLC0415  (sent by name: imported where it runs)

    course = Course(Path(root))
    if course.store_url:
        sees = ObjectStore(course.store_url).read(MARKER) == secret.encode() and course.root.is_dir()
    else:
        marker = course.scratch / MARKER
        sees = marker.is_file() and marker.read_text(encoding="utf-8") == secret
    return _Machine(_versions(), sees, _place(course))


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in SAME}

"""The workers of a running Dask cluster, which share a file system with this machine."""

from __future__ import annotations

import importlib.metadata
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from netgrader.course import Course

__all__ = ["DaskPool"]

CONNECT_SECONDS = 10.0
NO_WORKER_SECONDS = 60.0
# What marks may depend on: workers with another one of these would make other results of the same notebook.
SAME = ("netgrader", "tensorflow", "numpy")
MARKER = ".cluster-check"


class DaskPool:
    """The executor of Dask's own; what a worker had that is lost the scheduler gives to another.

    Parameters
    ----------
    address
        Of the scheduler, ``tcp://host:8786``.
    course
        The course that is graded.

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
        # The same call twice is two calls, since its result depends on files.
        self._executor = self._client.get_executor(pure=False)
        self._last_worker = time.monotonic()

    @property
    def slots(self) -> int:
        """Twice as many as there are threads: then no worker waits for the next task, and an adaptive cluster grows.

        Raises
        ------
        NetgraderError
            If there have been no workers for a minute.
        """
        threads: int = sum(self._client.nthreads().values())
        now = time.monotonic()
        if threads:
            self._last_worker = now
        elif now - self._last_worker > NO_WORKER_SECONDS:
            raise NetgraderError(
                f"The cluster has had no workers for {NO_WORKER_SECONDS:.0f} seconds. What was graded is kept; start "
                "workers with dask worker, and call again."
            )
        return 2 * max(1, threads)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """Call `function`, which can be imported, on a worker."""
        future: Future[Any] = self._executor.submit(function, *arguments)
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Leave the cluster; without `wait` what was submitted is cancelled."""
        self._executor.shutdown(wait=wait)
        self._client.close()


def _connect(address: str) -> Any:
    try:
        import distributed  # noqa: PLC0415  (slow, and needed here only)
    except ModuleNotFoundError as error:
        raise UsageError("--scheduler needs Dask: type pip install 'distributed>=2024.8'.") from error
    try:
        return distributed.Client(  # type: ignore[no-untyped-call]
            address, timeout=CONNECT_SECONDS, set_as_default=False, name="netgrader"
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
        With both sides named where they differ.
    """
    # A folder of the same name on another disk is not the same folder.
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
    ours = _versions()
    for worker, (theirs, store, same_store) in machines.items():
        for name in SAME:
            if theirs[name] != ours[name]:
                raise NetgraderError(
                    f"The worker {worker} has {name} {theirs[name]}, and this machine {ours[name]}. Install "
                    "the same, so that all notebooks are graded alike."
                )
        if not same_store:
            raise NetgraderError(
                f"The worker {worker} does not see the store {course.scratch} (it looks in {store}). Put the course on "
                "a folder that all machines share, under the same path."
            )


def _machine(root: str, secret: str) -> tuple[dict[str, str], str, bool]:
    """Return a worker's versions, where it has the store, and whether that is ours; runs there."""
    from netgrader.course import Course  # noqa: PLC0415  (sent by name: imported where it runs)

    scratch = Course(Path(root)).scratch
    marker = scratch / MARKER
    return _versions(), str(scratch), marker.is_file() and marker.read_text(encoding="utf-8") == secret


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in SAME}

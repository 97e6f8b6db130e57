"""Worker processes that make one call after the other and keep their imports: `Workers`.

A call that hits one of its limits ends its worker, and the next call starts another; a worker ends with its parent process.
This is not a pool of `multiprocessing` or `concurrent.futures`: those do not run in a daemonic process such as Dask's, import
the caller's main script again, and break entirely if one process is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EndedError", "Workers", "serve"]

STOP_SECONDS = 2.5  # seconds for a busy worker to end its sandboxes
T = TypeVar("T")


class EndedError(Exception):
    """The worker ended during a call; `code` is its exit code, negative for the signal that killed it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Workers:
    """Workers with one environment, as many as there are concurrent calls.

    Parameters
    ----------
    environment
        Their environment variables, complete.
    stderr
        Their standard error, as for subprocess.Popen.
    """

    def __init__(self, environment: Mapping[str, str], stderr: int | None = subprocess.DEVNULL) -> None:
        self._environment = environment
        self._stderr = stderr
        self._lock = threading.Lock()
        self._stopped = False
        self._idle: list[_Worker] = []
        self._all: list[_Worker] = []
        atexit.register(self.stop)
        os.register_at_fork(after_in_child=self._all.clear)  # they belong to the parent
        os.register_at_fork(after_in_child=self._idle.clear)

    def call(self, read: Callable[[bytes], T], most: int, function: str, *arguments: object) -> T:
        """Call a function in a worker, and return `read` of its reply.

        Parameters
        ----------
        read
            Decodes the reply; an exception here ends the worker, since a process that parsed untrusted bytes may send anything.
        most
            Maximum size of a reply, in bytes.
        function
            The function as ``module:name``. It returns bytes.
        arguments
            Its arguments, after a descriptor that closes when the caller is gone.

        Raises
        ------
        EndedError
            If the worker ended during the call.
        """
        worker = self._taken()
        try:
            found = read(worker.ask(pickle.dumps((function, arguments)), most))
        except BaseException:  # also Ctrl-C: the result is no longer needed
            worker.end()
            raise
        with self._lock:
            self._idle.append(worker)
        return found

    def _taken(self) -> _Worker:
        with self._lock:
            if self._stopped:
                raise EndedError(-signal.SIGTERM)
            self._all[:] = [worker for worker in self._all if worker.process.poll() is None]
            self._idle[:] = [worker for worker in self._idle if worker in self._all]
            if not self._idle:
                self._idle.append(_Worker(self._environment, self._stderr))
                self._all += self._idle
            return self._idle.pop()

    def stop(self) -> None:
        """Terminate all workers, even busy ones; kill them after `STOP_SECONDS`; start no more."""
        with self._lock:
            self._stopped = True
        for worker in self._all:
            worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for worker in self._all:
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            worker.end()


class _Worker:
    """A worker, as its parent sees it."""

    def __init__(self, environment: Mapping[str, str], stderr: int | None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-W", "ignore", "-c", f"from {__name__} import serve; serve({theirs.fileno()})"],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the parent
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())

    def ask(self, call: bytes, most: int) -> bytes:
        try:
            self._connection.send_bytes(call)
            return self._connection.recv_bytes(most)
        except (EOFError, OSError) as error:
            self._connection.close()
            raise EndedError(self.process.wait()) from error

    def end(self) -> None:
        """Kill the worker, even if it is busy."""
        self.process.kill()
        self._connection.close()
        self.process.wait()


def serve(descriptor: int) -> None:
    """Make the calls that arrive through a connection until it closes."""
    connection: Connection[Any, Any] = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments = pickle.loads(connection.recv_bytes())  # noqa: S301  (from our own process)
            connection.send_bytes(pkgutil.resolve_name(function)(descriptor, *arguments))

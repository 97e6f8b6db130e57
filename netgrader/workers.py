"""Processes of ours that make one call after the other, and keep what they have imported: `Workers`.

A call that meets a limit of its own ends its worker, and the next one begins another; a worker ends with the process that
asked. This is not a pool of `multiprocessing` or `concurrent.futures`: those cannot be used in a daemonic process, as Dask has
them, import the caller's main script again, and break whole where one process is killed.
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

STOP_SECONDS = 2.5  # in which a worker at work ends its cages
T = TypeVar("T")


class EndedError(Exception):
    """The worker ended over a call; `code` is its exit code, negative for the signal that killed it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Workers:
    """Workers with one environment, as many as there are calls at the same time.

    Parameters
    ----------
    environment
        Theirs, whole.
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
        os.register_at_fork(after_in_child=self._all.clear)  # they are the parent's
        os.register_at_fork(after_in_child=self._idle.clear)

    def call(self, read: Callable[[bytes], T], most: int, function: str, *arguments: object) -> T:
        """Call a function, and return what `read` makes of its answer.

        Parameters
        ----------
        read
            What it raises ends the worker: a process that has parsed a stranger's bytes may say anything.
        most
            How many bytes of an answer are taken.
        function
            As ``module:name``. It returns bytes.
        arguments
            What it is called with, after a descriptor that closes when nobody asks any more.

        Raises
        ------
        EndedError
            If the worker ended over it.
        """
        worker = self._taken()
        try:
            found = read(worker.ask(pickle.dumps((function, arguments)), most))
        except BaseException:  # Ctrl-C, too: what it works on is of no use any more
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
        """Terminate all, those at work too, kill what takes long to end, and start no more."""
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
    """A worker, seen from the process that asks it."""

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
                start_new_session=True,  # Ctrl-C is for whoever waits for it
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
        """End it, even at work."""
        self.process.kill()
        self._connection.close()
        self.process.wait()


def serve(descriptor: int) -> None:
    """Make the calls that come through a connection until it closes."""
    connection: Connection[Any, Any] = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments = pickle.loads(connection.recv_bytes())  # noqa: S301  (from our own process)
            connection.send_bytes(pkgutil.resolve_name(function)(descriptor, *arguments))

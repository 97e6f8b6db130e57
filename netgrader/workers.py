"""Processes of ours that make one call after the other, and keep what they have imported: `Workers`.

A call that meets a limit of its own ends its worker, and the next one begins another; a worker ends with the process that
asked. This is no `multiprocessing` forkserver: that one cannot be used in a daemonic process, as pools and Dask have them,
imports the caller's main script again in each fork, and lives on in them when the caller is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EndedError", "Workers", "serve"]

T = TypeVar("T")


class EndedError(Exception):
    """The worker ended over a call; `code` is its exit code, negative for the signal that killed it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Workers:
    """Workers with one environment and one set of Python's options, as many as there are calls at the same time."""

    def __init__(self, environment: Mapping[str, str], *options: str) -> None:
        self._environment = environment
        self._options = options
        self._idle: list[_Worker] = []
        atexit.register(self.close)
        os.register_at_fork(after_in_child=self._idle.clear)  # they are the parent's

    def call(self, read: Callable[[bytes], T], most: int, function: Callable[..., bytes], *arguments: object) -> T:
        """Call a function that can be imported, and return what `read` makes of its answer.

        Parameters
        ----------
        read
            What it raises ends the worker: a process that has parsed a stranger's bytes may say anything.
        most
            How many bytes of an answer are taken.
        function, arguments
            What is called with a descriptor at whose end nobody asks any more, and with the arguments.

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
        self._idle.append(worker)
        return found

    def _taken(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.process.poll() is None:
                return worker
            worker.end()
        return _Worker(self._environment, self._options)

    def close(self) -> None:
        """End those that have nothing to do."""
        while self._idle:
            self._idle.pop().end()


class _Worker:
    """A worker, seen from the process that asks it."""

    def __init__(self, environment: Mapping[str, str], options: tuple[str, ...]) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", *options, "-c", f"from {__name__} import serve; serve({theirs.fileno()})"],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
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
        """End it, whatever it is at."""
        self.process.kill()
        self._connection.close()
        self.process.wait()


def serve(descriptor: int) -> None:
    """Make the calls that come through a connection until it closes."""
    connection: Connection[Any, Any] = Connection(descriptor)
    with contextlib.suppress(EOFError, OSError):
        while True:
            function, arguments = pickle.loads(connection.recv_bytes())  # noqa: S301  (from our own process)
            connection.send_bytes(function(descriptor, *arguments))

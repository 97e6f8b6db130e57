"""The ends of a program that enters a cage once that is built: its pipes, and those of the stand-in that waits for it."""

from __future__ import annotations

import os
import subprocess
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from netgrader.cage.nursery import Entrance

__all__ = ["Entering"]


class Entering:
    """One program on its way into a cage.

    Parameters
    ----------
    entrance
        How it enters.
    stdin, stdout
        As for subprocess.Popen, for the program.
    errors
        Its standard error.

    Attributes
    ----------
    stdin, stdout
        Our ends of its pipes, where there are any.
    stand_in
        Standard input and output of the stand-in.
    ready
        Where the stand-in says that the cage is built.
    waiting
        The process that waits for the program, outside the cage's processes.
    """

    def __init__(self, entrance: Entrance, stdin: int, stdout: int, errors: int) -> None:
        self._entrance = entrance
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.waiting: int | None = None
        self._theirs: list[int] = []
        self._open: list[int] = []
        self._theirs.append(self._input(stdin))
        self._theirs.append(self._output(stdout))
        self._theirs.append(os.dup(errors))
        told, answer = os.pipe()
        self._theirs.append(answer)
        self.ready, saying = os.pipe()
        self.stand_in = (told, saying)
        self._open = [*self._theirs, told, saying, self.ready]

    def _input(self, wanted: int) -> int:
        if wanted == subprocess.PIPE:
            reading, writing = os.pipe()
            self.stdin = os.fdopen(writing, "wb")
            return reading
        return os.open(os.devnull, os.O_RDONLY) if wanted == subprocess.DEVNULL else os.dup(wanted)

    def _output(self, wanted: int) -> int:
        if wanted == subprocess.PIPE:
            reading, writing = os.pipe()
            self.stdout = os.fdopen(reading, "rb")
            return writing
        return os.open(os.devnull, os.O_WRONLY) if wanted == subprocess.DEVNULL else os.dup(wanted)

    def started(self) -> None:
        """The stand-in has its ends."""
        for descriptor in self.stand_in:
            os.close(descriptor)
            self._open.remove(descriptor)

    def enter(self, first: int) -> None:
        """Have the program enter the cage whose first process is `first`, if the stand-in says that it is built."""
        if os.read(self.ready, 1):
            self.waiting = self._entrance.enter(first, self._theirs)

    def close(self) -> None:
        """Close what is the program's or the stand-in's; our own ends of its pipes stay."""
        while self._open:
            os.close(self._open.pop())

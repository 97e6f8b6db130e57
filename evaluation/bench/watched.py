"""Run a command and measure its process tree: wall time, CPU time and memory, up to each line of output."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from notebook_cage.watch import process_memory, process_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["CommandFailed", "Mark", "Ran", "side_by_side", "watched"]

TICK = 0.2  # seconds between looks; what a process used after the last look before its end is not seen
MEMORY_TICKS = 3  # looks from one at the memory to the next, which costs more
TICKS = os.sysconf("SC_CLK_TCK")


class CommandFailed(Exception):
    """A command did not do its work; the message is what it said last."""


@dataclass(frozen=True)
class Mark:
    """What had been used when a line was said.

    Attributes
    ----------
    line
        The line; empty for the end.
    seconds, cpu
        Wall and processor time since the command was started.
    peak
        The most memory, in bytes, since the mark before: of all processes together, what they share counted once.
    """

    line: str
    seconds: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Ran:
    """A command that has done its work, by the marks of its lines; the last one is its end."""

    marks: tuple[Mark, ...]

    @property
    def seconds(self) -> float:
        """Wall time of the whole."""
        return self.marks[-1].seconds

    @property
    def cpu(self) -> float:
        """Processor time of the whole."""
        return self.marks[-1].cpu


def watched(command: Sequence[str], env: Mapping[str, str], folder: Path, core: int | None = None) -> Ran:
    """Run `command` in `folder`, on one core if one is named.

    Raises
    ------
    CommandFailed
        If it ends with anything but 0.
    """
    process = _started(command, env, folder, core)
    tree = _Tree(process.pid)
    marks, said = [], []
    for line in process.stdout or ():
        marks.append(tree.mark(line.rstrip("\n")))
        said = [*said[-20:], line]
    code = process.wait()
    marks.append(tree.end())
    if code:
        raise CommandFailed(f"{' '.join(command)} ended with {code}:\n{''.join(said)}")
    return Ran(tuple(marks))


def side_by_side(*commands: tuple[Sequence[str], Mapping[str, str], Path], swapped: bool = False) -> tuple[Ran, ...]:
    """Run commands at the same time, each on a core of its own, so that all else falls on them alike.

    Where there are not so many cores, one after the other. `swapped` gives them the cores the other way round.
    """
    cores = sorted(os.sched_getaffinity(0))[: len(commands)]
    if len(cores) < len(commands):
        return tuple(watched(*command, core=cores[0]) for command in commands)
    if swapped:
        cores.reverse()
    with ThreadPoolExecutor(len(commands)) as threads:
        running = [threads.submit(watched, *command, core) for command, core in zip(commands, cores, strict=True)]
        return tuple(one.result() for one in running)


def _started(command: Sequence[str], env: Mapping[str, str], folder: Path, core: int | None) -> subprocess.Popen[str]:
    """The command, started; a child has the cores of the thread that it was started by."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        return subprocess.Popen(
            list(command),
            env=dict(env),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    finally:
        os.sched_setaffinity(0, before)


class _Tree:
    """A process and its descendants, looked at by a thread; one that has ended counts as it was last seen."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._begun = time.monotonic()
        self._used: dict[int, float] = {}
        self._peak = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def mark(self, line: str) -> Mark:
        self._look()
        with self._lock:
            mark = Mark(line, time.monotonic() - self._begun, sum(self._used.values()), self._peak)
            self._peak = 0
        return mark

    def end(self) -> Mark:
        self._over.set()
        self._thread.join()
        return Mark("", time.monotonic() - self._begun, sum(self._used.values()), self._peak)

    def _watch(self) -> None:
        looks = 0
        while not self._over.wait(TICK):
            processes = self._look()
            looks += 1
            if looks % MEMORY_TICKS == 0:
                peak = process_memory(processes, enough=0)
                with self._lock:
                    self._peak = max(self._peak, peak)

    def _look(self) -> list[int]:
        processes = process_tree(self._root)
        with self._lock:
            for process in processes:
                used = _own_cpu_seconds(process)
                if used is not None:
                    self._used[process] = used
        return processes


def _own_cpu_seconds(process: int) -> float | None:
    """Processor time of a process without its children's; None if it is gone."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (looked at often)
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS

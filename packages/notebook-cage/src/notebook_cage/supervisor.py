"""A running cage: one thread starts it, enforces its limits, kills it, and reports how it ended.

The thread that starts the process must outlive it: the kernel kills a `--die-with-parent` process when the thread that
started it ends, not when the program does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING

from notebook_cage.host import close_all
from notebook_cage.types import Limits, RunOutcome, SandboxError, Usage
from notebook_cage.watch import (
    folder_use,
    process_cpu_seconds,
    process_memory,
    process_tree,
    socket_memory,
    tmpfs_use,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from notebook_cage.cgroups import ControlGroup

__all__ = ["Caged", "Entrance", "Launch"]

LOG = logging.getLogger(__name__)
TICK = 0.1
GRACE = 5.0
"""Seconds within which killed processes are expected to be gone."""


class Entrance:
    """The way of a run's program into its cage: by default, the cage starts the program itself."""

    ready = -1
    """Descriptor that signals the finished cage, if the program enters it only then."""
    stand_in: Sequence[str] = ()
    """Command that holds the program's place until then."""
    waiting = 0
    """Id of a process outside the cage that waits for the program; 0 if there is none."""

    def open(self, stdin: int, stdout: int, errors: int) -> tuple[int, int]:  # noqa: ARG002 - for one that enters later
        """Return standard input and output for `Launch.argv`, in the form that subprocess.Popen takes."""
        return stdin, stdout

    def started(self, process: subprocess.Popen[bytes]) -> tuple[IO[bytes] | None, IO[bytes] | None]:
        """Return our ends of the program's pipes, now that `process` has started."""
        return process.stdin, process.stdout

    def enter(self, first: int) -> None:
        """Make the program enter the cage whose first process is `first`."""

    def close(self) -> None:
        """Close the descriptors that are not the caller's."""


@dataclass(frozen=True)
class Launch:
    """The command that a sandbox builds from a plan, and what to watch.

    Attributes
    ----------
    argv, env, cwd
        Command, its complete environment and its working folder.
    limits
        Resource limits of the run.
    group
        The control group that `argv` joins.
    folders
        Writable folders of the host.
    memory_folders
        Paths of tmpfs folders inside the cage.
    descriptors
        Descriptors that the command inherits; closed on our side once it has started.
    status
        Descriptor of bubblewrap's status (``--json-status-fd``); -1 without bubblewrap.
    entrance
        How the program enters the cage.
    end
        Makes the command kill all that it started, and itself; by default the cage's first process is killed, which kills
        all others with it.
    cleanup
        Called at the very end.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    limits: Limits
    group: ControlGroup
    cwd: Path
    folders: Sequence[Path] = ()
    memory_folders: Sequence[str] = ()
    descriptors: Sequence[int] = ()
    status: int = -1
    entrance: Entrance = field(default_factory=Entrance)
    end: Callable[[], None] | None = None
    cleanup: Callable[[], None] = field(default=lambda: None)


class Caged:
    """A program started in a sandbox."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    """Our ends of its pipes, if the caller requested `subprocess.PIPE`."""

    def __init__(self, launch: Launch, stdin: int | None = None, stdout: int | None = None) -> None:
        self._launch = launch
        self._ends = (stdin, stdout)
        self._lock = threading.Lock()
        self._started = threading.Event()
        self._ended = threading.Event()
        self._failure: SandboxError | None = None
        self._reason: str | None = None
        self._usage = Usage()
        self._outcome: RunOutcome | None = None
        self._final: RunOutcome
        self._process: subprocess.Popen[bytes]
        self._process_fd = -1
        self._errors = -1
        self._first = 0
        self._first_fd = -1
        self._end = launch.end or self._end_first
        self._status = b""
        self._tail = bytearray()
        self._begin = time.monotonic()
        self._next_scan = 0.0
        self._thread = threading.Thread(target=self._run, name="notebook-cage", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    # -- what callers use ------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> RunOutcome | None:
        """Return how it ended; None while it runs."""
        return self._outcome

    def wait(self, timeout: float | None = None) -> RunOutcome | None:
        """Wait until it has ended and is cleaned up; return None if it still runs after `timeout` seconds."""
        self._ended.wait(timeout)
        return self._outcome

    def kill(self, reason: str = "killed") -> None:
        """Kill it and everything it started. Return at once; `wait` returns when all is gone."""
        with self._lock:
            if self._outcome is not None:
                return
            self._reason = self._reason or reason
            self._kill_processes()

    def close(self) -> RunOutcome:
        """Kill it if it still runs, wait until it is gone, and return how it ended."""
        self.kill()
        for stream in filter(None, (self.stdin, self.stdout)):
            with contextlib.suppress(OSError):
                stream.close()
        self._ended.wait()
        return self._final

    def usage(self) -> Usage:
        """Return its usage so far."""
        if self._outcome is not None:
            return self._outcome.usage
        return replace(self._usage, cpu_seconds=self._cpu_seconds(), wall_seconds=time.monotonic() - self._begin)

    # -- the watching thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            process = self._start()
        except OSError as error:
            self._failure = SandboxError(f"{self._launch.argv[0]} could not be started: {error.strerror}.")
            close_all(self._launch.descriptors)
            self._close_watched()
            self._tidy()
            self._started.set()
            return
        self._started.set()
        try:
            self._watch()
        except BaseException:
            self.kill("cage")
            raise
        finally:
            self._finish(process)

    def _start(self) -> subprocess.Popen[bytes]:
        stdin, stdout = (subprocess.DEVNULL if end is None else end for end in self._ends)
        launch = self._launch
        self._begin = time.monotonic()
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(writing, True)
        stdin, stdout = launch.entrance.open(stdin, stdout, writing)
        try:
            process = subprocess.Popen(
                list(launch.argv),
                env=dict(launch.env),
                cwd=launch.cwd,
                stdin=stdin,
                stdout=stdout,
                stderr=writing,
                pass_fds=tuple(launch.descriptors),
                start_new_session=True,
            )
        except OSError:
            os.close(reading)
            launch.entrance.close()
            raise
        finally:
            os.close(writing)
        self._errors = reading
        close_all(launch.descriptors)
        self._process = process
        self._process_fd = os.pidfd_open(process.pid)
        self.stdin, self.stdout = launch.entrance.started(process)
        return process

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._process_fd, select.POLLIN)
        heard = {self._launch.status: self._read_status, self._launch.entrance.ready: self._enter}
        heard.pop(-1, None)
        for descriptor in heard:
            poll.register(descriptor, select.POLLIN)
        killed_at: float | None = None
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(1000 * TICK)}
            for descriptor, hear in heard.items():  # the status first
                if descriptor in ready and not hear():
                    poll.unregister(descriptor)
            # Once per iteration, so that a flood of errors waits for us and not we for it.
            self._read_errors()
            if self._process_fd in ready:
                return
            self._check_limits()
            if self._reason is not None:
                killed_at = killed_at or time.monotonic()
                with self._lock:
                    # Repeat at each tick, to kill processes that were being started during the last kill.
                    self._kill_processes(outer=time.monotonic() - killed_at > GRACE / 2)

    def _enter(self) -> bool:
        """Make the program enter the finished cage; return False, since no further event follows."""
        try:
            # bubblewrap writes its status before anything that it starts can write.
            while not self._first and self._read_status():
                continue
            self._launch.entrance.enter(self._first)
        except (OSError, SandboxError) as error:
            self._tail += f"The cage could not be entered: {error}\n".encode()
            self.kill("cage")
        finally:
            self._launch.entrance.close()
        return False

    def _read_errors(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._tail += os.read(self._errors, 65536)
            del self._tail[: -self._launch.limits.output_bytes]

    def _read_status(self) -> bool:
        """Read bubblewrap's status; return False at its end."""
        content = os.read(self._launch.status, 65536)
        self._status += content
        first = re.search(rb'"child-pid": *([0-9]+)[^0-9]', self._status)
        if first is not None and not self._first:
            with contextlib.suppress(ProcessLookupError):
                self._first_fd = os.pidfd_open(int(first[1]))
                self._first = int(first[1])
        return bool(content)

    def _check_limits(self) -> None:
        limits = self._launch.limits
        now = time.monotonic()
        memory = self._memory()
        disk, files = self._usage.disk_bytes, 0
        if now >= self._next_scan:
            disk, files = self._disk()
            # A tree that takes long to scan is scanned less often.
            self._next_scan = now + 4 * (time.monotonic() - now)
        self._usage = Usage(
            cpu_seconds=self._cpu_seconds(),
            memory_bytes=memory,
            peak_memory_bytes=max(memory, self._usage.peak_memory_bytes),
            disk_bytes=disk,
        )
        beyond = {
            "wall": now - self._begin > limits.wall_seconds,
            "memory": memory > limits.memory_bytes or self._launch.group.ran_out_of_memory(),
            "disk": disk > limits.disk_bytes,
            "files": files > limits.files,
        }
        self._reason = self._reason or next((name for name, is_so in beyond.items() if is_so), None)

    def _memory(self) -> int:
        counted = self._launch.group.memory()
        if counted is not None:
            return counted
        in_folders = sum(size for size, _ in self._in_memory())
        at_most = self._launch.limits.memory_bytes // 2
        return socket_memory(self._first) + process_memory(self._processes(), at_most, in_folders)

    def _in_memory(self) -> list[tuple[int, int]]:
        """Return bytes and entries of each tmpfs folder."""
        largest = self._launch.limits.disk_bytes
        return [tmpfs_use(self._first, inside, largest) for inside in self._launch.memory_folders]

    def _disk(self) -> tuple[int, int]:
        """Return the most bytes and the most entries found in any one writable folder."""
        uses = [folder_use(folder, self._launch.limits.files) for folder in self._launch.folders]
        uses += [(0, entries) for _, entries in self._in_memory()]
        return max((size for size, _ in uses), default=0), max((files for _, files in uses), default=0)

    def _processes(self) -> list[int]:
        if self._launch.group.folders:
            return self._launch.group.processes()
        # The waiting process only shares the zygote's memory; it uses none of its own.
        return process_tree(self._process.pid) + process_tree(self._launch.entrance.waiting)[1:]

    def _cpu_seconds(self) -> float:
        counted = self._launch.group.cpu_seconds()
        if counted is not None:
            return counted
        return max(self._usage.cpu_seconds, process_cpu_seconds(self._processes()))

    def _kill_processes(self, *, outer: bool = False) -> None:
        """Kill all that it started, and with `outer` also the outermost process."""
        self._end()
        if outer:
            _signal(self._process_fd)

    def _end_first(self) -> None:
        """Kill the first process of the PID namespace, which kills all others; before it exists, bubblewrap."""
        _signal(self._first_fd if self._first else self._process_fd)

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        cpu = self._cpu_seconds()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if self._launch.group.ran_out_of_memory():
            self._reason = self._reason or "memory"
        if self._launch.status >= 0:
            while self._read_status():
                continue
            self._reason = self._reason or (None if b"exit-code" in self._status else "cage")
        code = process.returncode
        if self._reason == "killed" and code not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            self._reason = None  # it had already exited when the signal came
        usage = replace(
            self._usage,
            wall_seconds=time.monotonic() - self._begin,
            cpu_seconds=max(cpu, used.ru_utime + used.ru_stime),
            # Not ru_maxrss: it starts at the size of the process that started this one.
            peak_memory_bytes=self._usage.peak_memory_bytes,
        )
        tail = bytes(self._tail).decode("utf-8", "replace")
        self._launch.entrance.close()
        self._tidy()
        with self._lock:
            # bubblewrap reports signals as a shell does.
            self._outcome = self._final = RunOutcome(
                128 - code if 128 < code < 193 else code, self._reason, usage, tail
            )
            self._close_watched()
        self._ended.set()

    def _close_watched(self) -> None:
        close_all({self._errors, self._process_fd, self._first_fd, self._launch.status} - {-1})

    def _tidy(self) -> None:
        """Kill leftover processes, and clean up after the run."""
        group = self._launch.group
        deadline = time.monotonic() + GRACE
        while not group.remove() and time.monotonic() < deadline:
            for process in group.processes():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.005)
        try:
            self._launch.cleanup()
        except OSError as error:
            LOG.warning("What a cage left could not be removed: %s", error)


def _signal(process_fd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process_fd, signal.SIGKILL)

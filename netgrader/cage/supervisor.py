"""A running cage: one thread starts it, watches its limits, kills it, and says how it ended.

The same thread must start and outlive the process, since the kernel kills a `--die-with-parent` process when the thread
that started it ends, not when the program does.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING

from netgrader.cage.types import Limits, RunOutcome, SandboxError, Usage
from netgrader.cage.watch import (
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

    from netgrader.cage.cgroups import ControlGroup
    from netgrader.cage.zygote.process import Entrance

__all__ = ["Caged", "Launch"]

LOG = logging.getLogger(__name__)
TICK = 0.1
GRACE = 5.0
"""Seconds after which what was killed is expected to be gone."""


@dataclass(frozen=True)
class Launch:
    """The command that a sandbox makes of a plan, and what to watch.

    Attributes
    ----------
    argv, env, cwd
        Command, its whole environment and its working folder.
    limits
        What the run may use.
    group
        The control group that `argv` puts itself into, if there is one.
    folders
        Writable folders of the host.
    memory_folders
        Paths inside of folders in memory.
    descriptors
        What the command inherits; closed on our side once it has started.
    status
        Descriptor of bubblewrap's status (``--json-status-fd``), if it is bubblewrap.
    own_processes
        Whether the first process below `argv` takes all others with it when it is killed.
    entrance
        How the program enters the cage, where `argv` only builds the cage and starts a stand-in for it.
    end
        Has the command end all that it started, and itself; else they are killed from here.
    cleanup
        Called when all is over.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    limits: Limits
    cwd: Path | None = None
    group: ControlGroup | None = None
    folders: Sequence[Path] = ()
    memory_folders: Sequence[str] = ()
    descriptors: Sequence[int] = ()
    status: int | None = None
    own_processes: bool = False
    entrance: Entrance | None = None
    end: Callable[[], None] | None = None
    cleanup: Callable[[], None] = field(default=lambda: None)


class Caged:
    """A program that was started in a sandbox."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    """Our ends of its pipes where `subprocess.PIPE` was asked for."""

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
        self._process: subprocess.Popen[bytes] | None = None
        self._process_fd = -1
        self._errors = -1
        self._first: int | None = None
        self._first_fd: int | None = None
        self._entrance = launch.entrance
        self._status = b""
        self._tail = bytearray()
        self._begin = time.monotonic()
        self._next_scan = 0.0
        self._thread = threading.Thread(target=self._run, name="netgrader-cage", daemon=True)
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
        """Wait until it has ended and been cleaned up; return None if it still runs after `timeout` seconds."""
        self._ended.wait(timeout)
        return self._outcome

    def kill(self, reason: str = "killed") -> None:
        """Kill it and everything it started. Returns at once; `wait` tells when all is gone."""
        with self._lock:
            if self._outcome is not None:
                return
            self._reason = self._reason or reason
            self._kill_processes()

    def close(self) -> RunOutcome:
        """Kill it if it still runs, and wait until it is gone."""
        self.kill()
        for stream in (self.stdin, self.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self._ended.wait()
        return self._final

    def usage(self) -> Usage:
        """Return what it has used until now."""
        if self._outcome is not None:
            return self._outcome.usage
        return replace(self._usage, cpu_seconds=self._cpu_seconds(), wall_seconds=time.monotonic() - self._begin)

    # -- the watching thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            process = self._start()
        except OSError as error:
            self._failure = SandboxError(f"{self._launch.argv[0]} could not be started: {error.strerror}.")
            self._close_descriptors()
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
        if self._entrance is not None:
            stdin, stdout = self._entrance.open(stdin, stdout, writing)
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
            if self._entrance is not None:
                self._entrance.close()
            raise
        finally:
            os.close(writing)
        self._errors = reading
        self._close_descriptors()
        self._process = process
        self._process_fd = os.pidfd_open(process.pid)
        self.stdin, self.stdout = process.stdin, process.stdout
        if self._entrance is not None:
            self.stdin, self.stdout = self._entrance.stdin, self._entrance.stdout
            self._entrance.started()
        return process

    def _close_descriptors(self) -> None:
        for descriptor in self._launch.descriptors:
            os.close(descriptor)

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._process_fd, select.POLLIN)
        if self._launch.status is not None:
            poll.register(self._launch.status, select.POLLIN)
        if self._entrance is not None:
            poll.register(self._entrance.ready, select.POLLIN)
        killed_at: float | None = None
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(1000 * TICK)}
            if self._launch.status in ready and not self._read_status():
                poll.unregister(self._launch.status)
            if self._entrance is not None and self._entrance.ready in ready:
                poll.unregister(self._entrance.ready)
                self._enter(self._entrance)
            # Only now and then, so that a flood of errors waits for us and not we for it.
            self._read_errors()
            if self._process_fd in ready:
                return
            self._check_limits()
            if self._reason is not None:
                killed_at = killed_at or time.monotonic()
                with self._lock:
                    # Again at each tick: what was being started while we killed is killed too.
                    self._kill_processes(outer=time.monotonic() - killed_at > GRACE / 2)

    def _enter(self, entrance: Entrance) -> None:
        """Have the program enter the cage, if that was built."""
        try:
            # bubblewrap's status comes before anything that it starts says.
            while self._first is None and self._read_status():
                continue
            if self._first is not None:
                entrance.enter(self._first)
        except (OSError, SandboxError) as error:
            self._tail += f"The cage could not be entered: {error}\n".encode()
            self.kill("cage")
        finally:
            entrance.close()

    def _read_errors(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._tail += os.read(self._errors, 65536)
            del self._tail[: -self._launch.limits.output_bytes]

    def _read_status(self) -> bool:
        """Read bubblewrap's status; return False when no more will come."""
        if self._launch.status is None:
            return False
        content = os.read(self._launch.status, 65536)
        self._status += content
        for line in self._status.splitlines():
            with contextlib.suppress(ValueError, KeyError, ProcessLookupError):
                first = int(json.loads(line)["child-pid"])
                if self._first is None:
                    self._first_fd = os.pidfd_open(first)
                    self._first = first
        return bool(content)

    def _check_limits(self) -> None:
        limits = self._launch.limits
        now = time.monotonic()
        memory = self._memory()
        disk, files = self._usage.disk_bytes, 0
        if now >= self._next_scan:
            disk, files = self._disk()
            # A tree that takes long to look at is looked at less often.
            self._next_scan = now + 4 * (time.monotonic() - now)
        self._usage = Usage(
            cpu_seconds=self._cpu_seconds(),
            memory_bytes=memory,
            peak_memory_bytes=max(memory, self._usage.peak_memory_bytes),
            disk_bytes=disk,
        )
        if now - self._begin > limits.wall_seconds:
            self._reason = self._reason or "wall"
        elif memory > limits.memory_bytes or (self._launch.group and self._launch.group.ran_out_of_memory()):
            self._reason = self._reason or "memory"
        elif disk > limits.disk_bytes:
            self._reason = self._reason or "disk"
        elif files > limits.files:
            self._reason = self._reason or "files"

    def _memory(self) -> int:
        group = self._launch.group
        counted = group.memory() if group is not None else None
        if counted is not None:
            return counted
        limits = self._launch.limits
        in_folders = in_sockets = 0
        if self._first is not None:
            uses = [tmpfs_use(self._first, inside, limits.disk_bytes) for inside in self._launch.memory_folders]
            in_folders = sum(size for size, _ in uses)
            in_sockets = socket_memory(self._first)
        return in_sockets + process_memory(self._processes(), limits.memory_bytes // 2, in_folders)

    def _disk(self) -> tuple[int, int]:
        """Return bytes and entries of the fullest of the folders that it may write to."""
        most = self._launch.limits.files
        uses = [folder_use(folder, most) for folder in self._launch.folders]
        if self._first is not None:
            largest = self._launch.limits.disk_bytes
            uses += [(0, tmpfs_use(self._first, inside, largest)[1]) for inside in self._launch.memory_folders]
        return max((size for size, _ in uses), default=0), max((files for _, files in uses), default=0)

    def _processes(self) -> list[int]:
        group = self._launch.group
        if group is not None and group.folders:
            return group.processes()
        found = process_tree(self._process.pid) if self._process is not None else []
        if self._entrance is not None and self._entrance.waiting is not None:
            # The one that waits has the zygote's memory, and uses none.
            found += process_tree(self._entrance.waiting)[1:]
        return found

    def _cpu_seconds(self) -> float:
        group = self._launch.group
        counted = group.cpu_seconds() if group is not None else None
        if counted is not None:
            return counted
        return max(self._usage.cpu_seconds, process_cpu_seconds(self._processes()))

    def _kill_processes(self, *, outer: bool = False) -> None:
        """Kill the first process of the namespace, which takes all others with it; where there is none, each one."""
        if self._launch.end is not None and not outer:
            self._launch.end()
            return
        if self._first_fd is not None and self._launch.own_processes:
            _signal(self._first_fd)
            if not outer:
                return
        elif not self._launch.own_processes:
            for process in self._processes():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
        if self._process_fd >= 0:
            _signal(self._process_fd)

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        cpu = self._cpu_seconds()
        if not self._launch.own_processes:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        while self._read_status():
            continue
        if self._reason is None and self._launch.group is not None and self._launch.group.ran_out_of_memory():
            self._reason = "memory"
        if self._reason is None and self._launch.status is not None and b"exit-code" not in self._status:
            self._reason = "cage"
        code = process.returncode
        if self._reason == "killed" and code not in (-signal.SIGKILL, 128 + signal.SIGKILL):
            self._reason = None  # it had ended by itself before the signal came
        usage = replace(
            self._usage,
            wall_seconds=time.monotonic() - self._begin,
            cpu_seconds=max(cpu, used.ru_utime + used.ru_stime),
            # Not ru_maxrss: it begins with the size of the process that started this one.
            peak_memory_bytes=self._usage.peak_memory_bytes,
        )
        tail = bytes(self._tail).decode("utf-8", "replace")
        os.close(self._errors)
        if self._entrance is not None:
            self._entrance.close()
        self._tidy()
        with self._lock:
            # bubblewrap reports a signal as a shell does.
            self._outcome = self._final = RunOutcome(
                128 - code if 128 < code < 193 else code, self._reason, usage, tail
            )
            os.close(self._process_fd)
            if self._first_fd is not None:
                os.close(self._first_fd)
        self._ended.set()

    def _tidy(self) -> None:
        """Kill what is left, and remove what was made for the run."""
        group = self._launch.group
        deadline = time.monotonic() + GRACE
        while group is not None and not group.remove() and time.monotonic() < deadline:
            for process in group.processes():
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.005)
        if self._launch.status is not None:
            os.close(self._launch.status)
        try:
            self._launch.cleanup()
        except OSError as error:
            LOG.warning("What a cage left could not be removed: %s", error)


def _signal(process_fd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(process_fd, signal.SIGKILL)

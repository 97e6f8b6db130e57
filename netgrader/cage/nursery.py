"""Lends a process that has imported what is slow: a run in a cage begins as a fork of it instead of from nothing.

The cage is built by bubblewrap as ever. In it a shell stands in for the program (`STAND_IN`) and says when the cage is
ready; then the warmed process (`netgrader.cage.warmed`) forks a child that joins the cage's namespaces. The warmed
process has a cage of its own with the packages, no network and no file of anybody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from netgrader.cage import warmed
from netgrader.cage.api import TMP, Mount, Plan, SandboxError
from netgrader.cage.packages import python
from netgrader.cage.scratch import remove_tree, scratch_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PACKAGES", "STAND_IN", "Entrance", "Nursery", "nursery_plan"]

LOG = logging.getLogger(__name__)
INSIDE = "/run/warmed.py"
PACKAGES = ("numpy", "ipykernel.kernelapp", "matplotlib.pyplot", "tensorflow.compat.v1")
"""What a notebook's kernel and the lab import. Not Matplotlib's inline backend, which looks for its kernel when imported."""
STAND_IN = ("/bin/sh", "-c", "echo; exec >&-; read code || code=137; exit $code")
"""Says that the cage is built, waits until it is told how the program ended, and ends likewise."""
AT_IMPORT = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MPLBACKEND", "PYTHONHASHSEED")
"""Variables that are looked at when a package is imported, or before."""
SPACES = ("cgroup", "uts", "ipc", "net", "pid", "mnt")
USER_SPACE = "/proc/{}/ns/user"
NS_GET_USERNS = 0xB701  # linux/nsfs.h
READY_SECONDS = 120.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Entrance:
    """What a child of the warmed process needs to know in order to become a run.

    Attributes
    ----------
    nursery
        Where the warmed process is.
    request
        Program, environment, limits, user and filter, as `netgrader.cage.warmed` reads them.
    doors
        Files of control groups that a process writes its id to in order to join.
    """

    nursery: Nursery
    request: Mapping[str, Any]
    doors: Sequence[Path] = ()

    def enter(self, first: int, ends: Sequence[int]) -> int:
        """Have a child join the cage whose first process is `first`; the id of the process that waits for it.

        `ends` are the program's standard input, output and errors, and where the stand-in is told how it ended.

        Raises
        ------
        SandboxError
            If the warmed process does not answer.
        OSError
            If the cage is gone.
        """
        with contextlib.ExitStack() as closing:

            def opened(path: Path | str, flags: int) -> int:
                descriptor = os.open(path, flags | os.O_CLOEXEC)
                closing.callback(os.close, descriptor)
                return descriptor

            doors = [opened(door, os.O_WRONLY) for door in self.doors]
            spaces = {kind: opened(f"/proc/{first}/ns/{kind}", os.O_RDONLY) for kind in SPACES}
            inner = []
            if self.nursery.user is not None:
                # bubblewrap makes one user namespace in which it may mount, and one within it in which nobody may.
                outer = fcntl.ioctl(spaces["mnt"], NS_GET_USERNS)
                closing.callback(os.close, outer)
                spaces = {"user": outer, **spaces}
                own = opened(f"/proc/{first}/ns/user", os.O_RDONLY)
                if os.fstat(own).st_ino != os.fstat(outer).st_ino:
                    inner.append(own)
            told = {**self.request, "doors": len(doors), "namespaces": list(spaces)}
            with tempfile.TemporaryFile() as payload:
                payload.write(json.dumps(told).encode())
                payload.seek(0)
                return self.nursery.ask([payload.fileno(), *ends, *doors, *spaces.values(), *inner])


@dataclass
class Nursery:
    """A warmed process that this process may ask for children.

    Attributes
    ----------
    connection
        Where it is asked: a socket without a name.
    env
        The environment that it made its imports in.
    user
        For an ordinary user where the user namespace is found that it is in, and that cages are to be made in: a path, since
        a descriptor would be handed down to them.
    process
        The process, where it is ours.
    """

    connection: socket.socket
    env: Mapping[str, str]
    user: str | None = None
    process: _Process | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def started(
        cls,
        argv: Sequence[str],
        inherited: Sequence[int],
        packages: Sequence[str],
        env: Mapping[str, str],
        *,
        own_user: bool,
    ) -> Self:
        """Start one by the command `argv`; returns before it has imported anything.

        Raises
        ------
        SandboxError
            If the command cannot be run.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A folder that nobody but us may enter, and that is in no cage.
        folder = scratch_folder("n", Path(TMP))
        with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            try:
                listening.bind(str(folder / "s"))
                listening.listen()
                command = [*argv, str(listening.fileno())]
                process = _Process(
                    command, theirs.fileno(), [*inherited, listening.fileno()], folder, own_user=own_user
                )
            except OSError as error:
                ours.close()
                remove_tree(folder)
                raise SandboxError(f"{argv[0]} could not be started: {error.strerror}.") from error
        ours.send(json.dumps(list(packages)).encode())
        return cls(ours, env, process=process)

    def wait(self, seconds: float = READY_SECONDS) -> None:
        """Wait until it has imported everything.

        Raises
        ------
        SandboxError
            If it does not come so far, or is not fit to be forked.
        """
        process = self.process
        if process is None or process.ready:
            return
        with self._lock:
            if not process.ready and process.failure is None:
                try:
                    self._take(process, seconds)
                except SandboxError as error:
                    process.failure = error
            if process.failure is not None:
                raise process.failure

    def _take(self, process: _Process, seconds: float) -> None:
        """Take what it says of itself once it has imported everything."""
        self.connection.settimeout(seconds)
        try:
            told = json.loads(self.connection.recv(100_000) or b"{}")
        except OSError as error:
            raise SandboxError(f"The packages were not imported within {seconds:.0f} seconds.") from error
        if not told:
            raise SandboxError(f"The warmed process ended: {process.said() or 'it said nothing'}.")
        if told["threads"] != 1 or told["shared"]:
            raise SandboxError("The warmed process has threads, or memory that its children would share.")
        process.number, process.imported = told["ready"], frozenset(told["imported"])
        if process.own_user:
            self.user = USER_SPACE.format(process.number)
        self.connection.settimeout(ANSWER_SECONDS)
        process.ready = True

    def serves(self, plan: Plan) -> bool:
        """Whether `plan` may begin as a fork: there is one, and the imports were made as it would have made them.

        Not if a file of its own would have been imported in the place of a package.
        """
        if not plan.warm or any(plan.env.get(name, self.env.get(name)) != self.env.get(name) for name in AT_IMPORT):
            return False
        try:
            self.wait()
        except SandboxError as error:
            LOG.warning("Each notebook imports its packages anew: %s", error)
            self.close()
        imported = self.process.imported if self.process is not None else frozenset()
        return self.alive and not any(PurePosixPath(name).with_suffix("").name in imported for name in plan.files)

    @property
    def alive(self) -> bool:
        """Whether it still is there."""
        if self.connection.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self.connection, 0)  # the other side's end is always told
        return not poll.poll(0)

    def ask(self, descriptors: Sequence[int]) -> int:
        """Ask for a child; the id of the process that waits for it.

        Raises
        ------
        SandboxError
            If there is no answer.
        """
        with self._lock:
            try:
                socket.send_fds(self.connection, [b"run"], descriptors)
                answer = self.connection.recv(100)
            except OSError as error:
                raise SandboxError(f"The warmed process does not answer: {error}.") from error
        if not answer.isdigit():
            raise SandboxError("The warmed process has ended.")
        return int(answer)

    @property
    def address(self) -> dict[str, Any]:
        """Where another process of ours finds it, in JSON; for one that is ours, and until it is closed.

        Raises
        ------
        SandboxError
            If it does not come so far that it can be found.
        """
        process = self.process
        if process is None:
            raise SandboxError("Only who started a warmed process can say where it is.")
        if process.own_user:
            self.wait()
        number = process.number if process.own_user else None
        return {"socket": str(process.socket), "env": dict(self.env), "process": number}

    @classmethod
    def at(cls, address: Mapping[str, Any]) -> Self:
        """The one that is found at `address`.

        Raises
        ------
        SandboxError
            If it is there no more.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(READY_SECONDS)  # it may still be importing
        try:
            connection.connect(address["socket"])
        except OSError as error:
            connection.close()
            raise SandboxError(f"The warmed process is there no more: {error.strerror}.") from error
        number = address["process"]
        return cls(connection, address["env"], None if number is None else USER_SPACE.format(number))

    def close(self) -> None:
        """End it if it is ours; else forget it."""
        self.connection.close()
        if self.process is not None:
            self.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def nursery_plan(env: Mapping[str, str], files: Mapping[str, bytes]) -> Plan:
    """What the warmed process sees: packages, its program, and `files` in its home folder."""
    return Plan([python(), INSIDE], mounts=[Mount(Path(warmed.__file__), INSIDE)], env=env, files=files)


class _Process:
    """The warmed process as a child of ours: a thread of its own starts it, since it is killed with that thread."""

    def __init__(
        self, argv: Sequence[str], stdin: int, inherited: Sequence[int], folder: Path, *, own_user: bool
    ) -> None:
        self.own_user = own_user
        self.ready = False
        self.number = -1
        self.imported: frozenset[str] = frozenset()
        self.socket = folder / "s"
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the process
        self._started = threading.Event()
        self.failure: SandboxError | None = None
        self._refused: OSError | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(
            target=self._run, args=(argv, stdin, inherited), name="netgrader-nursery", daemon=True
        )
        self._thread.start()
        self._started.wait()
        if self._refused is not None:
            self._errors.close()
            raise self._refused

    def _run(self, argv: Sequence[str], stdin: int, inherited: Sequence[int]) -> None:
        try:
            self._process = subprocess.Popen(
                list(argv),
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                cwd="/",
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=tuple(inherited),
                start_new_session=True,
            )
        except OSError as error:
            self._refused = error
        self._started.set()
        if self._process is not None:
            self._process.wait()

    def said(self) -> str:
        """The last line of what it wrote to its standard error."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """Kill it, and with it all that wait for its children."""
        if self._process is not None:
            self._process.kill()
        self._thread.join()
        self._errors.close()
        remove_tree(self.socket.parent)

"""Runs that begin as forks of a process which has imported what is slow: `Zygote` is the only door.

bubblewrap builds the cage as ever. In it a shell replaces the program and reports when the cage is ready; then the zygote
(`notebook_cage.zygote.program`), which has a cage of its own with packages, no network and nobody's files, forks a child
that joins the cage's namespaces. Where the environment variable `OFF` is set, where the sandbox has no cage or a cage that
is entered like that does not pass the self-tests, each run begins from nothing: slower, and otherwise the same.
"""

from __future__ import annotations

import functools
import json
import logging
import multiprocessing.util
import os
import resource
import select
import socket
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Self

from notebook_cage.bubblewrap import BubblewrapSandbox
from notebook_cage.host import basic_environment, remove_tree, scratch_folder, unlisted
from notebook_cage.sandboxes import once_a_boot, open_sandbox
from notebook_cage.self_tests import run_self_tests
from notebook_cage.types import TMP, Mount, Plan, Sandbox, SandboxError
from notebook_cage.zygote.process import ForkEntrance, ZygoteProcess

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["OFF", "Preload", "Zygote"]

LOG = logging.getLogger(__name__)
OFF = "NOTEBOOK_CAGE_COLD"
"""The setting that turns zygotes off: an environment variable, if it is not empty."""
PROGRAM = Path(__file__).with_name("program.py")
INSIDE = "/run/zygote.py"
READY_SECONDS = 120.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Preload:
    """What a zygote imports, and how."""

    packages: Sequence[str] = ()
    """Modules by name."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The environment that they are imported in, but for what every program here is given."""
    at_import: Sequence[str] = ()
    """Names of variables that are read when they are imported: a run that wants other values begins from nothing."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    """Small files in its home folder, such as modules of one's own."""
    hidden: Sequence[Path] = ()
    """As in `Plan.hidden`."""

    def values(self) -> dict[str, str | None]:
        """Return the values of the variables that matter at an import, or before."""
        env = {**basic_environment(), **self.env}
        return {name: env.get(name) for name in ("PYTHONHASHSEED", *self.at_import)}


class Zygote:
    """A process that has imported packages, and that this process may ask for children.

    Parameters
    ----------
    connection
        Where it is asked: a socket without a name.
    values
        As from `Preload.values`.
    user_namespace
        For an ordinary user the path of its user namespace, in which cages are made; a descriptor
        would be handed down to them.
    process
        The process, where it is a child of ours.
    """

    def __init__(
        self,
        connection: socket.socket,
        values: Mapping[str, str | None],
        user_namespace: str | None = None,
        process: ZygoteProcess | None = None,
    ) -> None:
        self._connection = connection
        self._values = values
        self.user_namespace = user_namespace
        self.process = process
        self._lock = threading.Lock()

    # -- for those who grade ---------------------------------------------------------------------------------------

    @classmethod
    def open_sandbox(cls, name: str, preload: Preload) -> Sandbox:
        """Open the sandbox `name`, with this process's zygote if allowed; do not wait until it is ready.

        Raises
        ------
        SandboxError
            If there is no such sandbox.
        """
        sandbox = open_sandbox(name)
        zygote = _shared(preload).get(sandbox, preload)
        return sandbox if zygote is None else sandbox.with_zygote(zygote)

    @classmethod
    def address_for(cls, name: str, preload: Preload) -> Mapping[str, Any] | None:
        """Return, in JSON's types, where another process of ours finds this process's zygote (see `at`).

        None where there is none.
        """
        zygote = _shared(preload).get(open_sandbox(name), preload)
        try:
            return None if zygote is None else zygote.address
        except SandboxError as error:
            _warn(error)
            return None

    @classmethod
    def at(cls, address: Mapping[str, Any]) -> Self:
        """Connect to the one that is found at `address`.

        Raises
        ------
        SandboxError
            If it is gone.
        """
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.settimeout(READY_SECONDS)  # it may still be importing
        try:
            connection.connect(address["socket"])
        except OSError as error:
            connection.close()
            raise SandboxError(f"The warmed process is there no more: {error.strerror}.") from error
        return cls(connection, address["values"], _user_namespace(address["process"]))

    @staticmethod
    def problem() -> str | None:
        """Return why no run may begin as a fork here, as tried now; None if it may."""
        sandbox = BubblewrapSandbox()
        try:
            # How a cage is entered does not hang on what was imported.
            with Zygote.start(sandbox, Preload()) as zygote:
                zygote.wait()
                tested = run_self_tests(sandbox.with_zygote(zygote))
                ended = not zygote.alive  # then it is not what was tried
        except SandboxError as error:
            return str(error)
        for one in tested:
            if one.broken:
                return f"the promise “{one.name}” is not kept ({one.detail})."
        return "the warmed process ended." if ended else None

    # -- its life --------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, sandbox: BubblewrapSandbox, preload: Preload) -> Self:
        """Start one; return before it has imported anything.

        Raises
        ------
        SandboxError
            If it cannot be started.
        """
        plan = Plan(
            [sys.executable, INSIDE],
            mounts=[Mount(PROGRAM, INSIDE)],
            env=preload.env,
            files=preload.files,
            hidden=preload.hidden,
        )
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # A folder that nobody but us may enter, and that is in no cage.
        folder = scratch_folder("z", unlisted(Path(TMP)))
        with (
            theirs,
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening,
            sandbox.zygote_command(plan) as (argv, inherited),
        ):
            try:
                listening.bind(str(folder / "s"))
                listening.listen()
                process = ZygoteProcess(
                    [*argv, str(listening.fileno())],
                    theirs.fileno(),
                    [*inherited, listening.fileno()],
                    folder,
                    own_user=not sandbox.root,
                )
            except OSError as error:
                ours.close()
                remove_tree(folder)
                raise SandboxError(f"{argv[0]} could not be started: {error.strerror}.") from error
        ours.send(json.dumps(list(preload.packages)).encode())
        return cls(ours, preload.values(), process=process)

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
                    self._make_ready(process, seconds)
                except SandboxError as error:
                    process.failure = error
            if process.failure is not None:
                raise process.failure

    def _make_ready(self, process: ZygoteProcess, seconds: float) -> None:
        """Read what it says of itself once it has imported everything."""
        self._connection.settimeout(seconds)
        try:
            report = json.loads(self._connection.recv(100_000) or b"{}")
        except OSError as error:
            raise SandboxError(f"The packages were not imported within {seconds:.0f} seconds.") from error
        if not report:
            raise SandboxError(f"The warmed process ended: {process.last_line() or 'it said nothing'}.")
        if report["threads"] != 1 or report["shared"]:
            raise SandboxError("The warmed process has threads, or memory that its children would share.")
        process.number, process.imported = report["ready"], frozenset(report["imported"])
        if process.own_user:
            self.user_namespace = _user_namespace(process.number)
        self._connection.settimeout(ANSWER_SECONDS)
        process.ready = True

    @property
    def alive(self) -> bool:
        """Whether it still is there."""
        if self._connection.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._connection, 0)  # the other side's end is always told
        return not poll.poll(0)

    @property
    def address(self) -> dict[str, Any]:
        """Return where another process of ours finds it, until it is closed; only for one that is ours.

        Raises
        ------
        SandboxError
            If it does not come so far that it can be found.
        """
        process = self.process
        if process is None:
            raise SandboxError("Only who started a warmed process can say where it is.")
        number = None
        if process.own_user:
            self.wait()
            number = process.number
        return {"socket": str(process.socket), "values": dict(self._values), "process": number}

    def close(self) -> None:
        """End it if it is ours; else forget it."""
        self._connection.close()
        if self.process is not None:
            self.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- for the sandbox -------------------------------------------------------------------------------------------

    def serves(self, plan: Plan) -> bool:
        """Whether `plan` can start as a fork: the zygote is ready, with the same imports.

        Not if a file of its own would have been imported in the place of a package.
        """
        if not plan.warm or any(plan.env.get(name, value) != value for name, value in self._values.items()):
            return False
        try:
            self.wait()
        except SandboxError as error:
            _warn(error)
            self.close()
        imported = self.process.imported if self.process is not None else frozenset()
        return self.alive and not any(PurePosixPath(name).with_suffix("").name in imported for name in plan.files)

    def entrance(self, request: Mapping[str, Any], cgroup_procs: Sequence[Path]) -> ForkEntrance:
        """Return the way into a cage for a run; for the parameters see `ForkEntrance`."""
        return ForkEntrance(request, cgroup_procs, user_namespace=self.user_namespace is not None, ask=self._fork)

    def _fork(self, descriptors: Sequence[int]) -> int:
        """Ask for a child; return the id of the process that waits for it.

        Raises
        ------
        SandboxError
            If there is no answer.
        """
        # Descriptors on their way count for a user, and an ordinary one is the same in a cage and here: who may have no more
        # open than a cage may send none as long as one keeps so many underway.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        with self._lock:
            try:
                socket.send_fds(self._connection, [b"run"], descriptors)
                answer = self._connection.recv(100)
            except OSError as error:
                raise SandboxError(f"The warmed process does not answer: {error}.") from error
        if not answer.isdigit():
            raise SandboxError("The warmed process has ended.")
        return int(answer)


class _Shared:
    """Keeps one zygote for each kind of environment, as long as this process and it live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._zygote: Zygote | None = None

    def get(self, sandbox: Sandbox, preload: Preload) -> Zygote | None:
        """Return the zygote, started on first use; None if there may be none, or it has ended."""
        if not isinstance(sandbox, BubblewrapSandbox) or os.environ.get(OFF) or not _passes():
            return None
        with self._lock:
            if not self._asked:
                self._asked, self._zygote = True, _begun(sandbox, preload)
            return self._zygote if self._zygote is not None and self._zygote.alive else None


def _begun(sandbox: BubblewrapSandbox, preload: Preload) -> Zygote | None:
    try:
        zygote = Zygote.start(sandbox, preload)
    except SandboxError as error:
        _warn(error)
        return None
    # Runs at the end of a process that multiprocessing started, too, where atexit does not.
    multiprocessing.util.Finalize(None, zygote.close, exitpriority=0)
    return zygote


def _shared(preload: Preload) -> _Shared:
    return _shared_for(tuple(preload.values().items()))


@functools.cache
def _shared_for(_values: tuple[tuple[str, str | None], ...]) -> _Shared:
    return _Shared()


@functools.cache
def _passes() -> bool:
    """Whether a cage that is entered by a fork has passed the self-tests since the boot, or does now.

    Where it does not nothing is lost but time.
    """
    problem = once_a_boot("zygote", BubblewrapSandbox().memory_gap, Zygote.problem)
    if problem is not None:
        _warn(problem)
    return problem is None


def _user_namespace(process: int | None) -> str | None:
    return None if process is None else f"/proc/{process}/ns/user"


def _warn(problem: object) -> None:
    LOG.warning("Each notebook imports its packages itself: %s", problem)

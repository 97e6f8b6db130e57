"""Fork server: runs start as forks of a process that has already imported slow packages (`Zygote`).

bubblewrap builds the cage as usual, with a shell in place of the program that reports when the cage is ready. The zygote
(`notebook_cage.zygote.program`) has a cage of its own with packages, no network and no user data; it then forks a child that
joins the cage's namespaces. If the environment variable `OFF` is set, or the sandbox has no cage, or a cage entered in this
way fails the self-tests, each run starts a new interpreter: slower, and otherwise the same.
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
"""Name of the environment variable that turns zygotes off, if it is not empty."""
PROGRAM = Path(__file__).with_name("program.py")
INSIDE = "/run/zygote.py"
READY_SECONDS = 120.0
ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class Preload:
    """What a zygote imports, and in which environment."""

    packages: Sequence[str] = ()
    """Names of the modules."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for the imports, in addition to those of every program."""
    at_import: Sequence[str] = ()
    """Names of variables that are read at import: a run with other values starts a new interpreter."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    """Small files in its home folder, such as local modules."""
    hidden: Sequence[Path] = ()
    """As in `Plan.hidden`."""

    def values(self) -> dict[str, str | None]:
        """Return the values of the variables that matter at import time or earlier."""
        env = {**basic_environment(), **self.env}
        return {name: env.get(name) for name in ("PYTHONHASHSEED", *self.at_import)}


class Zygote:
    """A process that has imported packages and forks children on request.

    Parameters
    ----------
    connection
        Our end of the socket for requests.
    values
        As from `Preload.values`.
    user_namespace
        For an ordinary user, the path of its user namespace, in which cages are created; a descriptor
        would be inherited by them.
    process
        The process, if it is our child.
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

    # -- for graders -----------------------------------------------------------------------------------------------

    @classmethod
    def open_sandbox(cls, name: str, preload: Preload) -> Sandbox:
        """Open the sandbox `name`, with this process's zygote if allowed, without waiting for the imports.

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
        """Return, as JSON types, the address at which other processes of ours reach this zygote (see `at`).

        Return None if there is none.
        """
        zygote = _shared(preload).get(open_sandbox(name), preload)
        try:
            return None if zygote is None else zygote.address
        except SandboxError as error:
            _warn(error)
            return None

    @classmethod
    def at(cls, address: Mapping[str, Any]) -> Self:
        """Connect to the zygote at `address`.

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
        """Return why runs cannot start as forks here, after a test; None if they can."""
        sandbox = BubblewrapSandbox()
        try:
            # The imported packages do not affect how a cage is entered.
            with Zygote.start(sandbox, Preload()) as zygote:
                zygote.wait()
                tested = run_self_tests(sandbox.with_zygote(zygote))
                ended = not zygote.alive  # then the tests did not use it
        except SandboxError as error:
            return str(error)
        for one in tested:
            if one.broken:
                return f"the promise “{one.name}” is not kept ({one.detail})."
        return "the warmed process ended." if ended else None

    # -- life cycle ------------------------------------------------------------------------------------------------

    @classmethod
    def start(cls, sandbox: BubblewrapSandbox, preload: Preload) -> Self:
        """Start a zygote; return before it has imported anything.

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
            If the imports fail or take too long, or the process is not safe to fork.
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
        """Read its report after the imports, and check that it is safe to fork."""
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
        """Whether the process still runs."""
        if self._connection.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._connection, 0)  # poll always reports a hang-up
        return not poll.poll(0)

    @property
    def address(self) -> dict[str, Any]:
        """Return the address at which another grading process can connect; only for our own child.

        Raises
        ------
        SandboxError
            If it is not our child, or does not become ready.
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
        """Kill it if it is our child; otherwise disconnect."""
        self._connection.close()
        if self.process is not None:
            self.process.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- for the sandbox -------------------------------------------------------------------------------------------

    def serves(self, plan: Plan) -> bool:
        """Whether `plan` can start as a fork: the zygote is ready and would have imported the same.

        False if one of the plan's own files would have shadowed an imported package.
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
        """Return the way into a cage for one run; for the parameters see `ForkEntrance`."""
        return ForkEntrance(request, cgroup_procs, user_namespace=self.user_namespace is not None, ask=self._fork)

    def _fork(self, descriptors: Sequence[int]) -> int:
        """Request a child; return the id of the process that waits for it.

        Raises
        ------
        SandboxError
            If there is no answer.
        """
        # Descriptors in flight count against the user's limit, and an ordinary user is the same inside a cage and outside. A
        # cage with as high a limit as ours could keep that many in flight and block us, so we raise our limit.
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
    """The zygote of one kind of environment, kept as long as it and this process live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = False
        self._zygote: Zygote | None = None

    def get(self, sandbox: Sandbox, preload: Preload) -> Zygote | None:
        """Return the zygote, started on first use; None if it is not allowed or has ended."""
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
    # Finalize also runs at the end of a multiprocessing child, where atexit does not.
    multiprocessing.util.Finalize(None, zygote.close, exitpriority=0)
    return zygote


def _shared(preload: Preload) -> _Shared:
    return _shared_for(tuple(preload.values().items()))


@functools.cache
def _shared_for(_values: tuple[tuple[str, str | None], ...]) -> _Shared:
    return _Shared()


@functools.cache
def _passes() -> bool:
    """Whether cages entered by a fork pass the self-tests; cached per boot.

    If they fail, only time is lost.
    """
    problem = once_a_boot("zygote", BubblewrapSandbox().memory_gap, Zygote.problem)
    if problem is not None:
        _warn(problem)
    return problem is None


def _user_namespace(process: int | None) -> str | None:
    return None if process is None else f"/proc/{process}/ns/user"


def _warn(problem: object) -> None:
    LOG.warning("Each notebook imports its packages itself: %s", problem)

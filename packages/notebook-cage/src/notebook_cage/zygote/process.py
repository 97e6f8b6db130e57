"""Our side of a zygote: its process as our child, and the entrance of one run into its cage."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import subprocess
import tempfile
import threading
from typing import IO, TYPE_CHECKING, Any

from notebook_cage.host import remove_tree
from notebook_cage.supervisor import Entrance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from notebook_cage.types import SandboxError

__all__ = ["ForkEntrance", "ZygoteProcess"]

NAMESPACES = ("cgroup", "uts", "ipc", "net", "pid", "mnt")
NS_GET_USERNS = 0xB701  # linux/nsfs.h


class ForkEntrance(Entrance):
    """The entrance of one forked run; a shell (`stand_in`) holds its place in the cage.

    Parameters
    ----------
    request
        Program, environment, limits, user and filter, as `notebook_cage.zygote.program` reads them.
    cgroup_procs
        Files to which a process writes its id in order to join the control groups.
    user_namespace
        Whether the cage has a user namespace.
    ask
        Makes the zygote fork a child that receives these descriptors; returns the id of the process that waits for it.

    Attributes
    ----------
    ready
        Descriptor on which the stand-in signals that the cage is built.
    """

    stand_in = ("/bin/sh", "-c", "echo; exec >&-; read code || code=137; exit $code")
    """Report that the cage is built, wait for the program's exit status, and exit with it."""

    def __init__(
        self,
        request: Mapping[str, Any],
        cgroup_procs: Sequence[Path],
        *,
        user_namespace: bool,
        ask: Callable[[Sequence[int]], int],
    ) -> None:
        self._request = request
        self._cgroup_procs = cgroup_procs
        self._user_namespace = user_namespace
        self._ask = ask
        self._stdin: IO[bytes] | None = None
        self._stdout: IO[bytes] | None = None
        self._programs: list[int] = []
        self._stand_ins: tuple[int, ...] = ()
        self._open: list[int] = []

    def open(self, stdin: int, stdout: int, errors: int) -> tuple[int, int]:
        """Create the program's ends, as for subprocess.Popen; return the stand-in's standard input and output."""
        given, self._stdin = _end(stdin, 0)
        taken, self._stdout = _end(stdout, 1)
        self._programs = [given, taken, os.dup(errors)]
        told, answer = os.pipe()
        self._programs.append(answer)
        self.ready, saying = os.pipe()
        self._stand_ins = (told, saying)
        self._open = [*self._programs, told, saying, self.ready]
        return told, saying

    def started(self, process: subprocess.Popen[bytes]) -> tuple[IO[bytes] | None, IO[bytes] | None]:  # noqa: ARG002
        """Close our copies of what the stand-in has inherited; return our ends of the program's pipes."""
        for descriptor in self._stand_ins:
            os.close(descriptor)
            self._open.remove(descriptor)
        return self._stdin, self._stdout

    def enter(self, first: int) -> None:
        """Make a zygote's child join the cage whose first process is `first`, once it is built.

        Raises
        ------
        SandboxError
            If the zygote does not answer.
        OSError
            If the cage is gone.
        """
        if not os.read(self.ready, 1):
            return
        with contextlib.ExitStack() as closing:

            def opened(path: Path | str, flags: int) -> int:
                descriptor = os.open(path, flags | os.O_CLOEXEC)
                closing.callback(os.close, descriptor)
                return descriptor

            procs = [opened(path, os.O_WRONLY) for path in self._cgroup_procs]
            namespaces = {kind: opened(f"/proc/{first}/ns/{kind}", os.O_RDONLY) for kind in NAMESPACES}
            inner = []
            if self._user_namespace:
                # bubblewrap creates a user namespace with mount rights, and one within it without.
                outer = fcntl.ioctl(namespaces["mnt"], NS_GET_USERNS)
                closing.callback(os.close, outer)
                namespaces = {"user": outer, **namespaces}
                own = opened(f"/proc/{first}/ns/user", os.O_RDONLY)
                if os.fstat(own).st_ino != os.fstat(outer).st_ino:
                    inner.append(own)
            request = {**self._request, "cgroup_procs": len(procs), "namespaces": list(namespaces)}
            with tempfile.TemporaryFile() as payload:
                payload.write(json.dumps(request).encode())
                payload.seek(0)
                given = [payload.fileno(), *self._programs, *procs, *namespaces.values(), *inner]
                self.waiting = self._ask(given)

    def close(self) -> None:
        """Close the program's and the stand-in's ends; our own ends of the pipes stay open."""
        while self._open:
            os.close(self._open.pop())


def _end(wanted: int, inside: int) -> tuple[int, IO[bytes] | None]:
    """Return a program's end of standard input (0) or output (1), and ours if a pipe is requested."""
    if wanted == subprocess.PIPE:
        pipe = os.pipe()
        return pipe[inside], os.fdopen(pipe[1 - inside], ("wb", "rb")[inside])
    return (os.open(os.devnull, os.O_RDWR) if wanted == subprocess.DEVNULL else os.dup(wanted)), None


class ZygoteProcess:
    """The zygote as our child, started by its own thread: the kernel kills it when that thread ends.

    Parameters
    ----------
    argv
        Its command.
    stdin
        Descriptor of the socket for our requests.
    inherited
        Other descriptors that it inherits.
    folder
        The folder of the socket for other processes' requests; removed with the zygote.
    own_user
        Whether it has a user namespace.

    Raises
    ------
    OSError
        If the command cannot be run.

    Attributes
    ----------
    number
        Its process id, once it is ready.
    imported
        Names of the top-level modules that it has imported.
    ready, failure
        Whether it accepts requests, and why it never will.
    """

    def __init__(
        self, argv: Sequence[str], stdin: int, inherited: Sequence[int], folder: Path, *, own_user: bool
    ) -> None:
        self.own_user = own_user
        self.ready = False
        self.number = -1
        self.imported: frozenset[str] = frozenset()
        self.socket = folder / "s"
        self.failure: SandboxError | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the process
        self._started = threading.Event()
        self._refused: OSError | None = None
        self._thread = threading.Thread(
            target=self._run, args=(argv, stdin, inherited), name="notebook-cage-zygote", daemon=True
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
            return
        finally:
            self._started.set()
        self._process.wait()

    def last_line(self) -> str:
        """Return the last line of its standard error."""
        self._errors.seek(0)
        return self._errors.read().decode("utf-8", "replace").strip().rpartition("\n")[2]

    def close(self) -> None:
        """Kill it, and with it all processes that wait for its children."""
        self._process.kill()
        self._thread.join()
        self._errors.close()
        remove_tree(self.socket.parent)

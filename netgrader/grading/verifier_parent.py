"""A process that has the verifier's modules in memory and forks one verifier for each request.

``python -m netgrader.grading.verifier_parent`` reads a line of JSON for each verifier that is wanted (where it reads,
writes and stands), answers with its process id, and with its exit code once it has ended. It runs trusted code only and
ends, with the verifier that is at work, when whoever started it is gone. `VerifierParent` is the other side of it.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ForkedVerifier", "VerifierParent"]

MODULES = ("netgrader.grading.verifier", "netgrader.lab.caged", "netgrader.network", "netgrader.training")
PACKAGES = ("netgrader.checks", "netgrader.training", "netgrader.network")


class VerifierParent:
    """The process, seen from the one that wants verifiers.

    Parameters
    ----------
    environment
        Its whole environment.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", __name__],
            env=dict(environment),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,  # a line read ahead would not be seen by `select`
        )
        self.busy = threading.Lock()

    def start(self, asked: Path, told: Path, said: Path, home: Path, data: Path | None = None) -> ForkedVerifier:
        """Fork a verifier; only one is at work at a time, and whoever starts it holds `busy`.

        The file `data` is read before, so that the next one need not read it again.

        Raises
        ------
        OSError
            If the process is gone.
        """
        stdin = self._process.stdin
        if stdin is None:
            raise BrokenPipeError
        order = {"asked": str(asked), "told": str(told), "said": str(said), "home": str(home)}
        if data is not None:
            order["data"] = str(data.resolve())
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()
        return ForkedVerifier(self, int(self.line()))

    def line(self, seconds: float | None = None) -> bytes:
        """The next line that it says.

        Raises
        ------
        TimeoutExpired
            If it says none in time.
        OSError
            If it is gone.
        """
        stdout = self._process.stdout
        if stdout is None:
            raise BrokenPipeError
        if seconds is not None and not select.select([stdout], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired(__name__, seconds)
        line = stdout.readline()
        if not line:
            raise BrokenPipeError
        return line

    def close(self) -> None:
        """End it, and the verifier that is at work with it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.kill()
        self._process.wait()


class ForkedVerifier:
    """A verifier that a `VerifierParent` started; has of `subprocess.Popen` what is needed to watch it."""

    def __init__(self, parent: VerifierParent, pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative the signal that ended it.

        Raises
        ------
        TimeoutExpired
            If it does not end in time.
        """
        if self.returncode is None:
            try:
                self.returncode = int(self._parent.line(timeout))
            except BrokenPipeError:
                self.returncode = -signal.SIGKILL  # it ends with its parent
        return self.returncode


def main() -> None:
    """Fork a verifier for each line, until there are no more."""
    _import_all()
    while line := sys.stdin.buffer.readline():
        order = json.loads(line)
        _read_data(order.get("data"))
        pid = os.fork()
        if not pid:
            os._exit(_child(order))
        _say(pid)
        handle = os.pidfd_open(pid)
        ready = select.select([handle, sys.stdin], [], [])[0]
        os.close(handle)
        if sys.stdin in ready:  # nobody asks for a second one meanwhile: it is the end
            _kill(pid)
            return
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _read_data(file: str | None) -> None:
    """Have the data, and what follows from them, in memory before the fork. Where they cannot be read, verifiers say so."""
    from netgrader.checks.bench import mnist_in  # noqa: PLC0415  (imported already)
    from netgrader.student.errors import NotebookError  # noqa: PLC0415

    if file is not None:
        with contextlib.suppress(NotebookError):
            _ = mnist_in(Path(file)).test_pictures


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _kill(pid: int) -> None:
    for group in (True, False):
        try:
            (os.killpg if group else os.kill)(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _import_all() -> None:
    """Import what verifiers import, so that none of them has to."""
    from netgrader.imports import modules_below  # noqa: PLC0415  (the other side does not need it)

    for module in (*MODULES, *(name for package in PACKAGES for name in modules_below(package))):
        importlib.import_module(module)


def _child(order: Mapping[str, Any]) -> int:
    """Be a verifier; the exit code."""
    os.setsid()
    home = order["home"]
    os.chdir(home)
    os.environ |= {"HOME": home, "TMPDIR": home}
    tempfile.tempdir = None
    output = os.open(order["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)
    try:
        from netgrader.grading.verifier import main as verifier  # noqa: PLC0415  (imported already)

        code = verifier(Path(order["asked"]), Path(order["told"]))
    except BaseException:  # noqa: BLE001  (the process ends with it either way)
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    main()

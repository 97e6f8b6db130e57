"""An IPython kernel in a cage: always our own interpreter's, with channels that nobody but us can reach.

The kernel listens on sockets in a folder made for it alone, which only its cage and we see. What it sends is a
stranger's: see `netgrader.cage.channel`.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.session import Session

from netgrader.cage.api import TMP, Mount, Plan, Sandbox, SandboxError
from netgrader.cage.channel import Channel
from netgrader.cage.packages import python
from netgrader.cage.scratch import remove_tree, scratch_folder

if TYPE_CHECKING:
    from types import TracebackType

    from netgrader.cage.caged import Caged

__all__ = ["CHANNELS", "START_SECONDS", "CagedKernel", "KernelFolder", "kernel_plan"]

CHANNELS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
"""The number at the end of each channel's socket."""
INSIDE = "/run/kernel"
START_SECONDS = 60.0


class KernelFolder:
    """The folder of one kernel's sockets and connection file, seen by that kernel and by us.

    Attributes
    ----------
    mount
        How it gets into the cage.
    key
        What messages are signed with.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        # Sockets' paths are short by decree (108 bytes), and the temporary folder's may be long.
        self._host = scratch_folder("k", Path(TMP))
        self.mount = Mount(self._host, INSIDE, writable=True)
        self.key = secrets.token_hex(32).encode()
        self.inside = sandbox.seen(self.mount)
        content = self._connection(f"{self.inside}/s")
        (self._host / "connection.json").write_text(json.dumps(content), encoding="utf-8")

    @property
    def address(self) -> str:
        """What comes before the dash and the number in the path of each socket, as we see it."""
        return str(self._host / "s")

    @property
    def connection_file(self) -> str:
        """The file that the kernel reads, as it sees it."""
        return f"{self.inside}/connection.json"

    def connection(self) -> dict[str, Any]:
        """The connection as we see it, as in a connection file."""
        return self._connection(self.address)

    def _connection(self, address: str) -> dict[str, Any]:
        ports = {f"{channel}_port": number for channel, number in CHANNELS.items()}
        return {
            "transport": "ipc",
            "ip": address,
            **ports,
            "key": self.key.decode(),
            "signature_scheme": "hmac-sha256",
            "kernel_name": "python3",
        }

    @property
    def listened_to(self) -> bool:
        """Whether the kernel has made all of its sockets."""
        return all(os.path.lexists(f"{self.address}-{number}") for number in CHANNELS.values())

    def seal(self) -> None:
        """Keep the sockets as the kernel made them: a link in the place of one would lead us astray."""
        os.chown(self._host, os.geteuid(), os.getegid())
        self._host.chmod(0o555)

    def remove(self) -> None:
        """Remove it, if it is still there."""
        with contextlib.suppress(FileNotFoundError):
            self._host.chmod(0o700)
        remove_tree(self._host)


# The working folder is no place to look for the kernel's own program, and IPython puts it back for the notebook's imports
# (with the option -P it would not): a file called ipykernel.py there is not what is started, a helper is found.
START = "import sys; sys.path.remove(''); from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"


def kernel_plan(plan: Plan, folder: KernelFolder) -> Plan:
    """`plan` with a kernel to start, whose sockets stand in `folder`."""
    argv = [python(), "-c", START, "-f", folder.connection_file, "--HistoryManager.enabled=False"]
    return replace(plan, argv=argv, mounts=[*plan.mounts, folder.mount], warm=True)


class CagedKernel:
    """A running kernel and our ends of its channels.

    Parameters
    ----------
    sandbox, plan
        Where it runs and what it sees; the plan's program is the kernel, whatever it says.
    seconds
        How long it may take to answer for the first time.

    Raises
    ------
    SandboxError
        If it does not start.
    """

    def __init__(self, sandbox: Sandbox, plan: Plan, seconds: float = START_SECONDS) -> None:
        self._folder = KernelFolder(sandbox)
        self._channels: list[Channel] = []
        self._seconds = seconds
        try:
            self.caged: Caged = sandbox.start(kernel_plan(plan, self._folder))
        except BaseException:
            self._folder.remove()
            raise
        try:
            self.session = Session(key=self._folder.key, username="netgrader")
            deadline = time.monotonic() + seconds
            self.shell, self.control, self.iopub = (
                self._connected(channel, kind, deadline)
                for channel, kind in (("shell", "DEALER"), ("control", "DEALER"), ("iopub", "SUB"))
            )
            self._await_answer(deadline)
            self._folder.seal()
        except BaseException:
            self.close()
            raise

    def _connected(self, channel: str, kind: str, deadline: float) -> Channel:
        """A channel, once the kernel listens there."""
        while True:
            try:
                self._channels.append(Channel(f"{self._folder.address}-{CHANNELS[channel]}", kind))
            except OSError:
                self._see_that_it_may_answer(deadline)
                time.sleep(0.01)
            else:
                return self._channels[-1]

    def _await_answer(self, deadline: float) -> None:
        """Ask until it answers, and until we hear what it publishes."""
        poll = select.poll()
        waiting = {channel.fileno(): channel for channel in (self.shell, self.iopub)}
        for number in waiting:
            poll.register(number, select.POLLIN)
        asked = 0.0
        while waiting:
            self._see_that_it_may_answer(deadline)
            now = time.monotonic()
            if now - asked > 0.2:  # the first may have been published before we were connected
                self.session.send(self.shell, "kernel_info_request", {})
                asked = now
            for number, _ in poll.poll(50):
                try:
                    answered = waiting[number].receive() is not None
                except EOFError as error:
                    raise SandboxError("The kernel closed its sockets before it answered.") from error
                if answered:
                    poll.unregister(number)
                    del waiting[number]

    def _see_that_it_may_answer(self, deadline: float) -> None:
        outcome = self.caged.outcome
        if outcome is not None:
            lines = outcome.error_tail.strip().splitlines()
            reason = lines[-1] if lines else outcome.limit or f"exit code {outcome.code}"
            raise SandboxError(f"The kernel did not start: {reason}.")
        if time.monotonic() > deadline:
            raise SandboxError(f"The kernel did not answer within {self._seconds:.0f} seconds.")

    def interrupt(self) -> None:
        """Ask it to interrupt what it is running."""
        self.session.send(self.control, "interrupt_request", {})

    def close(self) -> None:
        """Kill it with all that it started, and remove its folder."""
        self.caged.close()
        for channel in self._channels:
            channel.close()
        self._folder.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

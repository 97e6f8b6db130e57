"""An IPython kernel in a cage, run by our interpreter, with channels that only we can reach.

The kernel listens on sockets in a folder of its own, which only its cage and we see. Its messages are untrusted: see
`notebook_cage.kernel_channel`. Programs that drive kernels through jupyter_client (nbclient, nbgrader) use
`CagedKernelManager`; it starts this kernel for any requested kernel, environment or folder, and the kernel sees its plan.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import select
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session
from traitlets import Instance, Unicode, default

from notebook_cage.host import remove_tree, scratch_folder, unlisted
from notebook_cage.kernel_channel import KernelChannel
from notebook_cage.sandboxes import open_sandbox
from notebook_cage.types import TMP, Mount, Plan, Sandbox, SandboxError

if TYPE_CHECKING:
    from types import TracebackType

    from notebook_cage.supervisor import Caged

__all__ = ["CagedKernel", "CagedKernelManager"]

CHANNELS = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4, "hb": 5}
"""The suffix of each channel's socket."""
INSIDE = "/run/kernel"
START_SECONDS = 60.0
# With -P, neither the kernel's own program nor Python's early imports come from the working folder: a file called ipykernel.py
# or linecache.py there is not run. For helper modules, the folder is added to sys.path where IPython would put it.
START = (
    "import os, sys; from ipykernel.kernelapp import launch_new_instance; packages = ('site-packages', 'dist-packages'); "
    "sys.path.insert(next((k for k, one in enumerate(sys.path) if os.path.basename(one) in packages), 0), ''); "
    "launch_new_instance()"
)


class _Folder:
    """The folder of one kernel's sockets and connection file, seen by that kernel and by us.

    Attributes
    ----------
    mount
        Its mount in the cage.
    key
        The key that signs messages.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        # The path of a Unix socket has at most 108 bytes, and the path of the temporary folder may be long.
        self._host = scratch_folder("k", unlisted(Path(TMP)))
        self.mount = Mount(self._host, INSIDE, writable=True)
        self.key = secrets.token_hex(32).encode()
        self._inside = sandbox.seen(self.mount)
        content = self._connection(f"{self._inside}/s")
        (self._host / "connection.json").write_text(json.dumps(content), encoding="utf-8")

    @property
    def address(self) -> str:
        """Return the common prefix of the sockets' paths on our side, before the dash and the number."""
        return str(self._host / "s")

    def connection(self) -> dict[str, Any]:
        """Return the connection info from our side, as in a connection file."""
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

    def kernel_plan(self, plan: Plan) -> Plan:
        """Return `plan` with a kernel to start, whose sockets are in this folder."""
        argv = [sys.executable, "-P", "-c", START, "-f", f"{self._inside}/connection.json"]
        argv.append("--HistoryManager.enabled=False")
        return replace(plan, argv=argv, mounts=[*plan.mounts, self.mount], warm=True)

    def seal(self) -> None:
        """Take the folder back and make it read-only, so that no link can replace a socket."""
        os.chown(self._host, os.geteuid(), -1)
        self._host.chmod(0o550)

    def remove(self) -> None:
        """Remove the folder, if it still exists."""
        with contextlib.suppress(FileNotFoundError):
            self._host.chmod(0o700)
        remove_tree(self._host)


class CagedKernel:
    """A running kernel and our ends of its channels.

    Parameters
    ----------
    sandbox, plan
        Where it runs and what it sees; the plan's own program is ignored.
    seconds
        Time limit for its first answer.

    Raises
    ------
    SandboxError
        If it does not start.
    """

    def __init__(self, sandbox: Sandbox, plan: Plan, seconds: float = START_SECONDS) -> None:
        self._folder = _Folder(sandbox)
        self._channels: list[KernelChannel] = []
        self._seconds = seconds
        try:
            self.caged: Caged = sandbox.start(self._folder.kernel_plan(plan))
        except BaseException:
            self._folder.remove()
            raise
        try:
            self.session = Session(key=self._folder.key, username="notebook-cage")
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

    def _connected(self, channel: str, kind: str, deadline: float) -> KernelChannel:
        """Return a channel, as soon as the kernel listens on it."""
        while True:
            try:
                self._channels.append(KernelChannel(f"{self._folder.address}-{CHANNELS[channel]}", kind))
            except OSError:
                self._require_alive(deadline)
                time.sleep(0.01)
            else:
                return self._channels[-1]

    def _await_answer(self, deadline: float) -> None:
        """Send requests until the kernel answers and its iopub messages arrive."""
        poll = select.poll()
        waiting = {channel.fileno(): channel for channel in (self.shell, self.iopub)}
        for number in waiting:
            poll.register(number, select.POLLIN)
        asked = 0.0
        while waiting:
            self._require_alive(deadline)
            now = time.monotonic()
            if now - asked > 0.2:  # an earlier answer may have been published before we subscribed
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

    def _require_alive(self, deadline: float) -> None:
        outcome = self.caged.outcome
        if outcome is not None:
            lines = outcome.error_tail.strip().splitlines()
            reason = lines[-1] if lines else outcome.limit or f"exit code {outcome.code}"
            raise SandboxError(f"The kernel did not start: {reason}.")
        if time.monotonic() > deadline:
            raise SandboxError(f"The kernel did not answer within {self._seconds:.0f} seconds.")

    def leave(self) -> dict[str, Any]:
        """Close our ends except the one for interrupts; return the connection info for another process."""
        for channel in (self.shell, self.iopub):
            channel.close()
            self._channels.remove(channel)
        return self._folder.connection()

    def interrupt(self) -> None:
        """Ask the kernel to interrupt the running code."""
        self.session.send(self.control, "interrupt_request", {})

    def close(self) -> None:
        """Kill the kernel and all its processes, and remove its folder."""
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


class CagedKernelManager(AsyncKernelManager):  # type: ignore[misc]
    """A kernel manager for jupyter_client whose kernel runs in a cage.

    Attributes
    ----------
    sandbox_name
        Name of the sandbox.
    plan
        What the cage sees and may use; its program is the kernel.
    """

    sandbox_name = Unicode("bubblewrap", config=True, help="The sandbox that the kernel runs in.")
    plan = Instance(Plan)
    _kernel: CagedKernel | None = None

    @default("plan")  # type: ignore[untyped-decorator]
    def _plan_default(self) -> Plan:
        return Plan(())

    @property
    def has_kernel(self) -> bool:
        """Whether a kernel was started and not shut down."""
        return self._kernel is not None

    async def start_kernel(self, **_options: Any) -> None:
        """Start the kernel; the caller's options are ignored.

        Raises
        ------
        SandboxError
            If the kernel does not start.
        """
        self._kernel = await asyncio.to_thread(CagedKernel, open_sandbox(self.sandbox_name), self.plan)
        self.load_connection_info(self._kernel.leave())

    async def _async_is_alive(self) -> bool:
        return self._kernel is not None and self._kernel.caged.outcome is None

    is_alive = _async_is_alive

    async def interrupt_kernel(self) -> None:
        """Ask the kernel to interrupt the running code."""
        if self._kernel is not None:
            self._kernel.interrupt()

    async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:  # noqa: ARG002 - callers' names
        """Kill the kernel and all its processes; it holds no state that needs an orderly shutdown."""
        if self._kernel is not None:
            await asyncio.to_thread(self._kernel.close)
            self._kernel = None

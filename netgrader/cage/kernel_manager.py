"""The caged kernel as a jupyter_client kernel manager: for nbclient's and nbgrader's `kernel_manager_class`.

Whatever kernel a notebook names, and whatever environment or folder the caller hands on, it is our own interpreter's
kernel in a cage that sees what `CagedKernelManager.plan` says.
"""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Instance, Unicode, default

from netgrader.cage.api import Plan, Sandbox
from netgrader.cage.choose import open_sandbox
from netgrader.cage.kernel import CHANNELS, START_SECONDS, KernelFolder, kernel_plan

if TYPE_CHECKING:
    from netgrader.cage.caged import Caged

__all__ = ["CagedKernelManager", "CagedProvisioner"]


class CagedProvisioner(KernelProvisionerBase):  # type: ignore[misc]
    """Starts and stops one caged kernel for a manager."""

    _sandbox: Sandbox
    _plan: Plan
    _folder: KernelFolder
    _caged: Caged | None = None

    def prepare(self, sandbox: Sandbox, plan: Plan) -> None:
        """Say where the kernel is started and what it sees."""
        self._sandbox, self._plan = sandbox, plan
        self._folder = KernelFolder(sandbox)

    def connection(self) -> dict[str, Any]:
        """Where the channels of the kernel to be started are."""
        return self._folder.connection()

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel that has not been waited for."""
        return self._caged is not None

    async def pre_launch(self, **_options: Any) -> dict[str, Any]:
        """Say what is to be started; nothing of the caller's is taken over."""
        self.connection_info = self.connection()
        return {"cmd": []}

    async def launch_kernel(self, _command: list[str], **_options: Any) -> dict[str, Any]:
        """Start the kernel; where its channels are, once it listens there and can put nothing else in their place."""
        self._caged = self._sandbox.start(kernel_plan(self._plan, self._folder))
        deadline = time.monotonic() + START_SECONDS
        while not self._folder.listened_to and self._caged.outcome is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # nothing tells that a socket is there
        self._folder.seal()
        return {**self.connection_info, "key": self._folder.key}

    async def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        outcome = self._caged.outcome if self._caged is not None else None
        return 0 if self._caged is None else None if outcome is None else outcome.code

    async def wait(self) -> int | None:
        """Wait until it has ended."""
        if self._caged is not None:
            await asyncio.to_thread(self._caged.wait)
        code = await self.poll()
        self._caged = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Kill it for a signal that kills; for any other it is asked over its control channel."""
        if self._caged is not None and signum in (signal.SIGKILL, signal.SIGTERM):
            self._caged.kill()

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 - the name that callers use
        """Kill it with all that it started."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002
        """The same: nothing in it is worth an orderly end."""
        await self.send_signal(signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove its folder."""
        if self._caged is not None:
            self._caged.close()
        if not restart:
            self._folder.remove()


class CagedKernelManager(AsyncKernelManager):  # type: ignore[misc]
    """Manages a kernel in a cage.

    Attributes
    ----------
    sandbox_name
        Which sandbox to use.
    plan
        What the cage sees and may use; its program is the kernel.
    """

    sandbox_name = Unicode("bubblewrap", config=True, help="The sandbox that the kernel runs in.")
    plan = Instance(Plan)

    @default("plan")  # type: ignore[untyped-decorator]
    def _plan_default(self) -> Plan:
        return Plan(())

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        self.kernel_name = "python3"
        self.transport = "ipc"
        # A signal for an interrupt would have to find its way into the cage.
        if self.kernel_spec is not None:
            self.kernel_spec.interrupt_mode = "message"
        provisioner = CagedProvisioner(kernel_id=self.kernel_id or "", kernel_spec=self.kernel_spec, parent=self)
        provisioner.prepare(open_sandbox(self.sandbox_name), self.plan)
        self.provisioner = provisioner
        connection = provisioner.connection()
        self.ip = connection["ip"]
        for channel in CHANNELS:
            setattr(self, f"{channel}_port", connection[f"{channel}_port"])
        self.session.key = connection["key"].encode()
        return await super()._async_pre_start_kernel(**options)  # type: ignore[no-any-return]

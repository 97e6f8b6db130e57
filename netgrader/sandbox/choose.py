"""Opens the sandbox that is asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.sandbox.api import Sandbox, SandboxError
from netgrader.sandbox.bubblewrap import BubblewrapSandbox
from netgrader.sandbox.container import ContainerSandbox
from netgrader.sandbox.uncaged import UncagedSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SANDBOXES", "open_sandbox"]

SANDBOXES: Mapping[str, Callable[[], Sandbox]] = {
    "bubblewrap": BubblewrapSandbox,
    "container": ContainerSandbox,
    "none": UncagedSandbox,
}


def open_sandbox(name: str = "bubblewrap") -> Sandbox:
    """The sandbox called `name`.

    Raises
    ------
    SandboxError
        If there is no such sandbox, or it cannot be had on this machine.
    """
    if name not in SANDBOXES:
        raise SandboxError(f"There is no sandbox '{name}'. There is: {', '.join(SANDBOXES)}.")
    return SANDBOXES[name]()

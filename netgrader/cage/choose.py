"""Opens the sandbox that is asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.cage.api import Sandbox, SandboxError
from netgrader.cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap
from netgrader.cage.uncaged import UncagedSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SANDBOXES", "memory_warning", "open_sandbox"]

SANDBOXES: Mapping[str, Callable[[], Sandbox]] = {
    "bubblewrap": BubblewrapSandbox,
    GrouplessBubblewrap.name: GrouplessBubblewrap,
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


def memory_warning(name: str) -> str:
    """What each grading in the sandbox called `name` says once; nothing where the limit on memory holds, or in no cage."""
    try:
        sandbox = open_sandbox(name)
    except SandboxError:  # whoever runs something in it says so
        return ""
    gap = sandbox.memory_gap if sandbox.caged else ""
    return f"Take care: {gap}. Type: netgrader doctor" if gap else ""

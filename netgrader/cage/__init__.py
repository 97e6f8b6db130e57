"""A kernel or a program in a cage."""

from netgrader.cage.api import HOME, Limits, Mount, Outcome, Plan, Sandbox, SandboxError, Usage
from netgrader.cage.choose import SANDBOXES, open_sandbox

__all__ = [
    "HOME",
    "SANDBOXES",
    "Limits",
    "Mount",
    "Outcome",
    "Plan",
    "Sandbox",
    "SandboxError",
    "Usage",
    "open_sandbox",
]

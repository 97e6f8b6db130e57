"""Run an untrusted program or IPython kernel in a sandbox on this machine.

`open_sandbox` returns a sandbox. It starts a `Plan` and hides everything that the plan does not name::

    require_self_tests()  # once a boot: does this machine keep what the cage promises?
    caged = open_sandbox().start(Plan(["/bin/cat", "/run/given"], mounts=[Mount(path, "/run/given")]))
    outcome = caged.wait()

The package also has a kernel (`notebook_cage.kernel`), a fork server for faster starts (`notebook_cage.zygote`) and the
individual self-tests (`notebook_cage.self_tests`); everything else is private.
"""

from notebook_cage.host import remove_tree, scratch_folder
from notebook_cage.sandboxes import SANDBOXES, gaps, open_sandbox, require_self_tests, strongest_here
from notebook_cage.supervisor import Caged
from notebook_cage.types import HOME, BrokenPromiseError, Limits, Mount, Plan, RunOutcome, Sandbox, SandboxError, Usage

__all__ = [
    "HOME",
    "SANDBOXES",
    "BrokenPromiseError",
    "Caged",
    "Limits",
    "Mount",
    "Plan",
    "RunOutcome",
    "Sandbox",
    "SandboxError",
    "Usage",
    "gaps",
    "open_sandbox",
    "remove_tree",
    "require_self_tests",
    "scratch_folder",
    "strongest_here",
]

"""The sandboxes by name, and the one without a cage: for machines that have none, and only when asked for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from netgrader.cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap
from netgrader.cage.cgroups import GAP
from netgrader.cage.host import basic_environment, remove_tree, scratch_folder
from netgrader.cage.supervisor import Caged, Launch
from netgrader.cage.types import HOME, Mount, Plan, Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.cage.zygote import Zygote

__all__ = ["SANDBOXES", "UncagedSandbox", "memory_warning", "open_sandbox"]


class UncagedSandbox:
    """Starts programs on the host as the user that we are; limits time and memory and protects from nothing else.

    Each has an environment and a home folder of its own. A plan's paths inside are replaced by the host's in arguments and
    environment; mounts below the home folder become links in it.
    """

    name = "none"
    caged = False

    @property
    def memory_gap(self) -> str:
        """Return the sentence on memory that no control group limits."""
        return GAP

    def with_zygote(self, zygote: Zygote) -> Self:  # noqa: ARG002 - there is no cage to enter
        """Return itself."""
        return self

    def seen(self, mount: Mount) -> str:
        """Return the host's own path."""
        return str(mount.host)

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` without a cage; see `netgrader.cage.types.Sandbox.start`."""
        home = scratch_folder("home")
        folder = home / plan.cwd
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in plan.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        hosts = {mount.inside: str(mount.host) for mount in plan.mounts}
        for inside, host in hosts.items():
            if inside.startswith(f"{HOME}/"):
                link = home / inside.removeprefix(f"{HOME}/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(host)
        hosts[HOME] = str(home)
        env = {name: _on_host(value, hosts) for name, value in plan.env.items()}
        return Caged(
            Launch(
                argv=[_on_host(argument, hosts) for argument in plan.argv],
                env={**basic_environment(str(home)), "TMPDIR": str(home), **env},
                limits=plan.limits,
                cwd=folder,
                folders=[home, *(mount.host for mount in plan.mounts if mount.writable)],
                cleanup=lambda: remove_tree(home),
            ),
            stdin=stdin,
            stdout=stdout,
        )


def _on_host(text: str, hosts: Mapping[str, str]) -> str:
    """Return `text` with a path inside at its start replaced by the host's, the longest that fits."""
    for inside in sorted(hosts, key=len, reverse=True):
        if text == inside or text.startswith(f"{inside}/"):
            return hosts[inside] + text[len(inside) :]
    return text


SANDBOXES: Mapping[str, Callable[[], Sandbox]] = {
    BubblewrapSandbox.name: BubblewrapSandbox,
    GrouplessBubblewrap.name: GrouplessBubblewrap,
    UncagedSandbox.name: UncagedSandbox,
}


def open_sandbox(name: str = BubblewrapSandbox.name) -> Sandbox:
    """Return the sandbox called `name`.

    Raises
    ------
    SandboxError
        If there is no such sandbox, or it cannot be had on this machine.
    """
    if name not in SANDBOXES:
        raise SandboxError(f"There is no sandbox '{name}'. There is: {', '.join(SANDBOXES)}.")
    return SANDBOXES[name]()


def memory_warning(name: str) -> str:
    """Return what each grading in the sandbox called `name` says once; empty without a gap in the limit on memory, or a cage."""
    try:
        sandbox = open_sandbox(name)
    except SandboxError:  # whoever runs something in it says so
        return ""
    gap = sandbox.memory_gap if sandbox.caged else ""
    return f"Take care: {gap}. Type: netgrader doctor" if gap else ""

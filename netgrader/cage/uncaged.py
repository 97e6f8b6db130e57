"""No cage at all: for machines without one, and only when asked for by name. It keeps time and memory, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import netgrader
from netgrader.cage.api import HOME, Mount, Plan
from netgrader.cage.caged import Caged, Launch
from netgrader.cage.cgroups import GAP
from netgrader.cage.environment import basic_environment
from netgrader.cage.scratch import remove_tree, scratch_folder
from netgrader.cage.staged import PACKAGE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["UncagedSandbox"]


class UncagedSandbox:
    """Starts programs on the host as the user that we are, with an environment and a home folder of their own.

    A plan's paths as seen inside are replaced by the host's in arguments and environment; mounts below the home folder
    become links in it.
    """

    name = "none"
    caged = False

    @property
    def memory_gap(self) -> str:
        """That of no cage."""
        return GAP

    def seen(self, mount: Mount) -> str:
        """The host's own path."""
        return str(mount.host)

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` without a cage; see `netgrader.cage.api.Sandbox.start`."""
        home = scratch_folder("home")
        folder = home / plan.cwd
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in plan.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        table = {mount.inside: str(mount.host) for mount in plan.mounts if not mount.inside.startswith(PACKAGE_FOLDER)}
        for inside, host in table.items():
            if inside.startswith(f"{HOME}/"):
                link = home / inside.removeprefix(f"{HOME}/")
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(host)
        table[PACKAGE_FOLDER] = str(Path(netgrader.__file__).resolve().parent.parent)
        table[HOME] = str(home)
        env = {name: _translated(value, table) for name, value in plan.env.items()}
        return Caged(
            Launch(
                argv=[_translated(argument, table) for argument in plan.argv],
                env={**basic_environment(str(home)), "TMPDIR": str(home), **env},
                limits=plan.limits,
                cwd=folder,
                folders=[home, *(mount.host for mount in plan.mounts if mount.writable)],
                cleanup=lambda: remove_tree(home),
            ),
            stdin=stdin,
            stdout=stdout,
        )


def _translated(text: str, table: Mapping[str, str]) -> str:
    """`text` with a path of inside at its start replaced by the host's, the longest that fits."""
    for inside in sorted(table, key=len, reverse=True):
        if text == inside or text.startswith(f"{inside}/"):
            return table[inside] + text[len(inside) :]
    return text

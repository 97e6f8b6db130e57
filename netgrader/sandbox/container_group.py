"""What a container's processes use, as its runner noted where to look: `ContainerGroup`.

Where the runtime made a control group with limits it counts; else what is seen from outside of each process.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from netgrader.sandbox.cgroups import ControlGroup
from netgrader.sandbox.watch import process_tree

__all__ = ["ContainerGroup", "group_roots"]

KINDS = ("memory", "cpuacct")


@dataclass(frozen=True)
class ContainerGroup(ControlGroup):
    """The processes of one container.

    Attributes
    ----------
    told
        The file that the runner writes once the container has started.
    limited
        Whether the runtime was asked to limit its memory.
    """

    told: Path = field(default=Path())
    limited: bool = False

    @classmethod
    def of(cls, folder: Path, *, limited: bool) -> ContainerGroup:
        """The group of the container that is run from `folder`."""
        return cls({"container": folder}, 0, folder / "told.json", limited)

    @property
    def limits_memory(self) -> bool:
        """Whether the limit on memory is kept by the kernel."""
        return self.limited

    @property
    def limits_cpu(self) -> bool:
        """Whether the limit on processor time is."""
        return self.limited

    def processes(self) -> list[int]:
        """Ids of the processes in it; none before it has started."""
        first = self._told().get("first")
        return process_tree(first) if isinstance(first, int) else []

    def memory(self) -> int | None:
        """Bytes that are used and cannot be reclaimed, or None where that is not counted."""
        counted = self._counted() if self.limited else None
        return counted.memory() if counted is not None else None

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel had to kill a process for want of memory."""
        counted = self._counted() if self.limited else None
        return bool(self._told().get("out_of_memory")) or (counted is not None and counted.ran_out_of_memory())

    def cpu_seconds(self) -> float | None:
        """Processor time used, or None where that is not counted."""
        counted = self._counted() if self.limited else None
        return counted.cpu_seconds() if counted is not None else None

    def remove(self) -> bool:
        """The runtime removes what it made."""
        return True

    def _told(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.told.read_text()))
        except (OSError, ValueError):  # not started yet, or all is over
            return {}

    def _counted(self) -> ControlGroup | None:
        groups = self._told().get("groups") or {}
        folders = {kind: Path(path) for kind, path in groups.items()}
        if not folders or not all(folder.is_dir() for folder in folders.values()):
            return None
        if "" in folders and "memory" not in folders:
            return ControlGroup({"memory": folders[""], "cpu": folders[""]}, 2)
        return ControlGroup({kind: folder for kind, folder in folders.items() if kind}, 1)


def group_roots(mounts: Path = Path("/proc/self/mounts")) -> dict[str, str]:
    """Where the control groups that count are mounted, by kind; version 2's under the empty name."""
    roots: dict[str, str] = {}
    for line in mounts.read_text().splitlines():
        _, where, kind, options = line.split(" ")[:4]
        if kind == "cgroup":
            roots |= {option: where for option in options.split(",") if option in KINDS}
        elif kind == "cgroup2":
            roots.setdefault("", where)
    return roots

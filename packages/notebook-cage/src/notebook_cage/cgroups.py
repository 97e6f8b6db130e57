"""Control groups: limits on all processes of a cage together, if we may create groups here.

Version 1 has a separate tree for each controller, version 2 a single tree. Our group is a child of a group that we can write
to; without one, `make_group` returns an empty group and a watchdog (`notebook_cage.watch`) takes over.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_cage.host import is_gone
from notebook_cage.types import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["GAP", "GROUP_REMEDY", "ControlGroup", "make_group", "memory_gap"]

GAP = (
    "the memory of a run is not limited by a control group: what it holds in shared pages, pipes and socket buffers is "
    "estimated from outside, and what the kernel holds for it (locks, tables, names of files) is not limited"
)
GROUP_REMEDY = "under systemd: systemd-run --scope, with --user unless you are root, before the command"
PREFIX = "notebook-cage-"
PERIOD = 100_000  # microseconds: the kernel's default for cpu.max
V1_KINDS = ("memory", "cpu", "cpuacct")
SETTINGS = {
    (1, "memory"): {"memory.limit_in_bytes": "{memory}"},
    (1, "cpu"): {"cpu.cfs_period_us": f"{PERIOD}", "cpu.cfs_quota_us": "{quota}"},
    (1, "cpuacct"): {},
    (2, "memory"): {"memory.max": "{memory}"},
    (2, "cpu"): {"cpu.max": f"{{quota}} {PERIOD}"},
}
"""Values to write to a group's files, by cgroup version and controller."""
SWAP = {(1, "memory"): {"memory.memsw.limit_in_bytes": "{memory}"}, (2, "memory"): {"memory.swap.max": "0"}}
"""The same for swap, on machines that account for it."""
MEMORY_COUNTS = {1: ("total_rss", "total_shmem"), 2: ("anon", "shmem", "kernel", "sock")}
OUT_OF_MEMORY = {1: "memory.oom_control", 2: "memory.events"}
PROCESSOR_TIME = {1: ("cpuacct", "cpuacct.usage", "", 1e9), 2: ("memory", "cpu.stat", "usage_usec", 1e6)}
"""Controller, file, key within the file, and units per second."""


@dataclass(frozen=True)
class ControlGroup:
    """A control group created for one run; without folders it limits nothing."""

    folders: Mapping[str, Path] = field(default_factory=dict)
    """The group's folder for each controller; in version 2, all map to the same folder."""
    version: int = 1
    """The cgroup version, 1 or 2."""

    @property
    def cgroup_procs(self) -> tuple[Path, ...]:
        """Return the files to which a process writes its id in order to join."""
        return tuple(dict.fromkeys(folder / "cgroup.procs" for folder in self.folders.values()))

    @property
    def limits_memory(self) -> bool:
        """Whether the memory limit is enforced."""
        return "memory" in self.folders

    @property
    def limits_cpu(self) -> bool:
        """Whether the CPU limit is enforced."""
        return "cpu" in self.folders

    def processes(self) -> list[int]:
        """Return the ids of the group's processes."""
        with contextlib.suppress(OSError, IndexError):
            return [int(line) for line in self.cgroup_procs[0].read_text().split()]
        return []

    def memory(self) -> int | None:
        """Return the bytes in use that cannot be reclaimed, or None if they are not accounted."""
        counts = self._table("memory", "memory.stat")
        return sum(counts.get(key, 0) for key in MEMORY_COUNTS[self.version]) if self.limits_memory else None

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel's OOM killer has killed a process of the group."""
        return self._table("memory", OUT_OF_MEMORY[self.version]).get("oom_kill", 0) > 0

    def cpu_seconds(self) -> float | None:
        """Return the CPU time used, in seconds, or None if it is not accounted."""
        kind, name, key, second = PROCESSOR_TIME[self.version]
        used = self._table(kind, name).get(key)
        return None if used is None else used / second

    def remove(self) -> bool:
        """Remove the group; return False while it still has processes."""
        for folder in self.folders.values():
            with contextlib.suppress(OSError):
                folder.rmdir()
        return not any(folder.exists() for folder in self.folders.values())

    def _table(self, kind: str, name: str) -> dict[str, int]:
        table = {}
        with contextlib.suppress(OSError, ValueError, KeyError):
            for line in (self.folders[kind] / name).read_text().splitlines():
                key, _, value = line.rpartition(" ")
                table[key] = int(value)
        return table


def make_group(
    limits: Limits, mounts: Path = Path("/proc/self/mounts"), own: Path = Path("/proc/self/cgroup")
) -> ControlGroup:
    """Create a group with `limits` below our own group or an ancestor; an empty group if not permitted.

    `mounts` lists the mounted cgroup trees, `own` our membership in them.
    """
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        roots, memberships = _roots(mounts), _memberships(own)
    except OSError:
        return ControlGroup()
    places = {kind: (roots[kind], memberships[kind].lstrip("/")) for kind in roots.keys() & memberships.keys()}
    first = ControlGroup(_make_v1(places, name, limits), version=1)
    return first if first.folders else ControlGroup(_make_v2(places, name, limits), version=2)


def memory_gap() -> str:
    """Return a sentence on memory that escapes the limit on this machine; empty if none does."""
    group = make_group(Limits())
    group.remove()
    return "" if group.limits_memory else GAP


def _roots(mounts: Path) -> dict[str, Path]:
    """Return the mount point of each cgroup tree, by controller; version 2 is under the empty name."""
    roots: dict[str, Path] = {}
    for line in mounts.read_text().splitlines():
        _, where, system, options = line.split(" ")[:4]
        kinds = {"cgroup": {*options.split(",")}.intersection(V1_KINDS), "cgroup2": {""}}
        for kind in kinds.get(system, ()):
            roots.setdefault(kind, Path(where))
    return roots


def _memberships(own: Path) -> dict[str, str]:
    """Return our own group's path, by controller; version 2 is under the empty name."""
    lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    return {kind: path for _, kinds, path in lines for kind in kinds.split(",")}


def _make_v1(places: Mapping[str, tuple[Path, str]], name: str, limits: Limits) -> dict[str, Path]:
    """Create a version 1 group for each controller; return the folders by controller."""
    found: dict[str, Path] = {}
    for kind in sorted(places.keys() - {""}):
        root, own = places[kind]
        # In a container, the path may be the host's, while the mount shows only our part of the tree.
        parent = root / own if (root / own).is_dir() else root
        found |= dict.fromkeys(_made(parent, name, [(1, kind)], limits), parent / name)
    return found


def _make_v2(places: Mapping[str, tuple[Path, str]], name: str, limits: Limits) -> dict[str, Path]:
    """Create a version 2 group below the nearest ancestor that delegates controllers; return its folders."""
    root, own = places.get("", (Path("/"), ""))
    for parent in (root / own, *(root / own).parents):
        kinds = (
            _handed_on(parent) if parent.is_relative_to(root) and os.access(parent / "cgroup.procs", os.W_OK) else set()
        )
        made = _made(parent, name, [(2, kind) for kind in kinds], limits) if "memory" in kinds else ()
        if made:
            return dict.fromkeys(made, parent / name)
    return {}


def _made(parent: Path, name: str, kinds: Iterable[tuple[int, str]], limits: Limits) -> list[str]:
    """Create a group with limits for these controllers; return all of them, or none if one fails."""
    _sweep(parent)
    values = {"memory": limits.memory_bytes, "quota": int(limits.cpu_cores * PERIOD)}
    folder = parent / name
    try:
        folder.mkdir(exist_ok=True)  # two controllers may share a tree
        for kind in kinds:
            _set(folder, SETTINGS[kind], values)
    except OSError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        return []
    for kind in SWAP.keys() & kinds:
        with contextlib.suppress(OSError):
            _set(folder, SWAP[kind], values)
    return [kind for _, kind in kinds]


def _set(folder: Path, settings: Mapping[str, str], values: Mapping[str, int]) -> None:
    for name, text in settings.items():
        _write(folder / name, text.format(**values))


def _handed_on(parent: Path) -> set[str]:
    """Return the controllers that children of `parent` can use, after enabling all available ones.

    Enabling fails for a group that has processes of its own, unless it is the root group.
    """
    wanted = {"memory", "cpu"}
    for name in (_read(parent / "cgroup.controllers") & wanted) - _read(parent / "cgroup.subtree_control"):
        with contextlib.suppress(OSError):
            _write(parent / "cgroup.subtree_control", f"+{name}")
    return _read(parent / "cgroup.subtree_control") & wanted


def _sweep(parent: Path) -> None:
    """Remove groups left behind by our killed processes; groups still in use cannot be removed."""
    for folder in parent.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if is_gone(owner):
                folder.rmdir()


def _read(path: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return set(path.read_text().split())
    return set()


def _write(path: Path, value: object) -> None:
    path.write_text(f"{value}\n")

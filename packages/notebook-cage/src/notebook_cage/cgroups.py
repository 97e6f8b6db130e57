"""Control groups: limits on all processes of a cage together, where this machine lets us make a group.

Version 1 gives each kind of limit a tree of its own, version 2 has one tree. A group of ours is a child of a group that
we may write to; where there is none, `make_group` gives a group of nothing and a watchdog (`notebook_cage.watch`) takes over.
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
PERIOD = 100_000  # microseconds: the kernel's own default of cpu.max
V1_KINDS = ("memory", "cpu", "cpuacct")
SETTINGS = {
    (1, "memory"): {"memory.limit_in_bytes": "{memory}"},
    (1, "cpu"): {"cpu.cfs_period_us": f"{PERIOD}", "cpu.cfs_quota_us": "{quota}"},
    (1, "cpuacct"): {},
    (2, "memory"): {"memory.max": "{memory}"},
    (2, "cpu"): {"cpu.max": f"{{quota}} {PERIOD}"},
}
"""What is written into a group's files, by version and kind of limit."""
SWAP = {(1, "memory"): {"memory.memsw.limit_in_bytes": "{memory}"}, (2, "memory"): {"memory.swap.max": "0"}}
"""Likewise, where there is swap and it is counted."""
MEMORY_COUNTS = {1: ("total_rss", "total_shmem"), 2: ("anon", "shmem", "kernel", "sock")}
OUT_OF_MEMORY = {1: "memory.oom_control", 2: "memory.events"}
PROCESSOR_TIME = {1: ("cpuacct", "cpuacct.usage", "", 1e9), 2: ("memory", "cpu.stat", "usage_usec", 1e6)}
"""Kind, file, name in the file, and how many of its units are a second."""


@dataclass(frozen=True)
class ControlGroup:
    """A group that was made for one run; without folders it limits nothing."""

    folders: Mapping[str, Path] = field(default_factory=dict)
    """Its folder for each kind of limit; version 2 has the same folder for all."""
    version: int = 1
    """1 or 2."""

    @property
    def cgroup_procs(self) -> tuple[Path, ...]:
        """Return the files that a process writes its id to in order to join."""
        return tuple(dict.fromkeys(folder / "cgroup.procs" for folder in self.folders.values()))

    @property
    def limits_memory(self) -> bool:
        """Whether the limit on memory holds."""
        return "memory" in self.folders

    @property
    def limits_cpu(self) -> bool:
        """Whether the limit on processor time holds."""
        return "cpu" in self.folders

    def processes(self) -> list[int]:
        """Return the ids of the processes in it."""
        with contextlib.suppress(OSError, IndexError):
            return [int(line) for line in self.cgroup_procs[0].read_text().split()]
        return []

    def memory(self) -> int | None:
        """Return the bytes that are used and cannot be reclaimed, or None where that is not counted."""
        counts = self._table("memory", "memory.stat")
        return sum(counts.get(key, 0) for key in MEMORY_COUNTS[self.version]) if self.limits_memory else None

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel had to kill a process for want of memory."""
        return self._table("memory", OUT_OF_MEMORY[self.version]).get("oom_kill", 0) > 0

    def cpu_seconds(self) -> float | None:
        """Return the processor time used, in seconds, or None where that is not counted."""
        kind, name, key, second = PROCESSOR_TIME[self.version]
        used = self._table(kind, name).get(key)
        return None if used is None else used / second

    def remove(self) -> bool:
        """Remove it; return False while it still has processes."""
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
    """Make a group with `limits` next to or below ours; a group of nothing where not allowed.

    `mounts` and `own` say which control groups there are and which of them we are in.
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
    """Return a sentence on what a memory limit does not hold back here; empty if it holds."""
    group = make_group(Limits())
    group.remove()
    return "" if group.limits_memory else GAP


def _roots(mounts: Path) -> dict[str, Path]:
    """Return where the trees are mounted, by kind of limit; version 2's under the empty name."""
    roots: dict[str, Path] = {}
    for line in mounts.read_text().splitlines():
        _, where, system, options = line.split(" ")[:4]
        kinds = {"cgroup": {*options.split(",")}.intersection(V1_KINDS), "cgroup2": {""}}
        for kind in kinds.get(system, ()):
            roots.setdefault(kind, Path(where))
    return roots


def _memberships(own: Path) -> dict[str, str]:
    """Return the group that we are in, by kind of limit; version 2's under the empty name."""
    lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    return {kind: path for _, kinds, path in lines for kind in kinds.split(",")}


def _make_v1(places: Mapping[str, tuple[Path, str]], name: str, limits: Limits) -> dict[str, Path]:
    """Version 1: a group for each kind of limit."""
    found: dict[str, Path] = {}
    for kind in sorted(places.keys() - {""}):
        root, own = places[kind]
        # In a container the path is that of the machine, of which what is mounted is our part.
        parent = root / own if (root / own).is_dir() else root
        found |= dict.fromkeys(_made(parent, name, [(1, kind)], limits), parent / name)
    return found


def _make_v2(places: Mapping[str, tuple[Path, str]], name: str, limits: Limits) -> dict[str, Path]:
    """Version 2: limits can be set in children of a group that hands its controllers on."""
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
    """Make a group with limits of these kinds; return those that hold: all or none."""
    _sweep(parent)
    values = {"memory": limits.memory_bytes, "quota": int(limits.cpu_cores * PERIOD)}
    folder = parent / name
    try:
        folder.mkdir(exist_ok=True)  # two kinds may share a tree
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
    """Return what children of `parent` can be limited in, after delegating all it has.

    A group with processes of its own cannot be asked, unless it is the machine's first.
    """
    wanted = {"memory", "cpu"}
    for name in (_read(parent / "cgroup.controllers") & wanted) - _read(parent / "cgroup.subtree_control"):
        with contextlib.suppress(OSError):
            _write(parent / "cgroup.subtree_control", f"+{name}")
    return _read(parent / "cgroup.subtree_control") & wanted


def _sweep(parent: Path) -> None:
    """Remove groups that a killed process of ours left behind; those still in use resist."""
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

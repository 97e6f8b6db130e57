"""Control groups: limits on all processes of a cage together, where this machine lets us make a group.

Version 1 gives each kind of limit a tree of its own, version 2 has one tree. A group of ours is a child of a group that
we may write to; where there is none, `make_group` gives None and a watchdog (`netgrader.cage.watch`) takes over.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.cage.types import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["GAP", "GROUP_REMEDY", "ControlGroup", "make_group", "memory_gap"]

GAP = (
    "the memory of a run is not limited by a control group: what it holds in shared pages, pipes and socket buffers is "
    "estimated from outside, and what the kernel holds for it (locks, tables, names of files) is not limited"
)
GROUP_REMEDY = "under systemd: systemd-run --scope, with --user unless you are root, before the command"
PREFIX = "netgrader-"
PERIOD = 100_000
V1_KINDS = ("memory", "cpu", "cpuacct")


@dataclass(frozen=True)
class ControlGroup:
    """A group that was made for one run."""

    folders: Mapping[str, Path]
    """Its folder for each kind of limit; version 2 has the same folder for all."""
    version: int
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
        with contextlib.suppress(OSError):
            return [int(line) for line in self.cgroup_procs[0].read_text().split()]
        return []

    def memory(self) -> int | None:
        """Return the bytes that are used and cannot be reclaimed, or None where that is not counted."""
        if not self.limits_memory:
            return None
        counts = self._table("memory", "memory.stat")
        keys = ("total_rss", "total_shmem") if self.version == 1 else ("anon", "shmem", "kernel", "sock")
        return sum(counts.get(key, 0) for key in keys)

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel had to kill a process for want of memory."""
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        return self.limits_memory and self._table("memory", name).get("oom_kill", 0) > 0

    def cpu_seconds(self) -> float | None:
        """Return the processor time used, in seconds, or None where that is not counted."""
        with contextlib.suppress(OSError, ValueError):
            if self.version == 1 and "cpuacct" in self.folders:
                return int((self.folders["cpuacct"] / "cpuacct.usage").read_text()) / 1e9
        if self.version == 2 and self.folders:
            folder = next(iter(self.folders))
            used = self._table(folder, "cpu.stat").get("usage_usec")
            return None if used is None else used / 1e6
        return None

    def remove(self) -> bool:
        """Remove it; return False while it still has processes."""
        gone = True
        for folder in dict.fromkeys(self.folders.values()):
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
        return gone

    def _table(self, kind: str, name: str) -> dict[str, int]:
        table = {}
        with contextlib.suppress(OSError, ValueError):
            for line in (self.folders[kind] / name).read_text().splitlines():
                key, _, value = line.partition(" ")
                table[key] = int(value)
        return table


def make_group(
    limits: Limits, mounts: Path = Path("/proc/self/mounts"), own: Path = Path("/proc/self/cgroup")
) -> ControlGroup | None:
    """Make a group with `limits` beside or below the one we are in; return None where that is not allowed.

    `mounts` and `own` say which control groups there are and which of them we are in.
    """
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        roots, memberships = _roots(mounts), _memberships(own)
    except OSError:
        return None
    folders, version = {}, 1
    for kind in V1_KINDS:
        if kind in roots and kind in memberships:
            parent = roots[kind] / memberships[kind].lstrip("/")
            # In a container the path is that of the machine, of which what is mounted is our part.
            folder = _make_v1(parent if parent.is_dir() else roots[kind], name, kind, limits)
            if folder is not None:
                folders[kind] = folder
    if not folders and "" in roots and "" in memberships:
        version = 2
        folders = _make_v2(roots[""], memberships[""], name, limits)
    return ControlGroup(folders, version) if folders else None


def memory_gap() -> str:
    """Return a sentence on what a limit on memory does not hold back on this machine; empty where it holds."""
    group = make_group(Limits())
    if group is not None:
        group.remove()
    return "" if group is not None and group.limits_memory else GAP


def _roots(mounts: Path) -> dict[str, Path]:
    """Return where the trees are mounted, by kind of limit; version 2's under the empty name."""
    roots: dict[str, Path] = {}
    for line in mounts.read_text().splitlines():
        _, where, kind, options = line.split(" ")[:4]
        if kind == "cgroup":
            for option in options.split(","):
                if option in V1_KINDS:
                    roots.setdefault(option, Path(where))
        elif kind == "cgroup2":
            roots.setdefault("", Path(where))
    return roots


def _memberships(own: Path) -> dict[str, str]:
    """Return the group that we are in, by kind of limit; version 2's under the empty name."""
    found: dict[str, str] = {}
    for line in own.read_text().splitlines():
        _, kinds, path = line.split(":", 2)
        for kind in kinds.split(","):
            found[kind] = path
    return found


def _make_v1(parent: Path, name: str, kind: str, limits: Limits) -> Path | None:
    _sweep(parent)
    folder = parent / name
    try:
        folder.mkdir(exist_ok=True)  # two kinds may share a tree
    except OSError:
        return None
    try:
        if kind == "memory":
            _write(folder / "memory.limit_in_bytes", limits.memory_bytes)
            with contextlib.suppress(OSError):  # not every kernel counts swap
                _write(folder / "memory.memsw.limit_in_bytes", limits.memory_bytes)
        elif kind == "cpu":
            _write(folder / "cpu.cfs_period_us", PERIOD)
            _write(folder / "cpu.cfs_quota_us", int(limits.cpu_cores * PERIOD))
    except OSError:
        folder.rmdir()
        return None
    return folder


def _make_v2(root: Path, own: str, name: str, limits: Limits) -> dict[str, Path]:
    """Version 2: limits can be set in children of a group that hands its controllers on."""
    for parent in _ancestors(root, own):
        if not os.access(parent / "cgroup.procs", os.W_OK):
            continue
        controllers = _handed_on(parent)
        if "memory" not in controllers:
            continue
        _sweep(parent)
        folder = parent / name
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            _write(folder / "memory.max", limits.memory_bytes)
            with contextlib.suppress(OSError):  # there may be no swap
                _write(folder / "memory.swap.max", 0)
            folders = {"memory": folder}
            if "cpu" in controllers:
                _write(folder / "cpu.max", f"{int(limits.cpu_cores * PERIOD)} {PERIOD}")
                folders["cpu"] = folder
        except OSError:
            folder.rmdir()
            continue
        return folders
    return {}


def _handed_on(parent: Path) -> set[str]:
    """Return what children of `parent` can be limited in; have it hand on what it has and does not hand on yet.

    A group with processes of its own cannot be asked, unless it is the machine's first.
    """
    there = _read(parent / "cgroup.controllers").split()
    for name in ("memory", "cpu"):
        if name in there and name not in _read(parent / "cgroup.subtree_control").split():
            with contextlib.suppress(OSError):
                _write(parent / "cgroup.subtree_control", f"+{name}")
    return set(_read(parent / "cgroup.subtree_control").split())


def _ancestors(root: Path, own: str) -> Iterator[Path]:
    path = root / own.lstrip("/")
    while True:
        yield path
        if path == root or root not in path.parents:
            return
        path = path.parent


def _sweep(parent: Path) -> None:
    """Remove groups that a killed process of ours left behind; those still in use resist."""
    with contextlib.suppress(OSError):
        for folder in parent.glob(f"{PREFIX}*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


def _write(path: Path, value: object) -> None:
    path.write_text(f"{value}\n")

"""Common parts of sandboxes that start a program with system tools: groups, limits, dropping root."""

from __future__ import annotations

import os
import resource
import secrets
import shutil
from typing import TYPE_CHECKING, ClassVar

from notebook_cage.cgroups import GAP, ControlGroup, make_group, memory_gap
from notebook_cage.types import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from notebook_cage.types import Limits, Mount, Plan

__all__ = ["LimitingSandbox"]


class LimitingSandbox:
    """Base class that finds tools, joins control groups, and prefixes commands with limits.

    Parameters
    ----------
    groups
        Whether to use control groups where available; without them a watchdog enforces the memory limit.
    """

    needs: ClassVar[Mapping[str, str]] = dict.fromkeys(("setpriv", "prlimit", "taskset"), "util-linux")
    """Required programs, and their Debian packages."""
    not_promised: ClassVar[Mapping[str, str]] = {}
    note = ""

    def __init__(self, *, groups: bool = True) -> None:
        self._tools = {}
        for tool, package in self.needs.items():
            path = shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")
            if path is None:
                raise SandboxError(f"{tool} is missing. Type: sudo apt-get install -y {package}")
            self._tools[tool] = path
        self._groups = groups
        self.root = os.geteuid() == 0
        """Whether we are root, so that no user namespace is needed."""

    @property
    def memory_gap(self) -> str:
        """Return a sentence on unlimited memory; empty if a memory control group is available."""
        return memory_gap() if self._groups else GAP

    def seen(self, mount: Mount) -> str:
        """Return the path at which a program sees `mount`: the one that the mount names."""
        return mount.inside

    def _group(self, limits: Limits) -> ControlGroup:
        """Return a control group for a run."""
        return make_group(limits) if self._groups else ControlGroup()

    def _before(self, group: ControlGroup, processors: Sequence[int]) -> list[str]:
        """Return an argv prefix that joins the cgroups, pins CPUs, limits core dumps, then execs.

        The seccomp filter keeps the run from raising the core limit again.
        """
        # The shell execs, so its own id stays valid, and child processes stay in the group.
        script = (
            f"n={len(group.cgroup_procs)}; "
            'while [ $n -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'
        )
        on = [self._tools["taskset"], "--cpu-list", ",".join(map(str, processors))]
        without_cores = [self._tools["prlimit"], f"--core={_core()}"]
        return ["/bin/sh", "-c", script, "cage", *map(str, group.cgroup_procs), *on, *without_cores]

    def _limiter(self, plan: Plan, user: int, *, watched: bool) -> list[str]:
        """Return an argv prefix that sets limits inside the cage and drops root's remaining rights.

        The number of processes is limited inside the user namespace: outside, all processes of the user would count.
        """
        limits = {name: most for name, most in self._limits(plan, watched=watched).items() if name != "CORE"}
        command = [self._tools["prlimit"], *(f"--{name.lower()}={most}" for name, most in limits.items())]
        if self.root:
            command += [self._tools["setpriv"], "--reuid", str(user), "--regid", str(user), "--clear-groups"]
            command += ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
        return command

    def _limits(self, plan: Plan, *, watched: bool) -> dict[str, int]:
        """Return the limits of each process, by the names of setrlimit (without RLIMIT_)."""
        limits = plan.limits
        found = {
            "NPROC": limits.processes,
            "NOFILE": limits.open_files,
            "FSIZE": limits.file_bytes,
            "CORE": _core(),
            "MEMLOCK": 65536,
        }
        if watched:
            # A backstop for a slow watchdog. Address space exceeds memory by libraries, stacks and allocator arenas.
            found["AS"] = limits.memory_bytes + 2_000_000_000
        return found

    def _processors(self, limits: Limits, group: ControlGroup) -> list[int]:
        """Return the CPUs to run on; inside, the filter denies changing them."""
        ours = sorted(os.sched_getaffinity(0))
        count = len(ours) if group.limits_cpu else min(len(ours), max(1, round(limits.cpu_cores)))
        return sorted(secrets.SystemRandom().sample(ours, count))


def _core() -> int:
    """Return the core-size limit in bytes: 1, or 0 if our own hard limit is 0.

    No other limit applies to a core piped to a root program, such as systemd-coredump (core(5)): with 0, a crash could fill
    the host's disk. With 1, Linux writes no core in either way (fs/coredump.c).
    """
    return 0 if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 else 1

"""Common parts of sandboxes that start a program by system tools: groups, limits, dropping root."""

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
    """Finds tools, joins control groups, and limits what is started by a command before it.

    Parameters
    ----------
    groups
        Whether to use control groups where they can be had; without them a watchdog keeps the limit on memory.
    """

    needs: ClassVar[Mapping[str, str]] = dict.fromkeys(("setpriv", "prlimit", "taskset"), "util-linux")
    """Programs, and the Debian packages that have them."""
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
        """Return a sentence on memory that is not limited; empty where a control group can be had."""
        return memory_gap() if self._groups else GAP

    def seen(self, mount: Mount) -> str:
        """Return the path that the mount names."""
        return mount.inside

    def _group(self, limits: Limits) -> ControlGroup:
        """Return a control group for a run."""
        return make_group(limits) if self._groups else ControlGroup()

    def _before(self, group: ControlGroup, processors: Sequence[int]) -> list[str]:
        """Return a command that enters control groups, drops processors and core dumps, then runs.

        A filter does not let cores be changed afterwards.
        """
        # The shell's own id is that of everything it becomes, and what it starts stays in the group.
        script = (
            f"n={len(group.cgroup_procs)}; "
            'while [ $n -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'
        )
        on = [self._tools["taskset"], "--cpu-list", ",".join(map(str, processors))]
        without_cores = [self._tools["prlimit"], f"--core={_core()}"]
        return ["/bin/sh", "-c", script, "cage", *map(str, group.cgroup_procs), *on, *without_cores]

    def _limiter(self, plan: Plan, user: int, *, watched: bool) -> list[str]:
        """Return the command that sets limits inside and gives up what is left of root.

        The number of processes is limited inside the user namespace: outside it would count the whole user's.
        """
        limits = {name: most for name, most in self._limits(plan, watched=watched).items() if name != "CORE"}
        command = [self._tools["prlimit"], *(f"--{name.lower()}={most}" for name, most in limits.items())]
        if self.root:
            command += [self._tools["setpriv"], "--reuid", str(user), "--regid", str(user), "--clear-groups"]
            command += ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
        return command

    def _limits(self, plan: Plan, *, watched: bool) -> dict[str, int]:
        """Return the limits of each process, by the names of setrlimit."""
        limits = plan.limits
        found = {
            "NPROC": limits.processes,
            "NOFILE": limits.open_files,
            "FSIZE": limits.file_bytes,
            "CORE": _core(),
            "MEMLOCK": 65536,
        }
        if watched:
            # What a watchdog sees too late. Address space is more than memory: libraries, stacks, the allocator's.
            found["AS"] = limits.memory_bytes + 2_000_000_000
        return found

    def _processors(self, limits: Limits, group: ControlGroup) -> list[int]:
        """Return the processors to run on; inside, the filter refuses to change them."""
        ours = sorted(os.sched_getaffinity(0))
        count = len(ours) if group.limits_cpu else min(len(ours), max(1, round(limits.cpu_cores)))
        return sorted(secrets.SystemRandom().sample(ours, count))


def _core() -> int:
    """Return how large a core may be: 1 byte, or 0 if our starter may have none.

    A core that the machine hands to a program of root's, such as systemd-coredump, is held by no other limit (core(5)): 0 alone
    would let a crash fill the host's disk. Of 1 Linux makes none in either way (fs/coredump.c).
    """
    return 0 if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0 else 1

"""A cage by bubblewrap: namespaces of its own, a file system made of what the plan names, a filter of system calls."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from netgrader.cage.api import HOME, SHM, TMP, Limits, Mount, Plan, SandboxError
from netgrader.cage.caged import Caged, Launch
from netgrader.cage.cgroups import GAP, make_group, memory_gap
from netgrader.cage.environment import basic_environment
from netgrader.cage.filter import filter_program
from netgrader.cage.nursery import STAND_IN, Entrance, Nursery, nursery_plan
from netgrader.cage.packages import interpreter, system
from netgrader.cage.prepared import (
    USER,
    accounts,
    below_home,
    hand_over,
    new_user,
    processors,
    see_that_it_is_readable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["BubblewrapSandbox", "GrouplessBubblewrap"]


class BubblewrapSandbox:
    """Cages by bubblewrap, for root and for an ordinary user.

    Parameters
    ----------
    groups
        Whether to use control groups where they can be had; without them a watchdog keeps the limit on memory.
    nursery
        A warmed process, which runs that say so begin as a fork of.
    """

    name = "bubblewrap"
    caged = True

    def __init__(self, *, groups: bool = True, nursery: Nursery | None = None) -> None:
        found = {tool: shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin") for tool in _TOOLS}
        for tool, path in found.items():
            if path is None:
                raise SandboxError(f"{tool} is missing. Type: sudo apt-get install -y {_TOOLS[tool]}")
        self._tools = {tool: path for tool, path in found.items() if path is not None}
        self._groups = groups
        self._nursery = nursery
        self._root = os.geteuid() == 0

    @property
    def memory_gap(self) -> str:
        """Empty where a control group can be had."""
        return memory_gap() if self._groups else GAP

    def seen(self, mount: Mount) -> str:
        """The path that the mount names."""
        return mount.inside

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` in a cage; see `netgrader.cage.api.Sandbox.start`."""
        user = new_user() if self._root else USER
        group = make_group(plan.limits) if self._groups else None
        descriptors: list[int] = []
        with contextlib.ExitStack() as failing:
            if group is not None:
                failing.callback(group.remove)
            failing.callback(_close, descriptors)
            for mount in (*plan.mounts, *interpreter()):
                see_that_it_is_readable(mount)
            folders = [mount.host for mount in plan.mounts if mount.writable]
            for folder in folders:
                hand_over(folder, user)
            outside, inside = os.pipe()
            failing.callback(os.close, outside)
            descriptors.append(inside)
            watched = group is None or not group.limits_memory
            processors = self._pinned(plan.limits, by_group=group is not None and group.limits_cpu)
            nursery = self._nursery if self._nursery is not None and self._nursery.serves(plan) else None
            entrance = None
            if nursery is not None:
                request = self._request(plan, user, processors, watched=watched)
                entrance = Entrance(nursery, request, group.doors if group else ())
            options = [*self._options(plan, user, descriptors, watched=watched), "--json-status-fd", str(inside)]
            arguments = _descriptor("\0".join(options).encode() + b"\0", descriptors)
            launch = Launch(
                argv=[
                    *self._join(group.doors if group else ()),
                    *([self._tools["taskset"], "--cpu-list", ",".join(map(str, processors))] if processors else []),
                    *self._within(nursery),
                    self._tools["bwrap"],
                    "--args",
                    str(arguments),
                    "--",
                    *self._limiter(plan, user, watched=watched),
                    *(plan.argv if entrance is None else STAND_IN),
                ],
                # bubblewrap's own environment can be read inside.
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                limits=plan.limits,
                cwd=Path("/"),
                group=group,
                folders=folders,
                memory_folders=_MEMORY_FOLDERS,
                descriptors=descriptors,
                status=outside,
                own_processes=True,
                entrance=entrance,
            )
            failing.pop_all()
        return Caged(launch, stdin=stdin, stdout=stdout)

    def warm(
        self, packages: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes] | None = None
    ) -> Nursery:
        """Start a process that imports `packages` and whose forks others begin as; returns before it has.

        Parameters
        ----------
        packages
            Modules by name.
        env
            The environment that they are imported in, but for what every program here is given.
        files
            Small files in its home folder.

        Raises
        ------
        SandboxError
            If it cannot be started.
        """
        plan = nursery_plan(env, files or {})
        descriptors: list[int] = []
        try:
            options = list(self._nursery_options(plan, descriptors))
            arguments = _descriptor("\0".join(options).encode() + b"\0", descriptors)
            argv = [self._tools["bwrap"], "--args", str(arguments), "--", *plan.argv]
            return Nursery.started(
                argv, descriptors, packages, {**basic_environment(), **plan.env}, own_user=not self._root
            )
        finally:
            _close(descriptors)

    def _nursery_options(self, plan: Plan, descriptors: list[int]) -> Iterator[str]:
        """A cage without network or anybody's files, that keeps the rights to enter other cages of ours.

        It shares our namespace of processes: who waits for a child must not be in the child's.
        """
        yield from ("--unshare-ipc", "--unshare-net", "--unshare-uts")
        if self._root:
            yield from ("--cap-drop", "ALL")
            for name in _NURSERY_RIGHTS:
                yield from ("--cap-add", name)
        else:
            # Rights over namespaces that are made within this one, and over nothing else.
            yield from ("--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL")
        yield from ("--die-with-parent", "--new-session", "--hostname", "notebook", "--clearenv")
        yield from self._files(plan, USER, descriptors, proc=("--ro-bind", "/proc", "/proc"))
        for name, value in {**basic_environment(), **plan.env}.items():
            yield from ("--setenv", name, value)
        yield from ("--chdir", HOME)

    def _within(self, nursery: Nursery | None) -> list[str]:
        """A command that makes what follows in the user namespace of the nursery, so that its children may enter it."""
        if nursery is None or nursery.user is None:
            return []
        return [self._tools["nsenter"], f"--user={nursery.user}", "--preserve-credentials", "--"]

    def _request(self, plan: Plan, user: int, processors: Sequence[int], *, watched: bool) -> dict[str, Any]:
        """What a child of the nursery does to itself, as `_options` and `_limiter` have it done to a program."""
        cwd = str(PurePosixPath(HOME) / plan.cwd)
        return {
            "argv": list(plan.argv),
            "env": {**basic_environment(), "PWD": cwd, **plan.env},
            "cwd": cwd,
            "user": user if self._root else None,
            "limits": self._limits(plan, watched=watched),
            "processors": list(processors),
            "filter": filter_program(watched=watched).hex(),
        }

    def _join(self, doors: Sequence[Path]) -> list[str]:
        """A command that enters the control groups before it becomes what follows."""
        if not doors:
            return []
        # The shell's own id is that of everything it becomes, and what it starts stays in the group.
        script = (
            f'n={len(doors)}; while [ $n -gt 0 ]; do echo $$ > "$1" || exit 125; shift; n=$((n-1)); done; exec "$@"'
        )
        return ["/bin/sh", "-c", script, "cage", *map(str, doors)]

    def _limiter(self, plan: Plan, user: int, *, watched: bool) -> list[str]:
        """The command that sets limits inside and gives up what is left of root.

        The number of processes is limited inside the user namespace: outside it would count the whole user's.
        """
        limits = self._limits(plan, watched=watched)
        command = [self._tools["prlimit"], *(f"--{name.lower()}={most}" for name, most in limits.items())]
        if self._root:
            command += [self._tools["setpriv"], "--reuid", str(user), "--regid", str(user), "--clear-groups"]
            command += ["--bounding-set", "-all", "--inh-caps", "-all", "--no-new-privs"]
        return command

    def _limits(self, plan: Plan, *, watched: bool) -> dict[str, int]:
        """Limits of each process, by the names of setrlimit."""
        limits = plan.limits
        found = {
            "NPROC": limits.processes,
            "NOFILE": limits.open_files,
            "FSIZE": limits.file_bytes,
            "CORE": 0,
            "MEMLOCK": 65536,
        }
        if watched:
            # What a watchdog sees too late. Address space is more than memory: libraries, stacks, the allocator's.
            found["AS"] = limits.memory_bytes + 2_000_000_000
        return found

    def _pinned(self, limits: Limits, *, by_group: bool) -> list[int]:
        """The processors that it is kept to, if it is to some; inside, the filter refuses to change them."""
        return processors(limits) if limits.cpus is not None or not by_group else []

    def _options(self, plan: Plan, user: int, descriptors: list[int], *, watched: bool) -> Iterator[str]:
        yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
        if self._root:
            # What setpriv needs to become somebody else; it leaves nothing of it.
            yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
            yield from ("--cap-add", "CAP_SETPCAP")
        else:
            yield from ("--unshare-user", "--uid", str(user), "--gid", str(user))
        yield from ("--die-with-parent", "--new-session", "--hostname", "notebook", "--clearenv")
        yield from self._files(plan, user, descriptors)
        if watched:
            # What is mapped from there and shared is seen nowhere. This one reads the same and cannot be mapped.
            yield from ("--dev-bind", "/dev/full", "/dev/zero")
        for name, value in {**basic_environment(), **plan.env}.items():
            yield from ("--setenv", name, value)
        yield from ("--chdir", str(PurePosixPath(HOME) / plan.cwd))
        yield from ("--seccomp", str(_descriptor(filter_program(watched=watched), descriptors)))

    def _files(
        self, plan: Plan, user: int, descriptors: list[int], proc: Sequence[str] = ("--proc", "/proc")
    ) -> Iterator[str]:
        """The file system: made from nothing, and closed again where nobody but us may write."""
        limits = plan.limits
        made: set[PurePosixPath] = {PurePosixPath("/")}
        yield from (*proc, "--dev", "/dev")
        yield from _memory_folder(SHM, limits.disk_bytes // 4)
        yield from _memory_folder(TMP, limits.disk_bytes)
        yield from _parents(PurePosixPath(HOME), made)
        yield from _memory_folder(HOME, limits.disk_bytes)
        made.update({PurePosixPath(TMP), PurePosixPath(HOME), PurePosixPath("/dev"), PurePosixPath("/proc")})
        for entry in system():
            if isinstance(entry, tuple):
                yield from ("--symlink", *entry)
            else:
                yield from _bind(entry, made)
        for name, text in accounts(user).items():
            yield from _parents(PurePosixPath(name), made)
            yield from ("--perms", "0644", "--ro-bind-data", str(_descriptor(text.encode(), descriptors)), name)
        for mount in interpreter():
            yield from _bind(mount, made)
        yield from _open_folders(PurePosixPath(HOME) / plan.cwd, made)
        for name, content in plan.files.items():
            path = below_home(name)
            yield from _open_folders(path.parent, made)
            yield from ("--perms", "0666", "--file", str(_descriptor(content, descriptors)), str(path))
        for mount in plan.mounts:
            yield from _bind(mount, made)
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")


class GrouplessBubblewrap(BubblewrapSandbox):
    """The same, asked for where there is no control group although memory is not wholly limited then."""

    name = "bubblewrap-without-control-group"


_TOOLS = {
    "bwrap": "bubblewrap",
    **dict.fromkeys(("setpriv", "prlimit", "taskset", "nsenter"), "util-linux"),
}
_NURSERY_RIGHTS = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
_MEMORY_FOLDERS = (TMP, SHM, HOME)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def _descriptor(content: bytes, descriptors: list[int]) -> int:
    """A descriptor from which `content` can be read once."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        descriptor = os.dup(file.fileno())
    descriptors.append(descriptor)
    return descriptor


def _memory_folder(path: str, size: int) -> Iterator[str]:
    yield from ("--perms", "1777", "--size", str(size), "--tmpfs", path)


def _parents(path: PurePosixPath, made: set[PurePosixPath]) -> Iterator[str]:
    """Make the folders above `path` so that anybody may pass: bubblewrap's own may be private."""
    for parent in reversed(path.parents):
        if parent not in made and not any(str(parent).startswith(f"{name}/") for name in ("/usr", "/dev", "/proc")):
            made.add(parent)
            yield from ("--perms", "0755", "--dir", str(parent))


def _open_folders(path: PurePosixPath, made: set[PurePosixPath]) -> Iterator[str]:
    """Make the folders down to `path` below the home folder so that the student may write to them."""
    for folder in (*reversed(path.parents), path):
        if folder not in made and PurePosixPath(HOME) in folder.parents:
            made.add(folder)
            yield from ("--perms", "0777", "--dir", str(folder))


def _bind(mount: Mount, made: set[PurePosixPath]) -> Iterator[str]:
    inside = PurePosixPath(mount.inside)
    if PurePosixPath(HOME) in inside.parents:
        yield from _open_folders(inside.parent, made)
    yield from _parents(inside, made)
    made.add(inside)
    yield from ("--bind" if mount.writable else "--ro-bind", str(mount.host), mount.inside)

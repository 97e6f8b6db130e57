"""A sandbox based on bubblewrap: separate namespaces, a file system from the plan, a seccomp filter."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Self

from notebook_cage.filter import filter_program
from notebook_cage.host import (
    Ids,
    accounts,
    basic_environment,
    close_all,
    exposed,
    hand_over,
    interpreter,
    makes_namespaces,
    new_user,
    require_readable,
    system,
)
from notebook_cage.limiting import LimitingSandbox
from notebook_cage.supervisor import Caged, Entrance, Launch
from notebook_cage.types import HOME, SHM, TMP, Mount, Plan, SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from notebook_cage.zygote import Zygote

__all__ = ["BubblewrapSandbox", "GrouplessBubblewrap"]

_MEMORY_FOLDERS = (TMP, SHM, HOME)
_ZYGOTE_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SYS_CHROOT", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


class BubblewrapSandbox(LimitingSandbox):
    """A bubblewrap sandbox, for root and for an ordinary user.

    Parameters
    ----------
    groups
        Whether to use control groups where they can be had; without them a watchdog keeps the limit on memory.
    zygote
        The process that runs with `Plan.warm` begin as a fork of.
    """

    name = "bubblewrap"
    needs: ClassVar[Mapping[str, str]] = {"bwrap": "bubblewrap", **LimitingSandbox.needs, "nsenter": "util-linux"}

    def __init__(self, *, groups: bool = True, zygote: Zygote | None = None) -> None:
        super().__init__(groups=groups)
        self.root = self.root and makes_namespaces()
        self._zygote = zygote

    def with_zygote(self, zygote: Zygote) -> Self:
        """Return a copy of this sandbox that starts warm runs as forks of `zygote`."""
        return type(self)(groups=self._groups, zygote=zygote)

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` in a cage; see `notebook_cage.types.Sandbox.start`."""
        user = new_user() if self.root else Ids.USER
        owner = user if self.root else None
        group = self._group(plan.limits)
        descriptors: list[int] = []
        with contextlib.ExitStack() as failing:
            failing.callback(group.remove)
            failing.callback(close_all, descriptors)
            for mount in (*plan.mounts, *interpreter()) if self.root else ():
                require_readable(mount)
            folders = [mount.host for mount in plan.mounts if mount.writable]
            for folder in folders:
                hand_over(folder, owner)
            outside, inside = os.pipe()
            failing.callback(os.close, outside)
            descriptors.append(inside)
            watched = not group.limits_memory
            processors = self._processors(plan.limits, group)
            entrance = Entrance()
            within: Sequence[str] = ()
            program = plan.argv
            if self._zygote is not None and self._zygote.serves(plan):
                request = self._request(plan, owner, processors, watched=watched)
                entrance = self._zygote.entrance(request, group.cgroup_procs)
                within, program = self._within(self._zygote), entrance.stand_in
            options = [*self._options(plan, user, descriptors, watched=watched), "--json-status-fd", str(inside)]
            launch = Launch(
                argv=[
                    *self._before(group, processors),
                    *within,
                    *self._command(options, descriptors),
                    *self._limiter(plan, user, watched=watched),
                    *program,
                ],
                # The environment of bubblewrap itself is readable from inside.
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                limits=plan.limits,
                cwd=Path("/"),
                group=group,
                folders=folders,
                memory_folders=_MEMORY_FOLDERS,
                descriptors=descriptors,
                status=outside,
                entrance=entrance,
            )
            failing.pop_all()
        return Caged(launch, stdin=stdin, stdout=stdout)

    @contextlib.contextmanager
    def zygote_command(self, plan: Plan) -> Iterator[tuple[list[str], Sequence[int]]]:
        """Yield the command that starts `plan` as a zygote, and the descriptors that it must inherit.

        Its cage has no network and no user data, and keeps the capabilities to enter our other cages. It shares our PID
        namespace, because the process that waits for a child must be outside the child's PID namespace.
        """
        descriptors: list[int] = []
        options = ["--unshare-ipc", "--unshare-net", "--unshare-uts"]
        if self.root:
            options += ["--cap-drop", "ALL", *(part for one in _ZYGOTE_CAPABILITIES for part in ("--cap-add", one))]
        else:
            # Capabilities over namespaces created within this user namespace, and over nothing else.
            options += ["--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL"]
        try:
            options += self._contents(plan, Ids.USER, descriptors, proc=("--ro-bind", "/proc", "/proc"))
            yield [*self._command(options, descriptors), *plan.argv], descriptors
        finally:
            close_all(descriptors)

    def _command(self, options: Sequence[str], descriptors: list[int]) -> list[str]:
        """Return bubblewrap's command line; a descriptor passes the options, so that /proc shows none."""
        arguments = _descriptor("\0".join(options).encode() + b"\0", descriptors)
        return [self._tools["bwrap"], "--args", str(arguments), "--"]

    def _within(self, zygote: Zygote) -> list[str]:
        """Return an argv prefix that runs a command in the zygote's user namespace (nsenter)."""
        if zygote.user_namespace is None:
            return []
        return [self._tools["nsenter"], f"--user={zygote.user_namespace}", "--preserve-credentials", "--"]

    def _request(self, plan: Plan, owner: int | None, processors: Sequence[int], *, watched: bool) -> dict[str, Any]:
        """Return the request with which a zygote's child applies `_options` and `_limiter` to itself.

        `owner` is the user to become, as root; None for ordinary users.
        """
        cwd = str(PurePosixPath(HOME) / plan.cwd)
        return {
            "argv": list(plan.argv),
            "env": {**basic_environment(), "PWD": cwd, **plan.env},
            "cwd": cwd,
            "user": owner,
            "limits": self._limits(plan, watched=watched),
            "processors": list(processors),
            "filter": filter_program(watched=watched).hex(),
        }

    def _options(self, plan: Plan, user: int, descriptors: list[int], *, watched: bool) -> Iterator[str]:
        """Yield bubblewrap's options for one run."""
        yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try")
        if self.root:
            # setpriv needs these capabilities to change the user, and then drops them all.
            yield from ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
            yield from ("--cap-add", "CAP_SETPCAP")
        else:
            yield from ("--unshare-user", "--uid", str(user), "--gid", str(user))
        yield from self._contents(plan, user, descriptors)
        if watched:
            # Shared mappings of /dev/zero escape the watchdog. /dev/full reads the same but cannot be mapped.
            yield from ("--dev-bind", "/dev/full", "/dev/zero")
        yield from ("--seccomp", str(_descriptor(filter_program(watched=watched), descriptors)))

    def _contents(
        self, plan: Plan, user: int, descriptors: list[int], proc: Sequence[str] = ("--proc", "/proc")
    ) -> Iterator[str]:
        """Yield the options for what a program sees: file system, environment and working folder."""
        yield from ("--die-with-parent", "--new-session", "--hostname", "notebook", "--clearenv")
        yield from self._files(plan, user, descriptors, proc)
        for name, value in {**basic_environment(), **plan.env}.items():
            yield from ("--setenv", name, value)
        yield from ("--chdir", str(PurePosixPath(HOME) / plan.cwd))

    def _files(self, plan: Plan, user: int, descriptors: list[int], proc: Sequence[str]) -> Iterator[str]:
        """Yield the options for the file system: built from an empty root, then remounted read-only."""
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
        for folder in itertools.chain.from_iterable(map(exposed, plan.hidden)):
            yield from ("--perms", "0755", "--tmpfs", folder, "--remount-ro", folder)
        yield from _open_folders(PurePosixPath(HOME) / plan.cwd, made)
        for name, content in plan.files.items():
            path = _below_home(name)
            yield from _open_folders(path.parent, made)
            yield from ("--perms", "0666", "--file", str(_descriptor(content, descriptors)), str(path))
        for mount in plan.mounts:
            yield from _bind(mount, made)
        if proc[0] == "--proc":
            # Kernel settings belong to root, even without capabilities: in a container, the user inside may be root.
            yield from ("--remount-ro", "/proc")
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")


class GrouplessBubblewrap(BubblewrapSandbox):
    """The same sandbox where no memory control group exists; memory is then only partly limited."""

    name = "bubblewrap-without-control-group"


def _descriptor(content: bytes, descriptors: list[int]) -> int:
    """Return a descriptor from which `content` can be read once; append it to `descriptors`."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        descriptor = os.dup(file.fileno())
    descriptors.append(descriptor)
    return descriptor


def _below_home(name: str) -> PurePosixPath:
    """Return the path of a plan's file inside the cage.

    Raises
    ------
    SandboxError
        If the path would not be below the home folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise SandboxError(f"{name!r} is not a path below the home folder.")
    return PurePosixPath(HOME) / path


def _memory_folder(path: str, size: int) -> Iterator[str]:
    yield from ("--perms", "1777", "--size", str(size), "--tmpfs", path)


def _parents(path: PurePosixPath, made: set[PurePosixPath]) -> Iterator[str]:
    """Yield options that create the parents of `path` with mode 0755; bubblewrap's default may be private."""
    for parent in reversed(path.parents):
        if parent not in made and not str(parent).startswith(("/usr/", "/dev/", "/proc/")):
            made.add(parent)
            yield from ("--perms", "0755", "--dir", str(parent))


def _open_folders(path: PurePosixPath, made: set[PurePosixPath]) -> Iterator[str]:
    """Yield options that create student-writable folders down to `path`, below the home folder."""
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

"""A weaker sandbox for containers without namespaces: a separate user, a seccomp filter, limits.

Root starts each run as its own user from a small range of ids; that user owns only a private folder. File system, process
table and host name are the container's. Used only if requested by name.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import psutil

from notebook_cage.filter import filter_program
from notebook_cage.host import (
    furnish,
    hand_over,
    interpreter,
    is_passable,
    open_to_all,
    reachable,
    remove_tree,
    scratch_folder,
    unlisted,
)
from notebook_cage.limiting import LimitingSandbox
from notebook_cage.supervisor import GRACE, Caged, Launch
from notebook_cage.types import SHM, TMP, Mount, Plan, SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from notebook_cage.zygote import Zygote

__all__ = ["USERS", "UserSandbox"]

USERS = range(60_600, 60_800)
"""User ids of runs: unassigned by distributions and systemd, and within the small id maps of containers. The same number of
ids above them belongs to the processes that kill a run."""
GUARD = Path(__file__).with_name("guard.py")
OPEN_TO_ALL = tuple(map(Path, (TMP, "/var/tmp", SHM, "/run/lock")))  # noqa: S108  (looked at, not used)
"""Folders that every user of a machine may write to."""
# Runs as the other user, which by then has no_new_privs and may therefore install a filter.
LOADER = """
import ctypes, os, sys
class Program(ctypes.Structure): _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_char_p)]
rules = bytes.fromhex(sys.argv[1])
if ctypes.CDLL(None).prctl(22, 2, ctypes.byref(Program(len(rules) // 8, rules)), 0, 0):
    sys.exit("The filter of system calls was refused.")
os.execv(sys.argv[2], sys.argv[2:])
"""


class UserSandbox(LimitingSandbox):
    """A sandbox that runs each program as its own user, for root in a container without namespaces."""

    name = "user"
    not_promised: ClassVar[Mapping[str, str]] = {
        "a network of its own": "it sees the names of the interfaces here, and can open no socket to any network",
        "only its own files are seen": "what is handed in sees all files here that every user may read",
        "its own processes only": "it sees the command lines of all processes here, and can do nothing to them",
        "a limit on /tmp and /dev/shm": "each file in a folder open to all, such as /tmp, is limited; all go at its end",
    }
    note = (
        "The notebook was run as another user and not in a cage of namespaces, as was asked for (sandbox 'user'): what every "
        "user of the machine may read was open to it."
    )

    def __init__(self, *, groups: bool = True) -> None:
        super().__init__(groups=groups)
        if not self.root:
            raise SandboxError(
                f"The sandbox '{self.name}' needs root, to become another user. Ask for another sandbox."
            )

    def with_zygote(self, zygote: Zygote) -> Self:  # noqa: ARG002 - there are no namespaces to enter
        """Return itself."""
        return self

    def seen(self, mount: Mount) -> str:
        """Return the host's own path of `mount`, which the run's user can reach."""
        return str(mount.host)

    def start(self, plan: Plan, *, stdin: int | None = None, stdout: int | None = None) -> Caged:
        """Start `plan` as another user; see `notebook_cage.types.Sandbox.start`."""
        for mount in interpreter():
            if not reachable(mount.host):
                raise SandboxError(
                    f"{mount.host} cannot be read by another user, and programs here run as one. Install the packages "
                    "where everybody may read, such as below /opt."
                )
        with contextlib.ExitStack() as over:
            user = over.enter_context(_own_user())
            private = scratch_folder("user", unlisted(Path(TMP)))
            over.callback(remove_tree, private)
            os.chown(private, 0, user)
            private.chmod(0o750)
            places = {mount.inside: _place(mount, private) for mount in plan.mounts}
            home = private / "home"
            home.mkdir(mode=0o700)
            argv, env, cwd = furnish(plan, home, places, temporary=home)
            folders = [home, *(mount.host for mount in plan.mounts if mount.writable)]
            over.callback(_sweep, user, folders)
            over.callback(_end_processes, user)
            for folder in folders:
                hand_over(folder, user)
            group = self._group(plan.limits)
            watched = not group.limits_memory
            rules = filter_program(watched=watched).hex()
            inside, outside = os.pipe2(os.O_CLOEXEC)
            alive = over.enter_context(os.fdopen(outside, "wb", buffering=0))
            launch = Launch(
                argv=[
                    *_guard(user, inside),
                    *self._before(group, self._processors(plan.limits, group)),
                    *self._limiter(plan, user, watched=watched),
                    *(sys.executable, "-I", "-S", "-c", LOADER, rules),
                    *argv,
                ],
                env=env,
                limits=plan.limits,
                cwd=cwd,
                group=group,
                folders=folders,
                descriptors=[inside],
                end=alive.close,
                cleanup=over.pop_all().close,
            )
        return Caged(launch, stdin=stdin, stdout=stdout)


def _guard(user: int, descriptor: int) -> list[str]:
    """Return an argv prefix that runs a command under the guard, which kills the processes of `user`."""
    return [sys.executable, "-I", "-S", str(GUARD), str(descriptor), str(user), str(user + len(USERS))]


@contextlib.contextmanager
def _own_user() -> Iterator[int]:
    """Yield a user id that has no account and that no other run has while the body lasts.

    Raises
    ------
    SandboxError
        If all ids are in use.
    """
    folder = unlisted(Path(TMP))
    for user in random.sample(USERS, len(USERS)):
        with (folder / f"user-{user}").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            if _has_account(user):
                continue
            if lock.tell():  # the previous run with this id was not cleaned up: its grader was killed
                _end_processes(user)
                _sweep(user, [])
            lock.write("in use")
            lock.flush()
            yield user
            lock.truncate(0)
            return
    raise SandboxError(f"All {len(USERS)} users for runs are in use.")


def _has_account(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _end_processes(user: int) -> None:
    """Kill the processes of `user`, and wait until they are gone."""
    deadline = time.monotonic() + GRACE
    while _runs(user) and time.monotonic() < deadline:
        subprocess.run(_guard(user, -1), check=False, capture_output=True)
        time.sleep(0.01)


def _runs(user: int) -> bool:
    """Whether the user has a process that is not a zombie."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == user and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def _place(mount: Mount, private: Path) -> Path:
    """Return a path where the run's user can reach a mount: the original, or a copy owned by root.

    Raises
    ------
    SandboxError
        If the mount is writable and unreachable for another user.
    """
    if mount.writable:
        if not is_passable(mount.host.resolve()):
            raise SandboxError(f"{mount.host} cannot be reached by another user. Set TMPDIR to {TMP}.")
        return mount.host
    if reachable(mount.host):
        return mount.host
    place = private / f"given-{len(list(private.iterdir()))}"
    if mount.host.is_dir():
        shutil.copytree(mount.host, place)
    else:
        shutil.copyfile(mount.host, place)
    open_to_all(place)
    return place


def _sweep(user: int, folders: Sequence[Path]) -> None:
    """Take back ownership of a run's folders, and remove its files from world-writable folders."""
    for folder in folders:
        with contextlib.suppress(FileNotFoundError):
            os.chown(folder, 0, 0, follow_symlinks=False)
    passed_over = [unlisted(Path(TMP)), *folders]
    left_out = [part for folder in passed_over for part in ("-path", str(folder), "-o")]
    closed = ["-type", "d", "!", "-perm", "-001", "!", "-uid", str(user)]
    remove = ["-uid", str(user), "-prune", "-exec", "rm", "-rf", "--one-file-system", "--", "{}", "+"]
    places = [str(folder) for folder in OPEN_TO_ALL if folder.is_dir()]
    command = ["find", *places, "-xdev", "(", *left_out, "(", *closed, ")", ")", "-prune", "-o", *remove]
    subprocess.run(command, check=False, capture_output=True)

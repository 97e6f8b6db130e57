"""What a cage of either kind needs beforehand: its user, folders to write to, and what it is told of itself."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from netgrader.cage.api import HOME, Limits, Mount, SandboxError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["USER", "accounts", "below_home", "hand_over", "new_user", "processors", "see_that_it_is_readable"]

USER = 1000
"""Who it is inside where a user namespace maps ids; as root it has an id that nobody else has."""

# Ids of nobody's: above those that systemd and distributions give out, below 2**31.
_FIRST_ID = 2_000_000_000
_IDS = 140_000_000


def new_user() -> int:
    """An id that nobody else has."""
    return _FIRST_ID + secrets.randbelow(_IDS)


def see_that_it_is_readable(mount: Mount) -> None:
    """As root the cage's user is a stranger to our files, and a narrow umask keeps strangers out.

    Raises
    ------
    SandboxError
        If the mount could not be read; the sentence says what to type.
    """
    if os.geteuid() != 0 or mount.writable or not mount.host.exists():
        return
    mode = mount.host.stat().st_mode
    wanted = 0o005 if stat.S_ISDIR(mode) else 0o004
    if mode & wanted != wanted:
        raise SandboxError(f"{mount.host} cannot be read in a cage. Type: chmod -R a+rX {mount.host}")


def hand_over(folder: Path, user: int) -> None:
    """Give a folder with what is in it to the cage's user; as an ordinary user it is that user's already.

    Raises
    ------
    SandboxError
        If it is no folder.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise SandboxError(f"{folder} is not a folder that could be given to a cage.")
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


def below_home(name: str) -> PurePosixPath:
    """The path of a plan's file as it is inside.

    Raises
    ------
    SandboxError
        If it would not lie below the home folder.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise SandboxError(f"{name!r} is not a path below the home folder.")
    return PurePosixPath(HOME) / path


def accounts(user: int) -> dict[str, str]:
    """Files that say who one is, for programs that ask."""
    return {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/false\nstudent:x:{user}:{user}:student:{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nstudent:x:{user}:\n",
        "/etc/hosts": "127.0.0.1 localhost notebook\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def processors(limits: Limits) -> list[int]:
    """The processors to run on; all where they are no more than allowed."""
    ours = sorted(os.sched_getaffinity(0))
    if limits.cpus is not None:
        return sorted(limits.cpus.intersection(ours))
    count = max(1, round(limits.cpu_cores))
    return sorted(secrets.SystemRandom().sample(ours, count)) if count < len(ours) else []

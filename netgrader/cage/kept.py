"""Sees to it that a sandbox keeps its promises before anything of a stranger's runs in it: `require_promises`.

Whether a run that begins as a fork of a warmed process keeps them, too, is another question: `warm_holds`.

Trying them takes seconds, so that they were held is noted for this user until the machine is booted again or anything
changes that they hang on. That they were not held is never noted: the next call tries again.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.cage.api import SandboxError
from netgrader.cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap
from netgrader.cage.cgroups import GROUP_REMEDY, memory_gap
from netgrader.cage.choose import open_sandbox
from netgrader.cage.promises import promises
from netgrader.imports import code_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.cage.promises import Promise

__all__ = ["require_promises", "warm_holds", "warm_problem"]

LOG = logging.getLogger(__name__)

TOOLS = ("bwrap", "setpriv", "prlimit", "taskset", "nsenter")
CODE = frozenset(f"netgrader.cage.{name}" for name in ("promises", "choose"))
BOOT = Path("/proc/sys/kernel/random/boot_id")
ATTEMPTS = 2  # a busy machine may be too slow once


@functools.cache
def require_promises(name: str = "bubblewrap") -> None:
    """Try the promises of the sandbox called `name`, unless they were held since the machine was booted.

    Nothing is tried of what was asked for as no cage.

    Raises
    ------
    SandboxError
        If one is not held, there is no such sandbox, or root would grade without a limit on memory that holds: the
        sentence names it and says what to type.
    """
    sandbox = open_sandbox(name)
    if not sandbox.caged:
        return
    gap = sandbox.memory_gap
    if gap and os.geteuid() == 0 and name != GrouplessBubblewrap.name:
        raise SandboxError(
            f"Nothing is graded as root here, since {gap}. Give netgrader a control group for memory that it "
            f"may write to ({GROUP_REMEDY}), or accept that and ask for --sandbox {GrouplessBubblewrap.name}."
        )
    key = _key(name, gap)
    with _notes() as notes:
        note = notes / f"{key}.held" if notes else None
        if note is not None and note.is_file():
            return
        broken: Sequence[Promise] = ()
        for _ in range(ATTEMPTS):
            broken = [promise for promise in promises(sandbox) if promise.needed and not promise.held]
            if not broken:
                break
        if broken:
            raise SandboxError(_sentence(broken, name))
        if note is not None:
            with contextlib.suppress(OSError):  # without a note the next call tries again
                note.touch()


@functools.cache
def warm_holds() -> bool:
    """Try the promises in cages that are entered from a warmed process, unless they were held since the boot.

    Where one is not held nothing is lost but time: runs begin from nothing.
    """
    key = _key("warm", memory_gap())
    with _notes() as notes:
        note = notes / f"{key}.held" if notes else None
        if note is not None and note.is_file():
            return True
        problem = warm_problem()
        if problem is not None:
            LOG.warning("Each notebook imports its packages anew: %s", problem)
            return False
        if note is not None:
            with contextlib.suppress(OSError):
                note.touch()
    return True


def warm_problem() -> str | None:
    """Why no run may begin as a fork of a warmed process here, tried now; None if it may."""
    try:
        # How a cage is entered does not hang on what was imported.
        with BubblewrapSandbox().warm((), {}) as nursery:
            nursery.wait()
            broken = [one for one in promises(BubblewrapSandbox(nursery=nursery)) if one.needed and not one.held]
            ended = not nursery.alive  # then it is not what was tried
    except SandboxError as error:
        return str(error)
    if broken:
        return f"the promise “{broken[0].name}” is not kept ({broken[0].detail})."
    return "the warmed process ended." if ended else None


def _sentence(broken: Sequence[Promise], sandbox: str) -> str:
    first = broken[0]
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return (
        f"Nothing is graded: the cage does not keep the promise “{first.name}”{more} ({first.detail}). "
        f"Type: netgrader doctor{'' if sandbox == 'bubblewrap' else f' --sandbox {sandbox}'}"
    )


def _key(name: str, gap: str) -> str:
    """A hash of all that the promises hang on."""
    tools = [shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin:/usr/sbin") for tool in TOOLS]
    told = {
        "sandbox": name,
        "gap": gap,
        "boot": BOOT.read_text() if BOOT.is_file() else "",
        "machine": os.uname().release,
        "user": os.geteuid(),
        "interpreter": [sys.executable, sys.version],
        "tools": [[path, os.stat(path).st_mtime_ns, os.stat(path).st_size] for path in tools if path],  # noqa: PTH116
        "code": code_hash(CODE),
        "processors": sorted(os.sched_getaffinity(0)),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _notes() -> Iterator[Path | None]:
    """The folder of notes, locked so that of many processes one tries; None if this user has no place for one."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "netgrader" / "promises"
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():  # somebody else's word does not count
                raise PermissionError
            lock = stack.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            yield None
            return
        yield folder

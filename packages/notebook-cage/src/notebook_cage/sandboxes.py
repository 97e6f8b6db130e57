"""The sandboxes by name, and the self-tests that must pass once per boot before untrusted code runs.

Self-tests take seconds, so success is cached per user until the next boot or until something they depend on changes. Failure
is never cached.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from notebook_cage.bubblewrap import BubblewrapSandbox, GrouplessBubblewrap
from notebook_cage.cgroups import GROUP_REMEDY
from notebook_cage.host import interpreter
from notebook_cage.self_tests import run_self_tests
from notebook_cage.types import BrokenPromiseError, Sandbox, SandboxError
from notebook_cage.user import UserSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "SANDBOXES",
    "gaps",
    "needs_control_group",
    "once_a_boot",
    "open_sandbox",
    "require_self_tests",
    "strongest_here",
]

TOOLS = ("bwrap", "setpriv", "prlimit", "taskset", "nsenter")
BOOT = Path("/proc/sys/kernel/random/boot_id")
ATTEMPTS = 2  # a busy machine may be too slow once


SANDBOXES: Mapping[str, Callable[[], Sandbox]] = {
    BubblewrapSandbox.name: BubblewrapSandbox,
    GrouplessBubblewrap.name: GrouplessBubblewrap,
    UserSandbox.name: UserSandbox,
}


def open_sandbox(name: str = BubblewrapSandbox.name) -> Sandbox:
    """Return the sandbox called `name`.

    Raises
    ------
    SandboxError
        If there is no such sandbox, or it cannot run on this machine.
    """
    if name not in SANDBOXES:
        raise SandboxError(f"There is no sandbox '{name}'. There is: {', '.join(SANDBOXES)}.")
    return SANDBOXES[name]()


def strongest_here() -> str:
    """Return the strongest sandbox that works here; for root on a machine dedicated to grading."""
    probe = ("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true")
    if shutil.which("bwrap") is None or subprocess.run(probe, check=False, capture_output=True).returncode != 0:
        return UserSandbox.name
    return (GrouplessBubblewrap if BubblewrapSandbox().memory_gap else BubblewrapSandbox).name


def gaps(name: str) -> str:
    """Return, in words, the promises that the sandbox `name` does not make; empty if it makes all."""
    try:
        sandbox = open_sandbox(name)
    except SandboxError:  # the caller that runs something in it reports this
        return ""
    return "; ".join(filter(None, [*sandbox.not_promised.values(), sandbox.memory_gap]))


@functools.cache
def require_self_tests(name: str = "bubblewrap", hidden: tuple[Path, ...] = ()) -> None:
    """Run the self-tests of the sandbox `name`, unless they have passed since boot.

    Parameters
    ----------
    name
        Name of the sandbox.
    hidden
        As in the plans to run.

    Raises
    ------
    BrokenPromiseError
        If a self-test fails.
    SandboxError
        If there is no such sandbox, or we are root without an enforced memory limit.
    """
    sandbox = open_sandbox(name)
    gap = sandbox.memory_gap
    if gap and needs_control_group(name):
        raise SandboxError(
            f"Nothing is run as root here, since {gap}. Give it a control group for memory that it may write to "
            f"({GROUP_REMEDY}), or accept that and ask for the sandbox {GrouplessBubblewrap.name}."
        )
    problem = once_a_boot(name, gap, lambda: _problem(sandbox, hidden), hidden)
    if problem is not None:
        raise BrokenPromiseError(problem)


def needs_control_group(name: str) -> bool:
    """Whether the sandbox `name` requires a memory control group: as root, unless the name waives it."""
    return os.geteuid() == 0 and name not in {GrouplessBubblewrap.name, UserSandbox.name}


def once_a_boot(name: str, gap: str, attempt: Callable[[], str | None], hidden: tuple[Path, ...] = ()) -> str | None:
    """Return the result of `attempt`: None for success, which is cached until the next boot.

    Parameters
    ----------
    name
        Name of what is tried, for the cache key.
    gap, hidden
        As `Sandbox.memory_gap` and `Plan.hidden`, on which the result depends.
    attempt
        Returns None, or a sentence on the problem.
    """
    with _cache() as folder:
        passed = folder / f"{_key(name, gap, hidden)}.held"
        if passed.is_file():
            return None
        problem = attempt()
        if problem is None:
            with contextlib.suppress(OSError):  # then the next call runs them again
                passed.touch()
        return problem


def _problem(sandbox: Sandbox, hidden: tuple[Path, ...]) -> str | None:
    """Return a sentence on the broken promises, or None."""
    for _ in range(ATTEMPTS):
        broken = [one for one in run_self_tests(sandbox, hidden) if one.broken]
        if not broken:
            return None
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    return f"Nothing is run: the cage does not keep the promise “{broken[0].name}”{more} ({broken[0].detail})."


def _key(name: str, gap: str, hidden: tuple[Path, ...]) -> str:
    """Return a hash of everything that the self-tests depend on."""
    tools = [shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin:/usr/sbin") for tool in TOOLS]
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(hashlib.sha256(path.read_bytes()).digest())
    depends_on = {
        "sandbox": name,
        "gap": gap,
        "hidden": list(map(str, hidden)),
        "boot": BOOT.read_text() if BOOT.is_file() else "",
        "machine": os.uname().release,
        "user": os.geteuid(),
        "interpreter": [sys.executable, sys.version, *(str(mount.host) for mount in interpreter())],
        "tools": [[path, os.stat(path).st_mtime_ns, os.stat(path).st_size] for path in tools if path],  # noqa: PTH116
        "code": code.hexdigest(),
        "processors": sorted(os.sched_getaffinity(0)),
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()


@contextlib.contextmanager
def _cache() -> Iterator[Path]:
    """Yield the cache folder, locked so that one process tests; a temporary folder if there is none."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "notebook-cage"
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid != os.geteuid():  # do not trust another user's results
                raise PermissionError
            lock = stack.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield folder

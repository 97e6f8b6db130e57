"""The host's part of a run: libraries, interpreter, environment, accounts, scratch folders.

Everything of the host is mounted read-only, and named part by part: a virtual environment may be in a folder that holds
secrets, too. What is mounted follows from this interpreter: its prefixes, and the folders of packages on its path.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import site
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from notebook_cage.types import HOME, TMP, Mount, Plan, SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "Ids",
    "accounts",
    "basic_environment",
    "exposed",
    "furnish",
    "hand_over",
    "interpreter",
    "is_gone",
    "is_passable",
    "makes_namespaces",
    "memory_here",
    "new_user",
    "open_to_all",
    "reachable",
    "remove_tree",
    "require_readable",
    "scratch_folder",
    "system",
    "unlisted",
]


class Ids:
    """Users of a cage, and when what one left behind is old."""

    USER = 1000
    """User id inside where a user namespace maps ids; as root a cage has an id that nobody else has."""
    # Ids of nobody's: above those that systemd and distributions give out, below 2**31.
    FIRST_ID = 2_000_000_000
    IDS = 140_000_000
    CAP_SYS_ADMIN = 21
    """Its number in linux/capability.h."""
    OLD_SECONDS = 24 * 3600.0


_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = tuple(
    f"/etc/{name}"
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "ssl/certs")
)
_PREFIX_PARTS = ("bin", "lib", "lib64", "libexec", "share", "pyvenv.cfg")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages")
_SCRATCH = "ng-"


def system() -> Iterator[Mount | tuple[str, str]]:
    """Yield mounts of the system's programs and libraries; a pair is a symbolic link, as target and path."""
    for name in (*_SYSTEM, *_ETC):
        path = Path(name)
        if path.is_symlink() and name in _SYSTEM:
            yield str(path.readlink()), name
        elif path.exists():
            yield Mount(path.resolve(), name)


def interpreter() -> list[Mount]:
    """Return mounts of our interpreter and the packages installed for it, wherever they lie."""
    parts = [prefix / part for prefix in _prefixes() for part in _PREFIX_PARTS]
    # A user's own packages, and another environment's that a .pth file or PYTHONPATH names. A checkout is called otherwise.
    packages = [path for path in map(Path, sys.path) if path.name in _PACKAGE_FOLDERS and path.is_absolute()]
    seen = {Path(folder) for folder in _SYSTEM}
    mounts = []
    for path in filter(Path.exists, (*parts, *packages)):
        if seen.isdisjoint({path, *path.parents}):
            seen.add(path)
            mounts.append(Mount(path.resolve(), str(path)))
    return mounts


def exposed(path: Path) -> list[str]:
    """Return where runs see `path`: nowhere, unless it is among packages or the system's files."""
    path = path.resolve()
    mounts = [*(entry for entry in system() if isinstance(entry, Mount)), *interpreter()]
    seen = [Path(one.inside) / path.relative_to(one.host) for one in mounts if path.is_relative_to(one.host)]
    return sorted({str(one) for one in seen})


def _prefixes() -> list[Path]:
    """Return the nominal and the real folders of the interpreter and its packages.

    A virtual environment's interpreter is a chain of links, and each of its steps must lead on inside.
    """
    step = Path(sys.executable)
    named = [
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.exec_prefix),
        Path(sys.base_exec_prefix),
        step.parents[1],
    ]
    while step.is_symlink():  # no circle: it was started
        step = step.parent / step.readlink()
        named.append(step.parents[1])
    # `..` goes by the text, so that links stay links.
    found = dict.fromkeys(spelt for path in named for spelt in (Path(os.path.normpath(path)), path.resolve()))
    return [path for path in found if path.is_dir()]


def basic_environment(home: str = HOME) -> dict[str, str]:
    """Return every program's initial environment, without the host's language or hash seed."""
    folders = dict.fromkeys((str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"))
    return {
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "PATH": ":".join(folders),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": TMP,
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **_users_packages(),
    }


def _users_packages() -> dict[str, str]:
    """Return the variable by which the interpreter finds the user's own packages inside, or finds none."""
    if site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path:
        return {"PYTHONUSERBASE": site.getuserbase()}
    return {"PYTHONNOUSERSITE": "1"}


def new_user() -> int:
    """Return a user id that nobody else has."""
    return Ids.FIRST_ID + secrets.randbelow(Ids.IDS)


def accounts(user: int) -> dict[str, str]:
    """Return, by path inside, the files that tell a program who it is."""
    return {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/false\nstudent:x:{user}:{user}:student:{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nstudent:x:{user}:\n",
        "/etc/hosts": "127.0.0.1 localhost notebook\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def require_readable(mount: Mount) -> None:
    """See that a user who is a stranger to our files, which a narrow umask keeps out, may read `mount`.

    Raises
    ------
    SandboxError
        If it may not; the sentence says what to type.
    """
    if not mount.writable and mount.host.exists() and not _is_open(mount.host):
        raise SandboxError(f"{mount.host} cannot be read in a cage. Type: chmod -R a+rX {mount.host}")


def hand_over(folder: Path, user: int | None) -> None:
    """Give a folder and its content to the cage's user; None if the cage runs as us.

    Raises
    ------
    SandboxError
        If it is not a folder.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise SandboxError(f"{folder} is not a folder that could be given to a cage.")
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


def makes_namespaces() -> bool:
    """Whether we can make namespaces without a user namespace, as root outside most containers."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> Ids.CAP_SYS_ADMIN & 1)


def reachable(path: Path) -> bool:
    """Whether a user of this machine who owns nothing may read what lies at `path`."""
    path = path.resolve()
    return _is_open(path) and is_passable(path)


def _is_open(path: Path) -> bool:
    """Whether others may read a file, or list a folder and pass it."""
    wanted = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & wanted == wanted


def is_passable(path: Path) -> bool:
    """Whether others may pass all folders above a path that has no links."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def memory_here() -> int:
    """Return how many bytes of memory this machine has, or the container that we are in."""
    known = [psutil.virtual_memory().total]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # "max", where there is no limit
            known.append(int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii")))
    return min(known)


def furnish(
    plan: Plan, home: Path, places: Mapping[str, Path], temporary: Path
) -> tuple[list[str], dict[str, str], Path]:
    """Fill the home of a run on the machine's own paths; return command, environment, directory.

    Parameters
    ----------
    plan
        What is run; its paths inside are replaced by those of the host.
    home
        The folder.
    places
        Where on the host each mount's path inside is. Those below the home folder become links in it.
    temporary
        Where its temporary files go.
    """
    for inside, host in places.items():
        if inside.startswith(f"{HOME}/"):
            link = home / inside.removeprefix(f"{HOME}/")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(host)
    for name, content in plan.files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    cwd = home / plan.cwd
    cwd.mkdir(parents=True, exist_ok=True)
    hosts = {**{inside: str(host) for inside, host in places.items()}, HOME: str(home)}
    env = {name: _on_host(value, hosts) for name, value in plan.env.items()}
    argv = [_on_host(argument, hosts) for argument in plan.argv]
    return argv, {**basic_environment(str(home)), "TMPDIR": str(temporary), **env}, cwd


def _on_host(text: str, hosts: Mapping[str, str]) -> str:
    """Return `text` with a path inside at its start replaced by the host's, the longest that fits."""
    for inside in sorted(hosts, key=len, reverse=True):
        if f"{text}/".startswith(f"{inside}/"):
            return hosts[inside] + text[len(inside) :]
    return text


def unlisted(root: Path) -> Path:
    """Return our folder in `root` whose listing nobody else can read, made if necessary.

    Where somebody else has taken its name it is `root`.
    """
    folder = root / f"notebook-cage-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o711)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return root
    folder.chmod(0o711)  # with any umask
    return folder


def scratch_folder(kind: str, root: Path | None = None) -> Path:
    """Make a folder that only we may enter; the caller removes it with `remove_tree`.

    Folders of processes that were killed are removed by a later process.
    """
    root = root or unlisted(Path(tempfile.gettempdir()))
    _sweep(root)
    return Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{kind}-{os.getpid()}-", dir=root))


def open_to_all(path: Path) -> None:
    """Let every user read a file or folder tree, with any umask, and nobody but us write to it."""
    for one in (path, *path.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)


def is_gone(process: str) -> bool:
    """Whether a text is a process id that no process has."""
    return process.isdigit() and not Path("/proc", process).exists()


def remove_tree(folder: Path) -> None:
    """Remove a folder with untrusted content, even if nested deeper than shutil.rmtree can follow."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], check=False, capture_output=True)


@functools.cache
def _sweep(root: Path) -> None:
    """Remove our folders of processes that are gone, once a process.

    Only old ones: another machine or container that shares the folder has processes that we do not see.
    """
    for folder in root.glob(f"{_SCRATCH}*-*-*"):
        owner = folder.name.split("-")[-2]
        with contextlib.suppress(OSError):
            status = folder.lstat()
            old = time.time() - status.st_mtime > Ids.OLD_SECONDS
            if old and status.st_uid == os.geteuid() and is_gone(owner):
                remove_tree(folder)

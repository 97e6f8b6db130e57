"""The host's side of a run: libraries, interpreter, environment, accounts, scratch folders.

Everything from the host is mounted read-only and path by path: a virtual environment may be in a folder that also holds
secrets. The mounts follow from this interpreter: its prefixes, and the package folders on its path.
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
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "Ids",
    "accounts",
    "basic_environment",
    "close_all",
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
    """User ids of cages, and the age at which leftovers are removed."""

    USER = 1000
    """User id inside where a user namespace maps ids; as root, each cage gets a random unused id."""
    # Unused ids: above those that systemd and distributions assign, below 2**31.
    FIRST_ID = 2_000_000_000
    IDS = 140_000_000
    CAP_SYS_ADMIN = 21
    """Number of the capability (linux/capability.h)."""
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
    """Yield mounts of the system's programs and libraries; a pair is a symbolic link (target, path)."""
    for name in (*_SYSTEM, *_ETC):
        path = Path(name)
        if path.is_symlink() and name in _SYSTEM:
            yield str(path.readlink()), name
        elif path.exists():
            yield Mount(path.resolve(), name)


def interpreter() -> list[Mount]:
    """Return mounts of our interpreter and its installed packages, wherever they are."""
    parts = [prefix / part for prefix in _prefixes() for part in _PREFIX_PARTS]
    # A user's own packages, and those of another environment on a .pth file or PYTHONPATH. A checkout has another name.
    packages = [path for path in map(Path, sys.path) if path.name in _PACKAGE_FOLDERS and path.is_absolute()]
    seen = {Path(folder) for folder in _SYSTEM}
    mounts = []
    for path in filter(Path.exists, (*parts, *packages)):
        if seen.isdisjoint({path, *path.parents}):
            seen.add(path)
            mounts.append(Mount(path.resolve(), str(path)))
    return mounts


def exposed(path: Path) -> list[str]:
    """Return the paths at which runs see `path`: none, unless it belongs to the packages or system files."""
    path = path.resolve()
    mounts = [*(entry for entry in system() if isinstance(entry, Mount)), *interpreter()]
    seen = [Path(one.inside) / path.relative_to(one.host) for one in mounts if path.is_relative_to(one.host)]
    return sorted({str(one) for one in seen})


def _prefixes() -> list[Path]:
    """Return the nominal and the resolved prefix folders of the interpreter and its packages.

    A virtual environment's interpreter is a chain of symbolic links, and each step must resolve inside the cage.
    """
    step = Path(sys.executable)
    named = [
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.exec_prefix),
        Path(sys.base_exec_prefix),
        step.parents[1],
    ]
    while step.is_symlink():  # no cycle: this interpreter was started through it
        step = step.parent / step.readlink()
        named.append(step.parents[1])
    # normpath resolves `..` textually, so that links stay links.
    found = dict.fromkeys(spelt for path in named for spelt in (Path(os.path.normpath(path)), path.resolve()))
    return [path for path in found if path.is_dir()]


def basic_environment(home: str = HOME) -> dict[str, str]:
    """Return the initial environment of every program, without the host's locale or hash seed."""
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
    """Return the variable that makes the interpreter find the user's site-packages inside, or ignore them."""
    if site.ENABLE_USER_SITE and site.getusersitepackages() in sys.path:
        return {"PYTHONUSERBASE": site.getuserbase()}
    return {"PYTHONNOUSERSITE": "1"}


def new_user() -> int:
    """Return a random user id that no account has."""
    return Ids.FIRST_ID + secrets.randbelow(Ids.IDS)


def accounts(user: int) -> dict[str, str]:
    """Return the account files of a cage (/etc/passwd and the like), by path inside."""
    return {
        "/etc/passwd": f"root:x:0:0:root:/:/bin/false\nstudent:x:{user}:{user}:student:{HOME}:/bin/sh\n",
        "/etc/group": f"root:x:0:\nstudent:x:{user}:\n",
        "/etc/hosts": "127.0.0.1 localhost notebook\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }


def require_readable(mount: Mount) -> None:
    """Check that an unrelated user may read `mount`; a narrow umask prevents that.

    Raises
    ------
    SandboxError
        If that user may not; the message says what to type.
    """
    if not mount.writable and mount.host.exists() and not _is_open(mount.host):
        raise SandboxError(f"{mount.host} cannot be read in a cage. Type: chmod -R a+rX {mount.host}")


def hand_over(folder: Path, user: int | None) -> None:
    """Make the cage's user the owner of a folder and its content; None if the cage runs as us.

    Raises
    ------
    SandboxError
        If `folder` is not a folder, or is a symbolic link.
    """
    if not folder.is_dir() or folder.is_symlink():
        raise SandboxError(f"{folder} is not a folder that could be given to a cage.")
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


def makes_namespaces() -> bool:
    """Whether we can create namespaces without a user namespace, as root can outside most containers."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> Ids.CAP_SYS_ADMIN & 1)


def reachable(path: Path) -> bool:
    """Whether an unrelated user of this machine may read `path`."""
    path = path.resolve()
    return _is_open(path) and is_passable(path)


def _is_open(path: Path) -> bool:
    """Whether others may read a file, or list and enter a folder."""
    wanted = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & wanted == wanted


def is_passable(path: Path) -> bool:
    """Whether others may enter all folders above `path`, which must be free of symbolic links."""
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def memory_here() -> int:
    """Return the bytes of memory of this machine, or of the container that we are in."""
    known = [psutil.virtual_memory().total]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # "max" means no limit
            known.append(int(Path("/sys/fs/cgroup", name).read_text(encoding="ascii")))
    return min(known)


def furnish(
    plan: Plan, home: Path, places: Mapping[str, Path], temporary: Path
) -> tuple[list[str], dict[str, str], Path]:
    """Fill the home of a run that uses the host's own paths; return argv, environment, working folder.

    Parameters
    ----------
    plan
        The run; its paths inside are replaced by those of the host.
    home
        Its home folder on the host.
    places
        Maps each mount's path inside to its path on the host. Mounts below the home folder become links.
    temporary
        Folder for its temporary files.
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
    """Return `text` with a leading path inside replaced by the host's path; the longest match wins."""
    for inside in sorted(hosts, key=len, reverse=True):
        if f"{text}/".startswith(f"{inside}/"):
            return hosts[inside] + text[len(inside) :]
    return text


def unlisted(root: Path) -> Path:
    """Return our own folder in `root`, which only we can list; create it if necessary.

    If another user already owns that name, return `root`.
    """
    folder = root / f"notebook-cage-{os.geteuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o711)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return root
    folder.chmod(0o711)  # regardless of the umask
    return folder


def scratch_folder(kind: str, root: Path | None = None) -> Path:
    """Create a folder that only we may enter; the caller removes it with `remove_tree`.

    A later process removes the folders of killed processes.
    """
    root = root or unlisted(Path(tempfile.gettempdir()))
    _sweep(root)
    return Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{kind}-{os.getpid()}-", dir=root))


def open_to_all(path: Path) -> None:
    """Make a file or folder tree readable for all users and writable only for us, with any umask."""
    for one in (path, *path.rglob("*")):
        one.chmod(0o755 if one.is_dir() else 0o644)


def close_all(descriptors: Iterable[int]) -> None:
    """Close open descriptors."""
    for descriptor in descriptors:
        os.close(descriptor)


def is_gone(process: str) -> bool:
    """Whether `process` is a process id that no running process has."""
    return process.isdigit() and not Path("/proc", process).exists()


def remove_tree(folder: Path) -> None:
    """Remove a folder with untrusted content, even if nested too deep for shutil.rmtree."""
    subprocess.run(["rm", "-rf", "--one-file-system", "--", str(folder)], check=False, capture_output=True)


@functools.cache
def _sweep(root: Path) -> None:
    """Remove our folders of dead processes, once per process.

    Only old ones: another machine or container that shares the folder has processes that are invisible to us.
    """
    for folder in root.glob(f"{_SCRATCH}*-*-*"):
        owner = folder.name.split("-")[-2]
        with contextlib.suppress(OSError):
            status = folder.lstat()
            old = time.time() - status.st_mtime > Ids.OLD_SECONDS
            if old and status.st_uid == os.geteuid() and is_gone(owner):
                remove_tree(folder)

"""Which of the host's packages a cage sees: the system's libraries, and our interpreter with what is installed for it.

Everything is read-only, and named part by part: a virtual environment may lie in the course's own folder.
"""

from __future__ import annotations

import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from netgrader.cage.api import Mount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["interpreter", "python", "system"]

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = tuple(
    f"/etc/{name}"
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "fonts", "localtime", "ssl/certs")
)
_PREFIX_PARTS = ("bin", "lib", "lib64", "libexec", "share", "pyvenv.cfg")


def system() -> Iterator[Mount | tuple[str, str]]:
    """The system's programs and libraries; a pair is a symbolic link: its target and where it stands."""
    for name in (*_SYSTEM, *_ETC):
        path = Path(name)
        if path.is_symlink() and name in _SYSTEM:
            yield str(path.readlink()), name
        elif path.exists():
            yield Mount(path.resolve(), name)


def python() -> str:
    """Our own interpreter, by the path that makes it find its packages."""
    return sys.executable


def interpreter() -> list[Mount]:
    """Our interpreter with the packages installed for it, wherever they lie."""
    mounts: dict[str, Mount] = {}
    for prefix in _prefixes():
        if _below(prefix, _SYSTEM):
            continue
        for part in _PREFIX_PARTS:
            path = prefix / part
            if path.exists():
                mounts[str(path)] = Mount(path.resolve(), str(path))
    return list(mounts.values())


def _prefixes() -> list[Path]:
    """Where the interpreter and its packages are said to be, and where they really are.

    A virtual environment's interpreter is a chain of links, and each of its steps must lead on inside.
    """
    named = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.exec_prefix), Path(sys.base_exec_prefix)]
    step = Path(sys.executable)
    for _ in range(40):  # as many links as the kernel follows
        named.append(step.parent.parent)
        if not step.is_symlink():
            break
        step = step.parent / step.readlink()
    found: dict[Path, None] = {}
    for path in named:
        found[_lexical(path)] = None
        found[path.resolve()] = None
    return [path for path in found if path.is_dir()]


def _lexical(path: Path) -> Path:
    """`path` without `..`, links left as they are."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            del parts[-1:]
        else:
            parts.append(part)
    return Path(*parts)


def _below(path: Path, folders: Sequence[str]) -> bool:
    return any(path == Path(folder) or Path(folder) in path.parents for folder in folders)

"""The files of netgrader, the reader and the sandbox: for wheels, for the sandbox, and for hashes."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Collection
    from importlib.machinery import ModuleSpec

__all__ = [
    "CAGE",
    "DIGITS",
    "GRAPHREAD",
    "PACKAGE",
    "code_hash",
    "files_of",
    "is_part_of",
    "module_name",
    "package_files",
]


def _folder_of(package: str) -> Path:
    return Path(str(cast("ModuleSpec", importlib.util.find_spec(package)).origin)).resolve().parent


PACKAGE = Path(__file__).resolve().parent
CAGE, GRAPHREAD = _folder_of("notebook_cage"), _folder_of("graphread")
"""The packages that run students' code and read networks: verdicts depend on them as well."""
DIGITS = PACKAGE.with_name("netgrader_digits")
"""The digits course, with its answers, in an installed wheel. A checkout has no such folder: it is the course."""
SHOWING = ("cli", "commands", "formgrader", "nbgrader_plugin", "new_course", "pages")
"""Packages for submitting and display: no run and no verdict depends on them."""


@functools.cache
def code_hash() -> str:
    """Return the SHA-256 of all code that a run or a verdict can depend on, as 64 hex digits."""
    total = hashlib.sha256()
    for name, path in {**package_files(SHOWING), **files_of(GRAPHREAD), **files_of(CAGE)}.items():
        total.update(name.encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files_of(package: Path) -> dict[str, Path]:
    """Return a package's files by their path relative to its parent folder, sorted, without bytecode."""
    files = sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix(): path for path in files}


def package_files(without: Collection[str] = ()) -> dict[str, Path]:
    """Return `files_of` this package; `without` names modules and packages to leave out."""
    return {name: path for name, path in files_of(PACKAGE).items() if not is_part_of(module_name(path), without)}


def module_name(path: Path) -> str:
    """Return the dotted name of a file in this package, such as ``checks.run``; data files likewise."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_part_of(name: str, packages: Collection[str]) -> bool:
    """Whether a module is one of `packages` or in one."""
    return any(f"{name}.".startswith(f"{one}.") for one in packages)

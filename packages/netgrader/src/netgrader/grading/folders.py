"""Collect the gradable files of a submission; copy those in subfolders to where nbgrader looks."""

from __future__ import annotations

import re
import shutil
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from graphread.text import without_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "KINDS",
    "FolderLimits",
    "bring_up",
    "choose",
    "in_folders",
    "plain_name",
]

KINDS = (".ipynb", ".py")
"""Suffixes of gradable files."""


class FolderLimits:
    """Limits on a submitted folder, in files and bytes."""

    MOST_FILES = 200  # notebooks and modules of one submission
    DEPTH = 3  # levels of nested folders that are searched
    MOST_BYTES = 200_000_000  # of all files in a submission's folder that are copied up
    LARGEST = 50_000_000  # bytes of one file, the maximum size of a notebook


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the files in a folder and its subfolders down to a depth; links are not followed."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and depth:
            yield from _files(path, depth - 1)


def in_folders(folder: Path) -> Mapping[str, Path]:
    """Return the notebooks and modules in a submission's subfolders, by their names after copying up."""
    files = [path for path in _files(folder, FolderLimits.DEPTH) if path.parent != folder]
    entries = ((path.relative_to(folder).as_posix(), number) for number, path in enumerate(files))
    return {name: files[number] for name, number in choose(entries, KINDS).items()}


def bring_up(folder: Path) -> None:
    """Copy files of subfolders up without overwriting any: nbgrader looks for notebooks nowhere else."""
    there = [path for path in folder.iterdir() if path.name.lower().endswith(KINDS)]
    left = FolderLimits.MOST_BYTES - sum(path.lstat().st_size for path in there)
    for name, path in sorted(in_folders(folder).items()):
        size = path.stat().st_size
        if size <= min(left, FolderLimits.LARGEST) and not (folder / name).exists():
            shutil.copyfile(path, folder / name)
            left -= size


def choose(entries: Iterable[tuple[str, int]], kinds: tuple[str, ...]) -> Mapping[str, int]:
    """Choose entries (path and place) with one of the suffixes `kinds`; return their places by plain name.

    Hidden files are skipped; of several with one name, the one highest in the tree wins, then the first.
    """
    named = [(PurePosixPath(path.replace("\\", "/")).parts, entry) for path, entry in entries]
    found: dict[str, int] = {}
    for parts, entry in sorted(named, key=lambda one: len(one[0])):
        name = plain_name(parts[-1]) if parts else ""
        hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
        if name.lower().endswith(kinds) and not hidden:
            found.setdefault(name, entry)
    return found


def plain_name(name: str) -> str:
    """Return a name without control characters and path characters, its stem cut to 60 characters."""
    stem, dot, suffix = name.rpartition(".")
    return " ".join(re.sub(r'[/:*?"<>|]', "", without_controls(stem)).split())[:60] + dot + suffix

"""Takes evidence out of a folder that a stranger's process can write to, byte by byte, into one of ours."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from netgrader.evidence import BadEvidence, Limits

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["copy_evidence"]

CHUNK = 1 << 20
LONGEST_NAME = 40


def copy_evidence(source: Path, target: Path, limits: Limits | None = None) -> None:
    """Copy the regular files of the flat folder `source` into the new folder `target`.

    Nothing is followed, and the bytes are copied: whoever still holds one of the files open changes nothing of ours.

    Raises
    ------
    BadEvidence
        If there is anything else than regular files, a strange name, or more than `limits` allow.
    """
    limits = limits or Limits()
    try:
        folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise BadEvidence("The evidence's folder is gone.") from error
    try:
        names: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if len(names) > limits.files:
                    raise BadEvidence(f"The evidence has more than {limits.files} files.")
        target.mkdir()
        left = limits.total_bytes
        for name in sorted(names):
            left = _copy(folder, name, target / _checked(name), left)
    finally:
        os.close(folder)


def _checked(name: str) -> str:
    """`name` if it is one that evidence may have: it becomes a path of ours."""
    plain = name.isascii() and len(name) <= LONGEST_NAME and name.replace(".", "").isalnum() and name[0] != "."
    if not plain:
        raise BadEvidence("The evidence holds a file with a name that is none of its own.")
    return name


def _copy(folder: int, name: str, target: Path, left: int) -> int:
    """Copy one file; how many bytes may still come."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        raise BadEvidence("The evidence holds something that is not a regular file.") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadEvidence("The evidence holds something that is not a regular file.")
        with target.open("wb", buffering=0) as writing:
            while content := os.read(descriptor, CHUNK):
                left -= len(content)
                if left < 0:
                    raise BadEvidence("The evidence is too large.")
                writing.write(content)
    finally:
        os.close(descriptor)
    return left

"""Takes evidence out of a folder that a stranger's process can write to, byte by byte, into one of ours."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from netgrader.evidence import MANIFEST, BadEvidence, Limits

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TooMuchEvidence", "copy_evidence"]

_ZEROS = bytes(1 << 20)
# What a manifest names a file by, wherever it stands: each name is one that evidence may have, and becomes a path of ours.
_NAMED = re.compile(rb'"([0-9]{1,6}\.(?:pb|npy))"')


class TooMuchEvidence(BadEvidence):
    """All that a notebook hands over is more than it may be."""


def copy_evidence(source: Path, target: Path, limits: Limits | None = None, most: int | None = None) -> int:
    """Copy the manifest of the flat folder `source`, and the files that it names, into the new folder `target`.

    Nothing is followed, what nobody names is not looked at, and the bytes are copied: whoever still holds one of the files
    open changes nothing of ours. Where a file has holes, or zeros in their place, the copy takes no room for them.

    Parameters
    ----------
    source, target
        The folders.
    limits
        How much one check cell may hand over.
    most
        How much may still come of the notebook; None for as much as `limits` say.

    Returns
    -------
    int
        How many bytes it is when it is read, holes included; none where there is no manifest.

    Raises
    ------
    TooMuchEvidence
        If it is more than `most`.
    BadEvidence
        If one of them is no regular file or is not there, or they are more than `limits` allow.
    """
    limits = limits or Limits()
    most = limits.total_bytes if most is None else most
    try:
        folder = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise BadEvidence("The evidence's folder is gone.") from error
    try:
        target.mkdir()
        if _size(folder, MANIFEST) is None:
            return 0
        # What it is as a whole is known before any of it is copied.
        total = _copy(folder, MANIFEST, target, min(limits.manifest_bytes, most))
        names = sorted({name.decode("ascii") for name in _NAMED.findall((target / MANIFEST).read_bytes())})
        if len(names) > limits.files:
            raise BadEvidence(f"The evidence has more than {limits.files} files.")
        size = total + sum(_size(folder, name) or 0 for name in names)
        if size > limits.total_bytes:
            raise BadEvidence(f"The evidence is too large: {size:,} bytes.")
        if size > most:
            raise TooMuchEvidence(f"The evidence is too large: {size:,} bytes, and {most:,} were left.")
        for name in names:
            total += _copy(folder, name, target, min(limits.total_bytes, most) - total)
    finally:
        os.close(folder)
    return total


def _size(folder: int, name: str) -> int | None:
    """How long a file is as it is read; None if it is not there."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadEvidence("The evidence holds something that is not a regular file.") from error
    if not stat.S_ISREG(status.st_mode):
        raise BadEvidence("The evidence holds something that is not a regular file.")
    return status.st_size


def _copy(folder: int, name: str, target: Path, most: int) -> int:
    """Copy one file; how many bytes it is."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError as error:
        raise BadEvidence(f"The evidence lacks {name}.") from error
    except OSError as error:
        raise BadEvidence("The evidence holds something that is not a regular file.") from error
    copied = 0
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadEvidence("The evidence holds something that is not a regular file.")
        with (target / name).open("wb", buffering=0) as writing:
            while content := os.read(descriptor, len(_ZEROS)):
                copied += len(content)
                if copied > most:
                    raise BadEvidence("The evidence is too large.")
                if content == _ZEROS:
                    writing.seek(copied)
                else:
                    writing.write(content)
            writing.truncate(copied)
    finally:
        os.close(descriptor)
    return copied

"""Copy gradable files out of a platform's zip file, by the last part of their names, within limits.

Only notebooks and helper modules are copied, from any folder in the archive; an entry's path is never used. So no entry can
escape, no link is followed, and no more is written than the limits allow.
"""

from __future__ import annotations

import lzma
import os
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from netgrader.grading.submission import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ArchiveLimits", "unpack"]

CHUNK = 1 << 20


class _TooMuchError(Exception):
    """An entry exceeds the limits."""


@dataclass(frozen=True)
class ArchiveLimits:
    """Limits on files and in all, in bytes."""

    file: int = 50_000_000
    total: int = 200_000_000


LIMITS = ArchiveLimits()


def unpack(archive: Path, entries: Mapping[str, int], folder: Path, shown: str, limits: ArchiveLimits = LIMITS) -> None:
    """Copy the given entries of an archive, by name and index, into `folder`, unless the name is taken.

    Raises
    ------
    UnreadableError
        If they are damaged, encrypted, or exceed the limits; the message names `shown`.
    """
    left = limits.total
    with _readable(shown), zipfile.ZipFile(archive) as opened:
        there = opened.infolist()
        for name, place in sorted(entries.items()):
            if not os.path.lexists(folder / name):
                left -= _copy(opened, there[place], folder / name, min(limits.file, left))


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Raise UnreadableError naming `shown` if the archive cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own message describes the problem
            yield
    except _TooMuchError:
        raise UnreadableError(f"{shown} holds more than can be read.") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeError,
        ValueError,
        RuntimeError,
    ) as error:
        raise UnreadableError(
            f"{shown} cannot be unpacked: it is damaged, locked by a password, or no zip archive."
        ) from error


def _copy(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> int:
    """Copy an entry, ignoring its declared size; return its bytes. Raise _TooMuchError above `most` bytes."""
    size = 0
    # The process may be killed at any moment, and must not leave half a notebook.
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with opened.open(entry) as reading, part.open("xb") as writing:
            while content := _piece(reading):
                size += len(content)
                if size > most:
                    raise _TooMuchError  # noqa: TRY301  (the partial file is removed below)
                writing.write(content)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def _piece(reading: IO[bytes]) -> bytes:
    """Return the next bytes of an entry; raise BadZipFile for any error, as the archive is readable."""
    try:
        return reading.read(CHUNK)
    except (OSError, lzma.LZMAError) as error:
        raise zipfile.BadZipFile(str(error)) from error

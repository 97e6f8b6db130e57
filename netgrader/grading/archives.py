"""Copy gradable files out of a platform's zip file: by the last part of their names, with limits.

Of an archive only notebooks and helper modules are taken, from any folder in it; an entry's path is never
one of ours. So there is nothing to escape from, no link to follow, and no more to write than the limits say.
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
    """More than the limits allow."""


@dataclass(frozen=True)
class ArchiveLimits:
    """How much is taken of an archive. Sizes are in bytes."""

    file: int = 50_000_000
    total: int = 200_000_000


LIMITS = ArchiveLimits()


def unpack(archive: Path, entries: Mapping[str, int], folder: Path, shown: str, limits: ArchiveLimits = LIMITS) -> None:
    """Copy entries of an archive, given by index, into `folder` under their names, unless taken.

    Raises
    ------
    UnreadableError
        If they are damaged, locked, or larger than the limits: a sentence on `shown`.
    """
    left = limits.total
    with _readable(shown), zipfile.ZipFile(archive) as opened:
        there = opened.infolist()
        for name, place in sorted(entries.items()):
            if not os.path.lexists(folder / name):
                left -= _copy(opened, there[place], folder / name, min(limits.file, left))


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Tell in a sentence on `shown` why an archive cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about an archive is said in our own words
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
    """Copy an entry, however large it says it is; how many bytes that were."""
    size = 0
    # Whoever unpacks may be ended at any moment: half a notebook is none.
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    try:
        with opened.open(entry) as reading, part.open("xb") as writing:
            while content := _piece(reading):
                size += len(content)
                if size > most:
                    raise _TooMuchError  # noqa: TRY301  (what was written is removed below)
                writing.write(content)
        part.rename(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return size


def _piece(reading: IO[bytes]) -> bytes:
    """Return the next bytes of an entry; any exception means damaged data, as the archive is readable."""
    try:
        return reading.read(CHUNK)
    except (OSError, lzma.LZMAError) as error:
        raise zipfile.BadZipFile(str(error)) from error

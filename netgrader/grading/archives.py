"""Notebooks in zip archives: unpacked as the text of strangers that they are, by their names alone and within limits.

Of an archive only notebooks and helper modules are taken, out of whatever folders they lie in; an entry's path is never
one of ours. So there is nothing to escape from, no link to follow, and no more to write than the limits say.
"""

from __future__ import annotations

import dataclasses
import io
import lzma
import re
import shutil
import unicodedata
import uuid
import warnings
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from netgrader.grading.result_store import hash_bytes
from netgrader.grading.submission import UnreadableError
from netgrader.phrases import Verbatim, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["ArchiveLimits", "choose", "copy_entries", "find_archives", "folders_below", "unpack", "unpack_beside"]

SUFFIX = ".zip"
KINDS = (".ipynb", ".py")
CHUNK = 1 << 20
DEPTH = 3


class _TooMuchError(Exception):
    """More than the limits allow."""


@dataclass(frozen=True)
class ArchiveLimits:
    """How much is taken of an archive. Sizes are in bytes."""

    archive: int = 200_000_000
    entries: int = 5_000
    file: int = 50_000_000
    total: int = 200_000_000
    files: int = 200


def find_archives(folder: Path) -> tuple[Path, ...]:
    """Return the archives directly in `folder`, in order of their names."""
    return tuple(
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() == SUFFIX and not path.name.startswith(".") and path.is_file() and not path.is_symlink()
    )


def unpack(archive: Path, scratch: Path, limits: ArchiveLimits | None = None) -> Path:
    """Unpack an archive's notebooks and modules into a folder of their own below `scratch`; the folder.

    The same archive is unpacked once.

    Raises
    ------
    UnreadableError
        If it is none, or too large, or locked: with the sentence that says what to do.
    """
    limits = limits or ArchiveLimits()
    if archive.stat().st_size > limits.archive:
        raise UnreadableError(
            say("{1} is larger than {2} MB. Hand in the notebooks alone.", _shown(archive), limits.archive // 1_000_000)
        )
    folder = scratch / "unpacked" / hash_bytes(archive.read_bytes())[:32]
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}")
        part.mkdir(parents=True)
        try:
            _write(archive, part, limits)
            part.rename(folder)
        except OSError:
            if not folder.is_dir():  # another process may have been as quick
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def unpack_beside(folder: Path, limits: ArchiveLimits | None = None) -> tuple[str, ...]:
    """Bring notebooks in archives and in folders below up into a submission's folder; a sentence for what could not be.

    Nothing that is there is written over. nbgrader looks for notebooks nowhere else.
    """
    limits = limits or ArchiveLimits()
    problems = []
    for archive in find_archives(folder):
        try:
            _write(archive, folder, dataclasses.replace(limits, total=_room(folder, limits)))
        except UnreadableError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(say("{1} could not be unpacked in {2}: {3}.", _shown(archive), folder, error.strerror))
    for below in folders_below(folder):
        for path in sorted(below.iterdir()):
            target = folder / _plain(path.name)
            wanted = path.name.lower().endswith(KINDS) and path.is_file() and not path.is_symlink()
            if wanted and not target.exists() and path.stat().st_size <= min(limits.file, _room(folder, limits)):
                shutil.copyfile(path, target)
    return tuple(problems)


def _room(folder: Path, limits: ArchiveLimits) -> int:
    """Return how much may still be brought up into `folder`: of all that lies below it together, as of one archive."""
    there = (path for path in folder.iterdir() if path.name.lower().endswith(KINDS) and path.is_file())
    return max(0, limits.total - sum(path.lstat().st_size for path in there))


def folders_below(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """Yield the folders below `folder` that anybody could mean: not too deep, no hidden ones, no links."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink() and not path.name.startswith((".", "__MACOSX")):
            yield path
            if depth > 1:
                yield from folders_below(path, depth - 1)


def _write(archive: Path, folder: Path, limits: ArchiveLimits) -> None:
    with _readable(_shown(archive)):
        opened = zipfile.ZipFile(io.BytesIO(archive.read_bytes()))
    with opened:
        copy_entries(opened, _wanted(opened, archive, limits), folder, limits, _shown(archive))


def copy_entries(
    opened: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo], folder: Path, limits: ArchiveLimits, shown: str
) -> None:
    """Copy `entries` of an archive into `folder`, each under its name unless there is one, all of them within `limits`.

    Raises
    ------
    UnreadableError
        If they are larger, damaged or locked: a sentence on `shown`.
    """
    left = limits.total
    with _readable(shown):
        for name, entry in sorted(entries.items()):
            if not ((folder / name).exists() or (folder / name).is_symlink()):
                left -= _copy(opened, entry, folder / name, min(limits.file, left))


@contextmanager
def _readable(shown: str) -> Iterator[None]:
    """Tell in a sentence on `shown` why an archive cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is odd about an archive is said in our own words
            yield
    except _TooMuchError:
        raise UnreadableError(say("{1} holds more than can be read. Hand in the notebooks alone.", shown)) from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        UnicodeError,
        ValueError,
        RuntimeError,
    ) as error:
        locked = "password" in str(error) or "encrypted" in str(error)
        reason = "is locked by a password" if locked else "cannot be unpacked: it is damaged, or no zip archive"
        raise UnreadableError(say("{1} {2}. Hand in the notebook itself, or pack it again.", shown, reason)) from error


def _wanted(opened: zipfile.ZipFile, archive: Path, limits: ArchiveLimits) -> Mapping[str, zipfile.ZipInfo]:
    """Return the entries to take, by the names that they get."""
    entries = opened.infolist()
    if len(entries) > limits.entries:
        raise UnreadableError(say("{1} holds {2:,} files. Hand in the notebooks alone.", _shown(archive), len(entries)))
    found = choose(((entry.filename, entry) for entry in entries if not entry.is_dir()), KINDS)
    if not any(name.lower().endswith(KINDS[0]) for name in found):
        raise UnreadableError(say("{1} holds no notebook ({2}).", _shown(archive), KINDS[0]))
    if len(found) > limits.files:
        raise UnreadableError(
            say("{1} holds {2:,} notebooks and modules. Hand in your own alone.", _shown(archive), len(found))
        )
    return found


def choose(entries: Iterable[tuple[str, zipfile.ZipInfo]], kinds: tuple[str, ...]) -> Mapping[str, zipfile.ZipInfo]:
    """Choose those of some `kinds` among entries with their paths, by the names that they get.

    Hidden ones are passed over; of several of one name the one that lies highest is taken, and of those the first.
    """
    found: dict[str, tuple[int, zipfile.ZipInfo]] = {}
    for path, entry in entries:
        parts = PurePosixPath(path.replace("\\", "/")).parts
        name = _plain(parts[-1]) if parts else ""
        hidden = any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)
        if hidden or not name.lower().endswith(kinds):
            continue
        if name not in found or len(parts) < found[name][0]:
            found[name] = (len(parts), entry)
    return {name: entry for name, (_, entry) in found.items()}


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
    """Return the next bytes of an entry; the archive can be read, so that what fails is its data, whatever is raised."""
    try:
        return reading.read(CHUNK)
    except (OSError, lzma.LZMAError) as error:
        raise zipfile.BadZipFile(str(error)) from error


def _plain(name: str) -> str:
    """Return a name without control characters, of a length that every file system takes."""
    stem, dot, suffix = name.rpartition(".")
    clean = "".join(
        character for character in stem if unicodedata.category(character)[0] != "C" and character not in '/:*?"<>|'
    )
    return re.sub(r"\s+", " ", clean).strip()[:60] + dot + suffix


def _shown(archive: Path) -> str:
    return say("The archive {1}", Verbatim(_plain(archive.name)))

"""Results cached by the hash of their inputs; no reader ever sees an unfinished one.

Each result is a folder ``<stage>/<first two digits>/<hash>/``, readable by people: ``inputs.json`` says what it was
made from, ``entry.json`` what is in it (with a hash for each file) and how long it took, ``content/`` is the result. It
is made under another name and moved to its place in one step, so a killed run leaves at most a folder in ``tmp/<stage>/``.
A damaged entry is noticed by its hashes when it is read, set aside, and made again; `Store.warnings` has a sentence on it.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import os
import platform
import shutil
import time
import uuid
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psutil

from netgrader.errors import NetgraderError
from netgrader.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from netgrader.course import Course

__all__ = [
    "REPLACED",
    "UNFINISHED",
    "Entry",
    "Key",
    "Store",
    "StoreError",
    "hash_bytes",
    "hash_file",
    "hash_files",
    "hash_json",
    "in_use",
    "open_store",
]

FORMAT = 1
STALE_SECONDS = 86_400
RECORDS = "latest"
REPLACED = "replaced"
"""The folder of submissions that newer ones replaced, by assignment; nothing here reads them."""
UNFINISHED = "tmp"
ABOUT = "entry.json"
INPUTS = "inputs.json"
CONTENT = "content"
NO_PARTS: Mapping[str, float] = MappingProxyType({})


class StoreError(NetgraderError):
    """The store cannot be written; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class Key:
    """What a result depends on. `inputs` are small JSON values: hashes of what is large."""

    stage: str
    inputs: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Return its hash, the result's name."""
        return hash_json({"format": FORMAT, "stage": self.stage, "inputs": self.inputs})


@dataclass(frozen=True)
class Entry:
    """A result in the store."""

    key: Key
    """What it was made from."""
    content: Path
    """The folder of its files; not to be written to."""
    digest: str
    """The hash of its content: what a later stage depends on."""
    seconds: float
    """How long it took to make."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """The parts of that time, as far as they were noted."""
    trimmed: bool = False
    """Whether a part of its files was removed; `digest` is that of all of them."""


class Store:
    """The folder of results. Safe to use from several processes at once.

    Attributes
    ----------
    warnings
        Sentences on damaged entries that were met.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warnings: list[str] = []

    def path(self, key: Key) -> Path:
        """Return the folder where the result of `key` is or would be."""
        return self.root / key.stage / key.digest[:2] / key.digest

    def content(self, stage: str, digest: str) -> Path:
        """Return the folder of the files of the result whose key has this digest."""
        return self.root / stage / digest[:2] / digest / CONTENT

    def get(self, key: Key) -> Entry | None:
        """Return the result of `key`; None if there is none or it is damaged (then it is removed)."""
        folder = self.path(key)
        if not folder.is_dir():
            return None
        entry = self._read(key, folder)
        if entry is None:
            name = f"{key.stage} {folder.name[:12]}"
            self.warnings.append(
                f"The result {name} in the store was damaged, or is of another version; it was made again."
            )
            self.remove(folder)
        return entry

    def put_record(self, key: Key, value: object) -> None:
        """Write a small JSON value under `key`, over what was there."""
        write_json(self._record_path(key), value)

    def get_record(self, key: Key) -> Any:
        """Return the JSON value under `key`; None if there is none, or it is damaged."""
        try:
            return json.loads(self._record_path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def _record_path(self, key: Key) -> Path:
        return self.root / RECORDS / key.stage / key.digest[:2] / f"{key.digest}.json"

    def get_or_make(
        self, key: Key, make: Callable[[Path], None], parts: Mapping[str, float] = NO_PARTS
    ) -> tuple[Entry, bool]:
        """Return the result of `key`, made by ``make(folder)`` if there is none; and whether it was made now.

        What `make` raises goes through, and then nothing is kept. Its `parts` of the seconds are stored with them.

        Raises
        ------
        StoreError
            If the disk is full or the store cannot be written.
        """
        found = self.get(key)
        if found:
            return found, False
        part = self.root / UNFINISHED / key.stage / f"{key.digest[:12]}-{_own()}"
        try:
            entry = self._make(key, part, make, parts)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
                raise StoreError(
                    f"Results cannot be kept in {self.root}: {error.strerror}. What is there already stays good; "
                    "make room or name another folder by NETGRADER_STORE, and call again."
                ) from error
            raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return entry, True

    def _make(self, key: Key, part: Path, make: Callable[[Path], None], parts: Mapping[str, float]) -> Entry:
        content = part / CONTENT
        content.mkdir(parents=True)
        begun = time.monotonic()
        make(content)
        seconds = round(time.monotonic() - begun, 3)
        _regular_only(content)
        files = {name: hash_file(content / name) for name in _names(content)}
        about = {
            "format": FORMAT,
            "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "seconds": seconds,
            "parts": dict(parts),
            "digest": hash_json(files),
            "files": files,
            "trimmed": False,
        }
        write_json(part / INPUTS, {"stage": key.stage, "inputs": key.inputs})
        write_json(part / ABOUT, about)
        folder = self.path(key)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.rename(folder)
        except OSError as error:
            # Another process was quicker with the same result; a damaged one gives way to ours.
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            theirs = self.get(key)
            if theirs:
                return theirs
            part.rename(folder)
        return Entry(key, folder / CONTENT, about["digest"], seconds, dict(parts))  # type: ignore[arg-type]

    def forget(self, key: Key) -> None:
        """Remove the result of `key`, if there is one, so that it is made again."""
        self.remove(self.path(key))

    def trim(self, key: Key, part: str) -> None:
        """Remove a folder of a result's files; the rest stays, with the digest of all of them."""
        folder = self.path(key)
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        files = {name: digest for name, digest in about["files"].items() if not name.startswith(f"{part}/")}
        # Whoever is ended between the two leaves an entry that is made again.
        write_json(folder / ABOUT, {**about, "files": files, "trimmed": True})
        shutil.rmtree(folder / CONTENT / part, ignore_errors=True)

    def clean(self) -> None:
        """Remove what killed runs left behind more than a day ago.

        What a process that lives is at work on stays, however old the clock makes it.
        """
        for part in (self.root / UNFINISHED).glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process may be cleaning too
                if time.time() - part.stat().st_mtime > STALE_SECONDS and not in_use(part.name):
                    shutil.rmtree(part, ignore_errors=True)

    def _read(self, key: Key, folder: Path) -> Entry | None:
        content = folder / CONTENT
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            files = {name: hash_file(content / name) for name in _names(content)}
            whole = about["trimmed"] or about["digest"] == hash_json(files)
            entry = Entry(key, content, about["digest"], about["seconds"], about["parts"], about["trimmed"])
            return entry if whole and about["files"] == files else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def remove(self, folder: Path) -> None:
        """Delete an entry's folder after moving it away, so that no reader sees half of it."""
        aside = self.root / UNFINISHED / "aside" / f"{folder.name[:12]}-{_own()}"
        aside.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.rename(aside)
        except FileNotFoundError:
            return  # another process did
        shutil.rmtree(aside, ignore_errors=True)


def open_store(course: Course) -> Store:
    """Return the store of a course."""
    return Store(course.scratch / "store")


def hash_json(value: object) -> str:
    """Return the SHA-256 of a JSON value in its canonical form."""
    return hash_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode())


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def hash_files(files: Mapping[str, Path]) -> dict[str, str | None]:
    """Return the hash of each file by name, None where it does not exist."""
    return {name: _hash_of_input(path) for name, path in sorted(files.items())}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_of_input(path: Path) -> str | None:
    """Return the hash of one of the course's own files, computed once for each state of it."""
    if not path.is_file():
        return None
    status = path.stat()
    return _hash_as_it_was(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


@functools.lru_cache(maxsize=256)
def _hash_as_it_was(path: Path, *_state: int) -> str:
    return hash_file(path)


def _own() -> str:
    """Return a name that no other process gives, and that says which gave it."""
    return f"{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


@functools.cache
def _host() -> str:
    return hash_bytes(platform.node().encode())[:8]


def in_use(name: str) -> bool:
    """Whether the process that gave a name by `_own` lives on this machine; false where nobody can tell."""
    parts = name.split("-")
    return parts[-3:-2] == [_host()] and psutil.pid_exists(int(parts[-2]))


def _names(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _regular_only(folder: Path) -> None:
    """Remove links, pipes and devices from a cage's output; a link can lead out of the folder."""
    for path in folder.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            path.unlink()

"""Results cached by the hash of their inputs; readers never see a partial one.

Each result is a folder ``<stage>/<first two digits>/<hash>/`` with readable files: ``inputs.json`` lists its inputs,
``entry.json`` its files (with hashes) and the seconds it took; ``content/`` is the result. It is written under another name
and renamed atomically, so a killed run leaves at most a folder in ``tmp/<stage>/``. Hashes reveal a damaged entry when it is
read; it is removed and made again, and `Store.warnings` gets a sentence.
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
from netgrader.files import drop_links, is_regular, stored, write_json

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
"""The folder of replaced submissions, by assignment; this module does not read it."""
UNFINISHED = "tmp"
ABOUT = "entry.json"
INPUTS = "inputs.json"
CONTENT = "content"
NO_PARTS: Mapping[str, float] = MappingProxyType({})


class StoreError(NetgraderError):
    """The store cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Key:
    """The inputs of a result. `inputs` are small JSON values, with hashes for large data."""

    stage: str
    inputs: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """The hash of the inputs, which is the result's name."""
        return hash_json({"format": FORMAT, "stage": self.stage, "inputs": self.inputs})


@dataclass(frozen=True)
class Entry:
    """A cached result."""

    key: Key
    """Its inputs."""
    content: Path
    """The folder of its files; read-only by convention."""
    digest: str
    """The hash of its content, on which later stages depend."""
    seconds: float
    """The seconds it took to make."""
    parts: Mapping[str, float] = field(default_factory=dict)
    """Recorded parts of these seconds."""
    trimmed: bool = False
    """Whether some of its files were removed; `digest` still covers all of them."""


class Store:
    """The folder of cached results; safe for concurrent use by several processes.

    Attributes
    ----------
    warnings
        Sentences about damaged entries.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.warnings: list[str] = []

    def path(self, key: Key) -> Path:
        """Return the folder of the result of `key`, whether it exists or not."""
        return self.root / key.stage / key.digest[:2] / key.digest

    def content(self, stage: str, digest: str) -> Path:
        """Return the folder of the files of the result whose key has this digest."""
        return self.root / stage / digest[:2] / digest / CONTENT

    def get(self, key: Key) -> Entry | None:
        """Return the result of `key`; None if there is none, or it is damaged (then it is removed)."""
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
        """Write a small JSON object under `key`, replacing the old one."""
        write_json(self._record_path(key), value)

    def get_record(self, key: Key) -> dict[str, Any] | None:
        """Return the JSON object under `key`; None if there is none, or it is damaged."""
        return stored(dict[str, Any], self._record_path(key))

    def _record_path(self, key: Key) -> Path:
        return self.root / RECORDS / key.stage / key.digest[:2] / f"{key.digest}.json"

    def get_or_make(
        self, key: Key, make: Callable[[Path], None], parts: Mapping[str, float] = NO_PARTS, *, replace: bool = False
    ) -> tuple[Entry, bool]:
        """Return the result of `key`, made by ``make(folder)`` if missing, and whether it was made now.

        With `replace`, an old result is removed first. Exceptions of `make` propagate, and then nothing is stored. `parts` of the
        seconds are stored with them.

        Raises
        ------
        StoreError
            If the disk is full or the store cannot be written.
        """
        if replace:
            self.remove(self.path(key))
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
        drop_links(content)  # as a sandbox left it
        files = _hashes(content)
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
            # Another process was faster with the same result; ours replaces a damaged one.
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            theirs = self.get(key)
            if theirs:
                return theirs
            part.rename(folder)
        return Entry(key, folder / CONTENT, about["digest"], seconds, dict(parts))  # type: ignore[arg-type]

    def trim(self, key: Key, part: str) -> None:
        """Remove a subfolder of a result's files; the digest still covers all of them."""
        folder = self.path(key)
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        files = {name: digest for name, digest in about["files"].items() if not name.startswith(f"{part}/")}
        # If the process is killed in between, the entry counts as damaged and is made again.
        write_json(folder / ABOUT, {**about, "files": files, "trimmed": True})
        shutil.rmtree(folder / CONTENT / part, ignore_errors=True)

    def clean(self) -> None:
        """Remove what killed runs left behind more than a day ago.

        Folders of live processes stay at any age.
        """
        for part in (self.root / UNFINISHED).glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process may be cleaning too
                if time.time() - part.stat().st_mtime > STALE_SECONDS and not in_use(part.name):
                    shutil.rmtree(part, ignore_errors=True)

    def _read(self, key: Key, folder: Path) -> Entry | None:
        content = folder / CONTENT
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            files = _hashes(content)
            whole = about["trimmed"] or about["digest"] == hash_json(files)
            entry = Entry(key, content, about["digest"], about["seconds"], about["parts"], about["trimmed"])
            return entry if whole and about["files"] == files else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def remove(self, folder: Path) -> None:
        """Delete an entry's folder after renaming it, so that no reader sees a partial one."""
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
    """Return the hash of each file by name; None if it does not exist."""
    return {name: _hash_of_input(path) for name, path in sorted(files.items())}


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_of_input(path: Path) -> str | None:
    """Return the hash of one of the course's own files, cached while its size and times are unchanged."""
    if not path.is_file():
        return None
    status = path.stat()
    return _hash_as_it_was(path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)


@functools.lru_cache(maxsize=256)
def _hash_as_it_was(path: Path, *_state: int) -> str:
    return hash_file(path)


def _own() -> str:
    """Return a unique name that contains the host and process id."""
    return f"{_host()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


@functools.cache
def _host() -> str:
    return hash_bytes(platform.node().encode())[:8]


def in_use(name: str) -> bool:
    """Whether the process that made a name by `_own` is alive on this machine; False if on another one."""
    parts = name.split("-")
    return parts[-3:-2] == [_host()] and psutil.pid_exists(int(parts[-2]))


def _hashes(folder: Path) -> dict[str, str]:
    """Return the hash of each regular file in a folder, by its relative path."""
    files = sorted(filter(is_regular, folder.rglob("*")))
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}

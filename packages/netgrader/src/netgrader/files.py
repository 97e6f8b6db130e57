"""Atomic writes of files, and our types as JSON, between trusted processes.

Untrusted files are read within their limits before they get here (`netgrader.strangers`, `netgrader.evidence`).
"""

from __future__ import annotations

import io
import json
import math
import secrets
import zipfile
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = [
    "decode",
    "drop_links",
    "folder_size",
    "is_regular",
    "plain_json",
    "plain_number",
    "stored",
    "write_bytes",
    "write_json",
    "write_json_line",
    "write_text",
    "zipped",
]

T = TypeVar("T")
EPOCH = (1980, 1, 1, 0, 0, 0)
UNIX = 3


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, replacing an old one; create its folder if necessary."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically, replacing an old one; create its folder if necessary."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def zipped(files: Mapping[str, bytes], mode: Callable[[bytes], int] = lambda _: 0o644) -> bytes:
    """Return a zip archive of files by path, with a fixed time; `mode` maps content to permissions."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, mode(content) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def write_json(path: Path, value: object) -> None:
    """Write JSON values or one of our types atomically, indented for people to read."""
    write_text(path, json.dumps(msgspec.to_builtins(value), indent=1) + "\n")


def write_json_line(stream: IO[str], **record: Any) -> None:
    """Write a record as one line of JSON, and flush."""
    stream.write(json.dumps(record) + "\n")
    stream.flush()


def decode(kind: type[T], raw: object) -> T:
    """Convert JSON values to a `kind` (dataclass or composite); ignore unknown fields.

    Raises
    ------
    ValueError
        If `raw` does not fit; the message names the place.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def stored(kind: type[T], path: Path) -> T | None:
    """Return the `kind` that a JSON file holds; None if the file is missing, damaged or outdated."""
    try:
        return decode(kind, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def is_regular(path: Path) -> bool:
    """Whether a path is a regular file, not a link to one."""
    return path.is_file() and not path.is_symlink()


def drop_links(folder: Path) -> None:
    """Remove links, pipes and devices from a folder of untrusted files; a link can lead out of it."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            path.unlink()


def folder_size(folder: Path) -> int:
    """Return the bytes of all files in a folder and its subfolders."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def plain_json(value: object) -> Any:
    """Return one of our types as JSON values: Python numbers, and None for non-finite ones."""
    return _finite(msgspec.to_builtins(value, str_keys=True, enc_hook=plain_number))


def plain_number(value: Any) -> Any:
    """Return a NumPy number as Python's, as a hook of msgspec's encoders."""
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

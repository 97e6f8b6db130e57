"""Files that are seen whole or not at all, and our types as JSON, between our own processes.

What strangers wrote is read within its limits before it comes here (`netgrader.strangers`, `netgrader.evidence`).
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
    "plain_json",
    "plain_number",
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
    """Write a text file in one move over what was there; its folder is made if there is none."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one move over what was there; its folder is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def zipped(
    files: Mapping[str, bytes], mode: Callable[[bytes], int] = lambda _: 0o644, how: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Return an archive of files by path, without times; `mode` gives rights by content."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system, entry.external_attr = UNIX, mode(content) << 16
            archive.writestr(entry, content, how)
    return made.getvalue()


def write_json(path: Path, value: object) -> None:
    """Write JSON values or one of our types, readable by people, in one move over what was there."""
    write_text(path, json.dumps(msgspec.to_builtins(value), indent=1) + "\n")


def write_json_line(stream: IO[str], **record: Any) -> None:
    """Write a record as a line of JSON, and flush it."""
    stream.write(json.dumps(record) + "\n")
    stream.flush()


def decode(kind: type[T], raw: object) -> T:
    """Make a `kind` (dataclass or composite) from JSON values; unknown fields are left out.

    Raises
    ------
    ValueError
        If `raw` is not one, with the place that is wrong.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def plain_json(value: object) -> Any:
    """Return one of our types as JSON values: Python numbers, and null for non-finite ones."""
    return _finite(msgspec.to_builtins(value, str_keys=True, enc_hook=plain_number))


def plain_number(value: Any) -> Any:
    """Return one of NumPy's numbers as Python's, as a hook of msgspec's encoders."""
    if hasattr(value, "item"):
        return value.item()
    raise NotImplementedError


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

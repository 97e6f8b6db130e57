"""Files that are seen whole or not at all, and lines of JSON."""

from __future__ import annotations

import json
import secrets
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_json", "write_json_line", "write_text"]


def write_text(path: Path, text: str) -> None:
    """Write a text file in one move over what was there; its folder is made if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a JSON value, readable by people, in one move over what was there."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_json_line(stream: IO[str], **record: Any) -> None:
    """Write a record as a line of JSON, and flush it."""
    stream.write(json.dumps(record) + "\n")
    stream.flush()

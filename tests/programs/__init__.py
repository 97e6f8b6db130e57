"""Students' programs, right and wrong: one form, read here.

A file ``KIND/NAME.toml`` holds programs by name, one table each:

- ``source``, the text; or ``of``, the name of another program (``FILE:NAME`` if it is in another file), and ``edits``: pairs of a
  piece of its text and what takes its place.
- ``codes``, the faults that must be reported, these and no others. A right program has none.
- ``remarks``, the remarks that must be reported; they cost nothing.
- Any other key is a term of the tests that run programs of this kind.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Program", "edited", "programs", "right", "source", "wrong"]

FOLDER = Path(__file__).parent
FORM = ("source", "of", "edits", "codes", "remarks")


@dataclass(frozen=True)
class Program:
    """A program: its text, the codes and remarks it must get, and terms of its kind."""

    name: str
    source: str
    codes: frozenset[str] = frozenset()
    remarks: frozenset[str] = frozenset()
    terms: Mapping[str, Any] = field(default_factory=dict, hash=False)


def edited(text: str, *edits: tuple[str, str]) -> str:
    """Return the text with each piece replaced wherever it is; it must be there."""
    for old, new in edits:
        assert old in text, f"the text has no {old!r}"
        text = text.replace(old, new)
    return text


@cache
def programs(file: str) -> Mapping[str, Program]:
    """Return the programs of a file, ``loops/plain`` for example, by name, in its order."""
    tables = tomllib.loads((FOLDER / f"{file}.toml").read_text(encoding="utf-8"))
    found: dict[str, Program] = {}
    for name, table in tables.items():
        text = table["source"] if "source" in table else edited(source(table["of"], found), *table.get("edits", ()))
        terms = {key: value for key, value in table.items() if key not in FORM}
        found[name] = Program(name, text, frozenset(table.get("codes", ())), frozenset(table.get("remarks", ())), terms)
    return found


def source(name: str, above: Mapping[str, Program] | None = None) -> str:
    """Return the text of ``FILE:NAME``, or of a program of this name among those `above`."""
    file, _, name = name.rpartition(":")
    return (programs(file) if file else above or {})[name].source


def right(file: str) -> dict[str, Program]:
    """Return the right programs of a file."""
    return {name: one for name, one in programs(file).items() if not one.codes}


def wrong(file: str) -> dict[str, Program]:
    """Return the programs of a file that have a fault."""
    return {name: one for name, one in programs(file).items() if one.codes}

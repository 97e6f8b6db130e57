"""The attacks in ``table/``, and the page of protections that ``python -m tests.attacks.table`` writes from them.

Each file holds the attacks of one family, and each attack names the protection that it tests. Attacks made by code are in
tables of test modules; `protections.toml` names these. `seen` means that a test shows the attack succeeding without its
protection.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.attacks import changes
from tests.attacks.attacked import RIGHT, WRONG, Attack

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "protections.md"
HERE = Path(__file__).parent
FAMILIES = sorted(path.stem for path in (HERE / "table").glob("*.toml") if path.stem != "protections")


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / "table" / f"{name}.toml").read_text(encoding="utf-8"))


PROTECTIONS: dict[str, dict[str, Any]] = _read("protections")


class Listed(NamedTuple):
    """An attack as the page lists it."""

    family: str
    name: str
    protection: str
    seen: bool


def rows(family: str) -> list[dict[str, Any]]:
    """Return the attacks of a family, as its file has them."""
    return _read(family)["attack"]


def cells(family: str) -> dict[str, str]:
    """Return the code of each attack of a family by its name; a line that names a shared piece becomes the piece."""
    pieces = _read(family).get("pieces", {})
    return {
        row["name"]: "\n".join(pieces.get(line, line) for line in row["cell"].strip("\n").splitlines())
        for row in rows(family)
    }


def piece(family: str, name: str) -> str:
    """Return a piece of code that attacks of a family share."""
    return _read(family)["pieces"][name].strip("\n")


def notebooks(*families: str) -> list[Attack]:
    """Return attacks that are whole notebooks. `run` is put before the squares, which are right if the row says so."""
    made = []
    for row in (row for family in families for row in rows(family)):
        more = {key: value for key, value in row.items() if key not in {"protection", "seen", "run", "right"}}
        squares = RIGHT if row.get("right") else WRONG
        more.setdefault("squares", f"{row['run']}\n{squares}" if "run" in row else squares)
        more.setdefault("squares_deserves", 3.0 if row.get("right") else 0.0)
        if "change" in row:
            more["change"] = getattr(changes, row["change"])
        made.append(Attack(**more))
    return made


def listed() -> list[Listed]:
    """Return all attacks of this folder."""
    found = [
        Listed(family, row["name"], row["protection"], row.get("seen", False))
        for family in FAMILIES
        for row in rows(family)
        if "protection" in row
    ]
    for key, protection in PROTECTIONS.items():
        for place, seen in protection.get("made", {}).items():
            module, _, table = place.partition(".")
            held = getattr(importlib.import_module(f"tests.attacks.{module}"), table)
            names = list(held) if isinstance(held, Mapping) else [getattr(one, "__name__", one) for one in held]
            assert seen in {True, False} if isinstance(seen, bool) else set(seen) <= set(names), place
            family = module.removeprefix("test_")
            found += [Listed(family, name, key, seen if isinstance(seen, bool) else name in seen) for name in names]
    return found


def seen(*protections: str) -> list[str]:
    """Return the names of the attacks that are seen to succeed without one of these."""
    return [one.name for key in protections for one in listed() if one.protection == key and one.seen]


def page() -> str:
    """Return the page on protections, as Markdown."""
    attacks = listed()
    count = sum(one.seen for one in attacks)
    lines = [
        "# Attacks by protection",
        "",
        "Written by `python -m tests.attacks.table`. Each attack in `tests/attacks/` tests one protection. The test in the last",
        "column turns that protection off and shows that the attacks marked * then succeed; the same protection stops the other",
        "attacks of the row. Every attack still runs in a cage.",
        "",
        "The cage is bubblewrap's. `--sandbox user`, for containers without namespaces, has no file system of its own, no",
        "process namespace, no read-only mounts and no size limit for world-writable folders. It relies on file permissions",
        "instead, and refuses to grade if others can read the course. `tests/cage/test_user.py` runs the attempts of `reading`",
        "and `writing` against it and tests all of its promises.",
        "",
        f"{len(attacks)} attacks, {len(PROTECTIONS)} protections; {count} attacks are shown to succeed.",
        "",
        "| Protection | Without it | Attacks | Test |",
        "|---|---|---|---|",
    ]
    for key, one in PROTECTIONS.items():
        names: dict[str, list[str]] = {}
        for attack in attacks:
            if attack.protection == key:
                name = attack.name.replace("|", "\\|") + "*" * attack.seen
                names.setdefault(attack.family, []).append(name)
        listing = "; ".join(f"`{family}`: {', '.join(of)}" for family, of in names.items())
        lines.append(f"| {one['name']} | {one['off']} | {listing} | `{one['where'].rpartition('/')[2]}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

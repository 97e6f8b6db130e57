"""Measurement rows: an append-only CSV file, the measured commit, and a page's tables."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ROOT", "append_row", "filled", "measured_commit", "rows_of"]

ROOT = Path(__file__).parents[1]


def measured_commit(*paths: str) -> str:
    """Return the last commit that changed these paths; without paths, the last commit."""
    command = ["git", "log", "-1", "--format=%h", "--", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return all rows; none if the file does not exist."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append_row(path: Path, fields: Iterable[str], row: Mapping[str, object]) -> None:
    """Append a row, with the file's own header and line endings; a new file gets `fields` as header."""
    new, ending = not path.exists(), "\n"
    if not new:
        with path.open(encoding="utf-8", newline="") as file:
            head = file.readline()
        fields, ending = next(csv.reader([head])), head[len(head.rstrip("\r\n")) :]
    with path.open("a", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, list(fields), lineterminator=ending)
        if new:
            out.writeheader()
        out.writerow(row)


def filled(text: str, part: str, lines: Iterable[str]) -> str:
    """Return a page with `lines` between the comments that delimit the part."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{rest.partition(end)[2]}"

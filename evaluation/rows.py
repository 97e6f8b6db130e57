"""Rows of a measurement: a CSV file that grows by one at a time, the commit that is measured, and a page's tables."""

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
    """Return the last commit that changed what is measured; without paths, the last one."""
    command = ["git", "log", "-1", "--format=%h", "--", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return all rows that there are."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append_row(path: Path, fields: Iterable[str], row: Mapping[str, object]) -> None:
    """Write a row under the file's head, with its line ends; a new file gets `fields` as its head."""
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
    """Return a page with `lines` between the comments that begin and end a part of it."""
    begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{rest.partition(end)[2]}"

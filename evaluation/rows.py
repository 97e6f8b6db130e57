"""Rows of a measurement: a CSV file that grows by one at a time, and the commit that is measured."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ROOT", "append_row", "measured_commit", "rows_of"]

ROOT = Path(__file__).parents[1]


def measured_commit(*paths: str) -> str:
    """Return the last commit that changed what is measured."""
    command = ["git", "log", "-1", "--format=%h", "--", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return all rows that there are."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def append_row(path: Path, fields: Sequence[str], row: Mapping[str, object]) -> None:
    """Write a row, and the head before the first."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, fields, lineterminator="\n")
        if new:
            out.writeheader()
        out.writerow(row)

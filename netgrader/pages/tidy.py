"""Tables in tidy form as CSV, for other programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from netgrader.pages import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Value", "tidy_csv"]

Value = str | bool | float | tuple[str, ...] | None


def tidy_csv(columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """Return a table as CSV: text that no spreadsheet runs, yes or no, blanks between several texts."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(_written, row) for row in rows)
    return stream.getvalue()


def _written(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case str():
            return safe.csv_text(value)
    return " ".join(value)

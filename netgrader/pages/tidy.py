"""A table in tidy form for other programs: as CSV, or typed as Parquet."""

from __future__ import annotations

import csv
import enum
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.errors import UsageError
from netgrader.pages import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ColumnKind", "Tidy", "require_parquet"]

Value = str | bool | float | tuple[str, ...] | None


class ColumnKind(enum.Enum):
    """What a column holds; any value may be missing."""

    TEXT = enum.auto()
    TEXTS = enum.auto()
    TRUTH = enum.auto()
    NUMBER = enum.auto()


@dataclass(frozen=True)
class Tidy:
    """A table: what each column holds, by name, and the rows."""

    columns: Mapping[str, ColumnKind]
    rows: Sequence[Sequence[Value]]

    def csv(self) -> str:
        """Return it as CSV: texts that no spreadsheet runs, yes or no, several texts with blanks between them."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(map(_written, row) for row in self.rows)
        return stream.getvalue()

    def parquet(self) -> bytes:
        """Return it as Parquet: strings, lists of strings, booleans and doubles; what is missing is null.

        Raises
        ------
        UsageError
            If the library for it is not installed.
        """
        pa, parquet = require_parquet()
        types = {
            ColumnKind.TEXT: pa.string(),
            ColumnKind.TEXTS: pa.list_(pa.string()),
            ColumnKind.TRUTH: pa.bool_(),
            ColumnKind.NUMBER: pa.float64(),
        }
        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.columns)
        arrays = [
            pa.array([_stored(value) for value in column], types[kind])
            for column, kind in zip(columns, self.columns.values(), strict=True)
        ]
        stream = io.BytesIO()
        parquet.write_table(pa.table(arrays, names=list(self.columns)), stream)
        return stream.getvalue()


def require_parquet() -> tuple[Any, Any]:
    """Import what writes Parquet.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  (optional)
        from pyarrow import parquet  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise UsageError("--parquet needs pyarrow: type pip install 'pyarrow>=17'.") from error
    return pa, parquet


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


def _stored(value: Value) -> object:
    """Return a value as Parquet takes it: what a student is called may hold half of a character."""
    return safe.line(value) if isinstance(value, str) else list(value) if isinstance(value, tuple) else value

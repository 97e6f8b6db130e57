"""Reads a table (a CSV file with a header): numbers are features, one column is the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LARGEST_TABLE", "read_table"]

LARGEST_TABLE = 200_000_000  # bytes
SEPARATORS = (",", ";", "\t")


def read_table(file: Path, target: str | None) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    """Return the features (n, k) and the targets (n,) of a table: int64, float64 or text.

    `file` is text in UTF-8 whose first line names the columns, with commas, semicolons or tabs between them. All columns but
    that of the targets are features.

    Raises
    ------
    UsageError
        If it is not such a table: with the column, what was found and what to do.
    """
    header, cells = _cells(file)
    if target is None or target not in header:
        asked = "Name the target with --target-column" if target is None else f"It has no column {target}"
        raise UsageError(f"{file}: {asked}; there are {', '.join(header)}.")
    features = [number for number, name in enumerate(header) if name != target]
    if not features:
        raise UsageError(f"{file} has no column but {target}: add the features to predict it from.")
    columns = [_numbers(file, header[number], cells[:, number]) for number in features]
    return np.stack(columns, axis=1).astype(np.float32), _targets(file, target, cells[:, header.index(target)])


def _cells(file: Path) -> tuple[list[str], npt.NDArray[np.str_]]:
    """Return the names of the columns, and the cells (rows, columns)."""
    try:
        if file.stat().st_size > LARGEST_TABLE:
            raise UsageError(f"{file} is larger than {LARGEST_TABLE // 10**6} MB. Give a part of its rows.")
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
        if not first.strip():
            raise UsageError(f"The first line of {file} is empty. It must name the columns.")
        separator = max(SEPARATORS, key=first.count)
        read = np.loadtxt(
            file, dtype=str, delimiter=separator, quotechar='"', comments=None, encoding="utf-8-sig", ndmin=2
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"NumPy cannot read {file} as a table in UTF-8: {error}.") from error
    header, cells = [str(name).strip() for name in read[0]], np.char.strip(read[1:])
    if not len(cells) or len({*header} - {""}) < len(header):
        raise UsageError(f"{file} must have a name for each column in its first line, each once, and rows below it.")
    return header, cells


def _numbers(file: Path, name: str, column: npt.NDArray[np.str_]) -> npt.NDArray[np.float64]:
    """Return a column of features as numbers that single precision can hold."""
    try:
        with np.errstate(over="ignore"):
            numbers = column.astype(np.float64)
            fits = np.isfinite(numbers.astype(np.float32))
    except ValueError as error:
        raise UsageError(
            f"The column {name} of {file} must hold numbers ({error}). Fill in or leave out rows with gaps, and make a column of "
            "0 and 1 of each word."
        ) from error
    if not fits.all():
        row = int(np.argmin(fits))
        raise UsageError(f"Row {row + 2} of {file} has {column[row]} in the column {name}: expected a finite number.")
    return numbers


def _targets(file: Path, name: str, column: npt.NDArray[np.str_]) -> npt.NDArray[Any]:
    """Return the targets as whole numbers, else as numbers, else as text."""
    if (column == "").any():
        raise UsageError(
            f"Row {int(np.argmax(column == '')) + 2} of {file} has no target in the column {name}. Leave it out."
        )
    for kind in (np.int64, np.float64):
        try:
            return column.astype(kind)
        except (ValueError, OverflowError):
            continue
    return column

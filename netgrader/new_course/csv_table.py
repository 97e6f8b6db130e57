"""Reads a table (csv with a header) as inputs and targets: numbers are features, one column is what is to be found out."""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["LARGEST_TABLE", "read_table"]

LARGEST_TABLE = 200_000_000  # bytes
SEPARATORS = (",", ";", "\t")
SHOWN = 5  # columns that are named in a message


def read_table(file: Path, target: str | None) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
    """Return the features (n, k) and the targets (n,) of a table: text, whole numbers or numbers, as they stand there.

    `file` is text in UTF-8; its first line has the columns' names, with commas, semicolons or tabs between them. All columns but
    that of the targets are features.

    Raises
    ------
    UsageError
        If it is not such a table: with the row and the column, and what to do.
    """
    header, rows = _cells(file)
    if target is None or target not in header:
        asked = "Say with --target-column which is to be found out" if target is None else f"It has no column {target}"
        raise UsageError(f"{file}: {asked}; there are {_listed(header)}.")
    at = header.index(target)
    columns = list(zip(*rows, strict=True))
    features = [number for number in range(len(header)) if number != at]
    if not features:
        raise UsageError(f"{file} has no column beside {target}: there is nothing to find it out from.")
    wrong = []
    text = [number for number in features if _first_word(columns[number]) is not None]
    if text:
        names = _listed([header[number] for number in text])
        row = _first_word(columns[text[0]]) or 2
        wrong.append(
            f"features must be numbers, but {names} {'hold' if len(text) > 1 else 'holds'} something else. "
            f"Make numbers of it (a column of 0 and 1 for each word, say), or leave it out of the file; "
            f"row {row} has {columns[text[0]][row - 2]!r} in the column {header[text[0]]}."
        )
    gaps = [(row, header[number]) for number in features for row, cell in enumerate(columns[number], 2) if not cell]
    if gaps:
        row, name = min(gaps)
        more = f", and {len(gaps) - 1} more empty cells" if len(gaps) > 1 else ""
        wrong.append(f"row {row} has nothing in the column {name}{more}: fill it in, or leave the row out.")
    if wrong:
        raise UsageError(f"{file}: {' '.join(one[0].upper() + one[1:] if at else one for at, one in enumerate(wrong))}")
    values = np.array([[float(cell) for cell in columns[number]] for number in features], np.float64).T
    if (np.abs(values) > np.finfo(np.float32).max).any():
        raise UsageError(f"{file} has numbers that single precision does not hold, beyond 3.4e38.")
    return values.astype(np.float32), _targets(file, target, columns[at])


def _cells(file: Path) -> tuple[list[str], list[list[str]]]:
    """Return the columns' names and the rows, all of one length."""
    try:
        if file.stat().st_size > LARGEST_TABLE:
            raise UsageError(f"{file} is larger than the {LARGEST_TABLE // 10**6} MB that a table may have.")
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as text in UTF-8: {error}.") from error
    lines = text.splitlines()
    separator = max(SEPARATORS, key=(lines[0] if lines else "").count)
    try:
        read = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise UsageError(f"{file} cannot be read as a table: {error}.") from error
    if len(read) < 3:
        raise UsageError(f"{file} has no rows: its first line names the columns, and each line after it is a row.")
    header, *rows = read
    if any(not name or _is_number(name) for name in header) or len(set(header)) != len(header):
        raise UsageError(f"The first line of {file} must name the columns, each otherwise and none by a number.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise UsageError(
                f"Row {number} of {file} has {len(row)} cells, and the first line names {len(header)} columns."
            )
    return header, rows


def _targets(file: Path, name: str, cells: Sequence[str]) -> npt.NDArray[Any]:
    """Return the targets: float64 if all are numbers, with whole ones int64; else text."""
    empty = next((row for row, cell in enumerate(cells, 2) if not cell), None)
    if empty is not None:
        raise UsageError(f"{file} has nothing in the column {name} in row {empty}. Leave the row out.")
    if not all(map(_is_number, cells)):
        return np.array(cells)
    numbers = np.array([float(cell) for cell in cells])
    whole = all(cell.lstrip("+-").isdigit() for cell in cells) and np.abs(numbers).max() < 2**53
    return numbers.astype(np.int64) if whole else numbers


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell)) and "_" not in cell
    except ValueError:
        return False


def _first_word(cells: Sequence[str]) -> int | None:
    """Return the first row, as the file counts lines, that holds something else than a number; None if none does."""
    return next((row for row, cell in enumerate(cells, 2) if cell and not _is_number(cell)), None)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more

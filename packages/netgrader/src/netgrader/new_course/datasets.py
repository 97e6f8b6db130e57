"""Read an instructor's arrays or table as a course's data file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.data import COLOR_PLANES, DataSpec
from netgrader.errors import UsageError
from netgrader.toml_tables import SenselessTableError, converted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_data"]

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")


class Split:
    """How to split rows if the data are not split, and which targets are classes."""

    SHARE, SEED = 5, 0
    """One in this many inputs becomes a test input if the data are not split, drawn with this seed."""
    FEW = 20
    """Largest number of distinct integer targets of rows that are classes; with more, they are numbers."""
    LEAST_ROWS = 5


SEPARATORS = (",", ";", "\t")
FORMS = "an .npz with x_train, y_train, x_test, y_test, or with x and y, one target for each input; or a .csv"


def read_data(
    given: Path,
    *,
    called: str = "",
    names: Sequence[str] = (),
    unit: str = "",
    target_column: str = "",
    one_output: bool = False,
) -> tuple[DataSpec, bytes]:
    """Return the specification of a course's data, and the content of their file.

    If the data are not split, one input in five of each class, or of near targets, becomes a test input, drawn with a fixed
    seed. Inputs are images if they are uint8 of shape (n, height, width) or (n, height, width, channels), else rows or
    sequences of numbers, which are standardized. Targets are classes if they are words, integer targets of images, or few
    distinct integers; else numbers.

    Parameters
    ----------
    given
        A file: see `FORMS`.
    called, names
        What an input shows, and the names of the classes; if empty, from the data.
    unit
        The unit of numeric targets.
    target_column
        The column of a table to predict.
    one_output
        Whether networks separate two classes by one output.

    Raises
    ------
    UsageError
        If the file is not one of these, or its content is invalid.
    """
    x, y, n_train, columns = _read(given, target_column)
    inputs, targets, classes, scaling = _kept(x, y, given)
    train, test = _rows(targets, n_train)
    if min(len(train), len(test)) < Split.LEAST_ROWS:
        raise UsageError(
            f"{given} has {len(train)} rows to train on and {len(test)} to test on; "
            f"{Split.LEAST_ROWS} or more of each are needed."
        )
    held = (inputs[train], targets[train], inputs[test], targets[test])
    content = _archive(dict(zip((*TRAIN, *TEST), held, strict=True)))
    shown = called or re.sub(r"[^\w -]", " ", target_column).strip()[:40]
    about = {
        "classes": len(classes),
        "one_output": one_output,
        "names": list(names) or _names(classes),
        "unit": unit,
        "called": shown,
        "columns": columns,
    }
    table: dict[str, Any] = {
        "file": re.sub(r"[^\w.-]", "_", f"{given.resolve().stem}.npz"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": {"inputs": TRAIN[0], "targets": TRAIN[1], "rows": len(train)},
        "test": {"inputs": TEST[0], "targets": TEST[1], "rows": len(test)},
        "shape": list(inputs.shape[1:]),
        "scaling": scaling,
        **{name: value for name, value in about.items() if value},
    }
    try:
        return converted(table, DataSpec), content
    except SenselessTableError as error:
        raise UsageError(f"The data {given} cannot be a course's: {error}.") from error


def _read(given: Path, target_column: str) -> tuple[Array, Array, int, list[str]]:
    """Return inputs (n, …), targets (n,), the number of training rows (-1 if not split), and columns."""
    if given.suffix.lower() == ".csv":
        x, y, columns = _read_table(given, target_column)
        return x, y, -1, columns
    if target_column:
        raise UsageError(f"--target-column names a column of a .csv, and {given} is not one.")
    try:
        with np.load(given, allow_pickle=False) as archive:
            if TRAIN[0] not in archive:
                return archive["x"], archive["y"].reshape(len(archive["x"])), -1, []
            train, test = archive["x_train"], archive["x_test"]
            targets = archive["y_train"].reshape(len(train)), archive["y_test"].reshape(len(test))
            return np.concatenate([train, test]), np.concatenate(targets), len(train), []
    except (AttributeError, EOFError, KeyError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"The data {given} cannot be read. Give {FORMS}. Arrays of Python objects are not read, since they need pickle."
        ) from error


def _read_table(file: Path, target: str) -> tuple[Array, Array, list[str]]:
    """Return a table's features (n, k), its targets (n,), int64, float64 or text, and the k names.

    `file` is UTF-8 text whose first line names the columns, separated by commas, semicolons or tabs. All columns except the
    targets' are features.

    Raises
    ------
    UsageError
        If it is not such a table; the message says what was found and what to do.
    """
    try:
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
        separator = max(SEPARATORS, key=first.count)
        cells = np.loadtxt(
            file, dtype=str, delimiter=separator, quotechar='"', comments=None, encoding="utf-8-sig", ndmin=2
        )
        names = [str(name).strip() for name in cells[:1].flat]
        if names.count(target) != 1:
            raise UsageError(
                f"{file} must have a header that names its columns, and --target-column must name that of the targets; "
                f"there are {', '.join(names)}."
            )
        at = names.index(target)
        features = np.delete(cells[1:], at, axis=1).astype(np.float64)
        return features, _targets(np.char.strip(cells[1:, at])), names[:at] + names[at + 1 :]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"NumPy cannot read {file} as a table in UTF-8 with numbers in all columns but that of the targets: {error}. "
            "Fill in or leave out rows with gaps, and make a column of 0 and 1 of each word."
        ) from error


def _targets(column: npt.NDArray[np.str_]) -> Array:
    """Return the targets as integers, else as floats, else as text."""
    if "" in column:
        raise ValueError("a row has no target")
    for kind in (np.int64, np.float64):
        with contextlib.suppress(ValueError, OverflowError):
            return column.astype(kind)
    return column


def _rows(targets: Array, n_train: int) -> tuple[Array, Array]:
    """Return the indexes of training and test rows, drawn if `n_train` is -1.

    One in five rows with the same target, or with near ones, becomes a test row.
    """
    if n_train >= 0:
        return np.arange(n_train), np.arange(n_train, len(targets))
    order = np.random.default_rng(Split.SEED).permutation(len(targets))
    drawn = np.zeros(len(targets), bool)
    drawn[order[np.argsort(targets[order], kind="stable")][Split.SHARE - 1 :: Split.SHARE]] = True
    return order[~drawn[order]], order[drawn[order]]


def _kept(x: Array, y: Array, given: Path) -> tuple[Array, Array, Array, str]:
    """Return inputs and targets as in the course's file, class names, and the scaling."""
    if x.dtype.kind not in "fiu" or y.dtype.kind not in "fiuU":
        raise UsageError(
            f"The inputs in {given} must be numbers and the targets numbers or words, not {x.dtype} and {y.dtype}."
        )
    pictures = x.dtype == np.uint8 and x.ndim > 2 and x.shape[3:] in COLOR_PLANES
    classes = _classes(y, pictures=pictures)
    inputs = x if pictures else _single(x)
    targets = np.searchsorted(classes, y).astype(np.uint8) if len(classes) else _single(y)
    if not np.isfinite(inputs).all() or not np.isfinite(targets).all():
        raise UsageError(f"The inputs or targets in {given} have values that are not finite in single precision.")
    return inputs, targets, classes, "largest" if pictures else "standard"


def _single(values: Array) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # values beyond single precision become infinite
        return values.astype(np.float32)


def _classes(targets: Array, *, pictures: bool) -> Array:
    """Return the distinct classes in order; empty if targets are numbers."""
    classes = np.unique(targets)
    many = classes.dtype.kind in "iu" and len(classes) > Split.FEW and not pictures
    return classes[:0] if many or classes.dtype.kind == "f" else classes


def _names(classes: Array) -> list[str]:
    """Return the names of classes; empty if they are counted from 0."""
    found = list(map(str, classes))
    return [] if found == list(map(str, range(len(found)))) else found


def _archive(arrays: Arrays) -> bytes:
    """Return the arrays as a reproducible ``.npz``."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()

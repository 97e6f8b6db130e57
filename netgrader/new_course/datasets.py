"""Reads an instructor's arrays or table as a course's data file."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.data import COLOURS, DataSpec
from netgrader.errors import UsageError
from netgrader.toml_tables import SenselessTableError, converted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_data"]

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")
WHOLE = ("x", "y")
SHARE, SEED = 5, 0
"""One in so many inputs is a test input where the data are not split, drawn with this seed."""
FEW = 20
"""Of rows so many different whole numbers are taken for classes, more for numbers."""
LEAST_ROWS = 5
SEPARATORS = (",", ";", "\t")
FORMS = "an .npz with x_train, y_train, x_test, y_test, or with x and y; or a .csv with a header"


def read_data(
    given: Path, *, called: str = "", names: Sequence[str] = (), unit: str = "", target_column: str | None = None
) -> tuple[DataSpec, bytes]:
    """Return what the data of a course are, and the content of their file.

    Data that are not split yet are: one input in five, drawn with a fixed seed, is a test input. Inputs are images if they
    are uint8 of shape (n, height, width) or (n, height, width, colours), else rows or sequences of numbers, which are
    standardised. Targets are classes if they are words, whole numbers of images, or few different whole numbers; else numbers.

    Parameters
    ----------
    given
        A file: see `FORMS`.
    called, names
        What an input shows, and what the classes are called; what the data say of it if empty.
    unit
        Of targets that are numbers.
    target_column
        The column of a table that is to be found out.

    Raises
    ------
    UsageError
        If it is none of these, or does not make sense.
    """
    arrays = _read(given, target_column)
    for inputs, targets in (TRAIN, TEST):
        _require(arrays, inputs, targets, given)
    if arrays["x_train"].shape[1:] != arrays["x_test"].shape[1:]:
        raise UsageError(f"The training and the test inputs in {given} have different sizes.")
    pictures = all(_are_pictures(arrays[inputs]) for inputs, _ in (TRAIN, TEST))
    classes = _classes(np.concatenate([arrays[targets] for _, targets in (TRAIN, TEST)]), pictures=pictures)
    made = {}
    for inputs, targets in (TRAIN, TEST):
        made[inputs] = arrays[inputs].astype(np.uint8 if pictures else np.float32)
        made[targets] = _kept(arrays[targets], classes)
    content = _archive(made)
    shown = called or re.sub(r"[^\w -]", " ", target_column or "").strip()[:40]
    about = {"classes": len(classes), "names": list(names) or _names(classes), "unit": unit, "called": shown}
    table: dict[str, Any] = {
        "file": re.sub(r"[^\w.-]", "_", f"{given.resolve().stem}.npz"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": {"inputs": TRAIN[0], "targets": TRAIN[1], "rows": len(made["x_train"])},
        "test": {"inputs": TEST[0], "targets": TEST[1], "rows": len(made["x_test"])},
        "shape": list(made["x_train"].shape[1:]),
        "scaling": "largest" if pictures else "standard",
        **{name: value for name, value in about.items() if value},
    }
    try:
        return converted(table, DataSpec), content
    except SenselessTableError as error:
        raise UsageError(f"The data {given} cannot be a course's: {error}.") from error


def _read(given: Path, target_column: str | None) -> Arrays:
    """Return the four arrays as they were given."""
    kind = given.suffix.lower()
    if target_column is not None and kind != ".csv":
        raise UsageError(f"--target-column names a column of a .csv, and {given} is not one.")
    if kind not in {".csv", ".npz"} or not given.is_file():
        raise UsageError(f"{given} is not a file that can be read. Give {FORMS}.")
    if kind == ".csv":
        return _split(*_read_table(given, target_column))
    try:
        with np.load(given, allow_pickle=False) as archive:
            return _of_arrays({name: np.asarray(archive[name]) for name in archive.files}, given)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"NumPy cannot read the data {given} without pickle: {error}.") from error


def _of_arrays(held: Arrays, given: Path) -> Arrays:
    if {*TRAIN, *TEST} <= held.keys():
        return {name: held[name] for name in (*TRAIN, *TEST)}
    if {*WHOLE} <= held.keys():
        return _split(*(held[name] for name in WHOLE))
    raise UsageError(f"The data {given} hold {', '.join(sorted(held))}. They must be {FORMS}.")


def _read_table(file: Path, target: str | None) -> tuple[Array, Array]:
    """Return the features (n, k), float32, and the targets (n,), int64, float64 or text, of a table.

    `file` is text in UTF-8 whose first line names the columns, with commas, semicolons or tabs between them. All columns but
    that of the targets are features.

    Raises
    ------
    UsageError
        If it is not such a table: with the column, what was found and what to do.
    """
    try:
        with file.open(encoding="utf-8-sig") as lines:
            first = lines.readline()
        separator = max(SEPARATORS, key=first.count)
        cells = np.loadtxt(
            file, dtype=str, delimiter=separator, quotechar='"', comments=None, encoding="utf-8-sig", ndmin=2
        )
    except (OSError, ValueError) as error:
        raise UsageError(f"NumPy cannot read {file} as a table in UTF-8: {error}.") from error
    columns = {str(name).strip(): np.char.strip(column) for name, *column in cells.T}
    targets = columns.pop(target or "", None)
    if targets is None or len(columns) != cells.shape[1] - 1 or not columns:
        raise UsageError(
            f"{file} must have a header that names its columns, each once, and --target-column must name that of the targets, "
            f"with others to predict it from; there are {', '.join(map(str, cells[:1].flat)) or 'none'}."
        )
    return np.stack([_numbers(file, *one) for one in columns.items()], axis=1), _targets(file, str(target), targets)


def _numbers(file: Path, name: str, column: npt.NDArray[np.str_]) -> npt.NDArray[np.float32]:
    """Return a column of features as numbers that single precision can hold."""
    try:
        with np.errstate(over="raise"):
            return column.astype(np.float64).astype(np.float32)
    except (ValueError, FloatingPointError) as error:
        raise UsageError(
            f"The column {name} of {file} must hold numbers ({error}). Fill in or leave out rows with gaps, and make a column of "
            "0 and 1 of each word."
        ) from error


def _targets(file: Path, name: str, column: npt.NDArray[np.str_]) -> Array:
    """Return the targets as whole numbers, else as numbers, else as text."""
    if "" in column:
        raise UsageError(f"{file} has a row without a target in the column {name}. Leave it out.")
    for kind in (np.int64, np.float64):
        with contextlib.suppress(ValueError, OverflowError):
            return column.astype(kind)
    return column


def _require(arrays: Arrays, inputs: str, targets: str, given: Path) -> None:
    x, y = arrays[inputs], arrays[targets]
    if x.dtype.kind not in "fiu" or x.ndim not in {2, 3, 4}:
        raise UsageError(
            f"{inputs} in {given} must be numbers of shape (n, …): uint8 (n, height, width), with colours "
            f"(n, height, width, 3), or rows (n, features); not {x.dtype} {x.shape}."
        )
    if y.dtype.kind not in "fiuU" or y.size != len(x):
        raise UsageError(
            f"{targets} in {given} must be one class or number for each of {inputs}, not {y.dtype} {y.shape}."
        )
    arrays[targets] = y.reshape(len(x))
    if any(array.dtype.kind == "f" and not np.isfinite(array).all() for array in (x, y)):
        raise UsageError(f"{inputs} or {targets} in {given} has values that are not finite.")
    if len(x) < LEAST_ROWS:
        raise UsageError(f"{inputs} in {given} has {len(x)} rows; {LEAST_ROWS} or more are needed.")


def _are_pictures(inputs: Array) -> bool:
    return inputs.dtype == np.uint8 and (inputs.ndim == 3 or (inputs.ndim == 4 and inputs.shape[3] in COLOURS))


def _classes(targets: Array, *, pictures: bool) -> Array:
    """Return the classes that all targets name, in order; none if targets are numbers."""
    classes = np.unique(targets)
    many = classes.dtype.kind in "iu" and len(classes) > FEW and not pictures
    return classes[:0] if many or classes.dtype.kind == "f" else classes


def _names(classes: Array) -> list[str]:
    """Return what classes are called: nothing where they are counted from 0."""
    found = list(map(str, classes))
    return [] if found == list(map(str, range(len(found)))) else found


def _kept(targets: Array, classes: Array) -> Array:
    """Return targets as the course's file holds them: numbers of classes, or numbers."""
    return np.searchsorted(classes, targets).astype(np.uint8) if len(classes) else targets.astype(np.float32)


def _split(inputs: Array, targets: Array) -> Arrays:
    if len(inputs) != len(targets):
        raise UsageError(f"There are {len(inputs)} inputs and {len(targets)} targets.")
    order = np.random.default_rng(SEED).permutation(len(inputs))
    test, train = order[: len(order) // SHARE], order[len(order) // SHARE :]
    return {"x_train": inputs[train], "y_train": targets[train], "x_test": inputs[test], "y_test": targets[test]}


def _archive(arrays: Arrays) -> bytes:
    """Return the arrays as an ``.npz`` that is the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()

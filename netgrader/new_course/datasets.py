"""Reads an instructor's arrays or table as a course's data file."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.data import COLOURS, DataSpec
from netgrader.errors import UsageError
from netgrader.new_course.csv_table import read_table
from netgrader.toml_tables import SenselessTableError, converted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_data"]

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")
WHOLE = (("x", "y"), ("images", "labels"), ("inputs", "targets"))
SHARE, SEED = 5, 0
"""One in so many inputs is a test input where the data are not split, drawn with this seed."""
MOST_CLASSES, FEW = 200, 20
"""Classes that there may be; and of rows so many different whole numbers are taken for classes, more for numbers."""
LEAST_ROWS = 5
FORMS = (
    "an .npz with x_train, y_train, x_test, y_test, or with x and y, or with images and labels; or a .csv with a header"
)


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
    kept, classes = _targets(arrays, given, pictures=pictures)
    if classes is None and names:
        raise UsageError(f"The targets in {given} are numbers, which have no names.")
    if classes is not None and unit:
        raise UsageError(f"The targets in {given} are {len(classes)} classes, which have no unit.")
    if classes is not None:
        counted = classes.dtype.kind in "iu" and np.array_equal(classes, np.arange(len(classes)))
        names = tuple(names) or (() if counted else tuple(map(str, classes)))
        if names and len(names) != len(classes):
            raise UsageError(f"There are {len(names)} names for the {len(classes)} classes of {given}.")
    kind = np.uint8 if pictures else np.float32
    made = {
        "x_train": arrays["x_train"].astype(kind),
        "y_train": kept["y_train"],
        "x_test": arrays["x_test"].astype(kind),
        "y_test": kept["y_test"],
    }
    content = _archive(made)
    table: dict[str, Any] = {
        "file": re.sub(r"[^\w.-]", "_", f"{given.resolve().stem}.npz"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": {"inputs": TRAIN[0], "targets": TRAIN[1], "rows": len(made["x_train"])},
        "test": {"inputs": TEST[0], "targets": TEST[1], "rows": len(made["x_test"])},
        "shape": list(made["x_train"].shape[1:]),
        "scaling": "largest" if pictures else "standard",
        **({} if classes is None else {"names": list(names), "classes": len(classes)}),
    }
    if unit:
        table["unit"] = unit
    called = called or (re.sub(r"[^\w -]", " ", target_column).strip()[:40] if target_column else "")
    if called:
        table["called"] = called
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
        return _split(*read_table(given, target_column))
    try:
        with np.load(given, allow_pickle=False) as archive:
            return _of_arrays({name: np.asarray(archive[name]) for name in archive.files}, given)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"NumPy cannot read the data {given} without pickle: {error}.") from error


def _of_arrays(held: Arrays, given: Path) -> Arrays:
    if {*TRAIN, *TEST} <= held.keys():
        return {name: held[name] for name in (*TRAIN, *TEST)}
    pair = next((pair for pair in WHOLE if {*pair} <= held.keys()), None)
    if pair is None:
        raise UsageError(f"The data {given} hold {', '.join(sorted(held))}. They must be {FORMS}.")
    return _split(held[pair[0]], held[pair[1]])


def _require(arrays: Arrays, inputs: str, targets: str, given: Path) -> None:
    x, y = arrays[inputs], arrays[targets]
    if x.dtype.kind not in "fiu" or not 2 <= x.ndim <= 4 or not x.size:
        raise UsageError(
            f"{inputs} in {given} must be numbers of shape (n, …): uint8 (n, height, width), with colours "
            f"(n, height, width, 3), or rows (n, features); not {x.dtype} {x.shape}."
        )
    if y.dtype.kind not in "fiuU" or y.shape not in {x.shape[:1], (*x.shape[:1], 1)}:
        raise UsageError(
            f"{targets} in {given} must be one class or number for each of {inputs}, not {y.dtype} {y.shape}."
        )
    arrays[targets] = y.reshape(len(x))
    if not np.isfinite(x).all() or (y.dtype.kind == "f" and not np.isfinite(y).all()):
        raise UsageError(f"{inputs} or {targets} in {given} has values that are not finite.")
    if len(x) < LEAST_ROWS:
        raise UsageError(f"{inputs} in {given} has {len(x)} rows; {LEAST_ROWS} or more are needed.")


def _are_pictures(inputs: Array) -> bool:
    return inputs.dtype == np.uint8 and (inputs.ndim == 3 or (inputs.ndim == 4 and inputs.shape[3] in COLOURS))


def _targets(arrays: Arrays, given: Path, *, pictures: bool) -> tuple[Arrays, Array | None]:
    """Return the targets as they are kept, and the classes in their order; None if they are numbers."""
    held = {name: arrays[name] for _, name in (TRAIN, TEST)}
    together = np.concatenate(list(held.values()))
    whole = together.dtype.kind in "iu"
    classes = np.unique(together)
    if together.dtype.kind == "f" or (whole and not pictures and len(classes) > FEW):
        return {name: values.astype(np.float32) for name, values in held.items()}, None
    if whole and pictures:
        if classes.min() < 0 or classes.max() >= MOST_CLASSES:
            raise UsageError(
                f"Labels of images in {given} must be a whole number from 0 to {MOST_CLASSES - 1} for each image, "
                "or numbers with a fraction."
            )
        classes = np.arange(classes.max() + 1)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise UsageError(f"The targets in {given} name {len(classes)} classes; there must be 2 to {MOST_CLASSES}.")
    return {name: np.searchsorted(classes, values).astype(np.uint8) for name, values in held.items()}, classes


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

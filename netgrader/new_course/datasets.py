"""Reads an instructor's images (npz, or a folder of pictures for each class) as a course's data file."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from netgrader.data import DataSpec, spec_problem
from netgrader.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["read_data"]

Bytes = npt.NDArray[np.uint8]
TRAIN, TEST = ("x_train", "y_train"), ("x_test", "y_test")
WHOLE = (("x", "y"), ("images", "labels"))
SHARE, SEED = 5, 0
"""One in so many images is a test image where the data are not split, drawn with this seed."""
PICTURES = frozenset({".png", ".bmp", ".gif", ".jpg", ".jpeg"})
FORMS = (
    "an .npz with uint8 arrays x_train, y_train, x_test, y_test, or with images and labels, or a folder that has a folder of "
    "pictures of one size for each class"
)


def read_data(given: Path, *, called: str, names: Sequence[str], unit: str = "") -> tuple[DataSpec, bytes]:
    """Return what the data of a course are, and the content of their file.

    Data that are not split yet are: one image in five, drawn with a fixed seed, is a test image.

    Parameters
    ----------
    given
        An ``.npz`` or a folder: see `FORMS`.
    called, names
        What an image shows, and what the classes are called; those of a folder's folders if empty.

    Raises
    ------
    UsageError
        If it is neither, or does not make sense.
    """
    if given.is_dir():
        (images, labels), found = _of_folder(given)
        arrays, names = _split(images, labels), names or found
    elif given.suffix.lower() == ".npz" and given.is_file():
        arrays = _of_archive(given)
    else:
        raise UsageError(f"The data {given} are not {FORMS}.")
    if arrays["y_train"].dtype.kind == "f":
        return _of_numbers(given, arrays, called, unit)
    classes = 1 + max(int(arrays[name].max(initial=0)) for name in ("y_train", "y_test"))
    if names and len(names) != classes:
        raise UsageError(f"There are {len(names)} names for the {classes} classes of {given}.")
    content = _archive({name: array.astype(np.uint8) for name, array in arrays.items()})
    table = {
        "file": re.sub(r"[^\w.-]", "_", f"{given.resolve().stem}.npz"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": {"inputs": TRAIN[0], "targets": TRAIN[1], "rows": len(arrays["x_train"])},
        "test": {"inputs": TEST[0], "targets": TEST[1], "rows": len(arrays["x_test"])},
        "shape": list(arrays["x_train"].shape[1:]),
        "classes": classes,
        "names": list(names),
        "called": called,
    }
    problem = spec_problem(table)
    if problem is not None:
        raise UsageError(f"The data {given} cannot be a course's: {problem}.")
    return msgspec.convert(table, DataSpec), content


def _of_numbers(given: Path, arrays: dict[str, Any], called: str, unit: str) -> tuple[DataSpec, bytes]:
    """Return a regression's data: rows of numbers, or images, each with a number."""
    content = _archive(arrays)
    table = {
        "file": re.sub(r"[^\w.-]", "_", f"{given.resolve().stem}.npz"),
        "sha256": hashlib.sha256(content).hexdigest(),
        "train": {"inputs": TRAIN[0], "targets": TRAIN[1], "rows": len(arrays["x_train"])},
        "test": {"inputs": TEST[0], "targets": TEST[1], "rows": len(arrays["x_test"])},
        "shape": list(arrays["x_train"].shape[1:]),
        "scaling": "largest" if arrays["x_train"].dtype == np.uint8 else "standard",
        "called": called,
        "unit": unit,
    }
    problem = spec_problem(table)
    if problem is not None:
        raise UsageError(f"The data {given} cannot be a course's: {problem}.")
    return msgspec.convert(table, DataSpec), content


def _of_archive(file: Path) -> dict[str, Bytes]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            held = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise UsageError(f"NumPy cannot read the data {file} without pickle: {error}.") from error
    if {*TRAIN, *TEST} <= held.keys():
        arrays = {name: held[name] for name in (*TRAIN, *TEST)}
    else:
        pair = next((pair for pair in WHOLE if {*pair} <= held.keys()), None)
        if pair is None:
            raise UsageError(f"The data {file} hold {', '.join(sorted(held))}. They must be {FORMS}.")
        arrays = _split(held[pair[0]], held[pair[1]])
    if all(arrays[targets].dtype.kind == "f" for _, targets in (TRAIN, TEST)):
        return _numbers(arrays, file)
    for images, labels in (TRAIN, TEST):
        _require(arrays[images], arrays[labels], images, labels, file)
    if arrays["x_train"].shape[1:] != arrays["x_test"].shape[1:]:
        raise UsageError(f"The training and the test images in {file} have different sizes.")
    return {name: array.astype(np.uint8) for name, array in arrays.items()}


def _numbers(arrays: dict[str, npt.NDArray[Any]], file: Path) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of a regression as they are kept: targets float32, inputs grey levels or float32."""
    made: dict[str, npt.NDArray[Any]] = {}
    for inputs, targets in (TRAIN, TEST):
        x, y = arrays[inputs], arrays[targets]
        if x.dtype.kind not in "fiu" or x.ndim < 2 or not x.size or y.shape != x.shape[:1]:
            raise UsageError(
                f"{inputs} in {file} must be numbers of shape (n, …), and {targets} a number for each of them."
            )
        if not (np.isfinite(x).all() and np.isfinite(y).all()):
            raise UsageError(f"{inputs} or {targets} in {file} has values that are not finite.")
        made |= {inputs: x if x.dtype == np.uint8 else x.astype(np.float32), targets: y.astype(np.float32)}
    if made[TRAIN[0]].shape[1:] != made[TEST[0]].shape[1:]:
        raise UsageError(f"The training and the test rows in {file} have different sizes.")
    return made


def _require(images: npt.NDArray[Any], labels: npt.NDArray[Any], name: str, other: str, file: Path) -> None:
    if images.dtype != np.uint8 or images.ndim != 3 or not images.size:
        raise UsageError(
            f"{name} in {file} must be uint8 of shape (n, height, width), not {images.dtype} {images.shape}."
        )
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1] or labels.min() < 0 or labels.max() > 199:
        raise UsageError(f"{other} in {file} must be a whole number from 0 to 199 for each image of {name}.")


def _of_folder(folder: Path) -> tuple[tuple[Bytes, npt.NDArray[np.int64]], list[str]]:
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    images, labels = [], []
    for label, name in enumerate(names):
        for path in sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in PICTURES):
            try:
                with Image.open(path) as picture:
                    images.append(np.asarray(picture.convert("L")))
            except (UnidentifiedImageError, OSError) as error:
                raise UsageError(f"{path} cannot be read as a picture: {error}.") from error
            labels.append(label)
    sizes = {image.shape for image in images}
    if len(names) < 2 or len(sizes) != 1:
        why = f"{len(names)} folders with pictures of {len(sizes)} sizes"
        raise UsageError(f"The data {folder} hold {why}. They must be {FORMS}.")
    return (np.stack(images), np.array(labels)), names


def _split(images: npt.NDArray[np.uint8], labels: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    if len(images) != len(labels):
        raise UsageError(f"There are {len(images)} images and {len(labels)} labels.")
    order = np.random.default_rng(SEED).permutation(len(images))
    test, train = order[: len(order) // SHARE], order[len(order) // SHARE :]
    return {"x_train": images[train], "y_train": labels[train], "x_test": images[test], "y_test": labels[test]}


def _archive(arrays: dict[str, Bytes]) -> bytes:
    """Return the arrays as an ``.npz`` that is the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue(), zipfile.ZIP_DEFLATED)
    return out.getvalue()

"""The 70,000 handwritten digits of MNIST from the file that comes with the course: offline, verified, no pickle."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DamagedDataError", "MissingDataError", "given_mnist", "load_mnist"]

FILE_NAME = "mnist.npz"
ENVIRONMENT = "NETGRADER_MNIST"
OTHER_HASH = "NETGRADER_MNIST_SHA256"
"""Names the environment variable with the SHA-256 of the file, in hex, where it is another one: in grading a part of the
test images is redrawn."""
SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"
SHAPES: Mapping[str, tuple[int, ...]] = {
    "x_train": (60_000, 28, 28),
    "y_train": (60_000,),
    "x_test": (10_000, 28, 28),
    "y_test": (10_000,),
}

Bytes = npt.NDArray[np.uint8]


class MissingDataError(NotebookError):
    """No ``mnist.npz`` where one is looked for."""


class DamagedDataError(NotebookError):
    """A ``mnist.npz`` that is not the course's."""


def load_mnist(path: str | Path | None = None) -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """Read the MNIST images and labels, as ``keras.datasets.mnist.load_data()`` gives them.

    Parameters
    ----------
    path
        The file. If None, the first that exists of: the file or folder named by the environment variable
        ``NETGRADER_MNIST``; ``mnist.npz`` beside the notebook (in the current folder); ``mnist.npz`` in a folder
        ``data`` there or in a folder above.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Grey levels from 0 (paper) to 255 (ink), uint8 of shape (60000, 28, 28) and (10000, 28, 28), and the digits that
        they show, uint8 of shape (60000,) and (10000,).

    Raises
    ------
    MissingDataError
        If there is no such file.
    DamagedDataError
        If its content is not that of the file that comes with the course.
    """
    file = _find() if path is None else Path(path)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"The data file {file} cannot be read ({error.strerror}). "
            f"Put the {FILE_NAME} that came with this course beside the notebook."
        ) from error
    if hashlib.sha256(content).hexdigest() not in {SHA256, os.environ.get(OTHER_HASH)}:
        raise DamagedDataError(
            f"The data file {file.resolve()} is damaged or is another file than the course's ({len(content):,} bytes). "
            f"Replace it by the {FILE_NAME} that came with this course."
        )
    arrays = _arrays(content, file)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


@functools.cache
def given_mnist() -> tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]:
    """What `load_mnist` gives, read once in each process, for what compares with it and changes nothing."""
    parts = load_mnist()
    for array in (*parts[0], *parts[1]):
        array.flags.writeable = False
    return parts


def _arrays(content: bytes, file: Path) -> dict[str, Bytes]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in SHAPES}
    except (ValueError, KeyError, zipfile.BadZipFile) as error:  # the hash was right: then it is NumPy that differs
        raise DamagedDataError(f"NumPy {np.__version__} cannot read the data file {file.resolve()}: {error}") from error
    for name, shape in SHAPES.items():
        if arrays[name].shape != shape or arrays[name].dtype != np.uint8:
            raise DamagedDataError(f"In the data file {file.resolve()} {name} is not an array of {shape} bytes.")
    return arrays


def _find() -> Path:
    candidates = list(_candidates())
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise MissingDataError(
        f"The data file {FILE_NAME} was not found: neither {candidates[0]} nor any of the {len(candidates) - 1} other "
        f"places that were looked at exists. Put the {FILE_NAME} that came with this course beside the notebook."
    )


def _candidates() -> Iterator[Path]:
    named = os.environ.get(ENVIRONMENT)
    if named:
        yield Path(named) / FILE_NAME if Path(named).is_dir() else Path(named)
    here = Path.cwd()
    yield here / FILE_NAME
    for folder in (here, *here.parents):
        yield folder / "data" / FILE_NAME

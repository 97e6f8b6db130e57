"""What a course's data are, and how their file is read: the table ``[data]`` of ``exercises.toml`` as `DataSpec`.

Everybody else is told: nothing in the engine knows how large an image is, how many classes there are, or what they show.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from netgrader.errors import NotebookError
from netgrader.phrases import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "DATA",
    "DATA_HASH",
    "Bytes",
    "DamagedDataError",
    "DataPart",
    "DataSpec",
    "MissingDataError",
    "Parts",
    "load_data",
    "spec_problem",
]

Bytes = npt.NDArray[np.uint8]
Parts = tuple[tuple[Bytes, Bytes], tuple[Bytes, Bytes]]

DATA, OLDER_NAME = "NETGRADER_DATA", "NETGRADER_MNIST"
"""Environment variables that name the data file or its folder."""
DATA_HASH = "NETGRADER_DATA_SHA256"
"""Names the environment variable with the SHA-256 of the file, in hex, where it is another one: in grading a part of the
test images is redrawn."""
LARGEST_IMAGE = 1_000_000  # pixels
Name = Annotated[str, Meta(pattern=r"^\w[\w .-]{0,60}$")]
Share = Annotated[float, Meta(gt=0, lt=1)]


class MissingDataError(NotebookError):
    """No data file where one is looked for."""


class DamagedDataError(NotebookError):
    """A data file that is not the course's."""


class DataPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The training or the test data: names of their arrays in the file, and how many rows these have."""

    images: Name
    labels: Name
    rows: Annotated[int, Meta(ge=1, le=10_000_000)]


class DataSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A course's data: images of grey levels, each of one class."""

    file: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,80}\.npz$")]
    """An ``npz`` in the course's folder ``data``, beside the notebook where students have it."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    """Of its content, in hex."""
    train: DataPart
    test: DataPart
    """Names and numbers of the arrays in it: images, uint8 (n, height, width), and the classes (n,) that they show."""
    shape: tuple[Annotated[int, Meta(ge=1)], Annotated[int, Meta(ge=1)]]
    """Height and width of an image."""
    classes: Annotated[int, Meta(ge=2, le=200)]
    """How many there are, counted from 0."""
    largest: Annotated[int, Meta(ge=1, le=255)] = 255
    """The largest grey level: images are scaled by it to numbers from 0 to 1."""
    names: tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...] = ()
    """What they are called; their numbers if empty."""
    called: Annotated[str, Meta(pattern=r"^[\w -]{1,40}$")] = "image"
    """What one image shows, for messages and pictures: ``digit``. The plural gets an s."""
    learned: Share | None = None
    """Test accuracy that takes more training steps than it takes to learn marks among the images; None where that
    was not measured: then nothing is said of weights that do not know them."""
    worthless: Share | None = None
    """Test accuracy up to which a training earns nothing; points rise from here. None for half way up from chance."""

    def __post_init__(self) -> None:
        if len(self.names) not in {0, self.classes}:
            raise ValueError(f"there are {len(self.names)} names for {self.classes} classes")
        if len(set(self.names)) != len(self.names):
            raise ValueError("two classes have one name")
        if self.pixels > LARGEST_IMAGE:
            raise ValueError(f"an image must not have more than {LARGEST_IMAGE:,} pixels")

    @property
    def pixels(self) -> int:
        """How many numbers an image has."""
        return math.prod(self.shape)

    def name(self, number: int) -> str:
        """Return what a class is called."""
        return self.names[number] if self.names and 0 <= number < self.classes else str(number)

    @property
    def words(self) -> Mapping[str, str]:
        """Return what texts of the catalogue say of these data: `netgrader.faults.speaking_of`."""
        return {
            "one": self.called,
            "One": self.called[:1].upper() + self.called[1:],
            "many": f"{self.called}s",
            "pixels": str(self.pixels),
            "classes": str(self.classes),
            "count": in_words(self.classes),
            # The cross-entropy of a right answer with all probability, if the softmax is applied to that once more.
            "floor": f"{math.log(1 + (self.classes - 1) / math.e):.2f}",
        }

    def above_chance(self, share: float) -> float:
        """Return the accuracy that lies a `share` of the way up from what guessing reaches to 1."""
        chance = 1 / self.classes
        return round(chance + share * (1 - chance), 6)

    @property
    def nothing_for(self) -> float:
        """Test accuracy up to which a training earns nothing."""
        return self.above_chance(0.5) if self.worthless is None else self.worthless

    def scaled(self, images: Bytes) -> npt.NDArray[np.float32]:
        """Return images (n, height, width) as rows (n, pixels) of numbers from 0 to 1."""
        return images.reshape(len(images), self.pixels).astype(np.float32) / np.float32(self.largest)

    def one_hot(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Return labels (n,) as rows (n, classes)."""
        rows: npt.NDArray[np.float32] = np.eye(self.classes, dtype=np.float32)[labels]
        return rows


def spec_problem(table: Mapping[str, Any]) -> str | None:
    """Return what makes no sense in the table ``[data]``, in words; None if nothing."""
    try:
        msgspec.convert(dict(table), DataSpec)
    except msgspec.ValidationError as error:
        said, _, place = str(error).partition(" - at `$")
        return f"{place.rstrip('`').lstrip('.') or 'it'}: {said}"
    return None


def load_data(spec: DataSpec, file: Path | None = None) -> Parts:
    """Read a course's data from `file`, whose content must be the course's, without pickle.

    Parameters
    ----------
    file
        If None, the first that exists of: the file or folder named by the environment variable ``NETGRADER_DATA``; the
        course's file in the current folder, which is the notebook's; the file in a folder ``data`` there or in one above.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Grey levels from 0, uint8 of shape (n, height, width), and the classes that they show, uint8 of shape (n,).

    Raises
    ------
    MissingDataError
        If there is no such file.
    DamagedDataError
        If its content is not that of the file that comes with the course.
    """
    file = _find(spec.file) if file is None else file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"The data file {file} cannot be read ({error.strerror}). "
            f"Put the {spec.file} that came with this course beside the notebook."
        ) from error
    if hashlib.sha256(content).hexdigest() not in {spec.sha256, os.environ.get(DATA_HASH)}:
        raise DamagedDataError(
            f"The data file {file.resolve()} is damaged or is another file than the course's ({len(content):,} bytes). "
            f"Replace it by the {spec.file} that came with this course."
        )
    return _part(spec, spec.train, content, file), _part(spec, spec.test, content, file)


def _part(spec: DataSpec, part: DataPart, content: bytes, file: Path) -> tuple[Bytes, Bytes]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            images, labels = archive[part.images], archive[part.labels]
    except (ValueError, KeyError, zipfile.BadZipFile) as error:  # the hash was right: then it is NumPy that differs
        raise DamagedDataError(f"NumPy {np.__version__} cannot read the data file {file.resolve()}: {error}") from error
    for name, array, shape in (
        (part.images, images, (part.rows, *spec.shape)),
        (part.labels, labels, (part.rows,)),
    ):
        if array.shape != shape or array.dtype != np.uint8:
            raise DamagedDataError(f"In the data file {file.resolve()} {name} is not an array of {shape} bytes.")
    if labels.max(initial=0) >= spec.classes:
        found = int(labels.max())
        raise DamagedDataError(
            f"In the data file {file.resolve()} {part.labels} names the class {found} of {spec.classes}."
        )
    return images, labels


def _find(name: str) -> Path:
    candidates = list(_candidates(name))
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise MissingDataError(
        f"The data file {name} was not found: neither {candidates[0]} nor any of the {len(candidates) - 1} other "
        f"places that were looked at exists. Put the {name} that came with this course beside the notebook."
    )


def _candidates(name: str) -> Iterator[Path]:
    named = next((os.environ[name] for name in (DATA, OLDER_NAME) if os.environ.get(name)), None)
    if named:
        yield Path(named) / name if Path(named).is_dir() else Path(named)
    here = Path.cwd()
    yield here / name
    for folder in (here, *here.parents):
        yield folder / "data" / name

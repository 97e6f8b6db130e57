"""A course's data and how to read their file: the table ``[data]`` of ``exercises.toml``.

All other modules read data through this one: nothing else in the engine knows the inputs' kind and size, the number of
classes, or their names. Inputs are images, table rows, or short sequences; targets are classes, or numbers (regression).
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from graphread.text import Said, data_words, spelled
from netgrader.errors import NotebookError
from netgrader.toml_tables import require, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "DATA",
    "DATA_HASH",
    "LEAST_MARKED",
    "Array",
    "Bytes",
    "DamagedDataError",
    "DataPart",
    "DataSpec",
    "MissingDataError",
    "Parts",
    "load_data",
]

Bytes = npt.NDArray[np.uint8]
Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Parts = tuple[tuple[Array, Array], tuple[Array, Array]]

DATA = "NETGRADER_DATA"
"""The environment variable with the path of the data file or its folder."""
DATA_HASH = "NETGRADER_DATA_SHA256"
"""The environment variable with the file's SHA-256, in hex, if it is not the course's: grading replaces part of the test
inputs."""
LARGEST_INPUT = 1_000_000  # numbers
MOST_NUMBERS = 20_000_000
"""Maximum of numbers in all inputs that are not gray levels: a notebook exports all prepared inputs, 160 MB in double
precision."""
LEAST_MARKED = 12_000
"""Fewest training images that can carry marks: the 240 marked ones are then at most 2 %."""
SIZES = "a list of up to {} sizes, each a whole number above 0"
COLOR_PLANES = frozenset({(), (1,), (3,)})
"""Possible shapes after an image's height and width: none for gray levels, or the number of color planes."""
IMAGE, SEQUENCE, ROW = ("image", "pixel"), ("sequence", "number"), ("row", "feature")
"""The nouns for an input and for one of its numbers."""
Name = Annotated[str, Meta(pattern=r"^\w[\w .-]{0,60}$", description="the name of an array in the file")]
Share = Annotated[float, Meta(gt=0, lt=1, description="a share between 0 and 1, such as 0.5 for 50 %")]


class MissingDataError(NotebookError):
    """The data file does not exist."""


class DamagedDataError(NotebookError):
    """The data file is not the course's."""


class DataPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The training or test data: the names of their arrays in the file, and the number of rows."""

    inputs: Name
    targets: Name
    rows: Annotated[int, whole(1, 10_000_000)]


class DataSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A course's data: inputs of one shape, each with a class or a number as its target."""

    file: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,80}\.npz$", description="the name of an .npz in the folder data")]
    """An ``npz`` in the course's folder ``data``; students have it next to the notebook."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="the SHA-256 of the file in 64 hex digits")]
    """The SHA-256 of the file's content, in hex."""
    train: DataPart
    test: DataPart
    """The arrays of each part: inputs (n, …) of the given shape, and targets (n,)."""
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=1, max_length=3, description=SIZES.format(3))
    ]
    """The shape of one input: ``[28, 28]``, a gray image; ``[28, 28, 3]``, a color image; ``[13]``, a table row; ``[20, 4]``,
    a short sequence, if it is not scaled by ``largest``."""
    input_shape: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(max_length=4, description=SIZES.format(4))] = ()
    """The shape of one input as networks are fed it, if that is not a flat row: ``[28, 28, 1]``."""
    scaling: Literal["largest", "standard", "none"] = "largest"
    """How inputs are scaled: ``largest`` divides whole numbers (uint8) by `largest`; ``standard`` standardizes each feature
    by its mean and standard deviation over the training rows (a constant feature becomes 0); ``none`` leaves them unchanged."""
    largest: Annotated[int, whole(1, 255)] = 255
    """The maximum gray level: images are divided by it and then range from 0 to 1."""
    classes: Annotated[int, whole(2, 200)] = 0
    """The number of classes, counted from 0. If 0, targets are numbers: a regression."""
    one_output: bool = False
    """Whether networks separate two classes by one output, the logit of class 1; labels are then a column of 0 and 1."""
    names: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...],
        Meta(description="a list of names, each of up to 40 characters"),
    ] = ()
    """The names of the classes; their numbers if empty."""
    columns: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=80)], ...],
        Meta(description="a list of names, each of up to 80 characters"),
    ] = ()
    """The names of a row's features, for the notebook."""
    called: Annotated[
        str, Meta(pattern=r"^[\w -]{1,40}$", description="up to 40 letters, digits, blanks and hyphens")
    ] = ""
    """What one input shows, for messages and pictures: ``digit``, ``price``. The plural adds an s. Default: image, class or
    value."""
    unit: Annotated[str, Meta(pattern=r"^[^\s{}<>][^{}<>]{0,39}$", description="up to 40 characters, none of {}<>")] = (
        ""
    )
    """The unit of a regression's targets, for messages: ``thousand euros``."""
    learned: Share | None = None
    """A test accuracy that takes more training steps to reach than memorizing marked images takes. If None, it was not
    measured, and weights that do not know the marks have no consequence. Only for images, at least 12,000 for training."""
    worthless: Share | None = None
    """The test accuracy up to which training earns nothing; points rise from here. None for halfway between chance and 1."""

    def __post_init__(self) -> None:
        if not self.called:
            called = "value" if self.is_regression else "image" if self.is_images else "class"
            msgspec.structs.force_setattr(self, "called", called)
        marked = self.classes > 0 and self.is_images and self.train.rows >= LEAST_MARKED
        grey, numbers = self.scaling == "largest", (self.train.rows + self.test.rows) * self.size
        named = len({*self.names}) == len(self.names) and len(self.names) in {0, self.classes}
        require(self, "names", named, f"have {self.classes} different names, one for each class")
        require(self, "columns", len(self.columns) in {0, self.size}, f"have {self.size} names, one for each feature")
        require(self, "one_output", self.classes == 2 or not self.one_output, "be left out unless there are 2 classes")
        require(self, "unit", self.is_regression or not self.unit, "be left out where there are classes")
        require(self, "worthless", self.classes or self.worthless is None, "be left out where there are no classes")
        require(
            self,
            "learned",
            marked or self.learned is None,
            f"be left out unless there are classes of images, {LEAST_MARKED:,} or more to train on",
        )
        require(self, "largest", grey or self.largest == 255, f"be left out where scaling is {self.scaling}")
        held = math.prod(self.input_shape or self.shape)
        require(self, "input_shape", held == self.size, f"hold the {self.size} numbers of an input")
        require(self, "shape", self.size <= LARGEST_INPUT, f"have no more than {LARGEST_INPUT:,} numbers")
        few = f"be so small that all rows hold {MOST_NUMBERS:,} numbers, as scaling is {self.scaling}"
        require(self, "shape", grey or numbers <= MOST_NUMBERS, few)

    @property
    def size(self) -> int:
        """The number of values in one input."""
        return math.prod(self.shape)

    @property
    def fed_shape(self) -> tuple[int, ...]:
        """The shape of one input as students prepare it and networks are fed it."""
        return self.input_shape or (self.size,)

    @property
    def is_images(self) -> bool:
        """Whether inputs are images: gray levels (height, width), or with 1 or 3 color planes."""
        return self.scaling == "largest" and len(self.shape) > 1 and self.shape[2:] in COLOR_PLANES

    @property
    def is_regression(self) -> bool:
        """Whether targets are numbers, not classes."""
        return not self.classes

    @property
    def outputs(self) -> int:
        """The number of scores that judge a network's answer: one per class, or one."""
        return self.classes or 1

    @property
    def label_width(self) -> int:
        """The number of values in a label as networks are fed it."""
        return self.outputs - self.one_output  # with one output, class 0 has none of its own

    def labels_of(self, part: str) -> str:
        """Return the notebooks' name for the fed targets of a part, ``train`` or ``test``."""
        ending = {(True, False): "", (False, True): "_column"}.get((self.is_regression, self.one_output), "_1_hot")
        return f"y_{part}{ending}"

    @property
    def one(self) -> str:
        """The noun for an input: image, row or sequence."""
        return self._called[0]

    @property
    def a_one(self) -> str:
        """The noun for an input, with its article."""
        return f"{self._article} {self.one}"

    @property
    def part(self) -> str:
        """The noun for one of an input's values: pixel, feature or number."""
        return self._called[1]

    @property
    def _article(self) -> str:
        return "an" if self.is_images else "a"

    @property
    def _called(self) -> tuple[str, str]:
        return IMAGE if self.is_images else ROW if len(self.shape) == 1 else SEQUENCE

    def name(self, number: int) -> str:
        """Return the name of a class."""
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    @property
    def words(self) -> Mapping[str, Said]:
        """Return the words that fill placeholders in texts: `netgrader.catalogue.CourseTexts.words`."""
        label = "target" if self.is_regression else "label"
        return data_words(self.one, self._article, self.part, label) | {
            "one": self.called,
            "One": self.called[:1].upper() + self.called[1:],
            "many": f"{self.called}{'es' if self.called.endswith('s') else 's'}",
            "inputs": str(self.size),
            "classes": str(self.outputs),
            "count": spelled(self.outputs),
            # The smallest cross-entropy of a right answer if softmax is applied twice.
            "floor": f"{math.log(1 + (self.outputs - 1) / math.e):.2f}",
        }

    def above_chance(self, share: float) -> float:
        """Return the score that is the fraction `share` of the way from chance to 1."""
        chance = 1 / self.classes if self.classes else 0.0
        return round(chance + share * (1 - chance), 6)

    @property
    def nothing_for(self) -> float:
        """The test accuracy up to which training earns nothing; 0 for a regression, which has no accuracy."""
        if self.is_regression:
            return 0.0
        return self.above_chance(0.5) if self.worthless is None else self.worthless

    def prepared(self, inputs: Array, train: Array) -> Floats:
        """Return inputs (n, …) as scaled rows (n, size), float32; `train`, all training inputs, gives means."""
        rows: Floats = inputs.reshape(len(inputs), self.size).astype(np.float32)
        if self.scaling == "largest":
            return rows / np.float32(self.largest)
        if self.scaling == "none":
            return rows
        mean, deviation = self.mean_and_deviation(train)
        return ((rows - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)

    def mean_and_deviation(self, train: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return each feature's mean and standard deviation (size,) over the training inputs; 0 if constant."""
        rows = train.reshape(len(train), self.size)
        mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
        # The deviation of a constant feature is only the rounding of its mean.
        deviation[rows.min(axis=0) == rows.max(axis=0)] = 0
        # Dividing by a subnormal float32 would make all other values infinite.
        deviation[deviation < np.finfo(np.float32).tiny] = 0
        return mean, deviation

    def label_rows(self, labels: npt.NDArray[Any]) -> Floats:
        """Return targets (n,) as fed to networks, float32.

        One-hot rows or the column of class 1, (n, label_width), or numbers (n,).
        """
        if self.is_regression:
            return labels.astype(np.float32)
        rows: Floats = np.eye(self.classes, dtype=np.float32)[labels]
        return rows[:, -self.label_width :]

    def one_hot(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return labels (n, label_width) as rows with one column per class, (n, classes)."""
        return np.concatenate([1 - rows, rows], axis=1) if self.one_output else rows

    def classes_of(self, targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the classes of the given targets (n,), which are classes."""
        return targets

    @property
    def label_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes that one label of the student's arrays may have."""
        return ((self.label_width,),)


def load_data(spec: DataSpec, file: Path | None = None) -> Parts:
    """Read a course's data from `file`, after checking its SHA-256, without pickle.

    Parameters
    ----------
    file
        If None, the first that exists of: the file or folder named by the environment variable ``NETGRADER_DATA``; the
        course's file in the working folder, which is the notebook's; the file in a folder ``data`` there or in a parent.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        Inputs of shape (n, …): gray levels, uint8, if scaled by the largest, else float32. Targets of shape (n,): classes,
        uint8, or numbers, float32.

    Raises
    ------
    MissingDataError
        If there is no such file.
    DamagedDataError
        If its SHA-256 is not the course's, or its arrays do not fit the specification.
    """
    file = _find(spec.file) if file is None else file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingDataError(
            f"The data file {file} cannot be read ({error.strerror}). "
            f"Put the {spec.file} that came with this course next to the notebook."
        ) from error
    if hashlib.sha256(content).hexdigest() not in {spec.sha256, os.environ.get(DATA_HASH)}:
        raise DamagedDataError(
            f"The data file {file.resolve()} is damaged or is another file than the course's ({len(content):,} bytes). "
            f"Replace it by the {spec.file} that came with this course."
        )
    return _part(spec, spec.train, content, file), _part(spec, spec.test, content, file)


def _part(spec: DataSpec, part: DataPart, content: bytes, file: Path) -> tuple[Array, Array]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            inputs, targets = archive[part.inputs], archive[part.targets]
    except (ValueError, KeyError, zipfile.BadZipFile) as error:  # the hash was right, so NumPy is the cause
        raise DamagedDataError(f"NumPy {np.__version__} cannot read the data file {file.resolve()}: {error}") from error
    inputs = _checked(inputs, part.inputs, (part.rows, *spec.shape), spec.scaling == "largest", file)
    targets = _checked(targets, part.targets, (part.rows,), not spec.is_regression, file)
    if not spec.is_regression and targets.max(initial=0) >= spec.classes:
        found = int(targets.max())
        raise DamagedDataError(
            f"In the data file {file.resolve()} {part.targets} names the class {found} of {spec.classes}."
        )
    return inputs, targets


def _checked(array: Array, name: str, shape: tuple[int, ...], whole: bool, file: Path) -> Array:
    """Return an array of this shape as uint8 if `whole`, otherwise float32; its values must be finite."""
    kind, kept, what = (np.uint8, np.uint8, "bytes") if whole else (np.float64, np.float32, "numbers")
    if array.shape != shape or not np.can_cast(array.dtype, kind):
        raise DamagedDataError(f"In the data file {file.resolve()} {name} is not an array of {shape} {what}.")
    if not np.isfinite(array).all():
        raise DamagedDataError(f"In the data file {file.resolve()} {name} has values that are not finite.")
    return array.astype(kept, copy=False)


def _find(name: str) -> Path:
    candidates = list(_candidates(name))
    found = next(filter(Path.is_file, candidates), None)
    if found is not None:
        return found
    raise MissingDataError(
        f"The data file {name} was not found: neither {candidates[0]} nor any of the {len(candidates) - 1} other "
        f"places that were looked at exists. Put the {name} that came with this course next to the notebook."
    )


def _candidates(name: str) -> Iterator[Path]:
    named = os.environ.get(DATA)
    if named:
        yield Path(named) / name if Path(named).is_dir() else Path(named)
    here = Path.cwd()
    yield here / name
    for folder in (here, *here.parents):
        yield folder / "data" / name

"""A course's data and how their file is read: the table ``[data]`` of ``exercises.toml``.

All other modules read it here: nothing else in the engine knows what an input is, its size, the number of classes, or what
they show. Inputs are images, rows of a table, or short sequences; targets are classes, or numbers (regression).
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
"""Names the environment variable that names the data file or its folder."""
DATA_HASH = "NETGRADER_DATA_SHA256"
"""Names the environment variable with the SHA-256 of the file, in hex, where it is another one: in grading a part of the
test inputs is replaced."""
LARGEST_INPUT = 1_000_000  # numbers
MOST_NUMBERS = 20_000_000
"""Of inputs other than grey levels: a notebook exports all its prepared inputs, 160 MB in double precision."""
LEAST_MARKED = 12_000
"""Fewest training images for marks among them: the 240 that carry one are then 2 % or fewer."""
SIZES = "a list of up to {} sizes, each a whole number above 0"
COLOR_PLANES = frozenset({(), (1,), (3,)})
"""What may follow height and width in the shape of an image: nothing for grey levels, or how many colours there are."""
IMAGE, SEQUENCE, ROW = ("image", "pixel"), ("sequence", "number"), ("row", "feature")
"""What an input is called, and one of its numbers."""
Name = Annotated[str, Meta(pattern=r"^\w[\w .-]{0,60}$", description="the name of an array in the file")]
Share = Annotated[float, Meta(gt=0, lt=1, description="a share between 0 and 1, such as 0.5 for 50 %")]


class MissingDataError(NotebookError):
    """No data file where one is looked for."""


class DamagedDataError(NotebookError):
    """A data file that is not the course's."""


class DataPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The training or the test data: names of their arrays in the file, and how many rows these have."""

    inputs: Name
    targets: Name
    rows: Annotated[int, whole(1, 10_000_000)]


class DataSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A course's data: inputs of one shape, each with its class or with a number."""

    file: Annotated[str, Meta(pattern=r"^\w[\w.-]{0,80}\.npz$", description="the name of an .npz in the folder data")]
    """An ``npz`` in the course's folder ``data``, which students have next to the notebook."""
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="the SHA-256 of the file in 64 hex digits")]
    """Of its content, in hex."""
    train: DataPart
    test: DataPart
    """Names and numbers of the arrays in it: inputs (n, …) of the given shape, and targets (n,)."""
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...], Meta(min_length=1, max_length=3, description=SIZES.format(3))
    ]
    """Of one input: ``[28, 28]``, a grey image; ``[28, 28, 3]``, a colour image; ``[13]``, a row of a table; ``[20, 4]``, a
    short sequence, if it is not scaled by ``largest``."""
    input_shape: Annotated[tuple[Annotated[int, Meta(ge=1)], ...], Meta(max_length=4, description=SIZES.format(4))] = ()
    """Of one input as students prepare it and networks take it, unless it is a flat row: ``[28, 28, 1]``."""
    scaling: Literal["largest", "standard", "none"] = "largest"
    """How inputs are fed: ``largest``, whole numbers (uint8) over the largest of them; ``standard``, less their mean over
    the training rows and over their standard deviation there, each feature by itself (one that is constant is 0);
    ``none``, as they are."""
    largest: Annotated[int, whole(1, 255)] = 255
    """The largest grey level: images are scaled by it to numbers from 0 to 1."""
    classes: Annotated[int, whole(2, 200)] = 0
    """How many there are, counted from 0. Without it the targets are numbers: a regression."""
    one_output: bool = False
    """Whether networks tell two classes apart by one output, the logit of class 1: labels are then a column of 0 and 1."""
    names: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...],
        Meta(description="a list of names, each of up to 40 characters"),
    ] = ()
    """What they are called; their numbers if empty."""
    columns: Annotated[tuple[str, ...], Meta(description="a list of names")] = ()
    """Names of the features of a row, for the notebook."""
    called: Annotated[
        str, Meta(pattern=r"^[\w -]{1,40}$", description="up to 40 letters, digits, blanks and hyphens")
    ] = ""
    """What one input shows, for messages and pictures: ``digit``, ``price``. The plural gets an s. Default: image,
    class or value."""
    unit: Annotated[str, Meta(pattern=r"^[^\s{}<>][^{}<>]{0,39}$", description="up to 40 characters, none of {}<>")] = (
        ""
    )
    """Of the targets of a regression, for messages: ``thousand euros``."""
    learned: Share | None = None
    """Test accuracy that takes more training steps than it takes to learn marks among the images; None where that
    was not measured: then weights that do not know them have no consequence. Of images only, of at least 12,000 to train on."""
    worthless: Share | None = None
    """Test accuracy up to which a training earns nothing; points rise from here. None for half way up from chance."""

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
        """How many numbers an input has."""
        return math.prod(self.shape)

    @property
    def fed_shape(self) -> tuple[int, ...]:
        """The shape in which students prepare one input, and networks are fed it."""
        return self.input_shape or (self.size,)

    @property
    def is_images(self) -> bool:
        """Whether inputs are pictures: grey levels (height, width), or with 1 or 3 color planes."""
        return self.scaling == "largest" and len(self.shape) > 1 and self.shape[2:] in COLOR_PLANES

    @property
    def is_regression(self) -> bool:
        """Whether targets are numbers, not classes."""
        return not self.classes

    @property
    def outputs(self) -> int:
        """How many numbers a network's answer is judged by: one for each class, or one."""
        return self.classes or 1

    @property
    def label_width(self) -> int:
        """How many numbers a label has as networks are fed it."""
        return self.outputs - self.one_output  # one class does without an output of its own

    def labels_of(self, part: str) -> str:
        """Return what notebooks call the targets of a part, ``train`` or ``test``, as networks are fed them."""
        ending = {(True, False): "", (False, True): "_column"}.get((self.is_regression, self.one_output), "_1_hot")
        return f"y_{part}{ending}"

    @property
    def one(self) -> str:
        """What an input is called: image, row or sequence."""
        return self._called[0]

    @property
    def a_one(self) -> str:
        """What an input is called, with its article."""
        return f"{self._article} {self.one}"

    @property
    def part(self) -> str:
        """What one of its numbers is called: pixel, feature or number."""
        return self._called[1]

    @property
    def _article(self) -> str:
        return "an" if self.is_images else "a"

    @property
    def _called(self) -> tuple[str, str]:
        return IMAGE if self.is_images else ROW if len(self.shape) == 1 else SEQUENCE

    def name(self, number: int) -> str:
        """Return what a class is called."""
        return self.names[number] if self.names and 0 <= number < self.classes else str(number)

    @property
    def words(self) -> Mapping[str, Said]:
        """Return the data's words for places in texts: `netgrader.catalogue.CourseTexts.words`."""
        label = "target" if self.is_regression else "label"
        return data_words(self.one, self._article, self.part, label) | {
            "one": self.called,
            "One": self.called[:1].upper() + self.called[1:],
            "many": f"{self.called}{'es' if self.called.endswith('s') else 's'}",
            "inputs": str(self.size),
            "classes": str(self.outputs),
            "count": spelled(self.outputs),
            # The cross-entropy of a right answer with all probability, if the softmax is applied to that once more.
            "floor": f"{math.log(1 + (self.outputs - 1) / math.e):.2f}",
        }

    def above_chance(self, share: float) -> float:
        """Return the score that is a `share` of the way from guessing to 1."""
        chance = 1 / self.classes if self.classes else 0.0
        return round(chance + share * (1 - chance), 6)

    @property
    def nothing_for(self) -> float:
        """Test accuracy up to which a training earns nothing; 0 for a regression, which has none."""
        if self.is_regression:
            return 0.0
        return self.above_chance(0.5) if self.worthless is None else self.worthless

    def prepared(self, inputs: Array, train: Array) -> Floats:
        """Return inputs (n, …) as rows (n, size) for a network; `train`, all training inputs, give means."""
        rows: Floats = inputs.reshape(len(inputs), self.size).astype(np.float32)
        if self.scaling == "largest":
            return rows / np.float32(self.largest)
        if self.scaling == "none":
            return rows
        mean, deviation = self.mean_and_deviation(train)
        return ((rows - mean) / np.where(deviation > 0, deviation, 1)).astype(np.float32)

    def mean_and_deviation(self, train: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return mean and standard deviation (size,) of the training inputs' numbers; 0 for constants."""
        rows = train.reshape(len(train), self.size)
        mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
        # What is constant has no deviation but the rounding of its mean.
        deviation[rows.min(axis=0) == rows.max(axis=0)] = 0
        # Divided by what single precision has no ordinary number for, any other value would be infinite.
        deviation[deviation < np.finfo(np.float32).tiny] = 0
        return mean, deviation

    def label_rows(self, labels: npt.NDArray[Any]) -> Floats:
        """Return labels (n,) as networks are fed them, (n, label_width): one-hot, or the column of class 1."""
        rows: Floats = np.eye(self.classes, dtype=np.float32)[labels]
        return rows[:, -self.label_width :]

    def one_hot(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return labels (n, label_width) as rows (n, classes)."""
        return np.concatenate([1 - rows, rows], axis=1) if self.one_output else rows


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
        Inputs of shape (n, …): grey levels, uint8, where they are scaled by the largest, else float32. Targets of shape (n,):
        classes, uint8, or numbers, float32.

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
    except (ValueError, KeyError, zipfile.BadZipFile) as error:  # the hash was right: then it is NumPy that differs
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
    """Return an array of this shape: bytes if `whole`, otherwise single-precision numbers."""
    kind, kept, what = (np.uint8, np.uint8, "bytes") if whole else (np.float64, np.float32, "numbers")
    if array.shape != shape or not np.can_cast(array.dtype, kind):
        raise DamagedDataError(f"In the data file {file.resolve()} {name} is not an array of {shape} {what}.")
    if not np.isfinite(array).all():
        raise DamagedDataError(f"In the data file {file.resolve()} {name} has values that are not finite.")
    return array.astype(kept, copy=False)


def _find(name: str) -> Path:
    candidates = list(_candidates(name))
    for candidate in candidates:
        if candidate.is_file():
            return candidate
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

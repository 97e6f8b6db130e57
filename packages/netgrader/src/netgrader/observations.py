"""Observations of verification for pages to draw: networks, curves, sweeps, images, rows.

An observation decides nothing. A test passes it to the fixture ``show``; it is stored as JSON with the verdicts and the
result. Texts and numbers in it may come from a student: pages treat them as untrusted.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec
import numpy as np

from graphread.drawing import NetworkBox  # noqa: TC001  (drawings are decoded by their annotations)
from graphread.plain_network import PlainNetwork  # noqa: TC001  (likewise)
from graphread.text import Said  # noqa: TC001  (decoded by annotations)
from netgrader.drawing_pad import PadFrame  # noqa: TC001  (drawings are decoded by their annotations)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = [
    "Comparison",
    "Curves",
    "Images",
    "NetworkDrawing",
    "Observation",
    "Observations",
    "Pad",
    "Predictions",
    "RowCounts",
    "Series",
    "Sweep",
    "WrongImage",
    "WrongImages",
    "drawable",
    "signed_image",
]


class ObservationLimits:
    """Limits on the size of an observation."""

    MOST = 300
    """Maximum of observations per cell, and of layers per network."""
    MOST_POINTS = 1_000
    FARTHEST = 1e12  # largest distance from zero; its reciprocal is the smallest


Base64 = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9+/]*={0,2}\Z")]
Side = Annotated[int, msgspec.Meta(gt=0, le=1_000)]
"""Height or width of a drawn image, in pixels."""


def _require(fits: bool, sentence: str) -> None:
    """Raise a ValueError with this sentence unless the parts of an observation fit together."""
    if not fits:
        raise ValueError(sentence)


class _Drawn(msgspec.Struct, frozen=True, tag_field="kind"):
    """An observation, distinguished by its `kind` in JSON."""


class NetworkDrawing(_Drawn, frozen=True, tag="network"):
    """A network as the reader understood it."""

    boxes: tuple[NetworkBox, ...]
    """The boxes of the drawing, from the images down, with sentences at faulty places."""
    layers: tuple[Said, ...]
    """One line of text per layer, in order: the drawing for screen readers."""
    marked: tuple[Said, ...] = ()
    """One sentence per marked place."""


@dataclass(frozen=True)
class Series:
    """A named line; `y` is None where a value is missing or not finite."""

    name: Said
    x: tuple[float, ...]
    y: tuple[float | None, ...]


class Curves(_Drawn, frozen=True, tag="curves"):
    """Lines over a common axis."""

    title: Said
    x_label: Said
    y_label: Said
    """The caption and the axis labels."""
    series: tuple[Series, ...]
    """The lines, at most six."""
    log_x: bool = False
    log_y: bool = False
    """Whether an axis is logarithmic."""
    percent: bool = False
    """Whether `y` is a fraction shown as a percentage."""

    def __post_init__(self) -> None:
        fits = all(len(line.x) == len(line.y) for line in self.series)
        _require(fits, "A line of a chart has more values on one axis than on the other.")


class Comparison(_Drawn, frozen=True, tag="comparison", omit_defaults=True):
    """The claimed and the recomputed value, as fractions; `claimed` is None without a claim."""

    title: Said
    claimed: float | None
    recomputed: float
    error: bool = False
    """Whether they are errors in the `unit` of the targets, not fractions."""
    unit: str = ""


@dataclass(frozen=True)
class WrongImage:
    """A test image: its `index` in the test set, the `found` and the `true` class."""

    index: int
    found: int
    true: int


class WrongImages(_Drawn, frozen=True, tag="wrong-images"):
    """Some of the test images that a network misclassifies; `wrong` of `total` in all."""

    images: tuple[WrongImage, ...]
    wrong: int
    total: int


class Predictions(_Drawn, frozen=True, tag="predictions"):
    """Predictions `found` and `true` values for some of `total` test rows, and the `worst` rows."""

    true: tuple[float, ...]
    found: tuple[float, ...]
    worst: tuple[tuple[int, float, float], ...]
    """Row, predicted value and true value, largest error first."""
    total: int
    unit: str = ""

    def __post_init__(self) -> None:
        _require(len(self.true) == len(self.found), "There is not one prediction for each target.")


class RowCounts(_Drawn, frozen=True, tag="rows"):
    """How often rows were seen in an epoch: ``rows[k]`` rows were seen ``times[k]`` times."""

    title: Said
    times: tuple[int, ...]
    rows: tuple[int, ...]

    def __post_init__(self) -> None:
        _require(len(self.times) == len(self.rows), "A count of rows has more counts than rows.")


class Sweep(_Drawn, frozen=True, tag="sweep"):
    """Test accuracy by learning rate, as the student found it; `best` is the rate the student chose."""

    rates: tuple[float, ...]
    accuracies: tuple[float | None, ...]
    best: float | None = None
    recomputed: Mapping[str, float] = {}
    """Accuracies that we measured for some rates; keys are the ``repr`` of the rate."""

    def __post_init__(self) -> None:
        _require(len(self.rates) == len(self.accuracies), "A sweep does not have one accuracy for each rate.")


class Images(_Drawn, frozen=True, tag="images"):
    """Rows of small images: weights, gradients."""

    title: Said
    """The caption."""
    columns: tuple[str, ...]
    """A heading for each column."""
    rows: tuple[tuple[str, ...], ...]
    """The images of each row: height times width bytes each, in base64."""
    shape: tuple[int, int]
    """Height and width of an image."""
    signed: bool = False
    """False: 0 is black and 255 white. True: 128 is zero, lower is negative, higher is positive."""

    def __post_init__(self) -> None:
        msgspec.convert((self.shape, self.rows), tuple[tuple[Side, Side], tuple[tuple[Base64, ...], ...]])
        pixels = math.prod(self.shape)
        fits = {len(image) for row in self.rows for image in row} <= {math.ceil(pixels / 3) * 4}
        _require(fits, f"An image is not {pixels} bytes in base64.")


class Pad(_Drawn, frozen=True, tag="pad"):
    """A trained network that answers drawings on the page, or the reason why it cannot."""

    network: PlainNetwork | None = None
    frame: PadFrame | None = None
    """The geometry that drawings must match."""
    tried: int = 0
    """The number of test images on which it was compared with the student's own network."""
    refused: Said = ""


Observation: TypeAlias = (
    NetworkDrawing | Curves | Comparison | WrongImages | Predictions | RowCounts | Sweep | Images | Pad
)
Observations: TypeAlias = Mapping[str, tuple[Observation, ...]]
"""Observations by the id of their check cell."""


def signed_image(image: npt.ArrayLike, scale: float | None = None) -> str:
    """Return an image of reals in the encoding of `Images`; `scale` (default: maximum) has full color."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64).reshape(-1))
    largest = float(np.abs(values).max()) if scale is None else float(scale)
    if not largest > 0:
        largest = 1.0
    levels = np.clip(np.rint(128 + 127 * values / largest), 0, 255).astype(np.uint8)
    return base64.b64encode(levels.tobytes()).decode("ascii")


def drawable(observations: Observations) -> Observations:
    """Return the part of the observations that can be drawn, within `ObservationLimits`."""
    return {cell: tuple(map(_drawable, seen[: ObservationLimits.MOST])) for cell, seen in observations.items()}


def _drawable(one: Observation) -> Observation:
    """Return an observation reduced to a chart's limits: evidence may have a million values, or 1e308."""
    match one:
        case Curves():
            return msgspec.structs.replace(one, series=tuple(map(_drawable_line, one.series)))
        case Sweep():
            return msgspec.structs.replace(
                one,
                rates=_on_an_axis(one.rates),
                accuracies=_on_a_chart(one.accuracies),
                best=_on_a_chart([one.best])[0],
                recomputed={rate: found for rate, found in one.recomputed.items() if _on_a_chart([float(rate)])[0]},
            )
        case Predictions():
            return msgspec.structs.replace(
                one,
                true=_on_an_axis(one.true),
                found=_on_an_axis(one.found),
                worst=tuple((row, *_on_an_axis(both)) for row, *both in one.worst[: ObservationLimits.MOST]),
            )
        case Comparison():
            return msgspec.structs.replace(one, claimed=_on_a_chart([one.claimed])[0])
        case NetworkDrawing():
            return msgspec.structs.replace(
                one,
                boxes=one.boxes[: ObservationLimits.MOST],
                layers=one.layers[: ObservationLimits.MOST],
                marked=one.marked[: ObservationLimits.MOST],
            )
        case _:
            return one


def _drawable_line(line: Series) -> Series:
    return Series(line.name, _on_an_axis(line.x), _on_a_chart(line.y))


def _on_a_chart(values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Return values that a chart can place: zero for tiny ones, None for those out of range."""
    kept = _thinned(values)
    return tuple(value if abs(value) <= ObservationLimits.FARTHEST else None for value in kept.tolist())


def _on_an_axis(values: Sequence[float]) -> tuple[float, ...]:
    """Return the result of `_on_a_chart`, with out-of-range values clipped and NaN at the far end."""
    return tuple(
        np.clip(
            np.nan_to_num(_thinned(values), nan=ObservationLimits.FARTHEST),
            -ObservationLimits.FARTHEST,
            ObservationLimits.FARTHEST,
        ).tolist()
    )


def _thinned(values: Sequence[float | None]) -> npt.NDArray[np.float64]:
    """Return values at `ObservationLimits.MOST_POINTS` places or fewer, with both ends; NaN for gaps."""
    places = np.linspace(0, len(values) - 1, min(len(values), ObservationLimits.MOST_POINTS)).astype(np.intp)
    kept = np.array(values, np.float64)[places]
    kept[np.abs(kept) < 1 / ObservationLimits.FARTHEST] = 0.0
    return kept

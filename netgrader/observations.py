"""What verification saw beside its verdicts, for pages to draw: networks, curves, sweeps, digits, images, rows.

An observation decides nothing. A test hands it over through the fixture ``show``; it travels as JSON beside the
verdicts
and is kept with the result. Texts and numbers in it may come from a student: whoever draws it treats them so.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "Comparison",
    "Curves",
    "Images",
    "NetworkDrawing",
    "Observation",
    "ObservationError",
    "Observations",
    "RowCounts",
    "Series",
    "Sweep",
    "WrongDigit",
    "WrongDigits",
    "from_json",
    "grey_image",
    "merge",
    "signed_image",
    "to_json",
]

IMAGE_BYTES = 28 * 28
MOST = 300
"""Observations of one cell, layers of a network."""
MOST_POINTS = 1_000
FARTHEST = 1e12  # from zero, and the other way round, the nearest to it
LONGEST_DRAWING = 3_000_000

Value = TypeVar("Value")


class ObservationError(ValueError):
    """Something stored as an observation is not one; the message is a sentence."""


@dataclass(frozen=True)
class NetworkDrawing:
    """A network as the reader understood it.

    Attributes
    ----------
    svg
        The drawing, made by netgrader itself, with faulty places marked.
    layers
        One line of words for each layer, in order: the drawing for those who cannot see it.
    marked
        One sentence for each marked place.
    widths
        Outputs of each layer, None where undecided.
    learning_rate
        The optimizer's rate, None where undecided.
    asked
        The learning rate that it was asked for, as written, where that is not the exercise's own.
    """

    kind: ClassVar[str] = "network"
    svg: str
    layers: tuple[str, ...]
    marked: tuple[str, ...] = ()
    widths: tuple[int | None, ...] = ()
    learning_rate: float | None = None
    asked: str = ""


@dataclass(frozen=True)
class Series:
    """A named line; `y` is None where a value is missing or not finite."""

    name: str
    x: tuple[float, ...]
    y: tuple[float | None, ...]


@dataclass(frozen=True)
class Curves:
    """Lines over a common axis.

    Attributes
    ----------
    title, x_label, y_label
        Words for the caption and the axes.
    series
        The lines, at most six.
    log_x, log_y
        Whether an axis is logarithmic.
    percent
        Whether `y` is a share to be written as a percentage.
    """

    kind: ClassVar[str] = "curves"
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False
    percent: bool = False


@dataclass(frozen=True)
class Comparison:
    """What was claimed beside what was recomputed, as shares; None where there is no claim."""

    kind: ClassVar[str] = "comparison"
    title: str
    claimed: float | None
    recomputed: float


@dataclass(frozen=True)
class WrongDigit:
    """A test image: its `index` in the test set, the class the network `found` and the `true` one."""

    index: int
    found: int
    true: int


@dataclass(frozen=True)
class WrongDigits:
    """Some of the test images that a network gets `wrong`, out of `total`."""

    kind: ClassVar[str] = "digits"
    digits: tuple[WrongDigit, ...]
    wrong: int
    total: int


@dataclass(frozen=True)
class RowCounts:
    """How often rows were seen in an epoch: ``rows[k]`` rows were seen ``times[k]`` times."""

    kind: ClassVar[str] = "rows"
    title: str
    times: tuple[int, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Sweep:
    """Test accuracy over the learning rate, as the student found it; `best` is the rate the student chose."""

    kind: ClassVar[str] = "sweep"
    rates: tuple[float, ...]
    accuracies: tuple[float | None, ...]
    best: float | None = None
    recomputed: Mapping[str, float] = field(default_factory=dict)
    """Accuracies that we found for some of the rates; keys are ``repr`` of the rate."""


@dataclass(frozen=True)
class Images:
    """Rows of 28 by 28 images: weights, gradients, digits.

    Attributes
    ----------
    title
        Words for the caption.
    columns
        A heading for each column.
    rows
        For each row its images, each 784 bytes in base64.
    signed
        False: 0 is black and 255 white. True: 128 is zero, less is negative, more is positive.
    """

    kind: ClassVar[str] = "images"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    signed: bool = False


Observation: TypeAlias = NetworkDrawing | Curves | Comparison | WrongDigits | RowCounts | Sweep | Images
Observations: TypeAlias = Mapping[str, tuple[Observation, ...]]
"""Observations by the id of the check cell that they belong to."""


def grey_image(image: npt.ArrayLike) -> str:
    """A 28 by 28 image of grey levels 0…255 as `Images` holds it."""
    levels = np.nan_to_num(np.asarray(image, dtype=np.float64).reshape(IMAGE_BYTES))
    return base64.b64encode(np.clip(np.rint(levels), 0, 255).astype(np.uint8).tobytes()).decode("ascii")


def signed_image(image: npt.ArrayLike, scale: float | None = None) -> str:
    """A 28 by 28 image of real numbers as `Images` holds it; `scale` (default: the largest) is the strongest colour."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float64).reshape(IMAGE_BYTES))
    largest = float(np.abs(values).max()) if scale is None else float(scale)
    if not largest > 0:
        largest = 1.0
    levels = np.clip(np.rint(128 + 127 * values / largest), 0, 255).astype(np.uint8)
    return base64.b64encode(levels.tobytes()).decode("ascii")


def merge(*several: Observations) -> dict[str, tuple[Observation, ...]]:
    """All observations of `several`, by cell."""
    merged: dict[str, tuple[Observation, ...]] = {}
    for observations in several:
        for cell, seen in observations.items():
            merged[cell] = merged.get(cell, ()) + tuple(seen)
    return merged


def to_json(observations: Observations) -> dict[str, list[dict[str, Any]]]:
    """Observations as JSON values, as much of them as can be drawn; a number that is not finite becomes null."""
    return {
        cell: [{"kind": one.kind, **_finite(dataclasses.asdict(_drawable(one)))} for one in seen[:MOST]]
        for cell, seen in observations.items()
    }


def _drawable(one: Observation) -> Observation:
    """An observation that a chart has room for: a million values, and 1e308, are as easily handed over as others."""
    match one:
        case Curves():
            series = (
                Series(line.name, tuple(map(_on_an_axis, _thinned(line.x))), tuple(map(_on_a_chart, _thinned(line.y))))
                for line in one.series
            )
            return dataclasses.replace(one, series=tuple(series))
        case Sweep():
            return dataclasses.replace(
                one,
                rates=tuple(map(_on_an_axis, _thinned(one.rates))),
                accuracies=tuple(map(_on_a_chart, _thinned(one.accuracies))),
                best=_on_a_chart(one.best),
                recomputed={rate: found for rate, found in one.recomputed.items() if _on_a_chart(float(rate))},
            )
        case Comparison():
            return dataclasses.replace(one, claimed=_on_a_chart(one.claimed))
        case NetworkDrawing():
            return dataclasses.replace(
                one,
                svg=one.svg if len(one.svg) <= LONGEST_DRAWING else "",
                layers=one.layers[:MOST],
                marked=one.marked[:MOST],
                widths=one.widths[:MOST],
                learning_rate=_on_a_chart(one.learning_rate),
            )
        case _:
            return one


def _on_a_chart(value: float | None) -> float | None:
    """`value`, zero where it is next to that, None where no chart reaches."""
    if value is None or not abs(value) <= FARTHEST:
        return None
    return value if abs(value) >= 1 / FARTHEST else 0.0


def _on_an_axis(value: float) -> float:
    """As `_on_a_chart`, the end of what a chart reaches where it does not."""
    found = _on_a_chart(value)
    return math.copysign(FARTHEST, value) if found is None else found


def _thinned(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """`values`, or as many of them as a chart has places for, the last among them."""
    return values if len(values) <= MOST_POINTS else (*values[:: -(-len(values) // (MOST_POINTS - 1))], values[-1])


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def from_json(raw: object) -> dict[str, tuple[Observation, ...]]:
    """The inverse of `to_json`.

    Raises
    ------
    ObservationError
        If `raw` is not what `to_json` makes.
    """
    if not isinstance(raw, Mapping):
        raise ObservationError("Observations are not a JSON object.")
    return {_text(cell): tuple(_one(item) for item in _list(seen)) for cell, seen in raw.items()}


def _one(raw: object) -> Observation:
    if not isinstance(raw, Mapping):
        raise ObservationError("An observation is not a JSON object.")
    make = _MAKERS.get(str(raw.get("kind")))
    if make is None:
        raise ObservationError(f"An observation is of an unknown kind, {str(raw.get('kind'))[:40]!r}.")
    try:
        return _drawable(make(raw))
    except KeyError as error:
        raise ObservationError(f"An observation of kind {raw['kind']!r} lacks {error}.") from error


def _network(raw: Mapping[str, Any]) -> NetworkDrawing:
    return NetworkDrawing(
        svg=_text(raw["svg"]),
        layers=_texts(raw["layers"]),
        marked=_texts(raw["marked"]),
        widths=tuple(None if width is None else _whole(width) for width in _list(raw["widths"])),
        learning_rate=_optional(raw["learning_rate"]),
        asked=_text(raw.get("asked", "")),
    )


def _curves(raw: Mapping[str, Any]) -> Curves:
    return Curves(
        title=_text(raw["title"]),
        x_label=_text(raw["x_label"]),
        y_label=_text(raw["y_label"]),
        series=tuple(_series(one) for one in _list(raw["series"])),
        log_x=bool(raw["log_x"]),
        log_y=bool(raw["log_y"]),
        percent=bool(raw["percent"]),
    )


def _series(raw: object) -> Series:
    if not isinstance(raw, Mapping):
        raise ObservationError("A line of a chart is not a JSON object.")
    x = tuple(_number(value) for value in _list(raw["x"]))
    y = tuple(_optional(value) for value in _list(raw["y"]))
    if len(x) != len(y):
        raise ObservationError("A line of a chart has more values on one axis than on the other.")
    return Series(_text(raw["name"]), x, y)


def _comparison(raw: Mapping[str, Any]) -> Comparison:
    return Comparison(_text(raw["title"]), _optional(raw["claimed"]), _number(raw["recomputed"]))


def _digits(raw: Mapping[str, Any]) -> WrongDigits:
    digits = []
    for one in _list(raw["digits"]):
        if not isinstance(one, Mapping):
            raise ObservationError("A digit is not a JSON object.")
        digits.append(WrongDigit(_whole(one["index"]), _whole(one["found"]), _whole(one["true"])))
    return WrongDigits(tuple(digits), _whole(raw["wrong"]), _whole(raw["total"]))


def _rows(raw: Mapping[str, Any]) -> RowCounts:
    times = tuple(_whole(value) for value in _list(raw["times"]))
    rows = tuple(_whole(value) for value in _list(raw["rows"]))
    if len(times) != len(rows):
        raise ObservationError("A count of rows has more counts than rows.")
    return RowCounts(_text(raw["title"]), times, rows)


def _sweep(raw: Mapping[str, Any]) -> Sweep:
    rates = tuple(_number(value) for value in _list(raw["rates"]))
    accuracies = tuple(_optional(value) for value in _list(raw["accuracies"]))
    recomputed = raw["recomputed"]
    if len(rates) != len(accuracies) or not isinstance(recomputed, Mapping):
        raise ObservationError("A sweep does not have one accuracy for each rate.")
    return Sweep(
        rates,
        accuracies,
        _optional(raw["best"]),
        {_text(rate): _number(accuracy) for rate, accuracy in recomputed.items()},
    )


def _images(raw: Mapping[str, Any]) -> Images:
    rows = tuple(_texts(row) for row in _list(raw["rows"]))
    for row in rows:
        for image in row:
            try:
                length = len(base64.b64decode(image, validate=True))
            except binascii.Error as error:
                raise ObservationError("An image is not base64.") from error
            if length != IMAGE_BYTES:
                raise ObservationError(f"An image has {length} bytes where {IMAGE_BYTES} belong.")
    return Images(_text(raw["title"]), _texts(raw["columns"]), rows, bool(raw["signed"]))


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Observation]] = {
    NetworkDrawing.kind: _network,
    Curves.kind: _curves,
    Comparison.kind: _comparison,
    WrongDigits.kind: _digits,
    RowCounts.kind: _rows,
    Sweep.kind: _sweep,
    Images.kind: _images,
}


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise ObservationError("Where an observation holds a list, there is none.")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ObservationError("Where an observation holds a text, there is none.")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(value))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ObservationError("Where an observation holds a number, there is none.")
    return float(value)


def _optional(value: object) -> float | None:
    return None if value is None else _number(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ObservationError("Where an observation holds a whole number, there is none.")
    return value

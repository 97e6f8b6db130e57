"""JSON back into our own types: one decoder for all that is kept in a store or sent between processes of ours.

What strangers wrote is read within its limits before it comes here (`netgrader.strangers`, `netgrader.evidence`).
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import msgspec

from netgrader.observations import (
    IMAGE_BYTES,
    Curves,
    Images,
    Observation,
    ObservationError,
    RowCounts,
    Sweep,
    drawable,
    finite,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["decode", "decode_observations"]

T = TypeVar("T")
KINDS: Mapping[str, type[Observation]] = {kind.kind: kind for kind in get_args(Observation)}


def decode(kind: type[T], raw: object) -> T:
    """Make a `kind` (a dataclass, or a type of such) of JSON values; fields that it does not have are left out.

    Raises
    ------
    ValueError
        If `raw` is not one, with the place that is wrong.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def decode_observations(raw: object) -> dict[str, tuple[Observation, ...]]:
    """Read what `netgrader.observations.to_json` makes.

    Raises
    ------
    ObservationError
        If `raw` is not that.
    """
    try:
        found = decode(dict[str, list[dict[str, Any]]], finite(raw))
        return {cell: tuple(map(_observation, seen)) for cell, seen in found.items()}
    except ObservationError:
        raise
    except ValueError as error:
        raise ObservationError(f"What is kept to be drawn cannot be read: {error}.") from error


def _observation(raw: Mapping[str, Any]) -> Observation:
    kind = KINDS.get(str(raw.get("kind")))
    if kind is None:
        raise ObservationError(f"An observation is of an unknown kind, {str(raw.get('kind'))[:40]!r}.")
    one = decode(kind, raw)
    match one:
        case Curves(series=series) if any(len(line.x) != len(line.y) for line in series):
            raise ObservationError("A line of a chart has more values on one axis than on the other.")
        case RowCounts(times=times, rows=rows) if len(times) != len(rows):
            raise ObservationError("A count of rows has more counts than rows.")
        case Sweep(rates=rates, accuracies=accuracies) if len(rates) != len(accuracies):
            raise ObservationError("A sweep does not have one accuracy for each rate.")
        case Images(rows=images):
            for image in (image for row in images for image in row):
                _require_image(image)
    return drawable(one)


def _require_image(image: str) -> None:
    try:
        length = len(base64.b64decode(image, validate=True))
    except binascii.Error as error:
        raise ObservationError("An image is not base64.") from error
    if length != IMAGE_BYTES:
        raise ObservationError(f"An image has {length} bytes where {IMAGE_BYTES} belong.")

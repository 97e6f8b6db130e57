"""Images identified by four numbers each, so that a log shows which rows were fed, even rescaled.

Three projections on fixed integer weights that sum to zero, and the plain sum. For gray levels divided by 255 or 256 in
float32, every partial sum is a multiple of 2⁻³¹ below 2²², so float64 adds them without rounding: a row has the same
fingerprint in any batch, on any machine, in any order of summation. Since the weights sum to zero, ``a·x + b`` has the
projections ``a·p``: their ratios identify the row, their size gives the scale.

A noisy or shifted image is another image, with an unknown fingerprint.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.grey_levels import GreyLevels

__all__ = [
    "ImageRows",
    "Joined",
    "Match",
    "Projections",
    "Table",
    "TableRows",
    "fingerprints",
    "match_scaled",
]


class Projections:
    """Constants of recognizing images by projections of their pixels."""

    PROJECTIONS = 3
    WIDTH = PROJECTIONS + 1
    CHUNK = 128
    # Scaling in float64 and rounding to float32 differs from scaling in float32 by at most one rounding unit per pixel.
    TOLERANCE = 2e-7
    RATIO_TOLERANCE = 2e-6


Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


@functools.cache
def _weights(pixels: int) -> Float:
    """Return the fixed weights (pixels, 4); from a hash, since generators may change with NumPy's version."""
    stream = hashlib.shake_256(b"netgrader: fingerprints of images").digest(2 * pixels * Projections.PROJECTIONS)
    weights = (np.frombuffer(stream, dtype="<u2").reshape(pixels, Projections.PROJECTIONS) & 4095).astype(np.int64)
    weights -= weights.sum(axis=0) // pixels
    for column in weights.T:
        column[: column.sum()] -= 1
    return np.column_stack([weights, np.ones(pixels, dtype=np.int64)]).astype(np.float64)


def fingerprints(images: npt.NDArray[Any]) -> Float:
    """Return fingerprints of images as a float32 placeholder sees them.

    Parameters
    ----------
    images
        Numbers of shape (n, pixels).

    Returns
    -------
    array of shape (n, 4), float64
    """
    pixels = images.shape[1]
    found = np.empty((len(images), Projections.WIDTH))
    buffer = np.empty((min(Projections.CHUNK, len(images)), pixels))
    # In small pieces: a float64 copy of all rows would take 376 MB, and larger products start BLAS threads.
    for start in range(0, len(images), Projections.CHUNK):
        piece = np.asarray(images[start : start + Projections.CHUNK], dtype=np.float32)
        rows = buffer[: len(piece)]
        rows[...] = piece
        np.dot(rows, _weights(pixels), out=found[start : start + Projections.CHUNK])
    return found


class Table:
    """Known rows by fingerprint, up to a tolerance `slack`. Equal rows count as the first of them."""

    def __init__(self, known: Float, slack: float | None = None) -> None:
        self._order = np.lexsort(known.T[::-1])
        self._sorted = known[self._order]
        # Projections grow with the image's norm, and so do their rounding errors.
        self._slack = (
            Projections.TOLERANCE * np.abs(known[:, : Projections.PROJECTIONS]).max(initial=0.0)
            if slack is None
            else slack
        )
        self.first = np.arange(len(known))
        self.first = self.find(known)

    def find(self, rows: Float) -> Int:
        """Return the index of the known row for each of `rows`; -1 for unknown ones."""
        return _nearest(self._sorted, self._order, self.first, rows, self._slack)


def _nearest(known: Float, order: Int, first: Int, rows: Float, slack: float) -> Int:
    """Return the match of each row on all columns within `slack`; `known` is sorted by its first column."""
    found = np.full(len(rows), -1, dtype=np.int64)
    finite = np.isfinite(rows).all(axis=1)
    low = np.searchsorted(known[:, 0], rows[:, 0] - slack, side="left")
    high = np.searchsorted(known[:, 0], rows[:, 0] + slack, side="right")
    low[~finite] = high[~finite] = 0
    open_rows = np.flatnonzero(low < high)
    offset = 0
    while len(open_rows):
        candidate = low[open_rows] + offset
        same = (np.abs(known[candidate] - rows[open_rows]) <= slack).all(axis=1)
        hit = open_rows[same]
        found[hit] = order[candidate[same]]
        offset += 1
        left = open_rows[~same]
        open_rows = left[low[left] + offset < high[left]]
    found[found >= 0] = first[found[found >= 0]]
    return found


@dataclass(frozen=True)
class Match:
    """Rows matched to known rows up to a rescaling ``a·x + b``."""

    index: Int
    """The known row for each row, -1 for unknown ones."""
    factor: Float
    shift: Float
    """``a`` and ``b`` of each row, NaN for unknown ones."""


def match_scaled(known: Float, rows: Float, pixels: int) -> Match:
    """Return the known row of each row, up to a factor and a shift per row.

    Parameters
    ----------
    known, rows
        Fingerprints of shape (n, 4) and (m, 4).
    pixels
        The number of values in a row.
    """
    index = np.full(len(rows), -1, dtype=np.int64)
    factor, shift = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    directions, sizes = _directions(known)
    theirs, their_sizes = _directions(rows)
    usable = np.isfinite(theirs).all(axis=1) & np.isfinite(their_sizes) & (their_sizes > 0)
    own = np.flatnonzero(np.isfinite(sizes) & (sizes > 0))
    order = own[np.argsort(directions[own, 0], kind="stable")]
    for sign in (1.0, -1.0):
        todo = np.flatnonzero(usable & (index < 0))
        hits = _nearest(
            directions[order], order, np.arange(len(known)), sign * theirs[todo], Projections.RATIO_TOLERANCE
        )
        rows_hit, known_hit = todo[hits >= 0], hits[hits >= 0]
        index[rows_hit] = known_hit
        factor[rows_hit] = sign * their_sizes[rows_hit] / sizes[known_hit]
        shift[rows_hit] = (
            rows[rows_hit, Projections.PROJECTIONS] - factor[rows_hit] * known[known_hit, Projections.PROJECTIONS]
        ) / pixels
    return Match(index, factor, shift)


def _directions(prints: Float) -> tuple[Float, Float]:
    # Untrusted numbers: overflowing or zero rows have no direction.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sizes = np.linalg.norm(prints[:, : Projections.PROJECTIONS], axis=1)
        return prints[:, : Projections.PROJECTIONS] / sizes[:, np.newaxis], sizes


Floats = npt.NDArray[np.float32]


class ImageRows(Protocol):
    """Images, float32 (n, pixels): an array, or an object that makes rows for indices (k,)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape (n, pixels)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Int, /) -> Floats: ...


class TableRows:
    """Rows of a table of gray levels, (n, pixels), applied to known images, uint8 (n, height, width)."""

    def __init__(self, levels: GreyLevels, known: npt.NDArray[np.uint8]) -> None:
        self.shape = levels.shape
        self._table = levels.table.astype(np.float32)
        self._known = known.reshape(levels.shape)

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, index: Int, /) -> Floats:
        return np.take(self._table, self._known[index], mode="clip")


class Joined:
    """The rows of several parts in sequence, with `pixels` values each."""

    def __init__(self, parts: Sequence[ImageRows], pixels: int) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])
        self.shape = (int(self._ends[-1]), pixels)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Int, /) -> Floats:
        part_of = np.searchsorted(self._ends, index, side="right")
        shown = np.empty((len(index), self.shape[1]), np.float32)
        for number in np.unique(part_of):
            part, mine = self._parts[number], part_of == number
            shown[mine] = part[index[mine] - (self._ends[number] - len(part))]
        return shown

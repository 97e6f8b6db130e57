"""Images told apart by four numbers each, so that a log can say which rows were fed, also after a rescaling.

Three projections on fixed whole-number weights that sum to zero, and the plain sum. For grey levels divided by 255 or
256 in float32 every partial sum is a multiple of 2⁻³¹ below 2²², so float64 adds them without rounding: a row has the
same fingerprint in any batch, on any machine, in any order of summation. Since the weights sum to zero, ``a·x + b`` has
the projections ``a·p``: their ratios tell the row, their size tells the scale.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PROJECTIONS", "WIDTH", "Match", "Table", "fingerprints", "match_scaled"]

PROJECTIONS = 3
WIDTH = PROJECTIONS + 1
PIXELS = 784
CHUNK = 128
# Scaling in float64 and rounding to float32 differs from scaling in float32 by at most a rounding unit a pixel.
TOLERANCE = 2e-7
RATIO_TOLERANCE = 2e-6

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]


def _weights() -> Float:
    """Fixed for ever: both sides must agree, whatever their version of NumPy, so no generator of NumPy's is used."""
    stream = hashlib.shake_256(b"netgrader: fingerprints of images").digest(2 * PIXELS * PROJECTIONS)
    weights = (np.frombuffer(stream, dtype="<u2").reshape(PIXELS, PROJECTIONS) & 4095).astype(np.int64)
    weights -= weights.sum(axis=0) // PIXELS
    for column in weights.T:
        column[: column.sum()] -= 1
    return np.column_stack([weights, np.ones(PIXELS, dtype=np.int64)]).astype(np.float64)


_WEIGHTS = _weights()


def fingerprints(images: npt.NDArray[Any]) -> Float:
    """Fingerprints of images as a float32 placeholder sees them.

    Parameters
    ----------
    images
        Numbers of shape (n, 784).

    Returns
    -------
    array of shape (n, 4), float64
    """
    found = np.empty((len(images), WIDTH))
    buffer = np.empty((min(CHUNK, len(images)), PIXELS))
    # In small pieces: a float64 copy of all rows would take 376 MB, and larger products start BLAS's threads.
    for start in range(0, len(images), CHUNK):
        piece = np.asarray(images[start : start + CHUNK], dtype=np.float32)
        rows = buffer[: len(piece)]
        rows[...] = piece
        np.dot(rows, _WEIGHTS, out=found[start : start + CHUNK])
    return found


class Table:
    """Known rows by fingerprint, up to a `slack`. Rows that are equal count as the first of them."""

    def __init__(self, known: Float, slack: float | None = None) -> None:
        self._order = np.lexsort(known.T[::-1])
        self._sorted = known[self._order]
        # Projections grow with the image's norm; its rounding errors do as well.
        self._slack = TOLERANCE * np.abs(known[:, :PROJECTIONS]).max(initial=0.0) if slack is None else slack
        self.first = np.arange(len(known))
        self.first = self.find(known)

    def find(self, rows: Float) -> Int:
        """Index of the known row that each of `rows` is, -1 where it is none."""
        return _nearest(self._sorted, self._order, self.first, rows, self._slack)


def _nearest(known: Float, order: Int, first: Int, rows: Float, slack: float) -> Int:
    """Match on all columns within `slack`; `known` is sorted by its first column."""
    found = np.full(len(rows), -1, dtype=np.int64)
    if not len(known) or not len(rows):
        return found
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
    """Rows found to be known rows after a rescaling ``a·x + b``.

    Attributes
    ----------
    index
        The known row each row is, -1 where it is none.
    factor, shift
        ``a`` and ``b`` of each row, NaN where it is none.
    """

    index: Int
    factor: Float
    shift: Float


def match_scaled(known: Float, rows: Float) -> Match:
    """Find rows that are known rows times a factor plus a shift, each row with its own.

    Parameters
    ----------
    known, rows
        Fingerprints of shape (n, 4) and (m, 4).
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
        hits = _nearest(directions[order], order, np.arange(len(known)), sign * theirs[todo], RATIO_TOLERANCE)
        rows_hit, known_hit = todo[hits >= 0], hits[hits >= 0]
        index[rows_hit] = known_hit
        factor[rows_hit] = sign * their_sizes[rows_hit] / sizes[known_hit]
        shift[rows_hit] = (rows[rows_hit, PROJECTIONS] - factor[rows_hit] * known[known_hit, PROJECTIONS]) / PIXELS
    return Match(index, factor, shift)


def _directions(prints: Float) -> tuple[Float, Float]:
    # A stranger's numbers: what overflows or is nothing has no direction.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        sizes = np.linalg.norm(prints[:, :PROJECTIONS], axis=1)
        return prints[:, :PROJECTIONS] / sizes[:, np.newaxis], sizes

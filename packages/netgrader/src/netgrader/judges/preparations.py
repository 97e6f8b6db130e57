"""How inputs became the rows that a student made of them, if it was in a usual way.

Each number times a factor of its own plus a shift, possibly permuted: scaled by any numbers, right or wrong, rotated or
shuffled. Or each row scaled by its own statistics, the effect of scaling along the wrong axis. Or each number by a monotonic
function, such as clipping.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.judges.rows import keep_order, own_columns, same_rows

if TYPE_CHECKING:
    from netgrader.data import Array, DataSpec

__all__ = ["Preparation", "preparation_of"]

Float = npt.NDArray[np.float64]
Preparation = Callable[[Float], Float]
"""Makes rows (n, size) from inputs (n, size)."""


def preparation_of(found: Array, raw: Array, spec: DataSpec) -> Preparation | None:
    """Return what made rows `found` from the inputs `raw` (n, …); None if unknown."""
    rows = raw.reshape(len(raw), spec.size).astype(np.float64)
    if found.size != rows.size or not np.isfinite(found).all():
        return None
    values = found.reshape(rows.shape).astype(np.float64)
    columns = own_columns(values, rows)
    if columns is not None:
        return columns.of
    like = [prepare for prepare in OF_ITSELF if same_rows(values, prepare(rows)).all()]
    for shape in () if like else ((-1, 1), rows.shape):  # one rule for all numbers, or one for each column
        known, made = rows.reshape(shape), values.reshape(shape)
        if keep_order(made, known):
            return partial(_between, np.sort(known, axis=0), np.sort(made, axis=0))
    return min(like, key=lambda prepare: float(np.abs(values - prepare(rows)).max()), default=None)


def _between(known: Float, values: Float, rows: Float) -> Float:
    """Return interpolated values for `rows`; `known` and `values` are sorted, (n, size) or (n, 1)."""
    columns = zip(rows.reshape(-1, known.shape[1]).T, known.T, values.T, strict=True)
    return np.stack([np.interp(*column) for column in columns], axis=1).reshape(rows.shape)


def _divided(rows: Float, divisor: Float) -> Float:
    """Return each row divided by its own number; rows whose number is 0 are not divided."""
    made: Float = rows / np.where(divisor == 0, 1, divisor)[:, None]
    return made


def _less(rows: Float, shift: Float) -> Float:
    made: Float = rows - shift[:, None]
    return made


OF_ITSELF: tuple[Preparation, ...] = (
    lambda rows: _divided(rows, rows.max(axis=1)),
    lambda rows: _divided(rows, rows.sum(axis=1)),
    lambda rows: _divided(rows, rows.mean(axis=1)),
    lambda rows: _divided(rows, rows.std(axis=1)),
    lambda rows: _divided(rows, np.linalg.norm(rows, axis=1)),
    lambda rows: _divided(rows, np.abs(rows).sum(axis=1)),
    lambda rows: _divided(_less(rows, rows.min(axis=1)), np.ptp(rows, axis=1)),
    lambda rows: _divided(_less(rows, rows.mean(axis=1)), rows.std(axis=1)),
)
"""The ways to scale each row by itself; if one number dominates a row, their results are similar."""

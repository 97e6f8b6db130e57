"""Rows that nobody knows: whether they are training images that were noised, moved or rounded, or something else.

A loop that augments its images is right, and its rows are none of the student's arrays. Each is compared with all images:
if the nearest one shows the digit that the row was fed with, and is a training image, it was made of such.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from netgrader.training.images import Rows
    from netgrader.training.log import Bool, Call, Tables, TrainingLog

__all__ = ["only_images"]

Floats = npt.NDArray[np.float32]

SAMPLE = 300  # rows that are compared
AT_ONCE = 5_000  # images that they are compared with together
SHARE = 0.7  # of the rows that must show what they are labelled with; noise does so for one in ten
NEARLY_ALL = 0.95
OF_TEST = 0.4  # of the rows that may be nearest to a test image; one in seven is by chance


def only_images(log: TrainingLog, images: Rows | None) -> TrainingLog:
    """The log with the calls marked whose unknown rows are altered training images; in others they stay unknown.

    `images` are the rows of the log's tables; None if they are not to be had.
    """
    return replace(log, calls=tuple(_only_images(call, log.tables, images) for call in log.calls))


def _only_images(call: Call, tables: Tables, images: Rows | None) -> Call:
    altered = images is not None and len(images) == len(tables.prints) and _are_altered(call, tables, images)
    rows = call.rows
    scaled = (rows.index >= 0) & ~rows.near & ((rows.factor != 1) | (rows.shift != 0))
    odd = int((rows.near | scaled | (rows.index < 0)).sum())
    # Among many rows that are none of the tables' a few look by chance like one that was rounded or is larger.
    chance = np.zeros_like(rows.near)
    if not (altered and _nearly_all(rows.near, odd)):
        chance |= rows.near
    if altered and not _nearly_all(scaled, odd):
        chance |= scaled
    index, factor = np.where(chance, -1, rows.index), np.where(chance, np.nan, rows.factor)
    return replace(call, rows=replace(rows, index=index, factor=factor, near=rows.near & ~chance), altered=altered)


def _nearly_all(some: Bool, of: int) -> bool:
    return int(some.sum()) > NEARLY_ALL * of


def _are_altered(call: Call, tables: Tables, images: Rows) -> bool:
    if not len(call.odd.at):
        return False
    chosen = np.unique(np.linspace(0, len(call.odd.at) - 1, SAMPLE).astype(int))
    rows, labels = _upright(call.odd.rows[chosen]), call.odd.labels[chosen].argmax(axis=1)
    near, nearest = np.full(len(rows), -np.inf, np.float32), np.zeros(len(rows), np.int64)
    for start in range(0, len(images), AT_ONCE):
        some = np.arange(start, min(start + AT_ONCE, len(images)))
        alike = rows @ _upright(images[some]).T
        best = alike.argmax(axis=1)
        value = alike[np.arange(len(rows)), best]
        closer = value > near
        near[closer], nearest[closer] = value[closer], some[best[closer]]
    shown = np.isfinite(near) & (tables.classes[nearest] == labels)
    return bool(shown.mean() >= SHARE and (nearest >= tables.n_train).mean() <= OF_TEST)


def _upright(rows: Floats) -> Floats:
    """Rows of mean 0 and length 1, so that contrast and brightness do not count; those that are not finite are zero."""
    with np.errstate(all="ignore"):
        centred = rows - rows.mean(axis=1, keepdims=True)
        even: Floats = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(np.isfinite(even).all(axis=1, keepdims=True), even, np.float32(0))

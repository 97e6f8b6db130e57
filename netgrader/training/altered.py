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
    from netgrader.training.log import Call, Tables, TrainingLog

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
    if not len(call.odd.at):
        return call
    altered = images is not None and len(images) == len(tables.prints) and _are_altered(call, tables, images)
    if altered and _are_rounded(call):
        return replace(call, altered=True)
    # What looked like a rounded row is none: by chance it is near the fingerprint of another one.
    index = np.where(call.rows.near, -1, call.rows.index)
    rows = replace(call.rows, index=index, near=np.zeros_like(call.rows.near))
    return replace(call, rows=rows, altered=altered)


def _are_rounded(call: Call) -> bool:
    """Whether rows that are none of the tables' are near one of them, nearly all."""
    near, unknown = int(call.rows.near.sum()), int((call.rows.index < 0).sum())
    return near > NEARLY_ALL * (near + unknown)


def _are_altered(call: Call, tables: Tables, images: Rows) -> bool:
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

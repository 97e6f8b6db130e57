"""Does a row's result depend on that row alone? Chance, other rows of the batch, and their number are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.network.activating import same
from netgrader.network.scores import as_rows, orient

if TYPE_CHECKING:
    from netgrader.network.reading import Reading

__all__ = ["try_rows"]


def _before_choice(reading: Reading, tensor: str) -> str:
    """The scores or probabilities that a prediction is chosen by: a class alone hides what moves below it."""
    node = reading.graph[tensor]
    while node.op in ("ArgMax", "TopKV2", "Cast", "Identity", "StridedSlice", "Squeeze", "Reshape") and node.inputs:
        tensor = node.inputs[0]
        node = reading.graph[tensor]
    return tensor


def try_rows(reading: Reading) -> None:
    """Whether the scores repeat, whether a row's scores depend on other rows, and whether other batch sizes go."""
    bench = reading.bench
    # What is evaluated may be another tower than the one that is trained: without dropout, with averaged weights.
    claimed = next((reading.hints[key] for key in ("logits", "prediction") if key in reading.hints), None)
    tensor = claimed or reading.measured.get("prediction") or reading.logits or reading.scores
    if bench is None or tensor is None:
        return
    tensor = _before_choice(reading, tensor)
    sample = bench.sample(6)
    rows = len(sample.labels)
    # Rows of different brightness: what is divided by the brightest pixel of a batch shows.
    light = np.linspace(0.3, 1.0, rows)[:, None].astype(np.float32)
    sample = type(sample)(sample.images * light, sample.labels)
    once = bench.fetch(tensor, bench.feed(sample))
    again = bench.fetch(tensor, bench.feed(sample))
    if once is None or again is None:
        return
    form = orient(once, rows, reading.classes) or orient(once, rows, 1)
    if form is None:
        return
    if not np.isfinite(once).all():
        return
    reading.measured["repeats"] = same(once, again)
    if not reading.measured["repeats"]:
        return
    order = np.roll(np.arange(rows), 1)
    turned = bench.fetch(tensor, bench.feed(sample.rows(order)))
    full = as_rows(once, form, rows)
    size = np.abs(full).max() + 1e-9
    mixed = turned is None or np.abs(as_rows(turned, form, rows) - full[order]).max() > 1e-3 * size
    fewer = bench.fetch(tensor, bench.feed(sample.rows(slice(0, 2)))) if rows > 2 and bench.looped is None else None
    reading.measured["other-batch"] = fewer is not None
    if fewer is not None and fewer.size == 2 * full.shape[1]:
        mixed = mixed or np.abs(as_rows(fewer, form, 2) - full[:2]).max() > 1e-3 * size
    elif fewer is not None:
        mixed = True
    reading.measured["mixed"] = bool(mixed)

"""Where are the scores, and how do they stand? One number for each class of each row, behind the last layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.network.graph import node_of
from netgrader.network.layers import is_flow

if TYPE_CHECKING:
    from netgrader.network.reading import Reading

__all__ = ["as_rows", "find_scores", "first_scores", "orient"]

Array = npt.NDArray[Any]


def find_scores(reading: Reading) -> None:
    """Find what the last layer puts out: from there to the loss, variables come in no more."""
    graph, loss, images = reading.graph, reading.read, reading.roles.images
    if loss is None or images is None or not reading.steps:
        return
    labels = reading.roles.labels
    reached = graph.descendants([labels]) if labels else set()
    chain = graph.dominators(images, loss)
    before = [tensor for tensor in chain if tensor not in reached]
    products = {step.product for step in reading.steps}
    for index, tensor in enumerate(before):
        above = graph.ancestors([tensor])
        if is_flow(graph, tensor) or not products <= above or _joined_later(reading, tensor, before[-1]):
            continue
        reading.scores, reading.chain = tensor, before[index:]
        return


def _joined_later(reading: Reading, tensor: str, end: str) -> bool:
    """Whether between `tensor` and `end` something comes in that is made from variables."""
    graph = reading.graph
    below = graph.descendants([tensor])
    for inner in below & graph.ancestors([end]):
        if inner == tensor:
            continue
        for read in graph.value_inputs(graph[inner]):
            if read not in below and node_of(read) in graph.varied:
                return True
    return False


def orient(value: Array, rows: int, classes: int) -> str | None:
    """How scores stand: ``rows``, ``columns``, or None where neither fits."""
    if value.ndim and value.shape[0] == rows and value.size == rows * classes:
        return "rows"
    if rows == 1 and value.shape == (classes,):
        return "rows"
    if value.ndim == 2 and value.shape == (classes, rows):
        return "columns"
    return None


def as_rows(value: Array, form: str, rows: int) -> Array:
    """Scores of one row an image."""
    return np.asarray(value.T if form == "columns" else value.reshape(rows, -1), dtype=np.float64)


def first_scores(reading: Reading, rows: int) -> tuple[Array, str] | None:
    """Where a number for each class of each row first stands behind the last layer, which `reading.scores` then is.

    What comes before it are maps that are averaged, say, or distances of single numbers that are summed.
    """
    bench, chain = reading.bench, reading.chain
    found = bench.run(chain, bench.feed(bench.sample(rows))) if bench is not None and chain else None
    for index, value in enumerate(found or []):
        form = orient(value, rows, reading.classes) if bench is not None and value.dtype.kind == "f" else None
        if form is not None and index:
            reading.scores, reading.chain = chain[index], chain[index:]
            return value, form
    return None

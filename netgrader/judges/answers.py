"""What a trained network answers: its graph and values in the lab, inputs of ours in, logits or numbers out.

All inputs go in mixed, in batches of uneven sizes, in an order that follows from the evidence itself: nothing that was handed
over can have been made for it.
"""

from __future__ import annotations

import functools
import hashlib
import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import fail
from netgrader.judges.measure import ACCURACY
from netgrader.reader.graph.source import read_source
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgrader.evidence import GraphEvidence
    from netgrader.judges.measure import Measure
    from netgrader.reader import Lab, LabError, LabSession

__all__ = ["answers_for", "digest", "opened", "outputs_for", "random_of", "require_fed", "shaped"]

Array = npt.NDArray[Any]

MOST_ROWS, LEAST_ROWS = 2_500, 1_500  # in a run
SWITCHED = Text(
    "a placeholder with a default, as tf.placeholder_with_default(False, shape=[]) makes "
    "one, or the part eval_feed, as in eval_feed={training: False}"
)


def shaped(graph: GraphEvidence, inputs: Array, part: str = "X") -> Array:
    """Return inputs (n, …) in the shape that the network's X has, or another `part`, where that is of as many numbers."""
    sizes = [-1 if size is None else size for size in _shape_of(graph.meta_graph, graph.parts.get(part, ""))[1:]]
    known = math.prod(size for size in sizes if size >= 0)
    number = math.prod(inputs.shape[1:])
    if not sizes or sizes.count(-1) > 1 or not known or (number % known if -1 in sizes else number != known):
        return inputs
    return inputs.reshape(len(inputs), *sizes)


@functools.lru_cache(maxsize=8)
def _shape_of(meta_graph: bytes, tensor: str) -> tuple[int | None, ...]:
    """Return the shape that a placeholder has; empty where it says none."""
    return next(
        (
            tuple(None if dim.size < 0 else int(dim.size) for dim in node.attr["shape"].shape.dim)
            for node in read_source(meta_graph).graph_def.node
            if node.name == tensor.partition(":")[0]
        ),
        (),
    )


@contextmanager
def opened(lab: Lab, graph: GraphEvidence, values: Mapping[str, Array] | None = None) -> Iterator[LabSession]:
    """Open a session in which the variables have the values that were handed over with the graph, or others.

    Variables without one start as the graph's own initialisers leave them; values of others are left out.

    Raises
    ------
    LabError
        If the lab does not accept the graph, or cannot initialise it.
    """
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        own = graph.values if values is None else values
        session.assign({name: value for name, value in own.items() if name in loaded.variables})
        yield session
    finally:
        session.close()


def answers_for(lab: Lab, graph: GraphEvidence, inputs: Array, outputs: int, measure: Measure = ACCURACY) -> Array:
    """Return what a network with so many `outputs` answers to each of `inputs`, which are fed to X in its shape."""
    with opened(lab, graph) as session:
        return measure.answers(outputs_for(session, graph, inputs, random_of(graph), measure, width=outputs))


def require_fed(graph: GraphEvidence, error: LabError, part: str) -> None:
    """End the test if a run of a network's `part` stopped since it was not fed what evaluation has to be fed beside X and Y."""
    asked = re.search(r"feed a value for placeholder tensor '(?P<name>[^']+)'", error.sentence)
    if asked is None or asked.group(1) in {graph.parts.get(own, "").partition(":")[0] for own in ("X", "Y")}:
        return
    found = Text("{part} that cannot be computed before {group} is fed, too", part=part, group=asked.group(1))
    fail("missing-tensor", found=found, expected=SWITCHED, place="net.eval_feed")


def digest(graph: GraphEvidence) -> bytes:
    """Return a hash of all that was handed over of a network."""
    told = hashlib.sha256(graph.meta_graph)
    for values in (graph.values, graph.eval_feed):
        for name, value in sorted(values.items()):
            told.update(name.encode("utf-8", "replace") + np.ascontiguousarray(value).tobytes())
    return told.digest()


def random_of(graph: GraphEvidence) -> np.random.Generator:
    """Return a source of random numbers that follows from all that was handed over of the network, so that it repeats."""
    return np.random.default_rng(list(digest(graph)))


def outputs_for(
    session: LabSession,
    graph: GraphEvidence,
    inputs: Array,
    random: np.random.Generator,
    measure: Measure,
    *,
    width: int,
) -> Array:
    """Return what is put out for each of `inputs` (n, width), which are fed mixed and in batches of uneven sizes."""
    x, part = graph.parts["X"], graph.parts.get(measure.part) or graph.parts["logits"]
    order = random.permutation(len(inputs))
    batches = list(_batches(order, random))
    rows = session.run_batches([part], {x: shaped(graph, inputs)}, batches, graph.eval_feed)
    found = np.empty((len(inputs), width), np.float32)
    for row, batch in zip(rows, batches, strict=True):
        output = np.asarray(row[0])
        if output.shape == (width, len(batch)) or (width == 1 and output.shape == (len(batch),)):
            output = output.reshape(width, len(batch)).T
        if output.shape != (len(batch), width):
            what = (
                Text("logits of shape {shape}") if measure.part == "logits" else Text("a prediction of shape {shape}")
            )
            fail("wrong-width", found=what.format(shape=output.shape), expected=f"({len(batch)}, {width})")
        found[batch] = output
    return found


def _batches(order: npt.NDArray[np.int64], random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    start = 0
    while start < len(order):
        size = int(random.integers(LEAST_ROWS, MOST_ROWS + 1))
        yield order[start : start + size]
        start += size

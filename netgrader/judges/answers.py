"""The answers of a trained network: graph and values in the lab, our inputs in, outputs back.

All inputs go in mixed, in batches of uneven sizes, in an order that follows from the evidence itself: nothing that was handed
over can have been made for it.
"""

from __future__ import annotations

import functools
import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.graph.source import read_source
from graphread.text import Text
from netgrader.checks.language import fail
from netgrader.judges.measure import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from graphread import Lab, LabSession, LoadedGraph
    from netgrader.evidence import GraphEvidence
    from netgrader.judges.measure import Measure

__all__ = [
    "answers_for",
    "asks_for_more",
    "digest",
    "fixed_starts",
    "opened",
    "outputs_for",
    "paired",
    "random_of",
    "require_fed",
    "run_alone",
    "run_parts",
    "shaped",
    "started",
]

Array = npt.NDArray[Any]

MOST_ROWS, LEAST_ROWS = 2_500, 1_500  # in a run
UNFED = re.compile(r"feed a value for placeholder tensor '(?P<name>[^']+)'")
OF_SHAPE = {"logits": Text("logits of shape {shape}"), "prediction": Text("a prediction of shape {shape}")}
SWITCHED = Text(
    "a placeholder with a default, such as tf.placeholder_with_default(False, shape=[]), or the part eval_feed, "
    "as in eval_feed={training: False}"
)


def shaped(graph: GraphEvidence, inputs: Array, part: str = "X") -> Array:
    """Return inputs (n, …) in the shape of the network's X, or another `part`, if sizes agree."""
    shape = _shape_of(graph.meta_graph, graph.parts.get(part, ""))
    try:
        return inputs.reshape(len(inputs), *shape[1:]) if shape else inputs
    except ValueError:  # of another number, or with more than one size that is open
        return inputs


@functools.lru_cache(maxsize=8)
def _shape_of(meta_graph: bytes, tensor: str) -> tuple[int, ...]:
    """Return the shape that a placeholder has, -1 where a size is open; empty where it says none."""
    nodes = {node.name: node for node in read_source(meta_graph).graph_def.node}
    known = nodes.get(tensor.partition(":")[0])
    return () if known is None else tuple(int(dim.size) for dim in known.attr["shape"].shape.dim)


@contextmanager
def opened(lab: Lab, graph: GraphEvidence) -> Iterator[LabSession]:
    """Open a session in which the variables have the values that were handed over with the graph.

    Variables without one start as the graph's own initialisers leave them; values of others are left out.

    Raises
    ------
    LabError
        If the lab does not accept the graph, or cannot initialise it.
    """
    loaded = lab.load(graph.meta_graph)
    with started(loaded) as session:
        session.assign({name: graph.values[name] for name in graph.values.keys() & set(loaded.variables)})
        yield session


@contextmanager
def started(loaded: LoadedGraph, seed: int = 1, *, often: bool = False) -> Iterator[LabSession]:
    """Open a session in which the variables are as the graph's own initialisers leave them.

    `often` says that the same is going to be run many times.

    Raises
    ------
    LabError
        If the lab cannot initialise it.
    """
    session = loaded.session(seed=seed, often=often)
    try:
        session.initialise()
        yield session
    finally:
        session.close()


def fixed_starts(lab: Lab, graph: GraphEvidence) -> dict[str, Array]:
    """Return variables with fixed first values: mostly biases, and the optimizer's memory."""
    loaded, begun = lab.load(graph.meta_graph), []
    for seed in (1, 2):
        with started(loaded, seed) as session:
            begun.append(session.values())
    return {name: value for name, value in begun[0].items() if np.array_equal(value, begun[1].get(name))}


def run_parts(session: LabSession, tensors: Sequence[str], feeds: Mapping[str, Array]) -> list[Array] | LabError:
    """Return values of tensors, or the error that stopped TensorFlow, such as a missing feed.

    Raises
    ------
    LabError
        Of any other kind.
    """
    try:
        return [np.asarray(value) for value in session.run(tensors, feeds)]
    except LabError as error:
        if error.kind != "run":
            raise
        return error


def run_alone(session: LabSession, tensor: str, feeds: Mapping[str, Array]) -> Array | LabError:
    """Return the value of one tensor, as `run_parts` does."""
    found = run_parts(session, [tensor], feeds)
    return found if isinstance(found, LabError) else found[0]


def answers_for(lab: Lab, graph: GraphEvidence, inputs: Array, outputs: int, measure: Measure = ACCURACY) -> Array:
    """Return a network's `outputs` for each of `inputs`, which are fed to X in its shape."""
    with opened(lab, graph) as session:
        return measure.answers(outputs_for(session, graph, inputs, random_of(graph), measure, width=outputs))


def asks_for_more(error: LabError) -> bool:
    """Whether a run stopped since a placeholder was not fed."""
    return UNFED.search(error.sentence) is not None


def require_fed(graph: GraphEvidence, error: LabError, part: str) -> None:
    """End the test if running a `part` needs feeds other than X, Y and those of evaluation."""
    asked = UNFED.search(error.sentence)
    if asked is None or asked.group(1) in {graph.parts.get(own, "").partition(":")[0] for own in ("X", "Y")}:
        return
    found = Text("{part} that cannot be computed unless {group} is fed, too", part=part, group=asked.group(1))
    fail("missing-tensor", found=found, expected=SWITCHED, place="net.eval_feed")


def digest(graph: GraphEvidence) -> bytes:
    """Return a hash of all that was handed over of a network."""
    told = hashlib.sha256(graph.meta_graph)
    for values in (graph.values, graph.eval_feed):
        for name, value in sorted(values.items()):
            told.update(name.encode("utf-8", "replace") + np.ascontiguousarray(value).tobytes())
    return told.digest()


def random_of(graph: GraphEvidence) -> np.random.Generator:
    """Return a random generator seeded by the network's evidence, so that it repeats."""
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
    """Return the outputs for each of `inputs` (n, width), fed shuffled in batches of uneven sizes."""
    x, part = graph.parts["X"], graph.parts.get(measure.part) or graph.parts["logits"]
    order = random.permutation(len(inputs))
    batches = list(_batches(order, random))
    rows = session.run_batches([part], {x: shaped(graph, inputs)}, batches, graph.eval_feed)
    outputs = [np.asarray(row[0]) for row in rows]
    lengths = [len(batch) for batch in batches]
    upright = _upright(outputs, lengths, width)
    for output, length in zip(upright, lengths, strict=True):
        if output.shape != (length, width):
            what = OF_SHAPE[measure.part].format(shape=output.shape)
            fail("wrong-width", found=what, expected=f"({length}, {width})")
    found = np.empty((len(inputs), width), np.float32)
    found[np.concatenate([order[:0], *batches])] = np.concatenate([found[:0], *upright])
    return found


def _upright(outputs: list[Array], lengths: Sequence[int], width: int) -> list[Array]:
    """Return the outputs of batches of these lengths as rows; as they are if they are of another shape.

    A batch of as many rows as there are outputs stands as all others do.
    """
    turned = [output.T for output in outputs]
    numbers = [output[..., np.newaxis] for output in outputs]  # where there is one for each row
    wanted = [(length, width) for length in lengths]
    pairs = list(map(paired, outputs, lengths))
    for upright in (outputs, turned, numbers, pairs):
        if [output.shape for output in upright] == wanted:
            return upright
    return outputs


def paired(output: Array, rows: int) -> Array:
    """Return two logits for each row that has one, z: softmax(0, z) is its sigmoid. Others stay."""
    return np.pad(output.reshape(rows, 1), ((0, 0), (1, 0))) if output.size == rows else output


def _batches(order: npt.NDArray[np.int64], random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    start = 0
    while start < len(order):
        size = int(random.integers(LEAST_ROWS, MOST_ROWS + 1))
        yield order[start : start + size]
        start += size

"""The answers of a trained network: its graph and values in the lab, our inputs in, outputs back.

All inputs are shuffled and fed in batches of uneven sizes, in an order that depends on the evidence itself, so that no
evidence can be made to fit it.
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

MOST_ROWS, LEAST_ROWS = 2_500, 1_500  # per run
UNFED = re.compile(r"feed a value for placeholder tensor '(?P<name>[^']+)'")
OF_SHAPE = {"logits": Text("logits of shape {shape}"), "prediction": Text("a prediction of shape {shape}")}
SWITCHED = Text(
    "a placeholder with a default, such as tf.placeholder_with_default(False, shape=[]), or the part eval_feed, "
    "as in eval_feed={{training: False}}"
)


def shaped(graph: GraphEvidence, inputs: Array, part: str = "X") -> Array:
    """Return inputs (n, …) in the shape of the network's X, or another `part`, if sizes agree."""
    shape = _shape_of(graph.meta_graph, graph.parts.get(part, ""))
    try:
        return inputs.reshape(len(inputs), *shape[1:]) if shape else inputs
    except ValueError:  # another number of values, or several unknown sizes
        return inputs


@functools.lru_cache(maxsize=8)
def _shape_of(meta_graph: bytes, tensor: str) -> tuple[int, ...]:
    """Return a placeholder's static shape, -1 for unknown sizes; empty if it has none."""
    nodes = {node.name: node for node in read_source(meta_graph).graph_def.node}
    known = nodes.get(tensor.partition(":")[0])
    return () if known is None else tuple(int(dim.size) for dim in known.attr["shape"].shape.dim)


@contextmanager
def opened(lab: Lab, graph: GraphEvidence) -> Iterator[LabSession]:
    """Open a session in which the variables have the values from the evidence.

    Variables without a value keep their initial ones; values of unknown variables are ignored.

    Raises
    ------
    LabError
        If the lab rejects the graph, or cannot initialize it.
    """
    loaded = lab.load(graph.meta_graph)
    with started(loaded) as session:
        session.assign({name: graph.values[name] for name in graph.values.keys() & set(loaded.variables)})
        yield session


@contextmanager
def started(loaded: LoadedGraph, seed: int = 1, *, often: bool = False) -> Iterator[LabSession]:
    """Open a session in which the graph's own initializers have run.

    `often` announces many runs of the same fetches.

    Raises
    ------
    LabError
        If the lab cannot initialize the graph.
    """
    session = loaded.session(seed=seed, often=often)
    try:
        session.initialise()
        yield session
    finally:
        session.close()


def fixed_starts(lab: Lab, graph: GraphEvidence) -> dict[str, Array]:
    """Return variables with fixed initial values: mostly biases and the optimizer's slots."""
    loaded, begun = lab.load(graph.meta_graph), []
    for seed in (1, 2):
        with started(loaded, seed) as session:
            begun.append(session.values())
    return {name: value for name, value in begun[0].items() if np.array_equal(value, begun[1].get(name))}


def run_parts(session: LabSession, tensors: Sequence[str], feeds: Mapping[str, Array]) -> list[Array] | LabError:
    """Return values of tensors, or TensorFlow's error if the run failed, such as for a missing feed.

    Raises
    ------
    LabError
        For errors other than a failed run.
    """
    try:
        return [np.asarray(value) for value in session.run(tensors, feeds)]
    except LabError as error:
        if error.kind != "run":
            raise
        return error


def run_alone(session: LabSession, tensor: str, feeds: Mapping[str, Array]) -> Array | LabError:
    """Return the value of one tensor, or an error, as `run_parts` does."""
    found = run_parts(session, [tensor], feeds)
    return found if isinstance(found, LabError) else found[0]


def answers_for(lab: Lab, graph: GraphEvidence, inputs: Array, outputs: int, measure: Measure = ACCURACY) -> Array:
    """Return a network's answers for `inputs`, fed in the shape of X; it has `outputs` outputs."""
    with opened(lab, graph) as session:
        return measure.answers(outputs_for(session, graph, inputs, random_of(graph), measure, width=outputs))


def asks_for_more(error: LabError) -> bool:
    """Whether a run failed because a placeholder was not fed."""
    return UNFED.search(error.sentence) is not None


def require_fed(graph: GraphEvidence, error: LabError, part: str) -> None:
    """End the test if running a `part` needs feeds other than X, Y and those of evaluation."""
    asked = UNFED.search(error.sentence)
    if asked is None or asked.group(1) in {graph.parts.get(own, "").partition(":")[0] for own in ("X", "Y")}:
        return
    found = Text("{part} that cannot be computed unless {group} is fed, too", part=part, group=asked.group(1))
    fail("missing-tensor", found=found, expected=SWITCHED, place="net.eval_feed")


def digest(graph: GraphEvidence) -> bytes:
    """Return a SHA-256 of a network's graph, values and evaluation feeds."""
    told = hashlib.sha256(graph.meta_graph)
    for values in (graph.values, graph.eval_feed):
        for name, value in sorted(values.items()):
            told.update(name.encode("utf-8", "replace") + np.ascontiguousarray(value).tobytes())
    return told.digest()


def random_of(graph: GraphEvidence) -> np.random.Generator:
    """Return a random generator seeded by the network's evidence, so that results are reproducible."""
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
    """Return the outputs for `inputs`, (n, width), fed shuffled in batches of uneven sizes."""
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
    """Return the outputs of batches of these lengths as rows; unchanged if they have another shape.

    One orientation fits all batches, so one with as many rows as outputs is not ambiguous.
    """
    turned = [output.T for output in outputs]
    numbers = [output[..., np.newaxis] for output in outputs]  # if there is one number per row
    wanted = [(length, width) for length in lengths]
    pairs = list(map(paired, outputs, lengths))
    for upright in (outputs, turned, numbers, pairs):
        if [output.shape for output in upright] == wanted:
            return upright
    return outputs


def paired(output: Array, rows: int) -> Array:
    """Return two logits per row for one, z: softmax(0, z) is its sigmoid. Other outputs are unchanged."""
    return np.pad(output.reshape(rows, 1), ((0, 0), (1, 0))) if output.size == rows else output


def _batches(order: npt.NDArray[np.int64], random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    start = 0
    while start < len(order):
        size = int(random.integers(LEAST_ROWS, MOST_ROWS + 1))
        yield order[start : start + size]
        start += size

"""How wide is each layer, and what does it compute? Numbers go in behind a linear step, and what comes out is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.find.activations import BANK as ACTIVATIONS
from netgrader.reader.find.activations import name_activation
from netgrader.reader.find.layers import between, is_flow, product_widths, static_activation
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.nodes import Node
    from netgrader.reader.state import Reading
    from netgrader.reader.trial.probe import Bench

__all__ = ["same", "try_activations", "try_widths"]

Array = npt.NDArray[Any]


def try_widths(reading: Reading) -> None:
    """Read widths off the values that stand in the products, where the graph alone does not say them."""
    bench = reading.bench
    if bench is None or not reading.steps:
        return
    sample = bench.sample(3)
    rows = len(sample.labels)
    steps = [part for step in reading.steps for part in (step.parts or (step,))]
    found = bench.run([t for step in steps for t in (step.data, step.weights, step.product)], bench.feed(sample))
    if found is None:
        return
    for index, step in enumerate(steps):
        data, weights, product = found[3 * index : 3 * index + 3]
        node = reading.graph.nodes[step.node]
        if node.op == "Mul":
            step.outputs = product.size // rows
            step.inputs = weights.size // max(step.outputs, 1)
        elif step.kind == "conv2d" and product.ndim == 4 and product.shape[1:3] == (1, 1) and weights.ndim == 4:
            if data.shape[1:3] == weights.shape[:2]:
                step.kind, step.inputs, step.outputs = "dense", weights[..., 0].size, weights.shape[3]
        else:
            step.inputs, step.outputs = product_widths(node, step, weights.shape)
        column = () if step.bias else _bias_by_column(reading, step, rows)
        if column:
            step.bias = column
            step.inputs = step.inputs and step.inputs - 1
    for step in reading.steps:
        if step.parts:
            _sum_up(step)


def _sum_up(step: Step) -> None:
    """The widths of a layer that is made of several products."""
    if step.repeated:
        step.inputs, step.outputs = step.parts[0].inputs, step.parts[0].outputs
        return
    inputs, outputs = ([getattr(part, key) for part in step.parts] for key in ("inputs", "outputs"))
    apart = step.added and len({part.data for part in step.parts}) > 1
    step.inputs = sum(inputs) if apart and None not in inputs else inputs[0]
    step.outputs = outputs[0] if step.added or None in outputs else sum(outputs)


def _bias_by_column(reading: Reading, step: Step, rows: int) -> tuple[str, ...]:
    """The weights themselves, where a column of ones has been joined to the data: then one of their rows is the bias."""
    graph, bench = reading.graph, reading.bench
    node = graph[step.data]
    while node.op in ("Identity", "Reshape", "Cast", "StridedSlice", "ExpandDims", "Tile", "Transpose"):
        node = graph[node.inputs[0]]
    if bench is None or node.op not in ("ConcatV2", "Concat", "Pad", "PadV2"):
        return ()
    inner = [read for read in node.inputs if node_of(read) in graph.fed]
    if len(inner) != 1:
        return ()
    feeds = bench.feed(bench.sample(rows))
    value = bench.fetch(inner[0], feeds)
    if value is None:
        return ()
    product = bench.fetch(step.product, {**feeds, inner[0]: np.zeros_like(value)})
    return step.variables if product is not None and np.abs(product).max() > 0 else ()


RANDOM = words("RandomUniform RandomStandardNormal TruncatedNormal StatelessRandomUniformV2 StatelessRandomUniform")

#: No function of the bank is written with more ops than this; along a recurrence there may be hundreds.
MOST_OPS = 16


def same(one: Array, other: Array) -> bool:
    """Equal up to the rounding that another order of additions brings."""
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-4, atol=1e-5, equal_nan=True))


def try_activations(reading: Reading) -> None:
    """Name what stands between each linear step and the next, by its values where there is a lab, else by its ops."""
    graph = reading.graph
    outputs = {step.output for step in reading.steps} | {step.product for step in reading.steps}
    outputs |= {part.product for step in reading.steps for part in step.parts}
    for index, step in enumerate(reading.steps):
        own = {step.output, step.product, *(part.product for part in step.parts)}
        ends = []
        for later in reading.steps[index + 1 :]:
            stops = outputs - own - {later.output, later.product}
            data = [part.data for part in later.parts] or [later.data]
            ends += [tensor for tensor in data if step.output in graph.ancestors([tensor], stop=stops)]
        step.followed = bool(ends)
        if ends:
            step.activation = _activation(reading, step.output, ends[0])
            if step.activation == "other" and _by_itself(reading, step.output, ends[0]):
                reading.measured.setdefault("unit-by-unit", set()).add(step.node)
            step.alone = not any(_beside(reading, step.output, end, set()) for end in ends)
            step.rejoined = any(_beside(reading, step.output, end, outputs - own) for end in ends)
        elif reading.scores is not None and step.output in graph.ancestors([reading.scores]):
            step.activation = _activation(reading, step.output, reading.scores)


def _beside(reading: Reading, start: str, end: str, stops: set[str]) -> bool:
    """Whether anything else that depends on the images comes in between two tensors; what lies beyond `stops` is else."""
    graph = reading.graph
    way = graph.descendants([start], stop=stops - {start})
    seen = graph.descendants([reading.roles.images]) if reading.roles.images else set()
    for node in between(graph, start, end):
        reads = graph.value_inputs(node) if node.op not in ("ConcatV2", "Concat", "Pack") else ()
        if any(read in way for read in reads) and any(read not in way and read in seen for read in reads):
            return True
    return False


def _activation(reading: Reading, start: str, end: str) -> str:
    if start == end:
        return "none"
    static = static_activation(reading.graph, start, end)
    bench = reading.bench
    if bench is None:
        return static
    chain = [tensor for tensor in reading.graph.dominators(start, end) if not is_flow(reading.graph, tensor)]
    feeds = bench.feed(bench.sample(5))
    value = bench.fetch(start, feeds)
    if value is None or not chain or not value.size:
        return static
    fed = bench.rng.standard_normal(value.shape) * 2
    zero = np.zeros_like(fed)
    found = bench.run(chain, {**feeds, start: fed})
    again = bench.run(chain, {**feeds, start: fed})
    offset = bench.run(chain, {**feeds, start: zero})
    if found is None or again is None or offset is None:
        return static
    if any(not same(a, b) for a, b in zip(found, again, strict=True)):
        reading.measured["random"] = True
        return static if static != "undecided" else _dropped(found)
    if not found[-1].any() and any(node.op in RANDOM for node in _drawn(reading, start, end)):
        reading.measured["all-dropped"] = node_of(end)
        return "undecided"
    if found[0].size == found[-1].size and (whole := name_activation(found[0], found[-1])) is not None:
        return whole
    names = []
    for first, last in _runs([v.size for v in found]):
        name = _along(bench, feeds, chain, (found, offset), (first, last))
        if name is None:
            return (
                static if static not in ("undecided", "none") else _linear_or_other(bench, feeds, start, chain[-1], fed)
            )
        if name != "none":
            names.append(name)
    if names:
        return names[0] if len(names) == 1 else "other"
    if len({v.size for v in found}) > 1:
        return _linear_or_other(bench, feeds, start, chain[-1], fed)
    return "none"


def _along(
    bench: Bench,
    feeds: dict[str, Array],
    chain: Sequence[str],
    runs: tuple[Sequence[Array], Sequence[Array]],
    ends: tuple[int, int],
) -> str | None:
    """The function along a stretch of the chain, if what follows it there only stretches and moves its values."""
    found, last = runs[0], ends[1]
    match = _named(*runs, *ends)
    if match is None or match[1] == last:
        return None if match is None else match[0]
    name, end = match
    inner = bench.rng.standard_normal(found[end].shape) * 2
    return name if _linear_or_other(bench, feeds, chain[end], chain[last], inner) == "none" else None


def _by_itself(reading: Reading, start: str, end: str) -> bool:
    """Whether every number between two tensors goes through one function of it alone, the same for all."""
    bench = reading.bench
    if bench is None:
        return False
    feeds = bench.feed(bench.sample(5))
    value = bench.fetch(start, feeds)
    if value is None or value.ndim < 2:
        return False
    fed = bench.rng.standard_normal(value.shape) * 2
    half, others = fed.copy(), fed.copy()
    half[..., ::2] = bench.rng.standard_normal(half[..., ::2].shape)
    others[1:] = bench.rng.standard_normal(others[1:].shape)
    changes = (fed, np.roll(fed, 1, axis=-1), half, others)
    runs = [bench.fetch(end, {**feeds, start: each}) for each in changes]
    if any(run is None or run.shape != fed.shape for run in runs):
        return False
    plain, rolled, changed, apart = (np.asarray(run) for run in runs)
    return (
        same(np.roll(plain, 1, axis=-1), rolled)
        and same(plain[..., 1::2], changed[..., 1::2])
        and same(plain[:1], apart[:1])
    )


def _drawn(reading: Reading, start: str, end: str) -> list[Node]:
    """The nodes that something between two tensors is made from, what `start` is made from left out."""
    graph = reading.graph
    return [graph.nodes[name] for name in graph.ancestor_nodes([end], stop=[start])]


def _runs(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of equal sizes: pooling and flattening stand between them."""
    bounds, first = [], 0
    for index in range(1, len(sizes) + 1):
        if index == len(sizes) or sizes[index] != sizes[first]:
            bounds.append((first, index - 1))
            first = index
    return bounds


def _named(found: Sequence[Array], offset: Sequence[Array], first: int, last: int) -> tuple[str, int] | None:
    """The function between two tensors, and where it ends; a step that moves and stretches before it is left out."""
    whole = name_activation(found[first], found[last]) or name_activation(found[first], found[last], offset[last])
    if whole is not None or first == last:
        return None if whole is None else (whole, last)
    for length in range(min(last - first - 1, MOST_OPS), 0, -1):
        for start in range(last - length, first - 1, -1):
            name = name_activation(found[start], found[start + length])
            if name not in (None, "none"):
                return name, start + length
    return None


def _linear_or_other(bench: Bench, feeds: dict[str, Array], start: str, end: str, fed: Array) -> str:
    """``none`` where superposition holds or rows are only normalised, else ``other``: nonlinear, but not in the bank."""
    other = bench.rng.standard_normal(fed.shape) * 2
    values = (fed, other, fed + other, np.zeros_like(fed), -fed, 2 * fed)
    runs = [bench.fetch(end, {**feeds, start: value}) for value in values]
    if any(run is None for run in runs):
        return "undecided"
    one, two, both, none, turned, doubled = (np.asarray(run, dtype=np.float64) for run in runs)
    size = np.abs(one).max() + np.abs(two).max() + 1e-9
    if np.abs(one + two - both - none).max() < 1e-3 * size:
        return "none"
    # Layer normalisation and its like: odd, blind to the length of a row, and, other than a sign, of many values.
    odd = np.abs((one - none) + (turned - none)).max() < 1e-2 * size
    length_lost = np.abs(one - doubled).max() < 1e-2 * size
    return "none" if odd and length_lost and len(np.unique(np.round(one, 3))) > fed.size // 4 else "other"


def _dropped(found: Sequence[Array]) -> str:
    """The activation under a dropout that is on: where nothing was dropped, values are the function's up to a factor."""
    if found[0].shape != found[-1].shape:
        return "undecided"
    before, after = (np.asarray(v, dtype=np.float64).reshape(len(found[0]), -1) for v in (found[0], found[-1]))
    kept = after != 0
    for name, function in ACTIVATIONS.items():
        expected = function(before)
        if expected.shape != before.shape or (kept & (expected == 0)).any():
            continue
        below = before < 0
        if (expected[below] != 0).any() != kept[below].any():
            continue
        ratio = after[kept] / expected[kept]
        if len(ratio) > 4 and ratio.mean() > 0 and np.ptp(ratio) < 1e-3 * ratio.mean():
            return name
    return "undecided"

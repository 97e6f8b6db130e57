"""How wide is a layer, and what does it compute? Numbers are fed behind it, and the result is named."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import ACTIVATIONS, OPS, name_activation
from netgrader.reader.find.layers import CONVOLUTIONS, between, product_widths, static_activation
from netgrader.reader.graph.nodes import node_of, words
from netgrader.reader.graph.plain import RANDOM
from netgrader.reader.trial.probe import products, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

MOST_OPS = 16
"""No function of the bank is written with more ops than this."""
FARTHEST = 9.0
"""The largest number that is sent through an activation: beyond 6, where a ReLU6 is flat."""
ROWS = 5
LEFT = 0.01
"""A share of the numbers: where no more is left behind a dropout, everything is dropped."""
_ADDING = words("Add AddV2 AddN Sub BiasAdd BiasAddV1")
_JOINING = words("ConcatV2 Concat Pack")
_WIDENING = words("ConcatV2 Concat Pad PadV2")
_NAMED = ACTIVATIONS.keys() - {"none"}
_SHAPING = words("Identity Reshape Cast StridedSlice ExpandDims Tile Transpose")


@dataclass(frozen=True)
class LayerTrial:
    """What the layers compute."""

    steps: tuple[Step, ...] = ()
    """The layers, each with its activation and with what reads it."""
    random: bool = False
    """Whether something between layers changes from run to run."""
    all_dropped: str | None = None
    """The op in front of which everything is dropped; None where nothing is."""


@dataclass(frozen=True)
class _Activation:
    """What is between two tensors; for `random` and `all_dropped` see `LayerTrial`."""

    name: str
    random: bool = False
    all_dropped: str | None = None


def try_widths(found: Found, probe: GraphProbe) -> tuple[Step, ...]:
    """Return the layers with the widths that the values in their products have."""
    sample, every = probe.sample(3), products(found.steps)
    values = probe.run([t for step in every for t in (step.data, step.weights, step.product)], probe.feed(sample))
    if values is None:
        return found.steps
    triples = zip(every, values[::3], values[1::3], values[2::3], strict=True)
    measured = {step: _measured(found, probe, step, len(sample.labels), *arrays) for step, *arrays in triples}
    return tuple(
        _summed_up(replace(step, parts=tuple(measured[part] for part in step.parts))) if step.parts else measured[step]
        for step in found.steps
    )


def _measured(
    found: Found, probe: GraphProbe, step: Step, rows: int, data: Array, weights: Array, product: Array
) -> Step:
    """A product with the widths that its values have."""
    node = found.graph.nodes[step.node]
    kind, (inputs, outputs) = step.kind, product_widths(node, step, weights.shape)
    if node.op == "Mul":
        outputs = product.size // rows
        inputs = weights.size // max(outputs, 1)
    elif kind == "conv2d" and product[0].size == weights.shape[-1] and data[0].size == weights[..., 0].size:
        kind, inputs = "dense", weights[..., 0].size  # a window over the whole map
    bias = step.bias
    if not bias and step.variables and _has_column_of_ones(found, probe, step, rows):
        bias, inputs = step.variables, inputs and inputs - 1  # one row of the weights is the bias
    window = weights.shape[:-2] if node.op in CONVOLUTIONS else ()
    places = product.size // (rows * outputs) if outputs else None
    return replace(step, kind=kind, inputs=inputs, outputs=outputs, bias=bias, window=window, places=places)


def _summed_up(step: Step) -> Step:
    """A layer that is made of several products, with the widths of all."""
    first, *_ = step.parts
    apart = step.added and not step.repeated and len({part.data for part in step.parts}) > 1
    return replace(
        step,
        inputs=_total([part.inputs for part in step.parts]) if apart else first.inputs,
        outputs=first.outputs if step.added or step.repeated else _total([part.outputs for part in step.parts]),
    )


def _total(sizes: Sequence[int | None]) -> int | None:
    """The sum of sizes; None where one is not known."""
    return None if None in sizes else sum(size or 0 for size in sizes)


def _has_column_of_ones(found: Found, probe: GraphProbe, step: Step, rows: int) -> bool:
    """Whether the data of a product is not all zero where the images are: a column of ones was joined to them."""
    graph = found.graph
    node = graph[graph.past(step.data, _SHAPING)]
    inner = [read for read in node.inputs if node_of(read) in graph.fed] if node.op in _WIDENING else []
    feeds = probe.feed(probe.sample(rows))
    value = probe.fetch(inner[0], feeds) if len(inner) == 1 else None
    if value is None:
        return False
    product = probe.fetch(step.product, {**feeds, inner[0]: np.zeros_like(value)})
    return product is not None and bool(product.any())


def try_activations(found: Found, probe: GraphProbe | None) -> LayerTrial:
    """Name what is between each linear step and the next, by its values where there is a lab, else by its ops."""
    steps: list[Step] = []
    random, all_dropped = False, None
    for index, step in enumerate(found.steps):
        ends = _readers(found, step, found.steps[index + 1 :])
        scored = found.scores is not None and step.output in found.graph.ancestors([found.scores])
        end = ends[0] if ends else found.scores if scored else None
        if end is None:
            steps.append(step)
            continue
        activation = _activation(found, probe, step.output, end)
        random, all_dropped = random or activation.random, activation.all_dropped or all_dropped
        inner = _between_layers(found) - {part.product for part in (step, *step.parts)} - {step.output}
        steps.append(
            replace(
                step,
                bias=step.bias if step.bias or step.normalised else _bias_behind(found, step, end),
                activation=activation.name,
                followed=bool(ends),
                alone=not any(_is_joined(found, step.output, end, set()) for end in ends),
                rejoined=any(_is_joined(found, step.output, end, inner) for end in ends),
            )
        )
    return LayerTrial(tuple(steps), random, all_dropped)


def _between_layers(found: Found) -> set[str]:
    """What every layer puts out, with and without its bias."""
    every = [*found.steps, *products(found.steps)]
    return {step.product for step in every} | {step.output for step in found.steps}


def _readers(found: Found, step: Step, later: Sequence[Step]) -> list[str]:
    """The data of later products that is made from what a layer puts out, with no other layer on the way."""
    own = {step.output, *(part.product for part in (step, *step.parts))}
    stops = _between_layers(found) - own
    return [
        part.data
        for one in later
        for part in products([one])
        if step.output in found.graph.ancestors([part.data], stop=stops - {one.output, one.product})
    ]


def _bias_behind(found: Found, step: Step, end: str) -> tuple[str, ...]:
    """The trained variables that are added to a layer's output before its activation, behind any scaling."""
    graph = found.graph
    names: dict[str, None] = {}
    for node in between(graph, step.product, end):
        if node.op in OPS:
            break
        if node.op in _ADDING:
            reads = [read for read in node.inputs if node_of(read) not in graph.fed]
            names |= dict.fromkeys(name for read in reads for name in graph.variables_in(read))
    trained = {update.variable for update in found.roles.updates} - found.statistics
    others = {name for other in found.steps for name in other.variables}
    return tuple(sorted(names.keys() & trained - others))


def _is_joined(found: Found, start: str, end: str, stops: set[str]) -> bool:
    """Whether anything else that depends on the images comes in between two tensors; what is beyond `stops` is else."""
    graph = found.graph
    way = graph.descendants([start], stop=stops - {start})
    seen = graph.descendants([found.roles.images]) - way
    nodes = [node for node in between(graph, start, end) if node.op not in _JOINING]
    reads = [set(graph.value_inputs(node)) for node in nodes]
    return any(read & way and read & seen for read in reads)


def _activation(found: Found, probe: GraphProbe | None, start: str, end: str) -> _Activation:
    """What is between two tensors: by values where it can be tried, else by the ops."""
    static = _Activation("none" if start == end else static_activation(found.graph, start, end))
    chain = found.graph.dominators(start, end)
    if probe is None or start == end or not chain:
        return static
    feeds = probe.feed(probe.sample(ROWS))
    value = probe.fetch(start, feeds)
    if value is None or not value.size:
        return static
    fed = probe.rng.standard_normal(value.shape)
    fed *= FARTHEST / max(float(np.max(fed)), 1.0)
    first, again, offset = (probe.run(chain, {**feeds, start: each}) for each in (fed, fed, np.zeros_like(fed)))
    if first is None or again is None or offset is None:
        return static
    if np.count_nonzero(first[-1]) <= LEFT * first[-1].size and _is_drawn(found, start, end):
        return _Activation("undecided", all_dropped=node_of(end))
    # What is in front of a dropout that stays on is the same in each run.
    settled = len([*itertools.takewhile(bool, map(same, first, again))])
    name = _Way(probe, feeds, chain[:settled], first[:settled], offset[:settled]).named(fed, static.name)
    if settled == len(first):
        return _Activation(name)
    return _Activation(name if name in _NAMED else static.name, random=True)


def _is_drawn(found: Found, start: str, end: str) -> bool:
    """Whether random numbers come in between two tensors."""
    ops = {found.graph.nodes[name].op for name in found.graph.ancestor_nodes([end], stop=[start])}
    return not ops.isdisjoint(RANDOM)


@dataclass(frozen=True)
class _Way:
    """The chain of tensors from one layer to the next, with their values for what was fed at its start, and for zeros."""

    probe: GraphProbe
    feeds: dict[str, Array]
    chain: Sequence[str]
    values: Sequence[Array]
    zeros: Sequence[Array]

    def named(self, fed: Array, static: str) -> str:
        """The activation along the chain; `static` is what the ops say, and holds where there is no chain."""
        if not self.values:
            return static
        names = [self._along(first, last) for first, last in _stretches([value.size for value in self.values])]
        if None in names and static not in ("undecided", "none"):
            return static
        functions = [name for name in names if name != "none"]
        if None in functions or (len(names) > 1 and not functions):
            return self.linear_or_other(0, -1, fed)
        return "other" if len(functions) > 1 else str((functions or ["none"])[0])

    def _along(self, first: int, last: int) -> str | None:
        """The function along a stretch of the chain, if what follows it there only stretches and moves its values."""
        match = self._first_function(first, last)
        if match is None or match[1] == last:
            return None if match is None else match[0]
        name, end = match
        inner = self.probe.rng.standard_normal(self.values[end].shape) * 2
        return name if self.linear_or_other(end, last, inner) == "none" else None

    def _first_function(self, first: int, last: int) -> tuple[str, int] | None:
        """The function between two tensors, and where it ends; a step that moves and stretches before it is left out."""
        before, after = self.values[first], self.values[last]
        whole = name_activation(before, after) or name_activation(before, after, self.zeros[last])
        if whole is not None:
            return whole, last
        for length in range(min(last - first - 1, MOST_OPS), 0, -1):
            for start in range(last - length, first - 1, -1):
                name = name_activation(self.values[start], self.values[start + length])
                if name not in (None, "none"):
                    return str(name), start + length
        return None

    def linear_or_other(self, first: int, last: int, fed: Array) -> str:
        """``none`` where superposition holds or rows are only normalised, else ``other``: nonlinear, but not in the bank."""
        other = self.probe.rng.standard_normal(fed.shape) * 2
        fetched, start = self.chain[last], self.chain[first]
        values = (fed, other, fed + other, np.zeros_like(fed), -fed, 2 * fed)
        runs = [self.probe.fetch(fetched, {**self.feeds, start: value}) for value in values]
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


def _stretches(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of equal sizes: pooling and flattening are between them."""
    starts = [index for index, size in enumerate(sizes) if not index or size != sizes[index - 1]]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), len(sizes) - 1], strict=True))

"""How wide is a layer, and what does it compute? Numbers are fed behind it, and the result is named."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import ACTIVATIONS, OPS, name_activation
from graphread.find.layers import CONVOLUTIONS, between, product_widths, static_activation
from graphread.graph.nodes import node_of, words
from graphread.graph.plain import RANDOM
from graphread.model import total
from graphread.trial.probe import Sample, Sizes, products, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe


class LayerTrials:
    """How far a function of a layer is looked at."""

    MOST_OPS = 16
    """No function of the bank is written with more ops than this."""
    FARTHEST = 9.0
    """The largest number that is sent through an activation: beyond 6, where a ReLU6 is flat."""
    LEFT = 0.01
    """A share of the numbers: where no more is left behind a dropout, everything is dropped."""


_ADDING = words("Add AddV2 AddN Sub BiasAdd BiasAddV1")
_JOINING = words("ConcatV2 Concat Pack")
_NAMED = ACTIVATIONS.keys() - {"none"}


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
    """What is between two tensors; `random` as in `LayerTrial`, `dropped` where everything is."""

    name: str
    random: bool = False
    dropped: bool = False


def try_widths(found: Found, probe: GraphProbe) -> tuple[Step, ...]:
    """Return the layers with the widths that the values in their products have."""
    every, sample = products(found.steps), probe.sample(Sizes.ROWS)
    # No number of the data is the same in all rows, not even where they are rounded: the first row is dark, the last bright.
    images = probe.rng.uniform(0.1, 1.0, sample.images.shape)
    images[0], images[-1] = 0.0, 1.0
    sample = Sample(images, sample.labels)
    values = probe.run([t for step in every for t in (step.data, step.weights, step.product)], probe.feed(sample))
    triples = zip(every, values[::3], values[1::3], values[2::3], strict=True)
    measured = {step: _measured(found, step, len(sample.labels), *arrays) for step, *arrays in triples}
    return tuple(_summed_up(step, [measured[part] for part in products([step])]) for step in found.steps)


def _measured(found: Found, step: Step, rows: int, data: Array, weights: Array, product: Array) -> Step:
    """A product with the widths that its values have."""
    node = found.graph.nodes[step.node]
    kind, (inputs, outputs) = step.kind, product_widths(node, step, weights.shape)
    if node.op == "Mul":
        outputs = product.size // rows
        inputs = weights.size // max(outputs, 1)
    elif kind == "conv2d" and product[0].size == weights.shape[-1] and data[0].size == weights[..., 0].size:
        kind, inputs = "dense", weights[..., 0].size  # a window over the whole map
    bias = step.bias
    if not bias and _has_column_of_ones(data, rows):
        bias, inputs = step.variables, inputs and inputs - 1  # one row of the weights is the bias
    window = weights.shape[:-2] if node.op in CONVOLUTIONS else ()
    places = product.size // (rows * outputs) if outputs else None
    return replace(step, kind=kind, inputs=inputs, outputs=outputs, bias=bias, window=window, places=places)


def _has_column_of_ones(data: Array, rows: int) -> bool:
    """Whether a column of the data is a nonzero constant: its weights are then a bias."""
    table = data.reshape(rows, -1) if data.shape[:1] == (rows,) else data.T
    return rows > 1 and table.ndim == 2 and np.count_nonzero(table[0, np.ptp(table, axis=0) == 0]) == 1


def _summed_up(step: Step, parts: Sequence[Step]) -> Step:
    """A layer with the widths of the products that it is made of."""
    if not step.parts:
        return parts[0]
    apart = step.added and not step.repeated and len({part.data for part in parts}) > 1
    inputs = [part.inputs for part in (parts if apart else parts[:1])]
    outputs = [part.outputs for part in (parts[:1] if step.added or step.repeated else parts)]
    return replace(step, parts=tuple(parts), inputs=total(inputs), outputs=total(outputs))


def try_activations(found: Found, probe: GraphProbe | None) -> LayerTrial:
    """Name the function between linear steps, by its values where there is a lab, else by its ops."""
    steps: list[Step] = []
    random, all_dropped, above = False, None, found.graph.ancestors([found.scores])
    for index, step in enumerate(found.steps):
        readers = _readers(found, step, found.steps[index + 1 :])
        end = next(iter(readers), found.scores)
        if end is None or not (readers or step.output in above):
            steps.append(step)
            continue
        activation = _activation(found, probe, step.output, end)
        random = random or activation.random
        all_dropped = node_of(end) if activation.dropped else all_dropped
        steps.append(
            replace(
                step,
                bias=step.bias if step.bias or step.normalised else _bias_behind(found, step, end),
                activation=activation.name,
                followed=bool(readers),
                alone=not any(_is_joined(found, step.output, reader) for reader in readers),
                rejoined=len({*readers}) > 1,
            )
        )
    return LayerTrial(tuple(steps), random, all_dropped)


def _readers(found: Found, step: Step, later: Sequence[Step]) -> list[str]:
    """The data of later products that is made from what a layer puts out, with no other layer on the way."""
    own = {step.output, *(part.product for part in (step, *step.parts))}
    every = [*found.steps, *products(found.steps)]
    stops = {one.product for one in every} | {one.output for one in found.steps}
    return [
        part.data
        for one in later
        for part in products([one])
        if step.output in found.graph.ancestors([part.data], stop=stops - own - {one.output, one.product})
    ]


def _bias_behind(found: Found, step: Step, end: str) -> tuple[str, ...]:
    """The trained variables that are added to a layer's output before its activation, behind any scaling."""
    graph = found.graph
    before = itertools.takewhile(lambda node: node.op not in OPS, between(graph, step.product, end))
    added = {read for node in before if node.op in _ADDING for read in node.inputs if node_of(read) not in graph.fed}
    trained = found.roles.updated - found.statistics
    others = {name for other in found.steps for name in other.variables}
    return tuple(sorted(graph.ancestor_nodes(added) & trained - others))


def _is_joined(found: Found, start: str, end: str) -> bool:
    """Whether anything else that depends on the images comes in between two tensors."""
    graph = found.graph
    way = graph.descendants([start])
    seen = graph.descendants([found.roles.images]) - way
    reads = [set(graph.value_inputs(node)) for node in between(graph, start, end) if node.op not in _JOINING]
    return any(read & way and read & seen for read in reads)


def _activation(found: Found, probe: GraphProbe | None, start: str, end: str) -> _Activation:
    """What is between two tensors: by values where it can be tried, else by the ops."""
    static = _Activation(static_activation(found.graph, start, end))
    chain = found.graph.dominators(start, end)
    if probe is None or len(chain) < 2:
        return static
    return probe.ask(static, _tried, found, probe, chain, static.name)


def _tried(found: Found, probe: GraphProbe, chain: Sequence[str], static: str) -> _Activation:
    """What the values along a chain of tensors say; `static` is what the ops do."""
    feeds = probe.feed(probe.sample(Sizes.ROWS))
    fed = probe.rng.standard_normal(probe.fetch(chain[0], feeds).shape)
    fed *= LayerTrials.FARTHEST / np.max(fed, initial=1.0)
    first, again, offset = (probe.run(chain, {**feeds, chain[0]: each}) for each in (fed, fed, np.zeros_like(fed)))
    if np.count_nonzero(first[-1]) <= LayerTrials.LEFT * first[-1].size and _is_drawn(found, chain):
        return _Activation("undecided", dropped=True)
    # What is in front of a dropout that stays on is the same in each run.
    settled = len([*itertools.takewhile(bool, map(same, first, again))])
    name = _Way(probe, feeds, chain[:settled], first[:settled], offset[:settled]).named(static)
    if settled == len(chain):
        return _Activation(name)
    return _Activation(name if name in _NAMED else static, random=True)


def _is_drawn(found: Found, chain: Sequence[str]) -> bool:
    """Whether random numbers come in along a chain of tensors."""
    return not RANDOM.isdisjoint(found.graph.ops_above(chain[-1:], stop=chain[:1]))


@dataclass(frozen=True)
class _Way:
    """The chain of tensors between two layers, with their values for the fed input and for zeros."""

    probe: GraphProbe
    feeds: dict[str, Array]
    chain: Sequence[str]
    values: Sequence[Array]
    zeros: Sequence[Array]

    def named(self, static: str) -> str:
        """Return the activation along the chain; `static`, from the ops, holds if values do not decide."""
        names = [self._along(first, last) for first, last in _stretches([value.size for value in self.values])]
        functions = [name for name in names if name != "none"]
        if None in functions and static not in ("undecided", "none"):
            return static
        if None in functions or not functions:
            return "none" if self._is_linear(0, len(self.chain) - 1) else "other"
        return "other" if len(functions) > 1 else str(functions[0])

    def _along(self, first: int, last: int) -> str | None:
        """Return the function along a part of the chain whose surroundings only shift and scale values."""
        before, after = self.values[first], self.values[last]
        whole = name_activation(before, after) or name_activation(before, after, self.zeros[last])
        pairs = [
            pair
            for pair in itertools.combinations(range(first, last + 1), 2)
            if pair[1] - pair[0] <= LayerTrials.MOST_OPS
        ]
        for start, end in sorted(pairs, key=lambda pair: (pair[0] - pair[1], -pair[0])) if whole is None else ():
            name = name_activation(self.values[start], self.values[end])
            if name not in (None, "none"):
                return name if self._is_linear(end, last) else None
        return whole

    def _is_linear(self, first: int, last: int) -> bool:
        """Whether what one tensor makes of another is the same for a sum as for its terms."""
        shape, start = self.values[first].shape, self.chain[first]
        one, two = (2 * self.probe.rng.standard_normal(shape) for _ in range(2))
        fed = (one, two, one + two, np.zeros(shape))
        runs = [self.probe.fetch(self.chain[last], {**self.feeds, start: value}) for value in fed]
        first_out, second, both, nothing = (np.asarray(run, dtype=np.float64) for run in runs)
        size = np.abs(first_out).max() + np.abs(second).max() + 1e-9
        return bool(np.abs(first_out + second - both - nothing).max() < 1e-3 * size)


def _stretches(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of equal sizes: pooling and flattening are between them."""
    starts = [0, *(np.flatnonzero(np.diff(sizes)) + 1).tolist()]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), len(sizes) - 1], strict=True))

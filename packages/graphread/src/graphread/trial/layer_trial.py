"""Measure the widths of layers, and recognize activations from values fed after each layer."""

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
    """Limits and thresholds of the search for an activation."""

    MOST_OPS = 16
    """Longest chain of ops for one function; those of the bank need fewer."""
    FARTHEST = 9.0
    """Largest number fed to an activation: beyond 6, where ReLU6 is flat."""
    LEFT = 0.01
    """Fraction of nonzero outputs; if no more are left after a dropout, everything is dropped."""


_ADDING = words("Add AddV2 AddN Sub BiasAdd BiasAddV1")
_JOINING = words("ConcatV2 Concat Pack")
_NAMED = ACTIVATIONS.keys() - {"none"}


@dataclass(frozen=True)
class LayerTrial:
    """What the layers compute."""

    steps: tuple[Step, ...] = ()
    """The layers, each with its activation and its readers."""
    random: bool = False
    """Whether a tensor between layers varies from run to run."""
    all_dropped: str | None = None
    """The op whose input is entirely dropped; None if there is none."""


@dataclass(frozen=True)
class _Activation:
    """The function between two tensors; `random` as in `LayerTrial`; `dropped` if everything is dropped."""

    name: str
    random: bool = False
    dropped: bool = False


def try_widths(found: Found, probe: GraphProbe) -> tuple[Step, ...]:
    """Return the layers with widths measured from the values of their products."""
    every, sample = products(found.steps), probe.sample(Sizes.ROWS)
    # No column may be constant, even after rounding, or it would look like a bias: the first row is dark, the last bright.
    images = probe.rng.uniform(0.1, 1.0, sample.images.shape)
    images[0], images[-1] = 0.0, 1.0
    sample = Sample(images, sample.labels)
    values = probe.run([t for step in every for t in (step.data, step.weights, step.product)], probe.feed(sample))
    triples = zip(every, values[::3], values[1::3], values[2::3], strict=True)
    measured = {step: _measured(found, step, len(sample.labels), *arrays) for step, *arrays in triples}
    return tuple(_summed_up(step, [measured[part] for part in products([step])]) for step in found.steps)


def _measured(found: Found, step: Step, rows: int, data: Array, weights: Array, product: Array) -> Step:
    """Return a product with widths measured from its values."""
    node = found.graph.nodes[step.node]
    kind, (inputs, outputs) = step.kind, product_widths(node, step, weights.shape)
    if node.op == "Mul":
        outputs = product.size // rows
        inputs = weights.size // max(outputs, 1)
    elif kind == "conv2d" and product[0].size == weights.shape[-1] and data[0].size == weights[..., 0].size:
        kind, inputs = "dense", weights[..., 0].size  # the kernel covers the whole feature map
    bias = step.bias
    if not bias and _has_column_of_ones(data, rows):
        bias, inputs = step.variables, inputs and inputs - 1  # one row of the weights is the bias
    window = weights.shape[:-2] if node.op in CONVOLUTIONS else ()
    places = product.size // (rows * outputs) if outputs else None
    return replace(step, kind=kind, inputs=inputs, outputs=outputs, bias=bias, window=window, places=places)


def _has_column_of_ones(data: Array, rows: int) -> bool:
    """Whether one column of the data is a nonzero constant: its weights are then a bias."""
    table = data.reshape(rows, -1) if data.shape[:1] == (rows,) else data.T
    return rows > 1 and table.ndim == 2 and np.count_nonzero(table[0, np.ptp(table, axis=0) == 0]) == 1


def _summed_up(step: Step, parts: Sequence[Step]) -> Step:
    """Return a layer with the total widths of its products."""
    if not step.parts:
        return parts[0]
    apart = step.added and not step.repeated and len({part.data for part in parts}) > 1
    inputs = [part.inputs for part in (parts if apart else parts[:1])]
    outputs = [part.outputs for part in (parts[:1] if step.added or step.repeated else parts)]
    return replace(step, parts=tuple(parts), inputs=total(inputs), outputs=total(outputs))


def try_activations(found: Found, probe: GraphProbe | None) -> LayerTrial:
    """Return the layers with the functions between them, by values if there is a lab, else by ops."""
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
    """Return the data of later products computed from a layer's output without another layer in between."""
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
    """Return the trained variables added to a layer's output before its activation, after any scaling."""
    graph = found.graph
    before = itertools.takewhile(lambda node: node.op not in OPS, between(graph, step.product, end))
    added = {read for node in before if node.op in _ADDING for read in node.inputs if node_of(read) not in graph.fed}
    trained = found.roles.updated - found.statistics
    others = {name for other in found.steps for name in other.variables}
    return tuple(sorted(graph.ancestor_nodes(added) & trained - others))


def _is_joined(found: Found, start: str, end: str) -> bool:
    """Whether another tensor that depends on the images joins in between two tensors."""
    graph = found.graph
    way = graph.descendants([start])
    seen = graph.descendants([found.roles.images]) - way
    reads = [set(graph.value_inputs(node)) for node in between(graph, start, end) if node.op not in _JOINING]
    return any(read & way and read & seen for read in reads)


def _activation(found: Found, probe: GraphProbe | None, start: str, end: str) -> _Activation:
    """Return the function between two tensors: by values if that can be tried, else by ops."""
    static = _Activation(static_activation(found.graph, start, end))
    chain = found.graph.dominators(start, end)
    if probe is None or len(chain) < 2:
        return static
    return probe.ask(static, _tried, found, probe, chain, static.name)


def _tried(found: Found, probe: GraphProbe, chain: Sequence[str], static: str) -> _Activation:
    """Return the function along a chain of tensors by values; `static` is the activation by ops."""
    feeds = probe.feed(probe.sample(Sizes.ROWS))
    fed = probe.rng.standard_normal(probe.fetch(chain[0], feeds).shape)
    fed *= LayerTrials.FARTHEST / np.max(fed, initial=1.0)
    first, again, offset = (probe.run(chain, {**feeds, chain[0]: each}) for each in (fed, fed, np.zeros_like(fed)))
    if np.count_nonzero(first[-1]) <= LayerTrials.LEFT * first[-1].size and _is_drawn(found, chain):
        return _Activation("undecided", dropped=True)
    # Tensors before an active dropout are the same in each run.
    settled = len([*itertools.takewhile(bool, map(same, first, again))])
    name = _Way(probe, feeds, chain[:settled], first[:settled], offset[:settled]).named(static)
    if settled == len(chain):
        return _Activation(name)
    return _Activation(name if name in _NAMED else static, random=True)


def _is_drawn(found: Found, chain: Sequence[str]) -> bool:
    """Whether random numbers enter along a chain of tensors."""
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
        """Whether one tensor is an affine function of another, tested on a sum and its terms."""
        shape, start = self.values[first].shape, self.chain[first]
        one, two = (2 * self.probe.rng.standard_normal(shape) for _ in range(2))
        fed = (one, two, one + two, np.zeros(shape))
        runs = [self.probe.fetch(self.chain[last], {**self.feeds, start: value}) for value in fed]
        first_out, second, both, nothing = (np.asarray(run, dtype=np.float64) for run in runs)
        size = np.abs(first_out).max() + np.abs(second).max() + 1e-9
        return bool(np.abs(first_out + second - both - nothing).max() < 1e-3 * size)


def _stretches(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return the stretches of equal size, which pooling and flattening separate."""
    starts = [0, *(np.flatnonzero(np.diff(sizes)) + 1).tolist()]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), len(sizes) - 1], strict=True))

"""How wide is a layer, and what does it compute? Numbers go in behind it, and what comes out is named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import ACTIVATIONS, SAME, name_activation
from netgrader.reader.find.layers import CONVOLUTIONS, between, product_widths, static_activation
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.graph.plain import RANDOM
from netgrader.reader.trial.probe import same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

#: No function of the bank is written with more ops than this; along a recurrence there may be hundreds.
MOST_OPS = 16
#: The largest number that is sent through an activation: beyond 6, where a ReLU6 is flat, however few numbers there are.
FARTHEST = 9.0


#: Pairs of images between which scores are looked at, and how far off the middle they may lie by rounding.
PAIRS, BEND = 6, 1e-4


@dataclass(frozen=True)
class LayerTrial:
    """What the layers compute."""

    steps: tuple[Step, ...] = ()
    """The layers, each with its activation and with what reads it."""
    random: bool = False
    """Whether something between layers changes from run to run."""
    all_dropped: str | None = None
    """The op in front of which everything is dropped; None where nothing is."""
    unit_by_unit: frozenset[str] = frozenset()
    """The layers whose activation has no name and goes through each unit alone, by their ops."""
    affine: bool = False
    """Whether layers without activations, and what leads past them, are one linear function of the images."""


@dataclass(frozen=True)
class _Activation:
    """What stands between two tensors; for `random` and `all_dropped` see `LayerTrial`."""

    name: str
    random: bool = False
    all_dropped: str | None = None


def try_widths(found: Found, probe: GraphProbe) -> tuple[Step, ...]:
    """Return the layers with widths read off the values in the products, where the graph alone does not say them."""
    if not found.steps:
        return ()
    sample = probe.sample(3)
    rows = len(sample.labels)
    products = [part for step in found.steps for part in (step.parts or (step,))]
    values = probe.run([t for step in products for t in (step.data, step.weights, step.product)], probe.feed(sample))
    if values is None:
        return found.steps
    triples = zip(values[::3], values[1::3], values[2::3], strict=True)
    measured = iter(
        [_measured(found, probe, step, rows, *arrays) for step, arrays in zip(products, triples, strict=True)]
    )
    return tuple(
        _summed_up(replace(step, parts=tuple(next(measured) for _ in step.parts))) if step.parts else next(measured)
        for step in found.steps
    )


def _measured(
    found: Found, probe: GraphProbe, step: Step, rows: int, data: Array, weights: Array, product: Array
) -> Step:
    """A product with the widths that its values have."""
    node = found.graph.nodes[step.node]
    kind, inputs, outputs = step.kind, step.inputs, step.outputs
    if node.op == "Mul":
        outputs = product.size // rows
        inputs = weights.size // max(outputs, 1)
    elif kind == "conv2d" and product.ndim == 4 and product.shape[1:3] == (1, 1) and weights.ndim == 4:
        if data.shape[1:3] == weights.shape[:2]:
            kind, inputs, outputs = "dense", weights[..., 0].size, weights.shape[3]
    else:
        inputs, outputs = product_widths(node, step, weights.shape)
    bias = step.bias
    if not bias and _bias_by_column(found, probe, step, rows) and step.variables:
        # A column of ones has been joined to the data: then one row of the weights is the bias.
        bias, inputs = step.variables, inputs and inputs - 1
    # The weights of a convolution along a sequence are given a side of 1 before it.
    sides = max(len(found.graph.nodes[name].shape() or ()) for name in step.variables) - 2 if step.variables else 0
    window = weights.shape[:-2][-sides:] if node.op in CONVOLUTIONS and sides > 0 else ()
    places = product.size // (rows * outputs) if outputs else None
    if places and "BatchMatMul" in node.op:
        # Weights that each place has of its own are applied to one place each.
        places //= len(np.unique(weights.reshape(-1, weights.shape[-2] * weights.shape[-1]), axis=0))
    return replace(step, kind=kind, inputs=inputs, outputs=outputs, bias=bias, window=window, places=places)


def _summed_up(step: Step) -> Step:
    """A layer that is made of several products, with the widths of all."""
    if step.repeated:
        return replace(step, inputs=step.parts[0].inputs, outputs=step.parts[0].outputs)
    inputs, outputs = [part.inputs for part in step.parts], [part.outputs for part in step.parts]
    apart = step.added and len({part.data for part in step.parts}) > 1
    known, made = [n for n in inputs if n is not None], [n for n in outputs if n is not None]
    return replace(
        step,
        inputs=sum(known) if apart and len(known) == len(inputs) else inputs[0],
        outputs=outputs[0] if step.added or len(made) < len(outputs) else sum(made),
    )


def _bias_by_column(found: Found, probe: GraphProbe, step: Step, rows: int) -> bool:
    """Whether a column of ones has been joined to the data."""
    graph = found.graph
    node = graph[
        graph.past(step.data, ("Identity", "Reshape", "Cast", "StridedSlice", "ExpandDims", "Tile", "Transpose"))
    ]
    if node.op not in ("ConcatV2", "Concat", "Pad", "PadV2"):
        return False
    inner = [read for read in node.inputs if node_of(read) in graph.fed]
    if len(inner) != 1:
        return False
    feeds = probe.feed(probe.sample(rows))
    value = probe.fetch(inner[0], feeds)
    if value is None:
        return False
    product = probe.fetch(step.product, {**feeds, inner[0]: np.zeros_like(value)})
    return product is not None and bool(np.abs(product).max() > 0)


def try_activations(found: Found, probe: GraphProbe | None) -> LayerTrial:
    """Name what stands between each linear step and the next, by its values where there is a lab, else by its ops."""
    graph = found.graph
    outputs = {step.output for step in found.steps} | {step.product for step in found.steps}
    outputs |= {part.product for step in found.steps for part in step.parts}
    steps: list[Step] = []
    random, all_dropped, alone = False, None, set()
    for index, step in enumerate(found.steps):
        own = {step.output, step.product, *(part.product for part in step.parts)}
        ends = []
        for later in found.steps[index + 1 :]:
            stops = outputs - own - {later.output, later.product}
            data = [part.data for part in later.parts] or [later.data]
            ends += [tensor for tensor in data if step.output in graph.ancestors([tensor], stop=stops)]
        if ends:
            end = ends[0]
        elif found.scores is not None and step.output in graph.ancestors([found.scores]):
            end = found.scores
        else:
            steps.append(step)
            continue
        if not step.bias and not step.normalised:
            step = replace(step, bias=_bias_behind(found, probe, step, end))  # noqa: PLW2901 - the same with its bias
        activation = _activation(found, probe, step.output, end)
        random, all_dropped = random or activation.random, activation.all_dropped or all_dropped
        if not ends:
            steps.append(replace(step, activation=activation.name))
            continue
        if activation.name == "other" and probe is not None and _by_itself(probe, step.output, end):
            alone.add(step.node)
        steps.append(
            replace(
                step,
                activation=activation.name,
                followed=True,
                alone=not any(_beside(found, step.output, end, set()) for end in ends),
                rejoined=any(_beside(found, step.output, end, outputs - own) for end in ends),
            )
        )
    past = any(step.rejoined for step in steps) and all(step.activation == "none" for step in steps if step.followed)
    affine = past and probe is not None and _is_affine(found, probe)
    return LayerTrial(tuple(steps), random, all_dropped, frozenset(alone), affine)


def _is_affine(found: Found, probe: GraphProbe) -> bool:
    """Whether the scores half way between two images are half way between their scores."""
    one, two = probe.sample(PAIRS), probe.sample(PAIRS)
    samples = [replace(one, images=images) for images in (one.images, two.images, (one.images + two.images) / 2)]
    values = [probe.fetch(found.scores, probe.feed(sample)) if found.scores else None for sample in samples]
    if any(value is None or not np.isfinite(value).all() for value in values):
        return False
    first, second, middle = (np.asarray(value, dtype=np.float64) for value in values)
    spread = float(np.abs(first - second).max())
    return spread > 0 and float(np.abs((first + second) / 2 - middle).max()) < BEND * spread


def _bias_behind(found: Found, probe: GraphProbe | None, step: Step, end: str) -> tuple[str, ...]:
    """The trained vectors by which what a layer puts out is shifted, whatever that is: behind a division or normalisation.

    Where it cannot be tried, what may be one is taken for one.
    """
    graph = found.graph
    reads = {read for node in between(graph, step.product, end) for read in graph.value_inputs(node)}
    inner = {name for read in reads if node_of(read) not in graph.fed for name in graph.variables_in(read)}
    inner &= {update.variable for update in found.roles.updates} - found.statistics
    names = tuple(sorted(inner - {name for other in found.steps for name in other.variables}))
    if probe is None or not names:
        return names
    chain = graph.dominators(step.product, end)
    feeds = probe.feed(probe.sample(5))
    value, current = probe.fetch(step.product, feeds), probe.values(names)
    if value is None or current is None or not chain:
        return names
    fed = [probe.rng.standard_normal(value.shape) * 2 for _ in range(2)]
    before = [probe.run(chain, {**feeds, chain[0]: each}) for each in fed]
    biases = []
    for name in names:
        if not probe.assign({name: current[name] + probe.rng.standard_normal(current[name].shape)}):
            return names
        after = [probe.run(chain, {**feeds, chain[0]: each}) for each in fed]
        probe.assign({name: current[name]})
        runs = [run for run in (*before, *after) if run is not None]
        if len(runs) < 2 * len(fed):
            return names
        one, other = ([b - a for a, b in zip(runs[i], runs[i + 2], strict=True)] for i in (0, 1))
        first = next((index for index, shift in enumerate(one) if not same(shift, 0 * shift)), None)
        # From where it comes in on, it must add the same to whatever stands there.
        if first is None or not same(one[first], other[first]):
            continue
        if _Way(probe, feeds, chain, (), ()).linear_or_other(0, first, fed[0]) == "none":
            biases.append(name)
    return tuple(biases)


def _beside(found: Found, start: str, end: str, stops: set[str]) -> bool:
    """Whether anything else that depends on the images comes in between two tensors; what lies beyond `stops` is else."""
    graph = found.graph
    way = graph.descendants([start], stop=stops - {start})
    seen = graph.descendants([found.roles.images]) if found.roles.images else set()
    for node in between(graph, start, end):
        reads = graph.value_inputs(node) if node.op not in ("ConcatV2", "Concat", "Pack") else ()
        if any(read in way for read in reads) and any(read not in way and read in seen for read in reads):
            return True
    return False


def _activation(found: Found, probe: GraphProbe | None, start: str, end: str) -> _Activation:
    if start == end:
        return _Activation("none")
    static = static_activation(found.graph, start, end)
    if probe is None:
        return _Activation(static)
    chain = found.graph.dominators(start, end)
    feeds = probe.feed(probe.sample(5))
    value = probe.fetch(start, feeds)
    if value is None or not chain or not value.size:
        return _Activation(static)
    fed = probe.rng.standard_normal(value.shape)
    fed *= FARTHEST / max(float(np.max(fed)), 1.0)
    first, again, offset = (probe.run(chain, {**feeds, start: each}) for each in (fed, fed, np.zeros_like(fed)))
    if first is None or again is None or offset is None:
        return _Activation(static)
    if any(not same(a, b) for a, b in zip(first, again, strict=True)):
        return _Activation(static if static != "undecided" else _dropped(first), random=True)
    drawn = found.graph.ancestor_nodes([end], stop=[start])
    if not first[-1].any() and any(found.graph.nodes[name].op in RANDOM for name in drawn):
        return _Activation("undecided", all_dropped=node_of(end))
    return _Activation(_Way(probe, feeds, chain, first, offset).named(fed, static))


@dataclass(frozen=True)
class _Way:
    """The chain of tensors from one layer to the next, with their values for what was fed at its start, and for zeros."""

    probe: GraphProbe
    feeds: dict[str, Array]
    chain: Sequence[str]
    values: Sequence[Array]
    zeros: Sequence[Array]

    def named(self, fed: Array, static: str) -> str:
        """The activation along the chain; `static` is what the ops say."""
        values = self.values
        if values[0].size == values[-1].size and (whole := name_activation(values[0], values[-1])) is not None:
            return whole
        names = []
        for first, last in _stretches([value.size for value in values]):
            name = self._along(first, last)
            if name is None:
                return static if static not in ("undecided", "none") else self.linear_or_other(0, -1, fed)
            if name != "none":
                names.append(name)
        if names:
            return names[0] if len(names) == 1 else "other"
        return self.linear_or_other(0, -1, fed) if len({value.size for value in values}) > 1 else "none"

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
        if whole is not None or first == last:
            return None if whole is None else (whole, last)
        for length in range(min(last - first - 1, MOST_OPS), 0, -1):
            for start in range(last - length, first - 1, -1):
                name = name_activation(self.values[start], self.values[start + length])
                if name not in (None, "none"):
                    return name, start + length
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
    """Stretches of equal sizes: pooling and flattening stand between them."""
    starts = [index for index, size in enumerate(sizes) if not index or size != sizes[index - 1]]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), len(sizes) - 1], strict=True))


def _by_itself(probe: GraphProbe, start: str, end: str) -> bool:
    """Whether every number between two tensors goes through one function of it alone, the same for all."""
    feeds = probe.feed(probe.sample(5))
    value = probe.fetch(start, feeds)
    if value is None or value.ndim < 2:
        return False
    fed = probe.rng.standard_normal(value.shape) * 2
    half, others = fed.copy(), fed.copy()
    half[..., ::2] = probe.rng.standard_normal(half[..., ::2].shape)
    others[1:] = probe.rng.standard_normal(others[1:].shape)
    changes = (fed, np.roll(fed, 1, axis=-1), half, others)
    runs = [probe.fetch(end, {**feeds, start: each}) for each in changes]
    if any(run is None or run.shape != fed.shape for run in runs):
        return False
    plain, rolled, changed, apart = (np.asarray(run) for run in runs)
    return (
        same(np.roll(plain, 1, axis=-1), rolled)
        and same(plain[..., 1::2], changed[..., 1::2])
        and same(plain[:1], apart[:1])
    )


def _dropped(values: Sequence[Array]) -> str:
    """The activation under a dropout that is on: where nothing was dropped, values are the function's up to a factor."""
    if values[0].shape != values[-1].shape:
        return "undecided"
    before, after = (np.asarray(v, dtype=np.float64).reshape(len(values[0]), -1) for v in (values[0], values[-1]))
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
            return SAME.get(name, name)
    return "undecided"

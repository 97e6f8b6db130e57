"""How does a network begin? Its first weights are looked at, and whether training tells units apart that begin as zeros."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.trial.probe import ROWS, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

#: The largest change of a step by which units that begin as zeros are told apart; and how far they then are.
STEP = 0.02
TOLD_APART = 0.01
#: Sum of the squares of a unit's weights, 1 to 2 as usual ones begin, from which they are large; and scores that are the same.
LARGE, ALIKE = 8.0, 0.02


@dataclass(frozen=True)
class Start:
    """How the network begins."""

    weights: Mapping[str, Array] = field(default_factory=dict)
    """The weights as each layer uses them first, by tensor, whatever they are cut out of or built from."""
    inputs: Mapping[str, float] = field(default_factory=dict)
    """The root mean square of what each layer's weights are multiplied with at first, by tensor."""
    spread: float = 0.0
    """The standard deviation of the first scores, less their mean in each row where there are several."""
    parted: frozenset[str] = frozenset()
    """The weights of hidden layers that begin as zeros, and whose units are not all alike after a few steps."""
    of_any_size: frozenset[str] = frozenset()
    """The weights on whose size the scores do not depend."""


def try_start(found: Found, probe: GraphProbe) -> Start:
    """Look at how the network begins: its weights, and how far its first scores spread."""
    weights = first_weights(found, probe).weights
    scores = probe.fetch(found.scores, probe.feed(probe.sample(ROWS))) if found.scores is not None else None
    spread = 0.0
    if scores is not None and scores.size:
        several = scores.ndim > 1 and scores.shape[-1] > 1
        spread = float(np.std(scores - scores.mean(axis=-1, keepdims=True) if several else scores))
    parted = frozenset(_parted(found, probe, weights))
    return Start(weights, _first_inputs(found, probe), spread, parted, frozenset(_of_any_size(found, probe, weights)))


def _first_inputs(found: Found, probe: GraphProbe) -> dict[str, float]:
    """Return how large the numbers are that each layer reads at first; nothing where they cannot be had."""
    parts = [part for step in found.steps for part in (step.parts or (step,))]
    values = probe.run([part.data for part in parts], probe.feed(probe.sample(ROWS))) or []
    sizes: dict[str, float] = {}
    for part, value in zip(parts, values, strict=False):
        size = float(np.sqrt(np.square(value, dtype=np.float64).mean()))
        sizes[part.weights] = max(size, sizes.get(part.weights, 0.0))
    return sizes


def _of_any_size(found: Found, probe: GraphProbe, weights: Mapping[str, Array]) -> Iterator[str]:
    """Large weights of which twice as large ones make the same scores: what they put out is normalised (Ba et al., 2016)."""
    if found.scores is None:
        return
    feeds = probe.feed(probe.sample(ROWS))
    once = probe.fetch(found.scores, feeds)
    for part in (part for step in found.steps for part in (step.parts or (step,))):
        value, own = weights.get(part.weights), part.variables[:1]
        if once is None or value is None or value.ndim < 2:
            continue
        if float(np.square(value).sum(axis=tuple(range(value.ndim - 1))).mean()) < LARGE:
            continue
        before = probe.values(own)
        if before and probe.assign({name: 2 * array for name, array in before.items()}):
            twice = probe.fetch(found.scores, feeds)
            probe.assign(before)
            if twice is not None and np.allclose(twice, once, rtol=ALIKE, atol=ALIKE * float(np.std(once))):
                yield part.weights


def first_weights(found: Found, probe: GraphProbe) -> Start:
    """Look at the weights alone, of a network that does not run: of zeros among others it is not known what comes."""
    parts = [part for step in found.steps for part in (step.parts or (step,))]
    fetched = {part.weights: _fetched(probe, part.weights) for part in parts}
    weights = {name: value for name, value in fetched.items() if value is not None}
    some = any(value.any() for value in weights.values())
    return Start(weights, parted=frozenset(weights) if some else frozenset())


def _fetched(probe: GraphProbe, weights: str) -> Array | None:
    """Weights as they are; where one function waits for another, reading them waits for what that is fed."""
    value = probe.fetch(weights, {})
    return probe.fetch(weights, probe.feed(probe.sample(ROWS))) if value is None else value


def _parted(found: Found, probe: GraphProbe, weights: Mapping[str, Array]) -> Iterator[str]:
    """The weights that begin as zeros and do not stay alike: random weights behind them tell their units apart.

    Steps down the gradient show it, not the optimizer's: that makes what is left by rounding as large as anything else.
    """
    hidden = [part.weights for step in found.steps[:-1] for part in (step.parts or (step,))]
    zeros = [name for name in hidden if name in weights and weights[name].ndim > 1 and not weights[name].any()]
    names = found.float_weights
    gradients = probe.gradients(found.loss, names) if zeros and found.loss is not None else None
    if gradients is None:
        return
    feeds = probe.feed(probe.sample(ROWS))
    reached = {name: tensor for name, tensor in zip(names, gradients, strict=True) if tensor is not None}
    for _ in range(len(found.steps)):
        # With a dropout that stays on, no two units are equal for long, whatever their weights.
        once, again = (probe.run([*reached.values()], feeds) for _ in range(2))
        before = probe.values(reached)
        if once is None or again is None or before is None:
            break
        if not all(same(a, b) for a, b in zip(once, again, strict=True)) or not all(np.isfinite(g).all() for g in once):
            break
        moved = {}
        for name, gradient in zip(reached, once, strict=True):
            largest = float(np.abs(gradient).max(initial=0))
            moved[name] = before[name] - (STEP / largest * gradient if largest > 0 else 0)
        if not probe.assign(moved):
            break
    else:
        for name in zeros:
            value = _fetched(probe, name)
            kernel = np.zeros(1) if value is None else value.astype(np.float64)
            # Units may stand in columns or in rows.
            axes = (0, 1) if kernel.ndim == 2 else (-1,)
            far = min(np.abs(kernel - kernel.mean(axis=axis, keepdims=True)).max() for axis in axes)
            if far > TOLD_APART * np.abs(kernel).max():
                yield name
    probe.initialise()


def averages_vary(found: Found, probe: GraphProbe) -> dict[str, bool]:
    """Look whether statistics of the data that training leaves alone begin with different values."""
    left = sorted(found.statistics - {update.variable for update in found.roles.updates})
    values = {name: probe.values([name]) for name in left}
    return {name: value is not None and bool(np.ptp(value[name]) > 0) for name, value in values.items()}

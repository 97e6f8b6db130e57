"""How does a network begin? Its first weights are looked at, and whether training tells units apart that begin as zeros."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.trial.probe import ROWS, products

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

TOLD_APART = 0.01
"""How far gradients of units are apart, for the largest one."""
ALIKE = 0.02
"""By how much scores may differ that are the same, for their spread."""


@dataclass(frozen=True)
class Start:
    """How the network begins."""

    weights: Mapping[str, Array] = field(default_factory=dict)
    """The weights as each layer uses them first, by tensor, whatever they are cut out of or built from."""
    spread: float = 0.0
    """The standard deviation of the first scores, less their mean in each row where there are several."""
    parted: frozenset[str] = frozenset()
    """The weights of hidden layers that begin as zeros, and whose units get gradients of their own."""
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
    return Start(weights, spread, parted, frozenset(_of_any_size(found, probe, weights)))


def _of_any_size(found: Found, probe: GraphProbe, weights: Mapping[str, Array]) -> Iterator[str]:
    """Weights of which twice as large ones make the same scores: what they put out is normalised (Ba et al., 2016)."""
    feeds = probe.feed(probe.sample(ROWS))
    once = probe.fetch(found.scores, feeds) if found.scores is not None else None
    if once is None:
        return
    for part in products(found.steps):
        before = probe.values(part.variables[:1])
        if not before or part.weights not in weights or not probe.assign({n: 2 * array for n, array in before.items()}):
            continue
        twice = probe.fetch(found.scores or "", feeds)
        probe.assign(before)
        if twice is not None and np.allclose(twice, once, rtol=ALIKE, atol=ALIKE * float(np.std(once))):
            yield part.weights


def first_weights(found: Found, probe: GraphProbe) -> Start:
    """Look at the weights alone, of a network that does not run: of zeros among others it is not known what comes."""
    fetched = {part.weights: _fetched(probe, part.weights) for part in products(found.steps)}
    weights = {name: value for name, value in fetched.items() if value is not None}
    some = any(value.any() for value in weights.values())
    return Start(weights, parted=frozenset(weights) if some else frozenset())


def _fetched(probe: GraphProbe, weights: str) -> Array | None:
    """Weights as they are; where one function waits for another, reading them waits for what that is fed."""
    value = probe.fetch(weights, {})
    return probe.fetch(weights, probe.feed(probe.sample(ROWS))) if value is None else value


def _parted(found: Found, probe: GraphProbe, weights: Mapping[str, Array]) -> Iterator[str]:
    """The weights that begin as zeros and get a gradient for each unit: random weights behind them tell their units apart."""
    hidden = [part for part in products(found.steps[:-1]) if part.variables and part.weights in weights]
    zeros = [part for part in hidden if not weights[part.weights].any()]
    tensors = probe.gradients(found.loss, [part.variables[0] for part in zeros]) if zeros and found.loss else None
    for part, tensor in zip(zeros, tensors or (), strict=False):
        slope = probe.fetch(tensor, probe.feed(probe.sample(ROWS))) if tensor is not None else None
        if slope is not None and slope.ndim > 1 and _differ(slope.astype(np.float64)):
            yield part.weights


def _differ(kernel: Array) -> bool:
    """Whether units have numbers of their own; they may be in columns or in rows."""
    axes = (0, 1) if kernel.ndim == 2 else (-1,)
    far = min(np.abs(kernel - kernel.mean(axis=axis, keepdims=True)).max() for axis in axes)
    return bool(far > TOLD_APART * np.abs(kernel).max())


def averages_vary(found: Found, probe: GraphProbe) -> dict[str, bool]:
    """Look whether statistics of the data that training leaves alone begin with different values."""
    left = sorted(found.statistics - {update.variable for update in found.roles.updates})
    values = {name: probe.values([name]) for name in left}
    return {name: value is not None and bool(np.ptp(value[name]) > 0) for name, value in values.items()}

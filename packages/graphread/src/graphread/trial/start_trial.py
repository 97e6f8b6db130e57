"""Examine the initial weights, and whether training breaks the symmetry of zero weights."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.trial.probe import Sizes, orient, products

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphread.find import Found
    from graphread.find.layers import Step
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe

TOLD_APART = 0.01
"""Minimum difference between the gradients of units, relative to the largest."""


@dataclass(frozen=True)
class Start:
    """The initial state of the network."""

    weights: Mapping[str, Array] = field(default_factory=dict)
    """The initial weights as each layer uses them, by tensor, after any slicing or construction."""
    spread: float = np.inf
    """Standard deviation of the initial logits, around their mean in each row if there are several; infinite if nothing runs,
    0 if the logits cannot be run."""
    parted: frozenset[str] = frozenset()
    """The weights of hidden layers that start at zero, and whose units differ from each other."""
    measured: frozenset[str] = frozenset()
    """Statistics of the data that start at varied values, since they were measured beforehand."""


def try_start(found: Found, probe: GraphProbe) -> Start:
    """Return the initial weights, and the spread of the initial logits."""
    first = first_weights(found, probe)
    feeds = probe.feed(probe.sample(Sizes.ROWS))
    zeros = [name for name, value in first.weights.items() if not value.any()]
    parted = [
        part.weights
        for part in products(found.steps[:-1])
        if part.weights in zeros and probe.ask(False, _is_parted, found, probe, part, feeds)
    ]
    return replace(first, spread=probe.ask(0.0, _spread, found, probe, feeds), parted=frozenset(parted))


def first_weights(found: Found, probe: GraphProbe) -> Start:
    """Return only the initial weights, for a network that does not run; zeros among others stay undecided."""
    nothing = np.zeros(0)
    fetched = {part.weights: probe.ask(nothing, _fetched, probe, part.weights) for part in products(found.steps)}
    weights = {name: value for name, value in fetched.items() if value.size}
    some = any(value.any() for value in weights.values())
    left = found.statistics - found.roles.updated
    measured = frozenset(name for name in left if probe.ask(False, _varies, probe, name))
    return Start(weights, parted=frozenset(weights) if some else frozenset(), measured=measured)


def _fetched(probe: GraphProbe, weights: str) -> Array:
    """Return the current weights, read with fed rows, since reading may depend on feeds."""
    return probe.fetch(weights, probe.feed(probe.sample(Sizes.ROWS)))


def _varies(probe: GraphProbe, name: str) -> bool:
    """Whether the elements of a variable differ."""
    return bool(np.ptp(probe.values([name])[name]) > 0)


def _spread(found: Found, probe: GraphProbe, feeds: Mapping[str, Array]) -> float:
    """Return the spread of the initial logits, around their mean in each row if there are several."""
    scores = np.atleast_1d(probe.fetch(found.scores, feeds))
    if orient(scores, probe.batch or Sizes.ROWS, probe.classes) == "columns":
        scores = scores.T
    several = scores.shape[-1] > 1
    return float(np.std(scores - several * scores.mean(axis=-1, keepdims=True)))


def _is_parted(found: Found, probe: GraphProbe, part: Step, feeds: Mapping[str, Array]) -> bool:
    """Whether units with zero weights differ, by outputs, as from random biases, or by gradients.

    Units may be in columns or in rows; without weights, outputs do not differ between inputs.
    """
    if np.ptp(probe.fetch(part.output, feeds)):
        return True
    gradients = probe.gradients(found.loss or "", part.variables[:1])
    slope = np.atleast_2d(probe.fetch(next(iter(gradients.values()), None), feeds).astype(np.float64))
    axes = (0, 1) if slope.ndim == 2 else (-1,)
    far = min(np.abs(slope - slope.mean(axis=axis, keepdims=True)).max(initial=0.0) for axis in axes)
    return bool(far > TOLD_APART * np.abs(slope).max(initial=0.0))

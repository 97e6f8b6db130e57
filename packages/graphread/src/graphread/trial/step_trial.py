"""Examine training steps: which variables they move, by which rule, at which rate, up or down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.optimizers import StepMatch, recognise_steps
from graphread.find.roles import written
from graphread.graph.nodes import node_of
from graphread.trial.optimizer_trial import Descent, flat
from graphread.trial.probe import Sizes, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphread.find import Found
    from graphread.find.outputs import LossReading
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe


class StepTrials:
    """Number of steps to try, and thresholds of their comparison."""

    STEPS = 4
    FAINT = 1e-4
    """A gradient smaller than this, relative to the largest, may leave a float32 variable unchanged."""
    ALONG, ALONG_NOISE = 0.02, 0.1
    """Minimum cosine of gradient and step to tell ascent from descent; the latter if the network is random."""
    MANY = 1500
    """Gradient elements that suffice to tell rules apart; at most twice as many are compared."""


@dataclass(frozen=True)
class _Taken:
    """Trial steps: gradients by variable before each, and variables' values before and after."""

    slopes: list[Mapping[str, Array]]
    values: list[Mapping[str, Array]]

    @property
    def moved(self) -> list[str]:
        """Return the variables that changed."""
        first, *others = self.values
        return [name for name in first if any(not np.array_equal(first[name], other[name]) for other in others)]

    @property
    def sloped(self) -> list[str]:
        """Return the variables with a gradient above `StepTrials.FAINT`."""
        heights = {name: max(float(np.abs(s[name]).max(initial=0)) for s in self.slopes) for name in self.slopes[0]}
        return [name for name, height in heights.items() if height > StepTrials.FAINT * max(heights.values())]


def try_steps(found: Found, probe: GraphProbe, loss: LossReading, descent: Descent, *, random: bool) -> Descent:
    """Run a few steps from random weights; return which variables moved, by how much, and which way.

    `descent` has the facts from the optimizer's own ops; `random` says whether the network draws random numbers.
    """
    train_op, weights = found.roles.train_op, found.float_weights
    if train_op is None or found.loss is None:
        return descent
    # Earlier fetches may have advanced step counters or moving averages of the optimizer.
    probe.initialise()
    randomise_weights(found, probe)
    reached = probe.gradients(found.loss, weights)
    # If the network is random, fetch gradients and step in one run, so that dropout is the same for both.
    runs = [[*reached.values(), train_op]] if random else [[*reached.values()], [train_op]]
    taken = probe.ask(None, _steps_taken, probe, runs, weights, tuple(reached))
    if taken is None:
        return replace(descent, runs=False)
    moved = taken.moved
    descent = replace(
        descent,
        runs=True,
        moved=tuple(moved),
        still=frozenset(taken.sloped).difference(moved),
        unreached=frozenset(weights).difference(reached),
    )
    used = sorted(reached.keys() & moved)
    return _with_rule(found, loss, descent, taken, used, random=random) if used else descent


def _steps_taken(
    probe: GraphProbe, runs: Sequence[Sequence[str]], weights: Sequence[str], reached: Sequence[str]
) -> _Taken:
    """Take steps from the current weights; the first of `runs` fetches the gradients of `reached`."""
    feeds = probe.feed(probe.sample(Sizes.ROWS))
    taken = _Taken([], [probe.values(weights)])
    for _ in range(StepTrials.STEPS):
        slopes, *_ = [probe.run(fetches, feeds) for fetches in runs]
        taken.slopes.append(dict(zip(reached, slopes, strict=False)))
        taken.values.append(probe.values(weights))
    return taken


def _with_rule(
    found: Found, loss: LossReading, descent: Descent, taken: _Taken, used: Sequence[str], *, random: bool
) -> Descent:
    """Add the direction of the steps, and the rule if the optimizer has no op of its own."""
    gradients = np.array([flat(each[name] for name in used) for each in taken.slopes])
    steps = np.diff([flat(each[name] for name in used) for each in taken.values], axis=0)
    if not np.isfinite([gradients, steps]).all():
        return descent
    slope = _slope(gradients, steps)
    if abs(slope) > (StepTrials.ALONG_NOISE if random else StepTrials.ALONG) and (
        loss.decided or found.loss == found.roles.loss
    ):
        # A negated loss decreases where the right one increases.
        turned = loss.match.scale <= 0
        descent = replace(descent, climbs=(slope > 0) != turned)
    if random or descent.kind is not None:
        return descent
    index = np.flatnonzero(gradients[0])
    index = index[:: max(len(index) // StepTrials.MANY, 1)]
    return _with_match(found, descent, recognise_steps(list(gradients[:, index]), list(steps[:, index])))


def _with_match(found: Found, descent: Descent, rule: StepMatch | None) -> Descent:
    """Add the rule that explains the steps, and its rate if not fed; sign steps fit several rules."""
    if rule is None or rule.signs:
        return descent
    rate = None if _is_fed_more(found) or not np.isfinite(rule.rate) else abs(rule.rate)
    return replace(descent, kind=rule.kind, measured=True, place=node_of(found.roles.train_op), rate=rate)


def _slope(gradients: Array, steps: Array) -> float:
    """Return the cosine of the first nonzero step and the accumulated gradients before it."""
    first = int(np.argmax(steps.any(axis=1)))
    gathered = gradients[: first + 1].sum(axis=0)
    size = float(np.linalg.norm(gathered) * np.linalg.norm(steps[first]))
    return float(gathered @ steps[first]) / max(size, 1e-300)


def _is_fed_more(found: Found) -> bool:
    """Whether training is fed numbers other than the loss's inputs: a handwritten rate may use them."""
    graph = found.graph
    known = graph.ancestors([found.roles.loss]) | found.given.eval_feed.keys()
    fed = written(graph, found.roles.updates).intersection(graph.sources) - known
    return any(graph[source].op != "PlaceholderWithDefault" for source in fed)

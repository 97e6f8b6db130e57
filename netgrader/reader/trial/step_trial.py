"""What do the steps of training do? Some are taken: which variables move, by which rule, at which rate, down the loss or up."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.optimizers import StepMatch, recognise_steps
from netgrader.reader.graph.nodes import node_of
from netgrader.reader.trial.optimizer_trial import Descent, flat
from netgrader.reader.trial.probe import ROWS, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.outputs import LossReading
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe

STEPS = 4
FAINT = 1e-4
"""A gradient smaller than this, relative to the largest, may leave a variable as it is in single precision."""
SLIGHT = 0.05
"""A part of the largest change of the loss by one variable: what changes it less may do so by rounding."""
ALONG, ALONG_NOISE = 0.02, 0.1
"""Cosines of gradient and step that tell up from down; the latter where the network draws random numbers."""
MANY = 1500
"""Numbers of a gradient that are enough to tell rules apart."""


@dataclass(frozen=True)
class _Taken:
    """Steps that were taken: gradients by variable before each, and values of all variables, the last ones after it."""

    slopes: list[dict[str, Array]]
    values: list[dict[str, Array]]

    @property
    def moved(self) -> list[str]:
        """The variables that changed."""
        first, *others = self.values
        return [name for name in first if any(not np.array_equal(first[name], other[name]) for other in others)]

    @property
    def sloped(self) -> list[str]:
        """The variables with a gradient that is not faint."""
        heights = {name: max(float(np.abs(s[name]).max(initial=0)) for s in self.slopes) for name in self.slopes[0]}
        return [name for name, height in heights.items() if height > FAINT * max(heights.values())]

    def ascents(self, names: Sequence[str], step: int) -> list[float]:
        """By how much a step changes the loss with each variable, to first order."""
        ascents = []
        for name in names:
            gathered = np.sum([slope[name] for slope in self.slopes[: step + 1]], axis=0, dtype=np.float64)
            ascents.append(float((gathered * (self.values[step + 1][name] - self.values[step][name])).sum()))
        return ascents


def try_steps(found: Found, probe: GraphProbe, loss: LossReading, descent: Descent, *, random: bool) -> Descent:
    """Run a few steps from random weights and look at what moved, by how much, and which way.

    `descent` is what the optimizer's own ops say; `random` whether the network draws random numbers.
    """
    train_op, weights = found.roles.train_op, found.float_weights
    if train_op is None or not weights or found.loss is None:
        return descent
    # What was fetched before may have counted steps or moved averages that the optimizer keeps.
    probe.initialise()
    gradients = probe.gradients(found.loss, weights) if randomise_weights(found, probe) else None
    if gradients is None:
        return descent
    reached = {name: tensor for name, tensor in zip(weights, gradients, strict=True) if tensor is not None}
    taken = _steps_taken(probe, train_op, weights, reached, random=random)
    if taken is None:
        return replace(descent, runs=False)
    moved = {*taken.moved}
    descent = replace(
        descent,
        runs=True,
        moved=tuple(taken.moved),
        still=tuple(name for name in taken.sloped if name not in moved),
        unreached=tuple(name for name in weights if name not in reached),
    )
    used = [*filter(moved.__contains__, reached)]
    return _with_rule(found, loss, descent, taken, used, random=random) if used else descent


def _steps_taken(
    probe: GraphProbe, train_op: str, weights: Sequence[str], reached: dict[str, str], *, random: bool
) -> _Taken | None:
    """Take steps from the weights as they are; None if the lab refuses."""
    feeds = probe.feed(probe.sample(ROWS))
    taken = _Taken([], [probe.values(weights) or {}])
    for _ in range(STEPS):
        # With what is drawn at random in one run with the step: dropout then leaves out the same for both.
        before = [] if random else probe.run([*reached.values()], feeds)
        ran = probe.run([*reached.values(), train_op] if random else [train_op], feeds)
        after = probe.values(weights)
        if ran is None or before is None or after is None:
            return None
        taken.slopes.append(dict(zip(reached, before or ran, strict=False)))
        taken.values.append(after)
    return taken


def _with_rule(
    found: Found, loss: LossReading, descent: Descent, taken: _Taken, used: Sequence[str], *, random: bool
) -> Descent:
    """Add which way the steps go, and by which rule where the optimizer has no op of its own."""
    gradients, places = _thinned(taken, used)
    steps = [after - before for before, after in itertools.pairwise(places)]
    if not np.isfinite(flat([*gradients, *steps])).all():
        return descent
    if loss.match is not None or found.loss == found.roles.loss:
        ways = _ways(taken, used, gradients, steps, ALONG_NOISE if random else ALONG)
        # A loss that is the right one with its sign turned falls where the right one climbs.
        turned = loss.match is not None and loss.match.scale <= 0
        # Where parts are led up and others down, nobody knows what the steps are for.
        runs = descent.runs if len(ways) < 2 else None
        descent = replace(descent, climbs=ways == {not turned} if len(ways) == 1 else None, runs=runs)
    if random or descent.kind is not None:
        return descent
    return _with_match(found, descent, recognise_steps(gradients, steps))


def _with_match(found: Found, descent: Descent, rule: StepMatch | None) -> Descent:
    """Add the rule that explains the steps, and its rate where none is fed; steps by signs alone are of several rules."""
    if rule is None or rule.signs:
        return descent
    descent = replace(descent, kind=rule.kind, measured=True, place=descent.place or found.roles.train_op or "")
    if _fed_rates(found) or not np.isfinite(rule.rate):
        return descent
    return replace(descent, rate=abs(rule.rate))


def _thinned(taken: _Taken, names: Sequence[str]) -> tuple[list[Array], list[Array]]:
    """Gradients and values of some variables, flattened, of at most twice `MANY` numbers that have a gradient."""
    gradients, places = (
        [flat([each[name] for name in names]) for each in every] for every in (taken.slopes, taken.values)
    )
    index = np.flatnonzero(gradients[0])
    index = index[:: max(len(index) // MANY, 1)]
    return [array[index] for array in gradients], [array[index] for array in places]


def _ways(
    taken: _Taken, used: Sequence[str], gradients: Sequence[Array], steps: Sequence[Array], least: float
) -> set[bool]:
    """Return whether the variables that have a part in a step are led up the loss, down, or some each; empty if not clear."""
    # An optimizer that gathers gradients first moves only after some runs.
    first = next((index for index, step in enumerate(steps) if step.any()), 0)
    gathered = np.sum(gradients[: first + 1], axis=0)
    slope, size = float(gathered @ steps[first]), float(np.linalg.norm(gathered) * np.linalg.norm(steps[first]))
    ascents = taken.ascents(used, first)
    ways = {ascent > 0 for ascent in ascents if abs(ascent) > SLIGHT * max(map(abs, ascents))}
    return ways if abs(slope) > least * size or len(ways) > 1 else set()


def _fed_rates(found: Found) -> bool:
    """Whether training is fed numbers which a rate written by hand may come from."""
    graph = found.graph
    under = graph.ancestors(
        [tensor for update in found.roles.updates for tensor in graph.nodes[update.node].inputs[1:]]
    )
    fed = under - graph.ancestors([found.roles.loss]) - found.given.eval_feed.keys()
    return any(graph[node_of(source)].op != "PlaceholderWithDefault" for source in fed.intersection(graph.sources))

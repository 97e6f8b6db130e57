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
#: A gradient smaller than this, relative to the largest, may leave a variable as it is in single precision.
FAINT = 1e-4
#: A part of the largest change of the loss by one variable: what changes it less may do so by rounding.
SLIGHT = 0.05


def try_steps(found: Found, probe: GraphProbe, loss: LossReading, descent: Descent, *, random: bool) -> Descent:
    """Run a few steps from random weights and look at what moved, by how much, and which way.

    `descent` is what the optimizer's own ops say; `random` whether the network draws random numbers.
    """
    train_op, weights = found.roles.train_op, found.float_weights
    if train_op is None or not weights or found.loss is None:
        return descent
    # What was fetched before may have counted steps or moved averages that the optimizer keeps.
    probe.initialise()
    if not randomise_weights(found, probe):
        return descent
    feeds = probe.feed(probe.sample(ROWS))
    gradients = probe.gradients(found.loss, weights)
    if gradients is None:
        return descent
    reached = {name: tensor for name, tensor in zip(weights, gradients, strict=True) if tensor is not None}
    slopes, values = [], [probe.values(weights)]
    for _ in range(STEPS):
        # With what is drawn at random in one run with the step: dropout then leaves out the same for both.
        before = None if random else probe.run([*reached.values()], feeds)
        ran = probe.run([*reached.values(), train_op] if random else [train_op], feeds)
        if ran is None:
            return replace(descent, runs=False)
        slope = ran[:-1] if random else before
        slopes += [] if slope is None else [dict(zip(reached, slope, strict=True))]
        values.append(probe.values(weights))
    taken = _Taken(weights, [*reached], slopes, [v for v in values if v is not None])
    descent = _judged(found, loss, replace(descent, runs=True), taken, random=random)
    if descent.signs:
        own = {name: tensor for name, tensor in reached.items() if name in descent.moved}
        return _with_match(found, descent, _from_other_weights(found, probe, own, feeds))
    return descent


@dataclass(frozen=True)
class _Taken:
    """Steps that were taken.

    `weights` are the variables looked at, `reached` those of them that the loss has a gradient for; before each step there
    are `slopes`, the gradients for those, and `values` of all, the last ones after it.
    """

    weights: list[str]
    reached: list[str]
    slopes: list[dict[str, Array]]
    values: list[dict[str, Array]]

    def thinned(self, names: Sequence[str]) -> tuple[list[Array], list[Array]]:
        """Gradients and values of these variables; see `_thinned`."""
        gradients, places = ([[each[name] for name in names] for each in every] for every in (self.slopes, self.values))
        return _thinned(gradients, places)


def _judged(found: Found, loss: LossReading, descent: Descent, taken: _Taken, *, random: bool) -> Descent:
    """Add what the steps show: what moved and what did not, which way, and by which rule."""
    match, reached, slopes, values = loss.match, taken.reached, taken.slopes, taken.values
    moved = [name for name in taken.weights if any(not np.array_equal(values[0][name], v[name]) for v in values[1:])]
    heights = {name: max((float(np.abs(s[name]).max(initial=0)) for s in slopes), default=0.0) for name in reached}
    sloped = [name for name in reached if heights[name] > FAINT * max(heights.values())]
    descent = replace(
        descent,
        moved=tuple(moved),
        still=tuple(name for name in sloped if name not in moved),
        unreached=tuple(name for name in taken.weights if name not in reached),
    )
    used = [name for name in reached if name in moved]
    if not used or len(slopes) < STEPS or len(values) < STEPS + 1:
        return descent
    gradients, places = taken.thinned(used)
    steps = [after - before for before, after in itertools.pairwise(places)]
    if not np.isfinite(gradients[0]).all() or not np.isfinite(steps[0]).all():
        return descent
    # An optimizer that gathers gradients first moves only after some runs.
    first = next((index for index, step in enumerate(steps) if step.any()), 0)
    gathered = np.sum(gradients[: first + 1], axis=0)
    slope = float((gathered * steps[first]).sum())
    size = float((gathered**2).sum() * (steps[first] ** 2).sum()) ** 0.5
    known = match is not None or found.loss == found.roles.loss
    least = 0.1 if random else 0.02
    one_way = _is_one_way(taken, used, first)
    if not one_way:  # a part may be led up, or its gradients are only near those of the loss
        descent = replace(descent, runs=None)
    if known and one_way and size > 0 and abs(slope) > least * size:
        upward = slope > 0
        # A loss that is the right one with its sign turned falls where the right one climbs.
        descent = replace(descent, climbs=upward if match is None or match.scale > 0 else not upward)
    if descent.kind is None and not random and np.isfinite(flat([*gradients, *steps])).all():
        rule = recognise_steps(gradients, steps, places[:-1]) or _by_variable(taken, used)
        return _with_match(found, descent, rule)
    return descent


def _is_one_way(taken: _Taken, used: Sequence[str], first: int) -> bool:
    """Whether a step goes the same way in each variable that has a part in it: some gradients are only near the loss's."""
    slopes = []
    for name in used:
        gathered = np.sum([slope[name] for slope in taken.slopes[: first + 1]], axis=0, dtype=np.float64)
        slopes.append(float((gathered * (taken.values[first + 1][name] - taken.values[first][name])).sum()))
    return len({slope > 0 for slope in slopes if abs(slope) > SLIGHT * max(map(abs, slopes))}) < 2


def _with_match(found: Found, descent: Descent, match: StepMatch | None) -> Descent:
    """Add the rule that explains the steps, and its rate where none is fed."""
    if match is None:
        return descent
    place = descent.place or found.roles.train_op or ""
    descent = replace(descent, kind=match.kind, measured=True, place=place, signs=match.signs)
    if _fed_rates(found) or not np.isfinite(match.rate):
        return descent
    return replace(descent, rate=abs(match.rate), rates=tuple(abs(rate) for rate in match.rates))


def _from_other_weights(
    found: Found, probe: GraphProbe, own: dict[str, str], feeds: dict[str, Array]
) -> StepMatch | None:
    """The rule by these gradients, each step from other weights: they tell rules apart."""
    train_op = found.roles.train_op
    if train_op is None or not own:
        return None
    probe.initialise()
    names = list(own)
    taken: list[tuple[list[Array], list[Array], list[Array]]] = []
    for _ in range(STEPS):
        # Each from other weights: variables of TensorFlow's first kind may change while gradients are still being computed from
        # them, and a descent by such gradients diverges within a few steps.
        before = probe.values(names) if randomise_weights(found, probe) else None
        # In one run with the step: what is drawn at random is then the same.
        ran = probe.run([*own.values(), train_op], feeds)
        after = probe.values(names)
        if before is None or ran is None or after is None:
            return None
        taken.append((ran[: len(own)], [before[name] for name in names], [after[name] for name in names]))
    gradients, places = _thinned([g for g, _, _ in taken], [b for _, b, _ in taken])
    _, moved = _thinned([g for g, _, _ in taken], [a for _, _, a in taken])
    steps = [after - before for before, after in zip(places, moved, strict=True)]
    return recognise_steps(gradients, steps, places) if np.isfinite(flat([*gradients, *steps])).all() else None


def _by_variable(taken: _Taken, used: Sequence[str]) -> StepMatch | None:
    """The rule of the variables one at a time, later layers first.

    With variables of TensorFlow's first kind a step may change a layer while an earlier layer's gradient is still being
    computed from it; the last layer's step is then the only one that follows from the gradient before.
    """
    rule, matrices = None, False
    for name in reversed(used):
        gradients, places = taken.thinned([name])
        steps = [after - before for before, after in itertools.pairwise(places)]
        if len(gradients[0]) < 5:
            continue
        match = recognise_steps(gradients, steps, places[:-1])
        last, matrices = taken.values[0][name].ndim > 1 and not matrices, matrices or taken.values[0][name].ndim > 1
        if match is None:
            if last:
                return None  # a bias alone says nothing: some rules take other steps for matrices
            continue
        if rule is None:
            rule = match
        elif match.kind != rule.kind:
            return None
        elif not abs(match.rate / rule.rate - 1) < 0.02:
            rule = replace(rule, rate=float("nan"))  # a factor of its own for each variable
    return rule


def _thinned(
    gradients: Sequence[Sequence[Array]], places: Sequence[Sequence[Array]]
) -> tuple[list[Array], list[Array]]:
    """Some thousand of the numbers that have a gradient, flattened: enough to tell rules apart."""
    index = np.flatnonzero(flat(gradients[0]))
    index = index[:: max(len(index) // 1500, 1)]
    return [flat(arrays)[index] for arrays in gradients], [flat(arrays)[index] for arrays in places]


def _fed_rates(found: Found) -> list[str]:
    """Numbers that training is fed, which a rate written by hand may come from."""
    graph = found.graph
    loss = found.roles.loss
    above = graph.ancestors([loss]) if loss else set()
    under = {t for u in found.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs[1:])}
    return [
        source
        for source in graph.sources
        if source in under
        and source not in above
        and source not in found.given.eval_feed
        and graph[node_of(source)].op != "PlaceholderWithDefault"
    ]

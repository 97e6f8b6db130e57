"""Read optimizer, learning rate and minimized loss from the optimizer's own ops and gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.optimizers import FUSED
from graphread.graph.nodes import node_of
from graphread.trial.probe import Sizes, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphread.find import Found
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe


class OptimizerTrials:
    """Step counts for schedules, and thresholds for comparing gradients."""

    #: Step counts at which to evaluate a learning-rate schedule.
    COUNTS = (0, 1, 10, 100, 1_000, 10_000)
    #: Minimum cosine with a candidate's gradient to identify the minimized loss.
    STRONG = 0.9
    #: Cosine above which no further candidate is tried.
    SURE = 0.98
    #: The same for regression: if all outputs are too large, the gradients of all errors are almost parallel.
    SURE_OF_ERROR = 0.9999
    MOST_CANDIDATES = 6


@dataclass(frozen=True)
class Descent:
    """The effect of the train op."""

    kind: str | None = None
    rate: float | None = None
    """Optimizer and learning rate; None if undecided."""
    place: str = ""
    """The op to name in messages."""
    moved: tuple[str, ...] = ()
    still: frozenset[str] = frozenset()
    """The variables that affect the loss: those changed by the steps, and those left unchanged in spite of a gradient."""
    unreached: frozenset[str] = frozenset()
    """The variables of layers without a gradient of the loss."""
    climbs: bool | None = None
    """Whether a step ascends the minimized loss; None if unknown."""
    rate_from: tuple[str, ...] = ()
    """The placeholders that the learning rate depends on."""
    rate_of: str | None = None
    """The tensor of the learning rate; None if the optimizer has no op of its own, or several rates."""
    rates: tuple[float, ...] = ()
    """The rates of a schedule at `OptimizerTrials.COUNTS`; `rate` is the largest."""
    measured: bool = False
    """Whether kind and rate come from observed steps, not from an optimizer's op."""
    runs: bool | None = None
    """Whether the train op runs; None if untested."""


def read_optimizer(found: Found, probe: GraphProbe | None) -> Descent:
    """Return kind and learning rate according to the optimizer's own ops, if there are any."""
    fused = found.roles.fused
    if not fused:
        return Descent()
    descent = Descent(
        kind="+".join(sorted({FUSED[update.kind].kind for update in fused})),
        place=node_of(found.roles.train_op),
        moved=tuple(found.roles.gradients),
    )
    # The rate may be cast to the dtype of each variable.
    tensors = {found.graph.past(update.rate, ("Cast", "Identity")) for update in fused if update.rate}
    return _with_rate(found, probe, descent, tensors.pop()) if len(tensors) == 1 else descent


def _with_rate(found: Found, probe: GraphProbe | None, descent: Descent, tensor: str) -> Descent:
    """Add the learning rate in this tensor."""
    graph = found.graph
    above, value = graph.ancestors([tensor]) - found.given.eval_feed.keys(), graph.constant(tensor)
    rates = () if value is None else tuple(map(float, value.ravel()[:1]))
    rates = rates if probe is None else probe.ask(rates, _rates, found, probe, tensor)
    return replace(
        descent,
        rate_of=tensor,
        rate_from=tuple(source for source in graph.sources if source in above),
        rates=rates,
        rate=max(rates, default=None),  # a warm-up starts below the nominal rate, a decay falls from it
    )


def _rates(found: Found, probe: GraphProbe, tensor: str) -> tuple[float, ...]:
    """Return the learning rate at the start and after `OptimizerTrials.COUNTS` steps."""
    graph, fed = found.graph, found.given.eval_feed
    feeds = {name: fed[name] for name in graph.ancestors([tensor]) & fed.keys()}
    counted = found.roles.updated - found.roles.gradients.keys()
    before = probe.values(counted.intersection(graph.variables_in(tensor)))
    rates = []
    for count in OptimizerTrials.COUNTS:
        probe.assign({name: (value + count).astype(value.dtype) for name, value in before.items()})
        rates.append(probe.fetch(tensor, feeds).max(initial=-np.inf))
    probe.assign(before)
    return tuple(map(float, rates)) if np.isfinite(rates).all() else ()


def choose_loss(found: Found, probe: GraphProbe) -> str | None:
    """Return the minimized candidate: its gradient is the optimizer's, or parallel to the step.

    None if unknown.
    """
    randomise_weights(found, probe)
    graph, weights, feeds = found.graph, found.float_weights, probe.feed(probe.sample(Sizes.ROWS))
    # Gradients accumulated in variables are not those of this run: then the step itself is compared.
    seen = graph.descendants([found.roles.images])
    given = {name: tensor for name, tensor in found.roles.gradients.items() if name in weights and tensor in seen}
    stepped = {} if given else probe.ask({}, _step_taken, found, probe, weights, feeds)
    sure = OptimizerTrials.SURE_OF_ERROR if found.given.regression else OptimizerTrials.SURE
    likeness: dict[str, float] = {}
    for candidate in found.roles.losses[: OptimizerTrials.MOST_CANDIDATES]:
        gradients = probe.ask({}, probe.gradients, candidate, weights)
        likeness[candidate] = probe.ask(0.0, _likeness, probe, gradients, given, stepped, feeds)
        if likeness[candidate] > sure:
            break
    # Computing a candidate may be part of the update: restart with the optimizer's initial variables.
    probe.initialise()
    best = max(likeness, key=likeness.__getitem__, default="")
    return best if likeness.get(best, 0.0) > OptimizerTrials.STRONG else None


def _step_taken(found: Found, probe: GraphProbe, weights: list[str], feeds: Mapping[str, Array]) -> Mapping[str, Array]:
    """Return the decrease of each variable in one step, for optimizers whose gradient is not visible."""
    before = probe.values(weights)
    probe.fetch(found.roles.train_op, feeds)
    after = probe.values(weights)
    probe.assign(before)
    return {name: before[name] - after[name] for name in weights}


def _likeness(
    probe: GraphProbe,
    gradients: Mapping[str, str],
    given: Mapping[str, str],
    stepped: Mapping[str, Array],
    feeds: Mapping[str, Array],
) -> float:
    """Return how well a candidate's gradient matches the optimizer's gradient, or its step.

    This is the absolute value of their cosine, since the step may ascend.
    """
    names = [name for name in gradients if name in (given or stepped)]
    # One run for both, so that random numbers, as for dropout, are the same on both sides.
    values = probe.run([gradients[name] for name in names] + [given[name] for name in names if given], feeds)
    left, right = flat(values[: len(names)]), flat(values[len(names) :] or [stepped[name] for name in names])
    sizes = float(np.linalg.norm(left) * np.linalg.norm(right))
    return abs(float(left @ right)) / sizes if left.shape == right.shape and 0 < sizes < np.inf else 0.0


def flat(arrays: Iterable[Array]) -> Array:
    """Return all elements of some arrays as one float64 vector."""
    return np.concatenate([np.zeros(0), *(np.ravel(array) for array in arrays)])

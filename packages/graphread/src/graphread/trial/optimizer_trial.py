"""Which optimizer is it, at which rate, of which loss? Its own ops and gradients tell."""

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
    """Steps after which a rule is compared, and how sure the comparison must be."""

    #: After how many steps the rate of a schedule is looked at.
    COUNTS = (0, 1, 10, 100, 1_000, 10_000)
    #: A direction that agrees with a gradient less than this does not tell what is minimised.
    STRONG = 0.9
    #: One that agrees this well needs no further candidate looked at.
    SURE = 0.98
    #: The same of errors of numbers: where all outputs are too large, the gradients of all errors point one way, nearly.
    SURE_OF_ERROR = 0.9999
    MOST_CANDIDATES = 6


@dataclass(frozen=True)
class Descent:
    """What the train op does."""

    kind: str | None = None
    rate: float | None = None
    """The optimizer; None where undecided."""
    place: str = ""
    """The op that it is named after, for messages."""
    moved: tuple[str, ...] = ()
    still: frozenset[str] = frozenset()
    """The variables that the loss depends on and that the steps changed, or left as they were though the loss has a
    gradient there."""
    unreached: frozenset[str] = frozenset()
    """The variables of layers that the loss has no gradient for."""
    climbs: bool | None = None
    """Whether a step goes up what should be minimised; None where that is unknown."""
    rate_from: tuple[str, ...] = ()
    """The placeholders that the rate depends on."""
    rate_of: str | None = None
    """The tensor that holds the rate; None where the optimizer has no op of its own, or several rates."""
    rates: tuple[float, ...] = ()
    """The rate as steps are counted, where it follows a schedule; `rate` is then the largest."""
    measured: bool = False
    """Whether kind and rate come from the steps, not from an optimizer's own op."""
    runs: bool | None = None
    """Whether the train op runs; None where it was not tried."""


def read_optimizer(found: Found, probe: GraphProbe | None) -> Descent:
    """Read kind and rate off the optimizer's own ops, where there are such."""
    fused = found.roles.fused
    if not fused:
        return Descent()
    descent = Descent(
        kind="+".join(sorted({FUSED[update.kind].kind for update in fused})),
        place=node_of(found.roles.train_op),
        moved=tuple(found.roles.gradients),
    )
    # Each may be converted for the type of one variable.
    tensors = {found.graph.past(update.rate, ("Cast", "Identity")) for update in fused if update.rate}
    return _with_rate(found, probe, descent, tensors.pop()) if len(tensors) == 1 else descent


def _with_rate(found: Found, probe: GraphProbe | None, descent: Descent, tensor: str) -> Descent:
    """Add the rate that one tensor holds."""
    graph = found.graph
    above, value = graph.ancestors([tensor]) - found.given.eval_feed.keys(), graph.constant(tensor)
    rates = () if value is None else tuple(map(float, value.ravel()[:1]))
    rates = rates if probe is None else probe.ask(rates, _rates, found, probe, tensor)
    return replace(
        descent,
        rate_of=tensor,
        rate_from=tuple(source for source in graph.sources if source in above),
        rates=rates,
        rate=max(rates, default=None),  # a schedule may begin below the rate that it is named after, or fall from it
    )


def _rates(found: Found, probe: GraphProbe, tensor: str) -> tuple[float, ...]:
    """The rate at the start, and after some numbers of steps."""
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
    """Return the minimized candidate: whose gradient the optimizer takes, or which decreases.

    None where that is unknown.
    """
    randomise_weights(found, probe)
    graph, weights, feeds = found.graph, found.float_weights, probe.feed(probe.sample(Sizes.ROWS))
    # Gradients gathered in variables first say nothing of this run: then the step itself is looked at.
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
    # A candidate may be part of the update itself: begin again, with the optimizer's own variables as they were.
    probe.initialise()
    best = max(likeness, key=likeness.__getitem__, default="")
    return best if likeness.get(best, 0.0) > OptimizerTrials.STRONG else None


def _step_taken(found: Found, probe: GraphProbe, weights: list[str], feeds: Mapping[str, Array]) -> Mapping[str, Array]:
    """What one step takes away from each variable: for optimizers whose gradient is not to be seen."""
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
    """Return how near a candidate's gradient is to the optimizer's, or to its step, up or down.

    It is the size of their cosine.
    """
    names = [name for name in gradients if name in (given or stepped)]
    # One run for both: what is random, such as dropout, is then the same on both sides.
    values = probe.run([gradients[name] for name in names] + [given[name] for name in names if given], feeds)
    left, right = flat(values[: len(names)]), flat(values[len(names) :] or [stepped[name] for name in names])
    sizes = float(np.linalg.norm(left) * np.linalg.norm(right))
    return abs(float(left @ right)) / sizes if left.shape == right.shape and 0 < sizes < np.inf else 0.0


def flat(arrays: Iterable[Array]) -> Array:
    """Return all numbers of some arrays, one after another, in double precision."""
    return np.concatenate([np.zeros(0), *(np.ravel(array) for array in arrays)])

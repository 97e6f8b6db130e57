"""Which optimizer is it? Its own ops tell, and at which rate; and of which loss it is given the gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.optimizers import FUSED
from netgrader.reader.graph.plain import PLACEHOLDERS
from netgrader.reader.trial.probe import ROWS, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.graph.plain import Graph
    from netgrader.reader.trial.probe import GraphProbe

#: After how many steps the rate of a schedule is looked at.
COUNTS = (0, 1, 10, 100, 1_000, 10_000)
#: A direction that agrees with a gradient less than this says nothing of what is minimised.
HINT = 0.3
#: And for a candidate that is not the likeliest by the graph.
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
    still: tuple[str, ...] = ()
    """The variables that the loss depends on and that the steps changed, or left as they were though the loss has a
    gradient there."""
    unreached: tuple[str, ...] = ()
    """The variables of layers that the loss has no gradient for."""
    climbs: bool | None = None
    """Whether a step goes up what should be minimised; None where that could not be told."""
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
    graph, roles = found.graph, found.roles
    fused = [update for update in roles.updates if update.kind in FUSED and update.gradient]
    if not fused:
        return Descent()
    descent = Descent(
        kind="+".join(sorted({FUSED[update.kind].kind for update in fused})),
        place=roles.train_op or fused[0].node,
        moved=tuple(dict.fromkeys(update.variable for update in fused)),
    )
    tensors = {_as_it_came(graph, update.rate) for update in fused if update.rate}
    if len(tensors) == 1:
        return _with_rate(found, probe, descent, tensors.pop())
    rates = {_constant(graph, tensor) for tensor in tensors}
    return replace(descent, rate=rates.pop()) if len(rates) == 1 else descent


def _constant(graph: Graph, tensor: str) -> float | None:
    """The number that a tensor always is; None where it may differ."""
    value = graph.constant(tensor)
    return None if value is None or value.size != 1 else float(value.reshape(()))


def _as_it_came(graph: Graph, tensor: str) -> str:
    """A rate before it was converted for the type of one variable."""
    while graph[tensor].op in ("Cast", "Identity") and graph.constant(tensor) is None:
        tensor = graph[tensor].inputs[0]
    return tensor


def _with_rate(found: Found, probe: GraphProbe | None, descent: Descent, tensor: str) -> Descent:
    """Add the rate that one tensor holds."""
    graph, fed = found.graph, found.given.eval_feed
    above = graph.ancestors([tensor])
    placeholders = [source for source in graph.sources if source in above and graph[source].op in PLACEHOLDERS]
    sources = tuple(source for source in placeholders if source not in fed)
    descent = replace(descent, rate_of=tensor, rate_from=sources, rate=_constant(graph, tensor))
    unfed = any(graph[source].op != "PlaceholderWithDefault" for source in sources)
    if probe is None or unfed or descent.rate is not None:
        return descent
    rates = _rates(found, probe, tensor, {key: value for key, value in fed.items() if key in above})
    # A schedule may begin below the rate that it is named after, or fall from it.
    return replace(descent, rates=rates, rate=max(rates)) if rates else descent


def _rates(found: Found, probe: GraphProbe, tensor: str, feeds: dict[str, Array]) -> tuple[float, ...]:
    """The rate at the start, and where it depends on a counter, after some numbers of steps."""
    counted = {update.variable for update in found.roles.updates if update.gradient is None}
    counters = [name for name in found.graph.variables_in(tensor) if name in counted]
    before = {name: value for name, value in (probe.values(counters) or {}).items() if value.size == 1}
    rates = []
    for count in COUNTS if before else COUNTS[:1]:
        probe.assign({name: (value + count).astype(value.dtype) for name, value in before.items()})
        rates.append(probe.fetch(tensor, feeds))
    probe.assign(before)
    return tuple(float(rate.reshape(())) for rate in rates if rate is not None and np.isfinite(rate).all())


def choose_loss(found: Found, probe: GraphProbe) -> str | None:
    """Find out which of the candidates is minimised: the one whose gradient the optimizer is given, or that goes down.

    None where that cannot be told.
    """
    graph, roles, weights = found.graph, found.roles, found.float_weights
    if not weights or not randomise_weights(found, probe):
        return None
    feeds = probe.feed(probe.sample(ROWS))
    # Gradients gathered in variables first say nothing of this run: then the step itself is looked at.
    seen = graph.descendants([roles.images])
    fused = {u.variable: u.gradient for u in roles.updates if u.kind in FUSED and u.gradient in seen}
    given = {name: tensor for name, tensor in fused.items() if tensor and name in weights}
    stepped = {} if given else _step_taken(found, probe, weights, feeds)
    sure = SURE_OF_ERROR if found.given.regression else SURE
    best, chosen, needed = 0.0, None, HINT
    for candidate in roles.losses[:MOST_CANDIDATES]:
        gradients = probe.gradients(candidate, weights)
        own = {} if gradients is None else dict(zip(weights, gradients, strict=True))
        likeness = abs(_likeness(probe, own, given, stepped, feeds))
        # The first candidates are the likelier ones: a later one must fit clearly better.
        if likeness > max(best + 1 - sure, needed):
            best, chosen = likeness, candidate
        if best > sure:
            break
        needed = STRONG
    # A candidate may be part of the update itself: begin again, with the optimizer's own variables as they were.
    probe.initialise()
    return chosen


def _step_taken(found: Found, probe: GraphProbe, weights: list[str], feeds: dict[str, Array]) -> dict[str, Array]:
    """What one step takes away from each variable: for optimizers whose gradient is not to be seen."""
    if found.roles.train_op is None:
        return {}
    before = probe.values(weights)
    ran = probe.run([found.roles.train_op], feeds)
    after = probe.values(weights)
    probe.assign(before or {})
    if ran is None or before is None or after is None:
        return {}
    return {name: before[name] - after[name] for name in weights}


def _likeness(
    probe: GraphProbe,
    gradients: dict[str, str | None],
    given: dict[str, str],
    stepped: dict[str, Array],
    feeds: dict[str, Array],
) -> float:
    """The cosine between a candidate's gradient and the gradient that the optimizer is given, or the step it took."""
    own = {name: tensor for name in given or stepped if (tensor := gradients.get(name)) is not None}
    # One run for both: what is random, such as dropout, is then the same on both sides.
    values = probe.run([*own.values(), *(given[name] for name in own if given)], feeds) if own else None
    if values is None:
        return 0.0
    left, right = flat(values[: len(own)]), flat(values[len(own) :] or [stepped[name] for name in own])
    sizes = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / sizes if left.shape == right.shape and 0 < sizes < np.inf else 0.0


def flat(arrays: Sequence[Array]) -> Array:
    """Return all numbers of some arrays, one after another, in double precision."""
    return np.concatenate([array.reshape(-1).astype(np.float64) for array in arrays])

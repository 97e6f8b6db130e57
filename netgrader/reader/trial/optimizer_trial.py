"""Which optimizer is it? Its own ops tell, and at which rate; and of which loss it is given the gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.optimizers import FUSED
from netgrader.reader.graph.plain import PLACEHOLDERS
from netgrader.reader.trial.probe import ROWS, randomise_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    signs: bool = False
    """Whether the steps may be by the sign of the gradient alone; see `StepMatch`."""
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
    values = [graph.constant(tensor) for tensor in tensors]
    known = {float(value) for value in values if value is not None and value.size == 1}
    if len(known) == 1 and all(value is not None for value in values):
        return replace(descent, rate=known.pop())
    return descent


def _as_it_came(graph: Graph, tensor: str) -> str:
    """A rate before it was converted for the type of one variable."""
    while graph[tensor].op in ("Cast", "Identity") and graph.constant(tensor) is None:
        tensor = graph[tensor].inputs[0]
    return tensor


def _with_rate(found: Found, probe: GraphProbe | None, descent: Descent, tensor: str) -> Descent:
    """Add the rate that one tensor holds."""
    graph, eval_feed = found.graph, found.given.eval_feed
    value = graph.constant(tensor)
    above = graph.ancestors([tensor])
    sources = tuple(
        source
        for source in graph.sources
        if source in above and graph[source].op in PLACEHOLDERS and source not in eval_feed
    )
    descent = replace(descent, rate_of=tensor, rate_from=sources)
    if value is not None and value.size == 1:
        return replace(descent, rate=float(value))
    unfed = [source for source in sources if graph[source].op != "PlaceholderWithDefault"]
    if probe is None or unfed:
        return descent
    feeds = {key: v for key, v in eval_feed.items() if key in above}
    rates = tuple(_rates(found, probe, tensor, feeds))
    # A schedule may begin below the rate that it is named after, or fall from it.
    return replace(descent, rates=rates, rate=max(rates)) if rates else descent


def _rates(found: Found, probe: GraphProbe, tensor: str, feeds: dict[str, Array]) -> Iterator[float]:
    """The rate at the start, and where it depends on a counter, after some numbers of steps."""
    counters = [
        name
        for name in found.graph.variables_in(tensor)
        if found.graph.nodes[name].shape() in ((), (1,))
        and any(update.variable == name and update.gradient is None for update in found.roles.updates)
    ]
    before = probe.values(counters) or {}
    for count in COUNTS if before else COUNTS[:1]:
        if count:
            probe.assign({name: (value + count).astype(value.dtype) for name, value in before.items()})
        value = probe.fetch(tensor, feeds)
        if value is not None and value.size == 1 and np.isfinite(value).all():
            yield float(value.reshape(()))
    probe.assign(before)


def choose_loss(found: Found, probe: GraphProbe) -> str | None:
    """Find out which of the candidates is minimised: the one whose gradient the optimizer is given, or that goes down.

    None where that cannot be told.
    """
    graph, roles, weights = found.graph, found.roles, found.float_weights
    if not weights or not randomise_weights(found, probe):
        return None
    feeds = probe.feed(probe.sample(ROWS))
    given = {u.variable: u.gradient for u in roles.updates if u.kind in FUSED and u.gradient}
    # Gradients gathered in variables first say nothing of this run: then the step itself is looked at.
    given = {n: t for n, t in given.items() if n in weights and roles.images in graph.ancestors([t])}
    stepped = {} if given else _step_taken(found, probe, weights, feeds)
    best, chosen = 0.0, None
    sure = SURE_OF_ERROR if found.given.regression else SURE
    for candidate in roles.losses[:6]:
        # Ends of the backward pass look like losses, but are as large as what they are gradients of.
        value = probe.fetch(candidate, feeds)
        if value is None or (candidate != roles.losses[0] and value.size not in (1, ROWS)):
            continue
        gradients = probe.gradients(candidate, weights)
        if gradients is None:
            continue
        likeness = _likeness(probe, dict(zip(weights, gradients, strict=True)), given, stepped, feeds)
        # The first candidates are the likelier ones: a later one must fit clearly better.
        needed = HINT if candidate == roles.losses[0] else STRONG
        if abs(likeness) > max(abs(best) + 0.02, needed) or abs(likeness) > sure > abs(best):
            best, chosen = likeness, candidate
        if abs(likeness) > sure:
            break
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
    left = flat(values[: len(own)])
    right = flat(values[len(own) :]) if given else flat([stepped[name] for name in own])
    if left.shape != right.shape:
        return 0.0
    sizes = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / sizes if sizes > 0 and np.isfinite(sizes) else 0.0


def flat(arrays: Sequence[Array]) -> Array:
    """Return all numbers of some arrays, one after another, in double precision."""
    return np.concatenate([array.reshape(-1).astype(np.float64) for array in arrays])

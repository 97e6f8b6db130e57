"""What does the train op do? Which variables it moves, by which rule, at which rate, down the loss or up."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.find.optimizers import FUSED, StepMatch, recognise_steps
from netgrader.reader.graph.nodes import node_of, words
from netgrader.reader.graph.plain import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.reader.state import Reading
    from netgrader.reader.trial.probe import Bench

__all__ = ["choose_loss", "float_weights", "read_optimizer", "settle", "try_steps"]

Array = npt.NDArray[Any]

STEPS = 4
ROWS = 6
#: A direction that agrees with a gradient less than this says nothing of what is minimised.
HINT = 0.3
#: And for a candidate that is not the likeliest by the graph.
STRONG = 0.9
#: A gradient smaller than this, relative to the largest, may leave a variable as it is in single precision.
FAINT = 1e-4
#: Scores that vary more than this saturate a softmax.
LARGE = 3.0
#: Products that may be a gradient, and how many of them are looked at.
_PRODUCTS = words("MatMul BatchMatMul BatchMatMulV2 Einsum")
MOST_PRODUCTS = 60
#: One that agrees this well needs no further candidate looked at.
SURE = 0.98


def read_optimizer(reading: Reading) -> None:
    """Read kind and rate off the optimizer's own ops, where there are such."""
    training, updates = reading.training, reading.roles.updates
    fused = [update for update in updates if update.kind in FUSED and update.gradient]
    if not fused:
        return
    kinds = Counter(FUSED[update.kind].kind for update in fused)
    training.kind = "+".join(sorted(kinds))
    training.place = reading.roles.train_op or fused[0].node
    training.moved = tuple(dict.fromkeys(update.variable for update in fused))
    rates = {_as_it_came(reading, update.rate) for update in fused if update.rate}
    if len(rates) == 1:
        (training.rate_of,) = rates
        _read_rate(reading, rates.pop())
    else:
        values = [reading.graph.constant(rate) for rate in rates]
        known = {float(value) for value in values if value is not None and value.size == 1}
        if len(known) == 1 and all(value is not None for value in values):
            training.rate = known.pop()


def _as_it_came(reading: Reading, tensor: str) -> str:
    """A rate before it was converted for the type of one variable."""
    while reading.graph[tensor].op in ("Cast", "Identity") and reading.graph.constant(tensor) is None:
        tensor = reading.graph[tensor].inputs[0]
    return tensor


def _read_rate(reading: Reading, tensor: str) -> None:
    graph, training = reading.graph, reading.training
    value = graph.constant(tensor)
    above = graph.ancestors([tensor])
    training.rate_from = tuple(
        source
        for source in graph.sources
        if source in above and graph[source].op in PLACEHOLDERS and source not in reading.eval_feed
    )
    if value is not None and value.size == 1:
        training.rate = float(value)
        return
    unfed = [source for source in training.rate_from if graph[source].op != "PlaceholderWithDefault"]
    if reading.bench is not None and not unfed:
        feeds = {key: v for key, v in reading.eval_feed.items() if key in above}
        training.rates = tuple(_rates(reading, reading.bench, tensor, feeds))
        if training.rates:
            # A schedule may begin below the rate that it is named after, or fall from it.
            training.rate = max(training.rates)


def _rates(reading: Reading, bench: Bench, tensor: str, feeds: dict[str, Array]) -> Iterator[float]:
    """The rate at the start, and where it depends on a counter, after some numbers of steps."""
    counters = [
        name
        for name in reading.graph.variables_in(tensor)
        if reading.graph.nodes[name].shape() in ((), (1,))
        and any(update.variable == name and update.gradient is None for update in reading.roles.updates)
    ]
    before = bench.values(counters) or {}
    for count in (0, 1, 10, 100, 1_000, 10_000) if before else (0,):
        if count:
            bench.assign({name: (value + count).astype(value.dtype) for name, value in before.items()})
        found = bench.fetch(tensor, feeds)
        if found is not None and found.size == 1 and np.isfinite(found).all():
            yield float(found.reshape(()))
    bench.assign(before)


def choose_loss(reading: Reading) -> None:
    """Find out which of the candidates is minimised: the one whose gradient the optimizer is given, or goes down."""
    bench, weights = reading.bench, float_weights(reading)
    if bench is None or not weights or not settle(reading):
        return
    feeds = bench.feed(bench.sample(ROWS))
    given = {u.variable: u.gradient for u in reading.roles.updates if u.kind in FUSED and u.gradient}
    images, graph = reading.roles.images, reading.graph
    # Gradients gathered in variables first say nothing of this run: then the step itself is looked at.
    given = {n: t for n, t in given.items() if n in weights and images in graph.ancestors([t])}
    stepped = {} if given else _step_taken(reading, weights, feeds)
    best = 0.0
    for candidate in reading.roles.losses[:6]:
        # Ends of the backward pass look like losses, but are as large as what they are gradients of.
        value = bench.fetch(candidate, feeds)
        if value is None or (candidate != reading.roles.losses[0] and value.size not in (1, ROWS)):
            continue
        gradients = bench.gradients(candidate, weights)
        if gradients is None:
            continue
        likeness = _likeness(bench, dict(zip(weights, gradients, strict=True)), given, stepped, feeds)
        # The first candidates are the likelier ones: a later one must fit clearly better.
        needed = HINT if candidate == reading.roles.losses[0] else STRONG
        if abs(likeness) > max(abs(best) + 0.02, needed):
            best = likeness
            reading.training.minimised = candidate
        if abs(likeness) > SURE:
            break
    # A candidate may be part of the update itself: begin again, with the optimizer's own variables as they were.
    bench.initialise()


def settle(reading: Reading) -> bool:
    """Give the layers random weights with which the scores are moderate; False if the lab refuses.

    Moving averages that stand at their start can make a network's numbers large, and then nothing has a gradient.
    """
    bench, weights = reading.bench, float_weights(reading)
    if bench is None or not weights or not bench.randomise(weights):
        return False
    last = [name for step in reading.steps if not step.followed for name in (*step.variables, *step.bias)]
    last = [name for name in last if name in weights] if len(last) < len(weights) else weights
    for _ in range(4):
        value = None if reading.scores is None else bench.fetch(reading.scores, bench.feed(bench.sample(ROWS)))
        size = float(np.std(value)) if value is not None and value.size and np.isfinite(value).all() else 0.0
        current = bench.values(last) if size > LARGE else None
        if current is None or not bench.assign({name: v / size for name, v in current.items()}):
            break
    return True


def float_weights(reading: Reading) -> list[str]:
    """The layers' variables that hold real numbers."""
    return [name for name in reading.weights if reading.graph.nodes[name].dtype("dtype").startswith("float")]


def _step_taken(reading: Reading, weights: list[str], feeds: dict[str, Array]) -> dict[str, Array]:
    """What one step takes away from each variable: for optimizers whose gradient is not to be seen."""
    bench = reading.bench
    if bench is None or reading.roles.train_op is None:
        return {}
    before = bench.values(weights)
    ran = bench.run([reading.roles.train_op], feeds)
    after = bench.values(weights)
    bench.assign(before or {})
    if ran is None or before is None or after is None:
        return {}
    return {name: before[name] - after[name] for name in weights}


def try_steps(reading: Reading) -> None:
    """Run a few steps from random weights and look at what moved, by how much, and which way."""
    bench, train_op, loss = reading.bench, reading.roles.train_op, reading.loss
    weights = float_weights(reading)
    if bench is None or train_op is None or not weights or loss is None or not settle(reading):
        return
    feeds = bench.feed(bench.sample(ROWS))
    gradients = bench.gradients(loss, weights)
    if gradients is None:
        return
    reached = [name for name, tensor in zip(weights, gradients, strict=True) if tensor is not None]
    tensors = [tensor for tensor in gradients if tensor is not None]
    history, values = [], [bench.values(weights)]
    for _ in range(STEPS):
        if reading.measured.get("random"):
            # In one run with the step: dropout then leaves out the same for both.
            found = bench.run([*tensors, train_op], feeds)
            history.append(None if found is None else found[: len(tensors)])
        else:
            history.append(bench.run(tensors, feeds))
            found = bench.run([train_op], feeds)
        if found is None:
            reading.measured["train-op-runs"] = False
            return
        values.append(bench.values(weights))
    reading.measured["train-op-runs"] = True
    _judge(reading, weights, reached, [h for h in history if h is not None], [v for v in values if v is not None])
    if reading.training.kind is None and reading.training.moved and settle(reading):
        _note(reading, _by_own_gradients(reading, feeds))


def _likeness(
    bench: Bench,
    gradients: dict[str, str | None],
    given: dict[str, str],
    stepped: dict[str, Array],
    feeds: dict[str, Array],
) -> float:
    """The cosine between a candidate's gradient and the gradient that the optimizer is given, or the step it took."""
    own = {name: tensor for name in given or stepped if (tensor := gradients.get(name)) is not None}
    # One run for both: what is random, such as dropout, is then the same on both sides.
    found = bench.run([*own.values(), *(given[name] for name in own if given)], feeds) if own else None
    if found is None:
        return 0.0
    left = _flat(found[: len(own)])
    right = _flat(found[len(own) :]) if given else _flat([stepped[name] for name in own])
    if left.shape != right.shape:
        return 0.0
    sizes = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / sizes if sizes > 0 and np.isfinite(sizes) else 0.0


def _judge(
    reading: Reading, weights: list[str], reached: list[str], history: list[list[Array]], values: list[dict[str, Array]]
) -> None:
    training, match = reading.training, reading.loss_match
    moved = [name for name in weights if any(not np.array_equal(values[0][name], v[name]) for v in values[1:])]
    training.moved = tuple(moved)
    largest = max((float(np.abs(value).max(initial=0)) for h in history for value in h), default=0.0)
    sloped = [
        name
        for index, name in enumerate(reached)
        if any(np.abs(h[index]).max(initial=0) > FAINT * largest for h in history)
    ]
    training.still = tuple(name for name in sloped if name not in moved)
    training.unreached = tuple(name for name in weights if name not in reached)
    if not moved or len(history) < STEPS or len(values) < STEPS + 1:
        return
    used = [index for index, name in enumerate(reached) if name in moved]
    if not used:
        return
    gradients, places = _thinned(
        [[h[index] for index in used] for h in history], [[v[reached[index]] for index in used] for v in values]
    )
    steps = [after - before for before, after in itertools.pairwise(places)]
    if not np.isfinite(gradients[0]).all() or not np.isfinite(steps[0]).all():
        return
    # An optimizer that gathers gradients first moves only after some runs.
    first = next((index for index, step in enumerate(steps) if step.any()), 0)
    gathered = np.sum(gradients[: first + 1], axis=0)
    slope = float((gathered * steps[first]).sum())
    size = float((gathered**2).sum() * (steps[first] ** 2).sum()) ** 0.5
    known = match is not None or reading.loss == reading.roles.loss
    least = 0.1 if reading.measured.get("random") else 0.02
    if known and size > 0 and abs(slope) > least * size:
        upward = slope > 0
        # A loss that is the right one with its sign turned falls where the right one climbs.
        training.climbs = upward if match is None or match.scale > 0 else not upward
    if training.kind is None and not reading.measured.get("random"):
        _note(reading, recognise_steps(gradients, steps, places[:-1]) or _by_variable(used, history, values, reached))


def _note(reading: Reading, found: StepMatch | None) -> None:
    training = reading.training
    if found is None:
        return
    training.kind, training.measured = found.kind, True
    training.place = training.place or reading.roles.train_op or ""
    if not _fed_rates(reading) and np.isfinite(found.rate):
        training.rate = abs(found.rate)
        training.rates = tuple(abs(rate) for rate in found.rates)


def _by_own_gradients(reading: Reading, feeds: dict[str, Array]) -> StepMatch | None:
    """The rule by the gradients that the train op takes itself, which may be of another mode or draw random numbers."""
    bench, train_op = reading.bench, reading.roles.train_op
    own = _own_gradients(reading, feeds)
    if bench is None or train_op is None or not own:
        return None
    bench.initialise()
    names = list(own)
    taken: list[tuple[list[Array], list[Array], list[Array]]] = []
    for _ in range(STEPS):
        # Each from other weights: variables of TensorFlow's first kind may change while gradients are still being computed from
        # them, and a descent by such gradients diverges within a few steps.
        before = bench.values(names) if settle(reading) else None
        # In one run with the step: what is drawn at random is then the same.
        found = bench.run([*own.values(), train_op], feeds)
        after = bench.values(names)
        if before is None or found is None or after is None:
            return None
        taken.append((found[: len(own)], [before[name] for name in names], [after[name] for name in names]))
    gradients, places = _thinned([g for g, _, _ in taken], [b for _, b, _ in taken])
    _, moved = _thinned([g for g, _, _ in taken], [a for _, _, a in taken])
    steps = [after - before for before, after in zip(places, moved, strict=True)]
    return recognise_steps(gradients, steps, places) if np.isfinite(_flat([*gradients, *steps])).all() else None


def _own_gradients(reading: Reading, feeds: dict[str, Array]) -> dict[str, str]:
    """For matrices that are moved by hand: the one product of images and labels with their shape that the move is made of."""
    bench, graph, roles = reading.bench, reading.graph, reading.roles
    if bench is None or roles.images is None or roles.labels is None:
        return {}
    both = graph.descendants([roles.images]) & graph.descendants([roles.labels])
    found = {}
    for update in roles.updates:
        if update.gradient or update.variable not in reading.training.moved:
            continue
        above = _gone_into(reading, graph.nodes[update.node].inputs[1:]) & both
        products = sorted(tensor for tensor in above if graph[tensor].op in _PRODUCTS)[:MOST_PRODUCTS]
        value = bench.values([update.variable]) or {}
        shape = value[update.variable].shape if value else ()
        runs = bench.run(products, feeds) if len(shape) == 2 and products else None
        fitting = [tensor for tensor, run in zip(products, runs or [], strict=False) if run.shape == shape]
        if len(fitting) == 1:
            found[update.variable] = fitting[0]
    return found


def _gone_into(reading: Reading, tensors: Sequence[str]) -> set[str]:
    """All that goes into `tensors` in one step: what the step writes into a variable and then reads from it included."""
    graph = reading.graph
    written: dict[str, list[str]] = {}
    for update in reading.roles.updates:
        written.setdefault(update.variable, []).extend(graph.nodes[update.node].inputs[1:])
    found: set[str] = set()
    todo = list(tensors)
    while todo:
        above = graph.ancestors(todo, stop=found) - found
        found |= above
        moments = [node_of(tensor) for tensor in above if node_of(tensor) in written]
        todo = [tensor for name in moments if name not in reading.weights for tensor in written[name]]
    return found


def _by_variable(
    used: list[int], history: list[list[Array]], values: list[dict[str, Array]], reached: list[str]
) -> StepMatch | None:
    """The rule of the variables one at a time, later layers first.

    With variables of TensorFlow's first kind a step may change a layer while an earlier layer's gradient is still being
    computed from it; the last layer's step is then the only one that follows from the gradient before.
    """
    found = None
    for index in reversed(used):
        gradients, places = _thinned([[h[index]] for h in history], [[v[reached[index]]] for v in values])
        steps = [after - before for before, after in itertools.pairwise(places)]
        if len(gradients[0]) < 5:
            continue
        match = recognise_steps(gradients, steps, places[:-1])
        if match is not None and found is None:
            found = match
        elif match is not None and found is not None and match.kind != found.kind:
            return None
        elif match is not None and found is not None and not abs(match.rate / found.rate - 1) < 0.02:
            found = replace(found, rate=float("nan"))  # a factor of its own for each variable
    return found


def _thinned(
    gradients: Sequence[Sequence[Array]], places: Sequence[Sequence[Array]]
) -> tuple[list[Array], list[Array]]:
    """Some thousand of the numbers that have a gradient, flattened: enough to tell rules apart."""

    def flattened(arrays: Sequence[Array]) -> Array:
        return np.concatenate([array.reshape(-1) for array in arrays])

    index = np.flatnonzero(flattened(gradients[0]))
    index = index[:: max(len(index) // 1500, 1)]
    taken = [[flattened(arrays)[index].astype(np.float64) for arrays in every] for every in (gradients, places)]
    return taken[0], taken[1]


def _fed_rates(reading: Reading) -> list[str]:
    """Numbers that training is fed, which a rate written by hand may come from."""
    graph = reading.graph
    loss = reading.roles.loss
    above = graph.ancestors([loss]) if loss else set()
    under = {t for u in reading.roles.updates for t in graph.ancestors(graph.nodes[u.node].inputs[1:])}
    return [
        source
        for source in graph.sources
        if source in under
        and source not in above
        and source not in reading.eval_feed
        and graph[node_of(source)].op != "PlaceholderWithDefault"
    ]


def _flat(arrays: Sequence[Array]) -> Array:
    return np.concatenate([array.reshape(-1).astype(np.float64) for array in arrays])

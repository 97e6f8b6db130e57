"""Which loss is it? Scores and labels go in, and what comes out is compared with a bank of formulas.

Where the lab refuses, that stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import ACTIVATIONS, log_softmax, name_activation, softmax
from netgrader.reader.find.layers import between
from netgrader.reader.find.losses import (
    CROSS_ENTROPY,
    LOSSES,
    LossMatch,
    Observation,
    recognise,
)
from netgrader.reader.find.outputs import LossReading
from netgrader.reader.graph.nodes import Array
from netgrader.reader.trial.probe import as_rows, orient, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.outputs import Layers
    from netgrader.reader.trial.probe import GraphProbe

#: Activations that are tried on the scores where the loss is a formula of none of the tensors behind them.
COMPOSED = ("softmax", "sigmoid", "relu", "tanh")

#: Losses of probabilities.
OF_SHARES = ("log-of-scores", "log-of-scores-tight", "binary-cross-entropy")
RUNS = 24
FEW_ROWS = 4
BARELY = 0.1  # part of the largest score by which a bound moves none


@dataclass(frozen=True)
class Place:
    """The scores of a sample: which tensor, the way from there to the loss, values, how they stand, and of which rows."""

    scores: str
    chain: tuple[str, ...]
    value: Array
    form: str
    windows: tuple[slice, ...]


#: What the tensors of a chain are, and the loss, for random scores; and the labels.
Run = tuple[list[Array], Array]
#: For each tensor that can be scores what was observed of it.
_Seen = dict[str, list[Observation]]


def try_loss(found: Found, probe: GraphProbe) -> tuple[Layers, LossReading]:
    """Feed the scores and compare the loss with the bank of formulas, at each tensor between scores and labels.

    The layers come with the scores that the loss was read from.
    """
    if found.scores is None or found.read is None or (found.exercise is not None and found.roles.labels is None):
        return found.layers, LossReading()
    sample = probe.sample(FEW_ROWS)
    rows = len(sample.labels)
    place = place_of(found, probe, probe.fetch(found.scores, probe.feed(sample)), rows)
    if place is None:
        return found.layers, LossReading()
    layers = replace(found.layers, scores=place.scores, chain=place.chain)
    undecided = LossReading(form=place.form)
    # A mean of several classifiers' probabilities: the loss takes its logarithm, and other numbers have none.
    total = _total_share(as_rows(place.value, place.form, rows)) if place.windows[0].stop == rows else 0.0
    runs = _observe(probe, place, found.read, rows, total)
    if not runs:
        return layers, undecided
    totals = np.array([run[-1].sum() for run, _ in runs], dtype=np.float64)
    if not np.isfinite(totals).all():
        natural = probe.fetch(found.read, probe.feed(sample))
        finite = natural is not None and bool(np.isfinite(natural).all())
        of_scores = None if finite else _log_of_scores(probe, place, found.read, rows)
        undecided = replace(undecided, finite=finite)
        if of_scores is not None:
            undecided = replace(undecided, match=of_scores, logits=place.scores, last_activation="none")
        return layers, undecided
    seen, match = _recognised(found, probe, place, runs, total)
    if match is None:
        return layers, undecided
    tensor, formula, composed = match
    values = {name: np.concatenate([o.scores for o in observations]) for name, observations in seen.items()}
    before, after = next(iter(values.values())), values[tensor]
    turned = formula.kind == CROSS_ENTROPY and _is_scaled(-before, after)
    if not composed and (turned or _is_shuffled(before, after)):
        # What the last layer puts out is turned over first, a distance say, or put in order: scores are what comes of that.
        place = replace(place, scores=tensor, chain=place.chain[place.chain.index(tensor) :])
        values = {tensor: after}
    named = named_along(values, tensor)
    if named == ["other"] and _is_over_batch(place, seen[tensor], next(iter(seen.values()))):
        formula = replace(formula, kind="softmax-over-batch")
    loss = replace(
        undecided,
        match=formula,
        logits=tensor,
        last_activation=composed or named[-1],
        inner_activations=tuple(name for name in (named if composed else named[:-1]) if name != "none"),
        reduction=reduction(found, probe, place, formula, runs[0][0][-1]),
    )
    return replace(layers, scores=place.scores, chain=place.chain), loss


def _recognised(
    found: Found, probe: GraphProbe, place: Place, runs: Sequence[Run], total: float
) -> tuple[_Seen, tuple[str, LossMatch, str] | None]:
    """What was observed, and the tensor, formula and activation that explain it."""
    for window in place.windows:
        seen = _observations(probe, place, runs, window)
        match = (_first_match(_as_logarithms(seen)) if total else None) or _first_match(seen)
        if match is not None:
            break
    if match is not None and match[2] and _labels_in_scores(found):
        match = None  # what the labels add to the scores looks like a function of them
    return seen, match


def _is_shuffled(before: Array, after: Array) -> bool:
    """Whether the classes were put in another order."""
    alike = before.shape == after.shape and not np.array_equal(before, after)
    return alike and bool(np.allclose(np.sort(before, axis=1), np.sort(after, axis=1)))


def _is_over_batch(place: Place, after: Sequence[Observation], before: Sequence[Observation]) -> bool:
    """Whether the scores were made shares over the rows, or their logarithms."""
    pairs = list(zip(before, after, strict=True)) if place.form == "rows" else []
    return bool(pairs) and any(
        all(same(late.scores, function(early.scores, 0)) for early, late in pairs)
        for function in (softmax, log_softmax)
    )


def _log_of_scores(probe: GraphProbe, place: Place, loss: str, rows: int) -> LossMatch | None:
    """The loss that takes the logarithm of the scores themselves, which is a number where those are shares already."""
    seen = _observations(probe, place, _observe(probe, place, loss, rows, 1.0), place.windows[0])
    return recognise(seen[place.scores], OF_SHARES) if place.scores in seen else None


def _labels_in_scores(found: Found) -> bool:
    """Whether what the student calls logits or prediction is made with the labels."""
    late = found.graph.descendants([found.roles.labels])
    return any(found.hints.get(key) in late for key in ("logits", "prediction"))


def place_of(found: Found, probe: GraphProbe, value: Array | None, rows: int) -> Place | None:
    """Where the scores stand, given what the last layer puts out; None where that fits nothing."""
    if value is None or found.scores is None:
        return None
    scores, chain = found.scores, found.layers.chain
    form = orient(value, rows, probe.classes)
    if form is None and (later := _first_scores(probe, chain, rows)) is not None:
        index, value, form = later
        scores, chain = chain[index], chain[index:]
    if form is not None:
        return Place(scores, chain, value, form, (slice(0, rows),))
    if share := _share_of(value, rows, probe.classes):
        # The scores of a part of the batch, whose labels stand first or last.
        return Place(scores, chain, value, "rows", (slice(0, share), slice(rows - share, rows)))
    if probe.looped is not None and value.size == probe.classes:
        # The scores of one row, in a loop that also takes its loss.
        return Place(scores, chain, value, "rows", tuple(slice(row, row + 1) for row in range(rows)))
    return None


def _first_scores(probe: GraphProbe, chain: Sequence[str], rows: int) -> tuple[int, Array, str] | None:
    """Where in the chain a number for each class of each row first stands, what is there, and how it stands.

    What comes before it are maps that are averaged, say, or distances of single numbers that are summed.
    """
    values = probe.run(chain, probe.feed(probe.sample(rows))) if chain else None
    for index, value in enumerate(values or []):
        form = orient(value, rows, probe.classes) if value.dtype.kind == "f" else None
        if form is not None and index:
            return index, value, form
    return None


def named_along(values: Mapping[str, Array], end: str) -> list[str]:
    """The functions between the scores, which come first, and the tensor that the loss is of, one after another."""
    (start, current), *later = values.items()
    if end == start:
        return ["none"]
    whole = name_activation(current, values[end])
    if whole is not None:
        return [whole]
    if values[end].shape == current.shape and np.abs(values[end] - current).max() < BARELY * np.abs(current).max():
        return ["other"]  # a bound so wide that scores hardly meet it
    found = []
    for tensor, value in later:
        name = name_activation(current, value)
        if name is not None:
            found.append(name)
        if name is not None or _is_scaled(current, value):
            current = value
        if tensor == end:
            break
    if not np.array_equal(current, values[end]):
        return ["other"]
    return [name for name in found if name != "none"] or ["none"]


def _is_scaled(before: Array, after: Array) -> bool:
    """Whether numbers were multiplied by one that is above zero: a mean of several classifiers', a temperature."""
    factor = float((before * after).sum() / max(float((before**2).sum()), 1e-30))
    return factor > 0 and same(after, factor * before)


def _share_of(scores: Array, rows: int, classes: int) -> int | None:
    """How many of the rows these are the scores of, where it is a part of them."""
    count = scores.shape[0] if scores.ndim == 2 else 0
    return count if 0 < count < rows and rows % count == 0 and scores.shape[1] == classes else None


def _observations(probe: GraphProbe, place: Place, runs: Sequence[Run], window: slice) -> _Seen:
    """For each tensor that can be scores of the rows in `window`: those, their labels and the loss, for each run."""
    seen: _Seen = {}
    if not runs:
        return seen
    rows = len(range(*window.indices(len(runs[0][1]))))
    for index, tensor in enumerate(place.chain):
        if all(orient(run[index], rows, probe.classes) == place.form for run, _ in runs):
            seen[tensor] = [
                Observation(as_rows(run[index], place.form, rows), labels[window], float(run[-1].sum()))
                for run, labels in runs
            ]
    return seen


def _total_share(scores: Array) -> float:
    """What each row adds up to, where it is a distribution over the classes up to a factor; else 0."""
    totals = scores.sum(axis=1)
    alike = scores.min(initial=0) >= 0 and np.allclose(totals, totals[0], rtol=1e-3)
    return float(totals[0]) if alike else 0.0


def _as_logarithms(seen: _Seen) -> _Seen:
    """Probabilities as the scores that a softmax makes them from."""
    tensor, observations = next(iter(seen.items()))
    return {tensor: [replace(o, scores=np.log(np.maximum(o.scores, 1e-30))) for o in observations]}


def _observe(probe: GraphProbe, place: Place, loss: str, rows: int, total: float) -> list[Run]:
    """Labels, and what the tensors between scores and loss are, for random scores; or for shares of a `total`."""
    runs = []
    fetches = [*place.chain, loss]
    for _ in range(RUNS):
        sample = probe.sample(rows)
        labels = probe.rng.integers(1, max(probe.classes - 1, 2), rows)
        fed = probe.rng.standard_normal(place.value.shape) * 1.7
        fed = total * softmax(fed, 0 if place.form == "columns" else -1) if total else fed
        values = probe.run(fetches, {**probe.feed(type(sample)(sample.images, labels)), place.scores: fed})
        if values is None:
            return []
        runs.append((values, labels))
    return runs


def _first_match(seen: _Seen) -> tuple[str, LossMatch, str] | None:
    """Tensor, formula and activation before it: the right loss wherever it is first found, else another one.

    What is behind the scores, many losses are a sum of at the labels; that alone makes it no score.
    """
    scores = next(iter(seen), "")
    found = ((tensor, match, name) for tensor, match, name in _matches(seen) if match is not None)
    return next((one for one in found if one[0] == scores or one[1].kind != "negative-score"), None)


def _matches(seen: _Seen) -> Iterator[tuple[str, LossMatch | None, str]]:
    """What each tensor is by the right formula, then by the others.

    Last come formulas of an activation of the scores that is no tensor of its own, and variants of the right loss.
    """
    for kinds in ([CROSS_ENTROPY], [kind for kind in LOSSES if kind != CROSS_ENTROPY]):
        for tensor, observations in seen.items():
            yield tensor, recognise(observations, kinds), ""
    for tensor, observations in seen.items():
        for name in COMPOSED:
            changed = [replace(o, scores=ACTIVATIONS[name](o.scores)) for o in observations]
            yield tensor, recognise(changed, list(LOSSES)), name
    for tensor, observations in seen.items():
        yield tensor, recognise(observations), ""


def reduction(found: Found, probe: GraphProbe, place: Place, match: LossMatch, value: Array) -> str:
    """``none`` where the loss is a tensor, else what it does as rows are doubled."""
    loss, term, shape = found.loss, found.layers.term, place.value.shape
    if loss is None:
        return "undecided"
    sample = probe.sample(2 * FEW_ROWS if term else (shape[-1] if place.form == "columns" else shape[0]))
    rows = len(sample.labels)
    twice = sample.rows(np.tile(np.arange(rows), 2))
    if term is not None and probe.looped is None:
        one, two, offset = probe.fetch(loss, probe.feed(sample)), probe.fetch(loss, probe.feed(twice)), 0.0
        value = value if one is None else one
    elif value.size > 1 or value.ndim:
        return "none"
    elif probe.looped is not None and term is not None:
        return "undecided"
    elif probe.batch is not None:
        return "mean" if abs(match.scale) * rows < 2 else "sum"
    else:
        fed, offset = probe.rng.standard_normal(shape), match.offset
        axis = 1 if place.form == "columns" else 0
        one = probe.fetch(loss, {**probe.feed(sample), place.scores: fed})
        two = probe.fetch(loss, {**probe.feed(twice), place.scores: np.concatenate([fed, fed], axis)})
    if value.size > 1 or value.ndim:
        return "none"
    if one is None or two is None:
        return "undecided"
    ratio = (two.item() - offset) / ((one.item() - offset) or 1.0)
    return "mean" if abs(ratio - 1) < 0.2 else "sum" if abs(ratio - 2) < 0.2 else "other"


def try_extreme_scores(found: Found, probe: GraphProbe, form: str) -> bool | None:
    """Whether the loss stays finite where a probability is zero in its precision; None where it need not be asked."""
    scores, loss = found.scores, found.loss
    if scores is None or loss is None or not form:
        return None
    if not any(node.op == "Log" for node in between(found.graph, scores, loss)):
        return None
    sample = probe.sample(2)
    rows = len(sample.labels)
    first = probe.fetch(scores, probe.feed(sample))
    if first is None:
        return None
    z = np.zeros((rows, probe.classes))
    z[np.arange(rows), (sample.labels + 1) % probe.classes] = 1000.0 if first.dtype == np.float64 else 300.0
    fed = z.T if form == "columns" else z.reshape(first.shape)
    value = probe.fetch(loss, {**probe.feed(sample), scores: fed})
    return None if value is None else bool(np.isfinite(value).all())

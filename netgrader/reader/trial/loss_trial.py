"""Which loss is it? Scores and labels are fed, and the loss is compared with a bank of formulas.

Where the lab refuses, that stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import ACTIVATIONS, log_softmax, name_activation, softmax
from netgrader.reader.find.layers import between
from netgrader.reader.find.losses import CROSS_ENTROPY, LOSSES, LossMatch, Observation, recognise
from netgrader.reader.find.outputs import LossReading
from netgrader.reader.graph.nodes import Array
from netgrader.reader.trial.probe import as_rows, orient, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.reader.find import Found
    from netgrader.reader.find.outputs import Layers
    from netgrader.reader.trial.probe import GraphProbe, Sample

COMPOSED = ("softmax", "sigmoid", "relu", "tanh")
"""Activations that are tried on the scores where the loss is a formula of none of the tensors behind them."""
OF_SHARES = ("log-of-scores", "log-of-scores-tight", "binary-cross-entropy")
"""Losses of probabilities."""
RUNS = 24
AVERAGED = 20
"""Runs of a random loss that are averaged: with half of the units dropped, the mean is then off by a tenth at most."""
FEW_ROWS = 4
BARELY = 0.1
"""Part of the largest score by which a bound changes none."""
SAME_SIZE = 0.2
"""By how much the ratio of two losses may be off 1 or 2."""
EXTREME = 300.0
"""A score of which a softmax makes a one and zeros in 32 bits; in 64 bits three times as much does."""


@dataclass(frozen=True)
class Place:
    """The scores of a sample: which tensor, the way from there to the loss, their values and form, and how many rows."""

    scores: str
    chain: tuple[str, ...]
    value: Array
    form: str
    rows: int


Run = tuple[list[Array], Array]
"""The tensors of a chain and the loss, for random scores; and the labels."""
_Seen = dict[str, list[Observation]]
"""For each tensor that can be scores what was observed of it."""


def try_loss(found: Found, probe: GraphProbe) -> tuple[Layers, LossReading]:
    """Feed the scores and compare the loss with the bank of formulas, at each tensor between scores and labels.

    The layers come with the scores that the loss was read from.
    """
    place = None if found.exercise is not None and found.roles.labels is None else place_of(found, probe)
    if place is None or found.read is None:
        return found.layers, LossReading()
    total = _total_share(as_rows(place.value, place.form, place.rows))
    runs = _observe(probe, place, found.read, total)
    loss = LossReading(form=place.form)
    if all(np.isfinite(run[-1]).all() for run, _ in runs):
        match = _best_match(found, _observations(probe, place, runs), total)
        place, loss = (place, loss) if match is None else _matched(found, probe, place, runs, match)
    else:
        loss = _of_shares(probe, place, found.read, loss)
    return replace(found.layers, scores=place.scores, chain=place.chain), loss


def _best_match(found: Found, seen: _Seen, total: float) -> tuple[str, LossMatch, str] | None:
    """The tensor, formula and activation that explain the loss; probabilities are looked at as logarithms first."""
    match = (_first_match(_as_logarithms(seen)) if total and seen else None) or _first_match(seen)
    # What the labels add to the scores looks like a function of them.
    return None if match is not None and match[2] and _labels_in_scores(found) else match


def _matched(
    found: Found, probe: GraphProbe, place: Place, runs: Sequence[Run], match: tuple[str, LossMatch, str]
) -> tuple[Place, LossReading]:
    """Where the scores are of a loss with a known formula, and what is known of it."""
    seen = _observations(probe, place, runs)
    tensor, formula, composed = match
    values = {name: np.concatenate([o.scores for o in observations]) for name, observations in seen.items()}
    first = next(iter(seen))
    if formula.kind == CROSS_ENTROPY and not composed and _is_scaled(-values[first], values[tensor]):
        # What the last layer puts out is turned over first, a distance say: scores are what comes of that.
        place = replace(place, scores=tensor, chain=place.chain[place.chain.index(tensor) :])
        values = {tensor: values[tensor]}
    named = named_along(values, tensor)
    if named == ["other"] and _is_over_batch(place, seen[tensor], seen[first]):
        formula = replace(formula, kind="softmax-over-batch")
    inner = named if composed else named[:-1]
    return place, LossReading(
        formula,
        tensor,
        composed or named[-1],
        tuple(name for name in inner if name != "none"),
        reduction(found, probe, formula, place.rows),
        place.form,
    )


def _of_shares(probe: GraphProbe, place: Place, loss: str, undecided: LossReading) -> LossReading:
    """The loss that is no number for random scores: it may take their logarithm, and be one for shares."""
    natural = probe.fetch(loss, probe.feed(probe.sample(place.rows)))
    if natural is not None and np.isfinite(natural).all():
        return replace(undecided, finite=True)
    seen = _observations(probe, place, _observe(probe, place, loss, 1.0))
    match = recognise(seen[place.scores], OF_SHARES) if place.scores in seen else None
    known = replace(undecided, finite=False)
    return known if match is None else replace(known, match=match, logits=place.scores, last_activation="none")


def _is_over_batch(place: Place, after: Sequence[Observation], before: Sequence[Observation]) -> bool:
    """Whether the scores were made shares over the rows, or their logarithms."""
    pairs = list(zip(before, after, strict=True)) if place.form == "rows" else []
    return bool(pairs) and any(
        all(same(late.scores, function(early.scores, 0)) for early, late in pairs)
        for function in (softmax, log_softmax)
    )


def _labels_in_scores(found: Found) -> bool:
    """Whether what the student calls logits or prediction is made with the labels."""
    late = found.graph.descendants([found.roles.labels])
    return any(found.hints.get(key) in late for key in ("logits", "prediction"))


def place_of(found: Found, probe: GraphProbe) -> Place | None:
    """Locate the first tensor behind the layers that has a number for each class of each row; None if there is none."""
    sample = probe.sample(FEW_ROWS)
    rows, chain = len(sample.labels), found.layers.chain
    values = probe.run(chain, probe.feed(sample)) if found.scores is not None and chain else None
    for index, value in enumerate(values or []):
        form = orient(value, rows, probe.classes) if value.dtype.kind == "f" else None
        if form is not None:
            return Place(chain[index], chain[index:], value, form, rows)
    return None


def named_along(values: Mapping[str, Array], end: str) -> list[str]:
    """The functions between the scores, which come first, and the tensor that the loss is of, one after another."""
    (start, current), *later = values.items()
    last = values[end]
    whole = "none" if end == start else name_activation(current, last)
    if whole is not None:
        return [whole]
    if last.shape == current.shape and np.abs(last - current).max() < BARELY * np.abs(current).max():
        return ["other"]  # a bound so wide that scores hardly meet it
    found = []
    for tensor, value in later[: [name for name, _ in later].index(end) + 1]:
        name = name_activation(current, values[tensor])
        found += [name] if name not in (None, "none") else []
        if name is not None or _is_scaled(current, value):
            current = value
    return (found or ["none"]) if np.array_equal(current, last) else ["other"]


def _is_scaled(before: Array, after: Array) -> bool:
    """Whether numbers were multiplied by one that is above zero: a mean of several classifiers', a temperature."""
    if before.shape != after.shape:
        return False
    factor = float((before * after).sum() / max(float((before**2).sum()), 1e-30))
    return factor > 0 and same(after, factor * before)


def _observations(probe: GraphProbe, place: Place, runs: Sequence[Run]) -> _Seen:
    """For each tensor that can be scores: those, their labels and the loss, for each run."""
    return {
        tensor: [
            Observation(as_rows(run[index], place.form, place.rows), labels, float(run[-1].sum()))
            for run, labels in runs
        ]
        for index, tensor in enumerate(place.chain)
        if runs and all(orient(run[index], place.rows, probe.classes) == place.form for run, _ in runs)
    }


def _total_share(scores: Array) -> float:
    """What each row adds up to, where it is a distribution over the classes up to a factor; else 0."""
    totals = scores.sum(axis=1)
    alike = scores.min(initial=0) >= 0 and np.allclose(totals, totals[0], rtol=1e-3)
    return float(totals[0]) if alike else 0.0


def _as_logarithms(seen: _Seen) -> _Seen:
    """Probabilities as the scores that a softmax makes them from."""
    tensor, observations = next(iter(seen.items()))
    return {tensor: [replace(o, scores=np.log(np.maximum(o.scores, 1e-30))) for o in observations]}


def _observe(probe: GraphProbe, place: Place, loss: str, total: float) -> list[Run]:
    """Labels, and what the tensors between scores and loss are, for random scores; or for shares of a `total`."""
    runs = []
    for _ in range(RUNS):
        sample = probe.sample(place.rows)
        labels = probe.rng.integers(1, max(probe.classes - 1, 2), place.rows)
        fed = probe.rng.standard_normal(place.value.shape) * 1.7
        fed = total * softmax(fed, 0 if place.form == "columns" else -1) if total else fed
        feeds = {**probe.feed(type(sample)(sample.images, labels)), place.scores: fed}
        values = probe.run([*place.chain, loss], feeds)
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
    others = [kind for kind in LOSSES if kind != CROSS_ENTROPY]
    for kinds, names in (([CROSS_ENTROPY], ("",)), (others, ("",)), (list(LOSSES), COMPOSED), (None, ("",))):
        for tensor, observations in seen.items():
            for name in names:
                function = ACTIVATIONS[name or "none"]
                yield tensor, recognise([replace(o, scores=function(o.scores)) for o in observations], kinds), name


def _averaged_loss(loss: str, probe: GraphProbe, sample: Sample) -> Array | None:
    """The loss of some rows; where it is random, as with dropout, the mean of many runs."""
    feeds = probe.feed(sample)
    first, again = probe.fetch(loss, feeds), probe.fetch(loss, feeds)
    if first is None or again is None or same(first, again):
        return first
    runs = [value for _ in range(AVERAGED) if (value := probe.fetch(loss, feeds)) is not None]
    return np.asarray(np.mean(runs, axis=0))


def reduction(found: Found, probe: GraphProbe, match: LossMatch, rows: int) -> str:
    """``none`` where the loss is a tensor, else what it does as rows are doubled."""
    if found.loss is None or probe.batch is not None:
        return "undecided"
    sample = probe.sample(rows)
    twice = sample.rows(np.tile(np.arange(rows), 2))
    one, two = (_averaged_loss(found.loss, probe, each) for each in (sample, twice))
    if one is None or two is None:
        return "undecided"
    if one.size != 1 or two.size != 1:
        return "none"
    offset = match.offset if found.layers.term is None else 0.0
    ratio = (two.item() - offset) / ((one.item() - offset) or 1.0)
    return next((name for name, size in (("mean", 1), ("sum", 2)) if abs(ratio - size) < SAME_SIZE), "other")


def try_extreme_scores(found: Found, probe: GraphProbe, form: str) -> bool | None:
    """Whether the loss stays finite where a probability is zero in its precision; None where it need not be asked."""
    scores, loss = found.scores, found.loss
    if scores is None or loss is None or not any(node.op == "Log" for node in between(found.graph, scores, loss)):
        return None
    sample = probe.sample(2)
    rows = len(sample.labels)
    first = probe.fetch(scores, probe.feed(sample))
    if first is None:
        return None
    z = np.zeros((rows, probe.classes))
    z[np.arange(rows), (sample.labels + 1) % probe.classes] = EXTREME * (3 if first.dtype == np.float64 else 1)
    value = probe.fetch(loss, {**probe.feed(sample), scores: z.T if form == "columns" else z.reshape(first.shape)})
    return None if value is None else bool(np.isfinite(value).all())

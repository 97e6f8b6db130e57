"""Recognize the loss: feed logits and labels, and compare its values with a bank of formulas.

If the lab refuses, the loss stays undecided.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import ACTIVATIONS, log_softmax, name_activation, sigmoid, softmax
from graphread.find.layers import ops_between
from graphread.find.losses import CONSTANT, CROSS_ENTROPY, LOSSES, LossMatch, Observation, recognise
from graphread.find.outputs import LossReading
from graphread.trial.probe import SINGLE, Sample, Untried, as_put_out, as_rows, as_shares, orient, same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from graphread.find import Found
    from graphread.find.outputs import Layers
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe

COMPOSED = ("softmax", "sigmoid", "relu", "tanh")
"""Activations to apply to the logits if the loss is a formula of none of the tensors after them."""
OF_SHARES = ("log-of-scores", "log-of-scores-tight", "binary-cross-entropy")
"""Losses of probabilities."""


class LossTrials:
    """Numbers of runs, and tolerances of the comparison."""

    RUNS = 24
    AVERAGED = 20
    """Runs to average for a random loss: with half of the units dropped, the mean is then within a tenth."""
    FEW_ROWS = 4
    DRAWN, SAME = 3, 1e-6
    """Draws of logits, and the relative difference below which losses count as equal."""
    BARELY = 0.1
    """Fraction of the largest logit; a smaller change of logits comes from a wide clip."""
    SAME_SIZE = 0.2
    """Tolerance for the ratio of two losses, which is 1 or 2."""


EXTREME = {2: 300.0, 4: 300.0, 8: 900.0}
"""A logit for which softmax returns a one and zeros, by bytes per element."""


@dataclass(frozen=True)
class Place:
    """The logits of a sample: tensor, path from it to the loss, values, layout and number of rows."""

    scores: str
    chain: tuple[str, ...]
    value: Array
    form: str
    rows: int


@dataclass(frozen=True)
class Run:
    """The values of tensors, by name, and of the loss, for given logits and labels."""

    values: dict[str, Array]
    labels: Array
    loss: Array


_SHARED: Mapping[str, Callable[[Array], Array]] = {"columns": lambda z: softmax(z, 0), SINGLE: sigmoid}
"""The function from logits to probabilities by layout, if it is not the softmax of a row."""
Seen = dict[str, list[Observation]]
"""Observations by tensor, for each tensor that can be logits."""


def try_loss(found: Found, probe: GraphProbe) -> tuple[Layers, LossReading]:
    """Feed logits, and compare the loss with the bank of formulas at each tensor up to the labels.

    Return also the layers, with the logits from which the loss was read.
    """
    place = place_of(found, probe)
    layers, undecided = replace(found.layers, scores=place.scores, chain=place.chain), LossReading(form=place.form)
    return layers, probe.ask(undecided, _read, found, probe, place, undecided)


def _read(found: Found, probe: GraphProbe, place: Place, undecided: LossReading) -> LossReading:
    """Return the loss as a formula of random logits; of random probabilities if rows have a fixed sum."""
    if place.form == SINGLE and _is_constant(found, probe, place):
        return replace(undecided, match=CONSTANT, logits=place.scores)
    total = _total_share(as_rows(place.value, place.form, place.rows))
    seen = _observe(found, probe, place, total)
    if not is_finite(seen):
        return _of_shares(found, probe, place, undecided)
    views = [*([_as_logarithms(seen)] if total else []), *_views(seen, place.form)]
    match = next(filter(None, map(_first_match, views)), None)
    # Labels that are added to the logits would look like a function of the logits.
    if match is None or (match[2] and _labels_in_scores(found)):
        return undecided
    return _matched(found, probe, place, seen, match)


def _is_constant(found: Found, probe: GraphProbe, place: Place) -> bool:
    """Whether the loss of some rows is constant for any logits."""
    sample = probe.sample(place.rows)
    drawn = probe.rng.standard_normal((LossTrials.DRAWN, *place.value.shape))
    losses = [run_with(found, probe, place, sample, scores).loss.sum() for scores in drawn]
    return bool(np.ptp(losses) <= LossTrials.SAME * (1 + np.abs(losses).max()))


def _matched(
    found: Found, probe: GraphProbe, place: Place, seen: Seen, match: tuple[str, LossMatch, str]
) -> LossReading:
    """Return the facts known about a loss with a known formula."""
    tensor, formula, composed = match
    first = int(place.form == SINGLE)
    values = {name: np.concatenate([o.scores[:, first:] for o in every]) for name, every in seen.items()}
    named = named_along(values, tensor)
    if named == ["other"] and _is_over_batch(place, values[tensor], values[place.scores]):
        formula = replace(formula, kind="softmax-over-batch")
    *inner, last = [*named, composed] if composed else named
    return LossReading(
        formula,
        tensor,
        last,
        tuple(name for name in inner if name != "none"),
        reduction(found, probe, formula, place.rows),
        place.form,
    )


def _of_shares(found: Found, probe: GraphProbe, place: Place, undecided: LossReading) -> LossReading:
    """Return the loss that is not finite for random logits: a formula of probabilities, if one fits."""
    natural = probe.fetch(found.read, probe.feed(probe.sample(place.rows)))
    if np.isfinite(natural).all():
        return replace(undecided, finite=True)
    match = recognise(_views(_observe(found, probe, place, 1.0), place.form)[-1][place.scores], OF_SHARES)
    known = replace(undecided, finite=False)
    return known if match is None else replace(known, match=match, logits=place.scores, last_activation="none")


def _is_over_batch(place: Place, after: Array, before: Array) -> bool:
    """Whether a (log-)softmax over the rows turned `before` into `after`, both (runs * rows, classes)."""
    late, early = (scores.reshape(LossTrials.RUNS, place.rows, -1) for scores in (after, before))
    return place.form != "columns" and any(same(late, function(early, 1)) for function in (softmax, log_softmax))


def _labels_in_scores(found: Found) -> bool:
    """Whether the student's logits or prediction depend on the labels."""
    return not found.graph.descendants([found.roles.labels]).isdisjoint(found.given.named("logits", "prediction"))


def place_of(found: Found, probe: GraphProbe) -> Place:
    """Locate the logits: the first tensor after the layers with a number for each class of each row.

    Raises
    ------
    Untried
        If there is no such tensor.
    """
    sample = probe.sample(LossTrials.FEW_ROWS)
    rows, chain = len(sample.labels), found.layers.chain
    for index, value in enumerate(probe.run(chain, probe.feed(sample))):
        form = orient(value, rows, probe.classes) if value.dtype.kind == "f" else None
        if form is not None:
            return Place(chain[index], chain[index:], value, form, rows)
    raise Untried


def named_along(values: Mapping[str, Array], end: str) -> list[str]:
    """Return the functions between the logits (first) and the tensor in the loss, in order."""
    current, last = next(iter(values.values())), values[end]
    whole = name_activation(current, last)
    if whole is not None:
        return [whole]
    if np.abs(last - current).max() < LossTrials.BARELY * np.abs(current).max():
        return ["other"]  # a clip so wide that it hardly changes logits
    found = []
    for value in itertools.islice(values.values(), [*values].index(end) + 1):
        name = name_activation(current, value)
        if name is not None or _is_scaled(current, value):
            found.append(name or "none")
            current = value
    named = [name for name in found if name != "none"] or ["none"]
    return named if np.array_equal(current, last) else ["other"]


def _is_scaled(before: Array, after: Array) -> bool:
    """Whether numbers were multiplied by a positive factor: a mean of classifiers, a temperature."""
    factor = float((before * after).sum() / max(float((before**2).sum()), 1e-30))
    return factor > 0 and same(after, factor * before)


def run_with(found: Found, probe: GraphProbe, place: Place, sample: Sample, scores: Array, *more: str) -> Run:
    """Run the tensors between logits and loss, and `more`, for given logits."""
    tensors = list(dict.fromkeys((*place.chain, *more)))
    *values, loss = probe.run([*tensors, found.read or ""], {**probe.feed(sample), place.scores: scores})
    return Run(dict(zip(tensors, values, strict=True)), sample.labels, loss)


def observations(probe: GraphProbe, place: Place, runs: Sequence[Run]) -> Seen:
    """Return, for each tensor that can be logits, its values with labels and loss in each run."""
    form, rows = place.form, place.rows
    able = [name for name in runs[0].values if all(_can_be_scores(run.values[name], probe, place) for run in runs)]
    return {
        name: [Observation(as_rows(run.values[name], form, rows), run.labels, float(run.loss.sum())) for run in runs]
        for name in able
    }


def _can_be_scores(value: Array, probe: GraphProbe, place: Place) -> bool:
    """Whether a value has one number for each class, or output, of each row."""
    return value.dtype.kind == "f" and orient(value, place.rows, probe.classes) == place.form


def is_finite(seen: Seen) -> bool:
    """Whether the loss was finite in all runs."""
    return all(np.isfinite(one.value) for every in seen.values() for one in every)


def _total_share(scores: Array) -> float:
    """Return the common sum of all rows if they are distributions up to a factor; else 0."""
    totals = scores.sum(axis=1)
    alike = scores.min(initial=0) >= 0 and np.allclose(totals, totals[0], rtol=1e-3)
    return float(totals[0]) if alike else 0.0


def _views(seen: Seen, form: str) -> list[Seen]:
    """Return the observations; for single values, also those with the values read as probabilities."""
    shares = {name: [replace(o, scores=as_shares(o.scores)) for o in every] for name, every in seen.items()}
    return [seen, shares][: 1 + (form == SINGLE)]


def _as_logarithms(seen: Seen) -> Seen:
    """Return the observations with probabilities replaced by their logarithms as logits."""
    tensor, observations = next(iter(seen.items()))
    return {tensor: [replace(o, scores=np.log(np.maximum(o.scores, 1e-30))) for o in observations]}


def _observe(found: Found, probe: GraphProbe, place: Place, total: float) -> Seen:
    """Observe the loss for random logits and labels, or for random probabilities with sum `total`."""
    runs = []
    for _ in range(LossTrials.RUNS):
        sample = probe.sample(place.rows)
        labels = probe.rng.integers(int(probe.classes > 2), max(probe.classes - 1, 2), place.rows)
        fed = probe.rng.standard_normal(place.value.shape) * 1.7
        fed = total * _SHARED.get(place.form, softmax)(fed) if total else fed
        runs.append(run_with(found, probe, place, Sample(sample.images, labels), fed))
    return observations(probe, place, runs)


def _first_match(seen: Seen) -> tuple[str, LossMatch, str] | None:
    """Return the first match of the right loss, else of any loss: tensor, formula, activation.

    Many losses are a sum of some tensor at the labels; for tensors after the logits, that alone proves nothing.
    """
    scores = next(iter(seen), "")
    return next((one for one in _matches(seen) if one[0] == scores or one[1].kind != "negative-score"), None)


#: The order of comparisons: the right formula, the others, formulas of an activation applied to the logits that is not a
#: tensor of its own, and variants of the right loss; each with the activations to apply first.
_COMPARED: tuple[tuple[Sequence[str] | None, Sequence[str]], ...] = (
    ([CROSS_ENTROPY], ("",)),
    ([*LOSSES][1:], ("",)),
    ([*LOSSES], COMPOSED),
    (None, ("",)),
)


def _matches(seen: Seen) -> Iterator[tuple[str, LossMatch, str]]:
    """Yield the formula of the loss in terms of each tensor, with the activation applied first."""
    compared = ((kinds, name) for kinds, names in _COMPARED for name in names)
    for (kinds, name), (tensor, observations) in itertools.product(compared, seen.items()):
        function = ACTIVATIONS[name or "none"]
        match = recognise([replace(o, scores=function(o.scores)) for o in observations], kinds)
        if match is not None:
            yield tensor, match, name


def _averaged_loss(found: Found, probe: GraphProbe, sample: Sample) -> Array:
    """Return the loss of some rows; if it is random, as with dropout, the mean of many runs."""
    feeds = probe.feed(sample)
    first, again = probe.fetch(found.loss, feeds), probe.fetch(found.loss, feeds)
    return (
        first
        if same(first, again)
        else np.mean([probe.fetch(found.loss, feeds) for _ in range(LossTrials.AVERAGED)], axis=0)
    )


def reduction(found: Found, probe: GraphProbe, match: LossMatch, rows: int) -> str:
    """Return the reduction of the loss: ``none`` for a tensor, else by the effect of doubling the rows."""
    if probe.batch is not None:
        return "undecided"
    return probe.ask("undecided", _reduction, found, probe, match, rows)


def _reduction(found: Found, probe: GraphProbe, match: LossMatch, rows: int) -> str:
    """Return the reduction of the loss, by the effect of doubling the rows."""
    sample = probe.sample(rows)
    one, two = (_averaged_loss(found, probe, sample.rows(np.tile(np.arange(rows), times))) for times in (1, 2))
    if one.size != 1 or two.size != 1:
        return "none"
    offset = match.offset if found.layers.term is None else 0.0
    ratio = (two.item() - offset) / ((one.item() - offset) or 1.0)
    return next((name for name, size in (("mean", 1), ("sum", 2)) if abs(ratio - size) < LossTrials.SAME_SIZE), "other")


def try_extreme_scores(found: Found, probe: GraphProbe, loss: LossReading) -> bool | None:
    """Whether the loss is finite if a probability rounds to zero; None if the question does not apply."""
    scores = found.scores or ""
    if not loss.decided or loss.finite is False:
        return None
    if "Log" not in ops_between(found.graph, scores, found.loss):
        return None
    sample = probe.sample(2)
    rows, feeds = len(sample.labels), probe.feed(sample)
    first = probe.fetch(scores, feeds)
    z = np.zeros((rows, probe.classes))
    z[np.arange(rows), (sample.labels + 1) % probe.classes] = EXTREME[first.dtype.itemsize]
    fed = as_put_out(z, loss.form, first.shape)
    return bool(np.isfinite(probe.fetch(found.loss, {**feeds, scores: fed})).all())

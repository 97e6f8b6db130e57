"""Recognize probabilities, prediction and accuracy from logits of known accuracy.

Also check that each row's output depends on that row alone: vary randomness, the other rows, and their number.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import ACTIVATIONS, name_activation, softmax
from graphread.graph.plain import RANDOM
from graphread.trial.probe import (
    SINGLE,
    Sample,
    Sizes,
    Untried,
    as_put_out,
    as_rows,
    as_shares,
    orient,
    randomise_weights,
    same,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphread.find import Found
    from graphread.find.outputs import LossReading
    from graphread.graph.nodes import Array
    from graphread.trial.probe import GraphProbe


def _share(z: Array, labels: Array) -> float:
    return float((z.argmax(1) == labels).mean())


def _wrong_axis(z: Array, labels: Array) -> float:
    return float((z.argmax(0) == np.eye(z.shape[1])[labels].argmax(0)).mean())


def _crossed(by_row: Array, by_class: Array) -> float:
    """Return how often row and class indices agree, over the shorter of the two."""
    return float((by_row[: len(by_class)] == by_class[: len(by_row)]).mean())


#: Name → formula of logits (n, classes) and labels (n,). The first is the right one.
OF_ANY: Mapping[str, Callable[[Array, Array], float]] = {
    "right": _share,
    "percent": lambda z, labels: 100 * _share(z, labels),
    "count": lambda z, labels: len(z) * _share(z, labels),
    "error-rate": lambda z, labels: 1 - _share(z, labels),
    "no-argmax": lambda z, labels: float((z == np.eye(z.shape[1])[labels]).mean()),
    "no-argmax-probabilities": lambda z, labels: float((softmax(z) == np.eye(z.shape[1])[labels]).mean()),
}
OF_COLUMNS: Mapping[str, Callable[[Array, Array], float]] = {
    "wrong-axis": _wrong_axis,
    "wrong-axis-probabilities": lambda z, labels: _wrong_axis(softmax(z), labels),
    "rounded": lambda z, labels: float((np.round(softmax(z)) == np.eye(z.shape[1])[labels]).mean()),
    "labels-over-wrong-axis": lambda z, labels: _crossed(z.argmax(1), np.eye(z.shape[1])[labels].argmax(0)),
    "scores-over-wrong-axis": lambda z, labels: _crossed(labels, z.argmax(0)),
    "probabilities-over-wrong-axis": lambda z, labels: _crossed(labels, softmax(z).argmax(0)),
}
OF_A_SINGLE: Mapping[str, Callable[[Array, Array], float]] = {
    "of-pairs": lambda z, labels: float((z.argmax(1)[:, np.newaxis] == labels).mean()),
    "logit-over-half": lambda z, labels: float(((z[:, -1] - z[:, 0] > 0.5) == labels).mean()),
    "always-second": lambda _z, labels: float((labels == 1).mean()),
    "always-first": lambda _z, labels: float((labels == 0).mean()),
    "always-right": lambda _z, _labels: 1.0,
}
ACCURACIES: Mapping[str, Callable[[Array, Array], float]] = {**OF_ANY, **OF_COLUMNS, **OF_A_SINGLE}


class TriedRows:
    """Numbers of rows with known logits; odd for a single output, so that no fraction fits both classes."""

    MOST, SINGLES = 20, 21


SHARES = (0.3, 0.7, 0.5, 0.9)
"""Fractions of rows whose largest logit is at the label."""
_OF_SCORES = ("no-argmax", "no-argmax-probabilities", "rounded")
"""Comparisons of scores with labels, which are almost never equal."""
_CHOOSING = ("ArgMax", "TopKV2", "Cast", "Identity", "StridedSlice", "Squeeze", "Reshape")
MIXED = 1e-3
"""Largest difference between rows due to rounding, relative to the largest output."""


@dataclass(frozen=True)
class OutputTrial:
    """The outputs of the network for logits of known accuracy."""

    accuracy: str | None = None
    """The tensor of the accuracy, or the likeliest candidate."""
    accuracy_is: str | None = None
    """Its name in `ACCURACIES`, ``not-averaged``, ``whole-number`` or ``other``; None if untested."""
    logits_is: str | None = None
    prediction_is: str | None = None
    """The function of the logits: a name from `name_activation`, ``classes``, ``distribution`` or ``other``; None if
    untested."""
    prediction_ranks: bool = True
    """Whether the prediction agrees with the class of the largest logit."""


@dataclass(frozen=True)
class RowTrial:
    """Dependencies of a row's output other than the row; None if untested."""

    repeats: bool | None = None
    """Whether the same rows give the same output again."""
    mixed: bool | None = None
    """Whether an output changes with the other rows of a batch."""
    other_batch: bool | None = None
    """Whether another number of rows can be fed."""
    drawn: str = ""
    """The tensor of random numbers, such as dropout's, through which outputs of equal rows differ; empty if unknown."""
    constant: bool = False
    """Whether all rows get the same output with any weights."""


def try_outputs(found: Found, probe: GraphProbe, loss: LossReading) -> OutputTrial:
    """Feed logits of known accuracy, and compare the outputs with the formulas."""
    outputs = found.outputs
    tensors = dict.fromkeys([outputs.accuracy, *outputs.accuracies])
    tried = {tensor: _accuracy(found, probe, loss, tensor) for tensor in tensors}
    # Without a named accuracy, any right one will do.
    accuracy = next((tensor for tensor, form in tried.items() if form == "right"), outputs.accuracy)
    logits_is, _ = probe.ask((None, True), _named, found, probe, loss, outputs.logits)
    prediction_is, ranks = probe.ask((None, True), _named, found, probe, loss, outputs.prediction)
    return OutputTrial(accuracy, tried[accuracy], logits_is, prediction_is, ranks)


def _scores_of(found: Found, probe: GraphProbe, loss: LossReading, tensor: str) -> str | None:
    """Return the logits, of the loss or of evaluation, that alone determine a tensor."""
    graph = found.graph
    way = graph.dominators(found.roles.images, tensor)
    # Logits divided by a temperature, or negated distances, count as logits: later tensors are computed from those.
    scaled = loss.logits if loss.last_activation in ("none", "other") else None
    passed = [one for one in (scaled, found.scores) if one in way]
    if passed:
        return passed[0]
    # Evaluation may average several classifiers, or take another path through the same layers.
    variables = set(graph.variables_in(tensor)) - found.statistics
    whole = (inner for inner in way[:-1] if variables <= set(graph.variables_in(inner)))
    return next((inner for inner in whole if probe.ask(False, _is_scores, probe, inner)), None)


def _is_scores(probe: GraphProbe, tensor: str) -> bool:
    """Whether a tensor contains a real number for each class of each row."""
    sample = probe.sample(Sizes.ROWS)
    value = probe.fetch(tensor, probe.feed(sample))
    return value.dtype.kind == "f" and orient(value, len(sample.labels), probe.classes) is not None


@dataclass(frozen=True)
class _KnownScores:
    """Logits of known accuracy, their feeds, and the labels."""

    scores: list[Array]
    feeds: list[dict[str, Array]]
    labels: Array


def _few(probe: GraphProbe, form: str) -> int:
    """Return the number of rows to try: few of each class, so that argmax along columns agrees, too."""
    return {SINGLE: TriedRows.SINGLES}.get(form, min(2 * probe.classes, TriedRows.MOST))


def _known_scores(found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None, rows: int) -> _KnownScores:
    """Return logits of known accuracy to feed a `tensor`'s source; `rows` only if the batch size is free.

    Raises
    ------
    Untried
        If there is nothing to feed.
    """
    sample = probe.sample(rows)
    rows, feeds = len(sample.labels), probe.feed(sample)
    source = None if tensor is None else _scores_of(found, probe, loss, tensor)
    value = probe.fetch(source, feeds)
    form = orient(value, rows, probe.classes)
    if source is None or form is None:
        raise Untried
    known = _KnownScores([], [], sample.labels)
    others = (sample.labels + 1 + probe.classes // 4) % probe.classes
    for share in SHARES:
        # Classes with larger logits in every row reveal operations along the rows; a single logit must have both signs.
        ahead = 4 * (form != SINGLE) * probe.rng.standard_normal(probe.classes)
        z = probe.rng.standard_normal((rows, probe.classes)) + ahead
        z[np.arange(rows), np.where(probe.rng.random(rows) < share, sample.labels, others)] += 4
        z /= 3  # small enough that a saturating activation preserves their order
        z -= z[:, :1] * (form == SINGLE)
        known.scores.append(z)
        known.feeds.append({**feeds, source: as_put_out(z, form, value.shape)})
    return known


def _accuracy(found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None) -> str | None:
    """Return which accuracy a tensor is; None if untestable.

    An accuracy that fails for most numbers of rows may work with as many rows as classes.
    """
    counts = (_few(probe, loss.form), probe.classes)
    forms = (probe.ask(None, _accuracy_of, found, probe, loss, tensor, rows) for rows in counts)
    return next(filter(None, forms), None)


def _accuracy_of(found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None, rows: int) -> str:
    """Return which accuracy a tensor is, tested on `rows` rows."""
    known = _known_scores(found, probe, loss, tensor, rows)
    values = [probe.fetch(tensor, feeds) for feeds in known.feeds]
    totals = [float(value.sum()) for value in values]
    if values[0].size != 1:
        return "not-averaged" if _fits("count", known.scores, known.labels, totals) else "other"
    if values[0].dtype.kind in "iu" and set(totals) <= {0, 1}:
        return "whole-number"
    activation = ACTIVATIONS.get(loss.last_activation, ACTIVATIONS["none"])
    names = [*OF_ANY, *{SINGLE: OF_A_SINGLE}.get(loss.form, OF_COLUMNS)]
    name = _formula(names, known, totals, [activation(z) for z in known.scores])
    return "other" if name in _OF_SCORES and _chooses(found, tensor) else name


def _formula(names: Sequence[str], known: _KnownScores, totals: Sequence[float], activated: list[Array]) -> str:
    """Return the first formula that gives these numbers for the logits, or for their activation."""
    pairs = itertools.product(names, (known.scores, activated))
    return next((name for name, scores in pairs if _fits(name, scores, known.labels, totals)), "other")


def _fits(name: str, scores: Sequence[Array], labels: Array, totals: Sequence[float]) -> bool:
    """Whether a formula of `ACCURACIES` gives these numbers for these scores."""
    return np.allclose(totals, [ACCURACIES[name](z, labels) for z in scores], atol=1e-4)


def _chooses(found: Found, tensor: str | None) -> bool:
    """Whether a tensor depends on chosen classes: then it does not compare raw scores."""
    return not found.graph.ops_above([tensor]).isdisjoint(("ArgMax", "TopKV2", "InTopKV2"))


def _named(found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None) -> tuple[str | None, bool]:
    """Return the function of logits in a named tensor, and whether its ranking agrees with theirs."""
    known = _known_scores(found, probe, loss, tensor, _few(probe, loss.form))
    z, value = known.scores[0], probe.fetch(tensor, known.feeds[0])
    right, form = np.array_equal(value.reshape(-1), z.argmax(1)), orient(value, len(z), z.shape[1])
    if right or form is None:
        return "classes" if right else "other", right
    rows = as_rows(value, form, len(z))
    if form == SINGLE and np.array_equal(rows, np.clip(rows, 0, 1)):
        rows = as_shares(rows)
    sums_to_one = rows.min() >= 0 and np.allclose(rows.sum(1), 1, atol=1e-4)
    # With any function, the ranking decides: which class is the strongest.
    return name_activation(z, rows) or ("distribution" if sums_to_one else "other"), _rank_alike(rows, z)


def _rank_alike(rows: Array, scores: Array) -> bool:
    """Whether the largest value of each row is at the largest logit, or all rows are constant."""
    return np.array_equal(rows.argmax(1), scores.argmax(1)) or not np.ptp(rows, axis=1).any()


def try_rows(found: Found, probe: GraphProbe, loss: LossReading) -> RowTrial:
    """Return whether outputs repeat, whether rows affect each other, and whether other batch sizes run."""
    tensor = _evaluated(found, probe, loss)
    if tensor is None:
        return RowTrial()
    # Look at the scores or probabilities before the choice of a class, which hides small changes.
    trial = _tried_rows(found, probe, found.graph.past(tensor, _CHOOSING))
    # Training and evaluation may use different towers, unless all named tensors depend on the same images.
    named = {*found.given.named("logits", "prediction", "accuracy")}
    told = found.given.names is not None or (named and named <= found.graph.descendants([found.roles.images]))
    # A switch that nobody feeds counts as False, which may be training.
    guessed = found.graph.known.keys() - found.given.eval_feed.keys()
    return trial if told or (trial.repeats and not trial.drawn and not guessed) else RowTrial()


def _tried_rows(found: Found, probe: GraphProbe, tensor: str) -> RowTrial:
    """Return the dependencies of a tensor's rows."""
    sample = probe.sample(Sizes.ROWS)
    rows = len(sample.labels)
    # Rows of different brightness reveal a division by the brightest pixel of the batch.
    light = np.linspace(0.3, 1.0, rows)[:, None].astype(np.float32)
    sample = Sample(sample.images * light, sample.labels)
    once, again = (probe.fetch(tensor, probe.feed(sample)) for _ in range(2))
    form = orient(once, rows, 1) or orient(once, rows, probe.classes)
    if form is None or not np.isfinite(once).all():
        return RowTrial()
    if not same(once, again):
        return RowTrial(repeats=False, drawn=probe.ask("", _drawn, found, probe, tensor, sample))
    mixed, other_batch = _mixed(probe, tensor, sample, form, as_rows(once, form, rows))
    drawn = probe.ask("", _drawn, found, probe, tensor, sample) if mixed else ""
    constant = probe.ask(False, _is_constant, found, probe, tensor, form, sample)
    return RowTrial(True, mixed and not drawn, other_batch, drawn, constant)


def _is_constant(found: Found, probe: GraphProbe, tensor: str, form: str, sample: Sample) -> bool:
    """Whether different rows get the same output for any random weights of the layers."""
    rows = len(sample.labels)
    for size in (1.0, 1e2, 1e4):
        fed = [probe.feed(Sample(size * one.images, one.labels)) for one in (sample, probe.sample(rows))]
        outputs = [as_rows(probe.fetch(tensor, feeds), form, rows) for feeds in fed]
        if np.ptp(np.concatenate(outputs), axis=0).any():
            return False
        randomise_weights(found, probe)
    return True


def _mixed(probe: GraphProbe, tensor: str, sample: Sample, form: str, full: Array) -> tuple[bool, bool]:
    """Return whether outputs depend on row order or other rows, and whether fewer rows can be fed."""
    order, few = np.roll(np.arange(len(full)), 1), np.arange(len(full) // 3)
    turned = probe.fetch(tensor, probe.feed(sample.rows(order)))
    less = probe.ask(None, probe.fetch, tensor, probe.feed(sample.rows(few)))
    tried = [(turned, order)] if less is None else [(turned, order), (less, few)]
    return any(_differ(value, form, full[chosen]) for value, chosen in tried), less is not None


def _differ(value: Array, form: str, expected: Array) -> bool:
    """Whether outputs differ from the expected ones beyond rounding."""
    if value.size != expected.size:
        return True
    off = np.abs(as_rows(value, form, len(expected)) - expected).max(initial=0.0)
    return bool(off > MIXED * np.abs(expected).max(initial=0.0) + 1e-12)


def _drawn(found: Found, probe: GraphProbe, tensor: str, sample: Sample) -> str:
    """Return random numbers that change an output if all others stay the same; empty if there are none."""
    drawn = sorted(found.graph.made_by(RANDOM) & found.graph.ancestors([tensor]))
    feeds = probe.feed(sample)
    once, *numbers = probe.run([tensor, *drawn], feeds)
    feeds |= dict(zip(drawn, numbers, strict=True))
    for name in drawn:
        if not same(once, probe.fetch(tensor, {**feeds, name: np.flip(feeds[name])})):
            return name
    return ""


def _evaluated(found: Found, probe: GraphProbe, loss: LossReading) -> str | None:
    """Return the logits, or a tensor computed from them, that evaluation uses.

    They may belong to another tower than the trained one: without dropout, with averaged weights.
    """
    made, accuracy = found.graph.descendants([found.roles.images]), found.outputs.accuracy
    logits, prediction = found.hints.get("logits"), found.hints.get("prediction")
    # Prefer the named logits, unless the prediction does not depend on them: then they belong to the trained tower.
    claimed = (logits, prediction) if logits in found.graph.ancestors([prediction]) else (prediction, logits)
    counted = None if accuracy is None else _scores_of(found, probe, loss, accuracy)
    known = (*claimed, found.outputs.prediction, counted, loss.logits, found.scores)
    return next((tensor for tensor in known if tensor in made), None)

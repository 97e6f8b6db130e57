"""What is it that comes out: probabilities, a prediction, an accuracy? Scores of which a known share is right go in.

And does a row's result depend on that row alone? Chance, other rows of the batch, and their number are changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.reader.find.activations import ACTIVATIONS, name_activation, softmax
from netgrader.reader.find.roles import PRODUCTS, linear_steps
from netgrader.reader.graph.plain import RANDOM
from netgrader.reader.trial.probe import as_rows, orient, same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.reader.find import Found
    from netgrader.reader.find.outputs import LossReading
    from netgrader.reader.graph.nodes import Array
    from netgrader.reader.trial.probe import GraphProbe, Sample


def _share(z: Array, labels: Array) -> float:
    return float((z.argmax(1) == labels).mean())


def _wrong_axis(z: Array, labels: Array) -> float:
    return float((z.argmax(0) == np.eye(z.shape[1])[labels].argmax(0)).mean())


#: Name → formula of scores (n, classes) and labels (n,). The first is the right one.
ACCURACIES: Mapping[str, Callable[[Array, Array], float]] = {
    "right": _share,
    "percent": lambda z, labels: 100 * _share(z, labels),
    "count": lambda z, labels: len(z) * _share(z, labels),
    "error-rate": lambda z, labels: 1 - _share(z, labels),
    "no-argmax": lambda z, labels: float((z == np.eye(z.shape[1])[labels]).mean()),
    "no-argmax-probabilities": lambda z, labels: float((softmax(z) == np.eye(z.shape[1])[labels]).mean()),
    "wrong-axis": _wrong_axis,
    "wrong-axis-probabilities": lambda z, labels: _wrong_axis(softmax(z), labels),
    "rounded": lambda z, labels: float((np.round(softmax(z)) == np.eye(z.shape[1])[labels]).mean()),
}


MOST_SCORES = 6
"""Tensors behind the last layer of which a softmax may be what comes out."""
#: Rows and draws in which nothing may be left: of nine tenths that are dropped chance never leaves so little.
ROWS_DROPPED, DRAWS = 64, 40
#: Rows of which all are said the other way round.
OPPOSED = 12
#: Comparisons of scores with labels, which hardly ever are equal.
_OF_SCORES = ("no-argmax", "no-argmax-probabilities", "rounded")
_CHOOSING = ("ArgMax", "TopKV2", "Cast", "Identity", "StridedSlice", "Squeeze", "Reshape")


@dataclass(frozen=True)
class OutputTrial:
    """What comes out, as scores of which a known share is right showed it."""

    accuracy: str | None = None
    """The tensor that is an accuracy, or the likeliest to be meant as one."""
    accuracy_is: str | None = None
    """Its name in `ACCURACIES`, ``not-averaged``, ``whole-number`` or ``other``; None where that could not be tried."""
    logits_is: str | None = None
    prediction_is: str | None = None
    """Which function of the scores they are: what `name_activation` calls it, ``classes``, ``distribution`` or ``other``;
    None where that could not be tried."""
    prediction_ranks: bool = True
    """Whether the prediction says the class of the largest score."""


@dataclass(frozen=True)
class RowTrial:
    """What a row's output depends on beside the row; None where that could not be tried."""

    repeats: bool | None = None
    """Whether the same rows give the same output again."""
    mixed: bool | None = None
    """Whether an output changes with the other rows of a batch."""
    other_batch: bool | None = None
    """Whether another number of rows can be fed."""
    by_chance: bool = False
    """Whether it is numbers drawn at random, the same in each run, that make equal rows of a batch differ."""
    shared: str = ""
    """Where a softmax is taken over the rows of a batch: before the ``loss``, or in the ``prediction`` alone; else empty."""
    all_dropped: bool = False
    """Whether what training drops at random is everything."""


def try_outputs(found: Found, probe: GraphProbe, loss: LossReading) -> OutputTrial:
    """Feed scores of which a known share is right, and compare what comes out with the formulas."""
    outputs = found.outputs
    accuracy = outputs.accuracy
    for tensor in outputs.accuracies:
        # Where the student names none, one that is right will do.
        if tensor != outputs.accuracy and _accuracy(found, probe, loss, tensor) == "right":
            accuracy = tensor
            break
    accuracy_is = None if accuracy is None else _accuracy(found, probe, loss, accuracy)
    logits_is, _ = _named(found, probe, loss, outputs.logits)
    prediction_is, ranks = _named(found, probe, loss, outputs.prediction)
    linear = loss.last_activation == "none"  # else an activation may have turned them round
    ranks = ranks and not (linear and _is_opposed(probe, loss.logits, outputs.prediction))
    return OutputTrial(accuracy, accuracy_is, logits_is, prediction_is, ranks)


def _is_opposed(probe: GraphProbe, logits: str | None, prediction: str | None) -> bool:
    """Whether the smaller a logit of the loss is, the likelier its class is said to be, for each row."""
    sample = probe.sample(OPPOSED)
    values = probe.run([logits, prediction], probe.feed(sample)) if logits and prediction else None
    rows = len(sample.labels)
    if values is None or any(orient(value, rows, probe.classes) != "rows" for value in values):
        return False
    scores, said = (as_rows(value, "rows", rows) for value in values)
    return bool(np.ptp(scores, axis=1).all()) and np.array_equal(said.argsort(axis=1), (-scores).argsort(axis=1))


def _scores_of(found: Found, probe: GraphProbe, loss: LossReading, tensor: str) -> str | None:
    """The scores that a tensor is made from, and nothing else of the images: those of the loss, or of evaluation alone."""
    graph, images = found.graph, found.roles.images
    claimed = found.hints.get("logits")
    # What is called logits, on a way of its own, is looked at from where its last layer ends.
    named = None if claimed == tensor and found.scores not in graph.ancestors([tensor]) else claimed
    # Scores divided by a temperature, or by the number of classifiers, are the scores: what follows is made from those.
    scaled = loss.logits if loss.last_activation == "none" else None
    candidates = [c for c in (scaled, found.scores, named) if c is not None and c in graph]
    way = graph.dominators(images, tensor) if images is not None else []
    passed = next((c for c in candidates if c in way), None)
    if passed is not None or not way:
        return passed or next((c for c in candidates if tensor in graph.descendants([c])), None)
    # Evaluation may average several classifiers, or go another way through the same layers.
    variables = set(graph.variables_in(tensor)) - found.statistics
    for inner in way[:-1]:
        if variables <= set(graph.variables_in(inner)) and _is_scores(probe, inner):
            return inner
    return None


def _is_scores(probe: GraphProbe, tensor: str) -> bool:
    """Whether a tensor holds a real number for each class of each row."""
    sample = probe.sample(6)
    value = probe.fetch(tensor, probe.feed(sample))
    if value is None or value.dtype.kind != "f":
        return False
    return orient(value, len(sample.labels), probe.classes) is not None


def _known_scores(
    found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None
) -> tuple[list[tuple[Array, dict[str, Array]]], Array]:
    """Runs of known scores and what to feed for them, and the labels; no runs where `tensor` is made from no scores."""
    scores = None if tensor is None else _scores_of(found, probe, loss, tensor)
    if scores is None:
        return [], np.zeros(0)
    rows = probe.batch or min(2 * probe.classes, 20)  # few of each class: then some columns agree as well
    sample = probe.sample(rows)
    value = probe.fetch(scores, probe.feed(sample))
    form = None if value is None else orient(value, rows, probe.classes)
    if value is None or form is None:
        return [], sample.labels
    runs = []
    for share in (0.3, 0.7, 0.5, 0.9):
        # Classes whose scores are larger in every row show what is done along the rows.
        z = probe.rng.standard_normal((rows, probe.classes)) + 4 * probe.rng.standard_normal(probe.classes)
        right = probe.rng.random(rows) < share
        others = (sample.labels + 1 + probe.classes // 4) % probe.classes
        z[np.arange(rows), np.where(right, sample.labels, others)] += 4
        z /= 3  # so small that a saturating activation keeps their order
        if np.min(value) >= 0:
            z -= float(np.min(z)) - 0.1  # lengths and distances are never below zero, and a root of those is no number
        fed = z.T if form == "columns" else z.reshape(value.shape)
        runs.append((z, {**probe.feed(sample), scores: fed}))
    return runs, sample.labels


def _accuracy(found: Found, probe: GraphProbe, loss: LossReading, tensor: str) -> str | None:
    """Which accuracy a tensor is; None where it cannot be tried."""
    runs, labels = _known_scores(found, probe, loss, tensor)
    fetched = [probe.fetch(tensor, feeds) for _, feeds in runs]
    if not runs or any(value is None for value in fetched):
        return None
    whole = all(value is not None and value.dtype.kind in "iu" for value in fetched)
    values = [np.asarray(value, dtype=np.float64) for value in fetched]
    if values[0].size != 1:
        counts = [value.reshape(-1).sum() for value in values]
        expected = [ACCURACIES["count"](z, labels) for z, _ in runs]
        return "not-averaged" if np.allclose(counts, expected) else "other"
    activation = ACTIVATIONS.get(loss.last_activation, ACTIVATIONS["none"])
    if whole and all(value.reshape(()) in (0, 1) for value in values):
        return "whole-number"
    for name, formula in ACCURACIES.items():
        for change in (ACTIVATIONS["none"], activation):
            expected = [formula(change(z), labels) for z, _ in runs]
            if np.allclose([float(value.reshape(())) for value in values], expected, atol=1e-4):
                compared = name not in _OF_SCORES or not _chooses(found, tensor)
                return name if compared else "other"
    return "other"


def _chooses(found: Found, tensor: str) -> bool:
    """Whether classes are chosen on the way: then it is not scores that are compared, though nothing is found to be equal."""
    nodes = found.graph.nodes
    return any(nodes[name].op in ("ArgMax", "TopKV2", "InTopKV2") for name in found.graph.ancestor_nodes([tensor]))


def _named(found: Found, probe: GraphProbe, loss: LossReading, tensor: str | None) -> tuple[str | None, bool]:
    """Which function of the scores the tensor is that the student calls logits, or prediction, and whether it ranks alike."""
    runs, _ = _known_scores(found, probe, loss, tensor)
    if not runs or tensor is None:
        return None, True
    z, feeds = runs[0]
    value = probe.fetch(tensor, feeds)
    if value is None:
        return None, True
    if value.size == len(z):
        right = np.array_equal(value.reshape(-1), z.argmax(1))
        return "classes" if right else "other", right
    form = orient(value, len(z), z.shape[1])
    if form is None:
        return "other", False
    rows = as_rows(value, form, len(z))
    # Whatever it is of the scores: the strongest class is what it says.
    ranks = np.array_equal(rows.argmax(1), z.argmax(1)) or not np.ptp(rows, axis=1).any()
    name = name_activation(z, rows)
    if name is not None:
        return name, ranks
    sums_to_one = np.allclose(rows.sum(1), 1, atol=1e-4) and rows.min() >= 0
    return "distribution" if sums_to_one else "other", ranks


def try_rows(found: Found, probe: GraphProbe, loss: LossReading) -> RowTrial:
    """Whether the scores repeat, whether a row's scores depend on other rows, and whether other batch sizes go."""
    tensor = _evaluated(found, probe, loss) if found.given.evaluates else None
    if tensor is None:
        return RowTrial()
    # The scores or probabilities that it is chosen by: a class alone hides what moves below it.
    tensor = found.graph.past(tensor, _CHOOSING)
    sample = probe.sample(6)
    rows = len(sample.labels)
    # Rows of different brightness: what is divided by the brightest pixel of a batch shows.
    light = np.linspace(0.3, 1.0, rows)[:, None].astype(np.float32)
    sample = type(sample)(sample.images * light, sample.labels)
    once = probe.fetch(tensor, probe.feed(sample))
    again = probe.fetch(tensor, probe.feed(sample))
    if once is None or again is None:
        return RowTrial()
    form = orient(once, rows, probe.classes) or orient(once, rows, 1)
    if form is None or not np.isfinite(once).all():
        return RowTrial()
    if not same(once, again):
        return RowTrial() if _evaluated_elsewhere(found) else RowTrial(repeats=False)
    order = np.roll(np.arange(rows), 1)
    turned = probe.fetch(tensor, probe.feed(sample.rows(order)))
    full = as_rows(once, form, rows)
    size = np.abs(full).max() + 1e-9
    mixed = turned is None or bool(np.abs(as_rows(turned, form, rows) - full[order]).max() > 1e-3 * size)
    fewer = probe.fetch(tensor, probe.feed(sample.rows(slice(0, 2)))) if rows > 2 and probe.looped is None else None
    if fewer is not None and fewer.size == 2 * full.shape[1]:
        mixed = mixed or bool(np.abs(as_rows(fewer, form, 2) - full[:2]).max() > 1e-3 * size)
    elif fewer is not None:
        mixed = True
    if probe.looped is not None:  # a loop that was unrolled for so many rows: others of them change
        images = np.concatenate([sample.images[:2], sample.images[2:][::-1] * 0.5])
        other = probe.fetch(tensor, probe.feed(type(sample)(images, sample.labels)))
        mixed = mixed or (other is not None and bool(np.abs(as_rows(other, form, rows) - full)[:2].max() > 1e-3 * size))
    if mixed and _is_drawn(found, probe, tensor, sample):
        return RowTrial() if _evaluated_elsewhere(found) else RowTrial(True, False, fewer is not None, by_chance=True)
    shared = _shared_out(found, probe, sample, full) if mixed else ""
    if shared:
        shared = "loss" if tensor in found.graph.ancestors([found.loss]) else "prediction" * (shared == "rows")
    dropped = _all_dropped(found, probe, tensor, form)
    return RowTrial(repeats=True, mixed=mixed, other_batch=fewer is not None, shared=shared, all_dropped=dropped)


def _all_dropped(found: Found, probe: GraphProbe, tensor: str, form: str) -> bool:
    """Whether rows that are scored differently when evaluated are all scored alike with the switches of training, always.

    Or no score is a number, where what is left is divided by the share that is kept.
    """
    if not found.noisy:
        return False
    sample = probe.sample(ROWS_DROPPED)
    rows, feeds = len(sample.labels), probe.feed(sample)
    evaluated = probe.fetch(tensor, feeds)
    if evaluated is None or not evaluated.any():
        return False
    size = 1e-3 * np.abs(evaluated).max()

    def alike(value: Array | None) -> bool:
        if value is None or value.shape != evaluated.shape:
            return False
        scores = as_rows(value, form, rows)
        return bool(np.isnan(scores).all() or (np.abs(scores - scores[0]) <= size).all())

    return not alike(evaluated) and all(alike(probe.fetch(tensor, {**feeds, **found.noisy})) for _ in range(DRAWS))


def _shared_out(found: Found, probe: GraphProbe, sample: Sample, outputs: Array) -> str:
    """Whether outputs are a softmax of the scores over the ``rows`` of a batch, or over ``all`` its numbers; else empty."""
    if 1 in outputs.shape:
        return ""
    for tensor in found.layers.chain[:MOST_SCORES]:  # scores may be divided first
        value = probe.fetch(tensor, probe.feed(sample))
        form = None if value is None else orient(value, *outputs.shape)
        if value is None or form is None:
            break
        z = as_rows(value, form, len(outputs))
        for name, share in (("rows", softmax(z, axis=0)), ("all", softmax(z.reshape(-1)).reshape(z.shape))):
            if same(outputs, share) or same(outputs, np.log(share)):
                return name
    return ""


def _is_drawn(found: Found, probe: GraphProbe, tensor: str, sample: Sample) -> bool:
    """Whether an output follows numbers drawn at random from a seed that stays, as in Keras's dropout, unlike one that is off."""
    nodes = found.graph.nodes
    drawn = [f"{name}:0" for name in found.graph.ancestor_nodes([tensor]) if nodes[name].op in RANDOM]
    feeds = probe.feed(sample)
    values = probe.run([tensor, *drawn], feeds) if drawn else None
    if values is None:
        return False
    once, *numbers = values
    turned = {name: value.reshape(-1)[::-1].reshape(value.shape) for name, value in zip(drawn, numbers, strict=True)}
    other = probe.fetch(tensor, {**feeds, **turned})
    return other is not None and not same(once, other)


def _evaluated(found: Found, probe: GraphProbe, loss: LossReading) -> str | None:
    """The scores, or what is made from them, that evaluation looks at.

    They may be of another tower than the one that is trained: without dropout, with averaged weights.
    """
    graph, hints, accuracy = found.graph, found.hints, found.outputs.accuracy
    logits, prediction = hints.get("logits"), hints.get("prediction")
    both = logits in graph and prediction in graph and found.roles.images is not None
    if both and prediction in graph.descendants([found.roles.images]) and logits not in graph.ancestors([prediction]):
        logits = None  # what is called logits is the tower that is trained
    measured = None
    if accuracy is not None and found.scores not in graph.ancestors([accuracy]):
        measured = _scores_of(found, probe, loss, accuracy)
    return logits or prediction or found.outputs.prediction or measured or loss.logits or found.scores


def _evaluated_elsewhere(found: Found) -> bool:
    """Whether the last layer's weights are used again, without chance, and no name says that this is not what is evaluated.

    Names say so unless one of them is made from what is fed somewhere else.
    """
    graph = found.graph
    named = [found.hints[key] for key in ("logits", "prediction", "accuracy") if found.hints.get(key) in graph]
    if not found.steps or (named and set(named) <= graph.descendants([found.roles.images])):
        return False
    last = found.steps[-1]
    trained = graph.ancestor_nodes([found.loss])
    trained |= graph.ancestor_nodes([t for u in found.roles.updates for t in graph.nodes[u.node].inputs[1:]])
    for name, (data, weights) in linear_steps(graph, PRODUCTS).items():
        if name not in trained and set(graph.variables_in(weights)) == set(last.variables):
            above = {graph.nodes[node].op for node in graph.ancestor_nodes([data])}
            if not above & RANDOM:
                return True
    return False

"""What is it that comes out: probabilities, a prediction, an accuracy? Scores of which a known share is right go in.

And does a row's result depend on that row alone? Chance, other rows of the batch, and their number are changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.find.activations import BANK as ACTIVATIONS
from netgrader.reader.find.activations import softmax
from netgrader.reader.trial.layer_trial import same
from netgrader.reader.trial.probe import as_rows, orient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.reader.state import Reading

__all__ = ["ACCURACIES", "try_outputs", "try_rows"]

Array = npt.NDArray[Any]


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


def try_outputs(reading: Reading) -> None:
    """Feed scores of which a known share is right, and compare what comes out with the formulas."""
    likeliest = reading.measured.get("accuracy")
    for tensor in reading.measured.get("accuracies", []):
        # Where the student names none, one that is right will do.
        if tensor == likeliest:
            continue
        reading.measured["accuracy"] = tensor
        fed = _scores_of(reading, tensor)
        runs, labels = ([], np.zeros(0)) if fed is None else _known_scores(reading, fed)
        if runs:
            _try_accuracy(reading, runs, labels)
        if reading.measured.pop("accuracy-is", None) == "right":
            break
        reading.measured["accuracy"] = likeliest
    for key in ("accuracy", "logits", "prediction"):
        tensor = reading.measured.get(key)
        fed = None if tensor is None else _scores_of(reading, tensor)
        runs, labels = ([], np.zeros(0)) if fed is None else _known_scores(reading, fed)
        if not runs:
            continue
        if key == "accuracy":
            _try_accuracy(reading, runs, labels)
        else:
            _try_named(reading, key, runs)


def _scores_of(reading: Reading, tensor: str) -> str | None:
    """The scores that a tensor is made from, and nothing else of the images: those of the loss, or of evaluation alone."""
    graph, images = reading.graph, reading.roles.images
    claimed = reading.hints.get("logits")
    # What is called logits, on a way of its own, is looked at from where its last layer ends.
    named = None if claimed == tensor and reading.scores not in graph.ancestors([tensor]) else claimed
    # Scores divided by a temperature, or by the number of classifiers, are the scores: what follows is made from those.
    scaled = reading.logits if reading.last_activation == "none" else None
    candidates = [c for c in (scaled, reading.scores, named) if c is not None and c in graph]
    way = graph.dominators(images, tensor) if images is not None else []
    found = next((c for c in candidates if c in way), None)
    if found is not None or not way:
        return found or next((c for c in candidates if tensor in graph.descendants([c])), None)
    # Evaluation may average several classifiers, or go another way through the same layers.
    variables = set(graph.variables_in(tensor)) - reading.statistics
    for inner in way[:-1]:
        if variables <= set(graph.variables_in(inner)) and _is_scores(reading, inner):
            return inner
    return None


def _is_scores(reading: Reading, tensor: str) -> bool:
    """Whether a tensor holds a real number for each class of each row."""
    bench = reading.bench
    if bench is None:
        return False
    sample = bench.sample(6)
    value = bench.fetch(tensor, bench.feed(sample))
    if value is None or value.dtype.kind != "f":
        return False
    return orient(value, len(sample.labels), reading.classes) is not None


def _known_scores(reading: Reading, scores: str) -> tuple[list[tuple[Array, dict[str, Array]]], Array]:
    bench = reading.bench
    if bench is None:
        return [], np.zeros(0)
    rows = bench.batch or 20
    sample = bench.sample(rows)
    value = bench.fetch(scores, bench.feed(sample))
    form = None if value is None else orient(value, rows, reading.classes)
    if value is None or form is None:
        return [], sample.labels
    runs = []
    for share in (0.3, 0.7, 0.5, 0.9):
        z = bench.rng.standard_normal((rows, reading.classes))
        right = bench.rng.random(rows) < share
        z[np.arange(rows), np.where(right, sample.labels, (sample.labels + 3) % reading.classes)] += 4
        if np.min(value) >= 0:
            z -= float(np.min(z)) - 0.1  # lengths and distances are never below zero, and a root of those is no number
        fed = z.T if form == "columns" else z.reshape(value.shape)
        runs.append((z, {**bench.feed(sample), scores: fed}))
    return runs, sample.labels


def _try_accuracy(reading: Reading, runs: list[tuple[Array, dict[str, Array]]], labels: Array) -> None:
    tensor, bench = reading.measured.get("accuracy"), reading.bench
    if tensor is None or bench is None:
        return
    found = [bench.fetch(tensor, feeds) for _, feeds in runs]
    if any(value is None for value in found):
        return
    whole = all(value is not None and value.dtype.kind in "iu" for value in found)
    values = [np.asarray(value, dtype=np.float64) for value in found]
    if values[0].size != 1:
        counts = [value.reshape(-1).sum() for value in values]
        expected = [ACCURACIES["count"](z, labels) for z, _ in runs]
        reading.measured["accuracy-is"] = "not-averaged" if np.allclose(counts, expected) else "other"
        return
    activation = ACTIVATIONS.get(reading.last_activation, ACTIVATIONS["none"])
    if whole and all(value.reshape(()) in (0, 1) for value in values):
        reading.measured["accuracy-is"] = "whole-number"
        return
    for name, formula in ACCURACIES.items():
        for change in (ACTIVATIONS["none"], activation):
            expected = [formula(change(z), labels) for z, _ in runs]
            if np.allclose([float(value.reshape(())) for value in values], expected, atol=1e-4):
                reading.measured["accuracy-is"] = name
                return
    reading.measured["accuracy-is"] = "other"


def _try_named(reading: Reading, key: str, runs: list[tuple[Array, dict[str, Array]]]) -> None:
    """Which function of the scores the tensor is that the student calls logits, or prediction."""
    tensor, bench = reading.measured.get(key), reading.bench
    if tensor is None or bench is None:
        return
    z, feeds = runs[0]
    value = bench.fetch(tensor, feeds)
    if value is None:
        return
    if value.size == len(z):
        right = np.array_equal(value.reshape(-1), z.argmax(1))
        reading.measured[key + "-is"] = "classes" if right else "other"
        reading.measured[key + "-ranks"] = right
        return
    form = orient(value, len(z), z.shape[1])
    if form is None:
        reading.measured[key + "-is"] = "other"
        reading.measured[key + "-ranks"] = False
        return
    rows = as_rows(value, form, len(z))
    # Whatever it is of the scores: the strongest class is what it says.
    reading.measured[key + "-ranks"] = np.array_equal(rows.argmax(1), z.argmax(1))
    # Of numbers that are all above zero several functions are the same: none is the likeliest.
    for name, function in (("none", ACTIVATIONS["none"]), *ACTIVATIONS.items()):
        expected = function(z)
        if expected.shape == rows.shape and np.allclose(rows, expected, atol=1e-4, rtol=1e-3):
            reading.measured[key + "-is"] = name
            return
    sums_to_one = np.allclose(rows.sum(1), 1, atol=1e-4) and rows.min() >= 0
    reading.measured[key + "-is"] = "distribution" if sums_to_one else "other"


def _before_choice(reading: Reading, tensor: str) -> str:
    """The scores or probabilities that a prediction is chosen by: a class alone hides what moves below it."""
    node = reading.graph[tensor]
    while node.op in ("ArgMax", "TopKV2", "Cast", "Identity", "StridedSlice", "Squeeze", "Reshape") and node.inputs:
        tensor = node.inputs[0]
        node = reading.graph[tensor]
    return tensor


def try_rows(reading: Reading) -> None:
    """Whether the scores repeat, whether a row's scores depend on other rows, and whether other batch sizes go."""
    bench = reading.bench
    # What is evaluated may be another tower than the one that is trained: without dropout, with averaged weights.
    claimed = next((reading.hints[key] for key in ("logits", "prediction") if key in reading.hints), None)
    tensor = claimed or reading.measured.get("prediction") or reading.logits or reading.scores
    if bench is None or tensor is None:
        return
    tensor = _before_choice(reading, tensor)
    sample = bench.sample(6)
    rows = len(sample.labels)
    # Rows of different brightness: what is divided by the brightest pixel of a batch shows.
    light = np.linspace(0.3, 1.0, rows)[:, None].astype(np.float32)
    sample = type(sample)(sample.images * light, sample.labels)
    once = bench.fetch(tensor, bench.feed(sample))
    again = bench.fetch(tensor, bench.feed(sample))
    if once is None or again is None:
        return
    form = orient(once, rows, reading.classes) or orient(once, rows, 1)
    if form is None:
        return
    if not np.isfinite(once).all():
        return
    reading.measured["repeats"] = same(once, again)
    if not reading.measured["repeats"]:
        return
    order = np.roll(np.arange(rows), 1)
    turned = bench.fetch(tensor, bench.feed(sample.rows(order)))
    full = as_rows(once, form, rows)
    size = np.abs(full).max() + 1e-9
    mixed = turned is None or np.abs(as_rows(turned, form, rows) - full[order]).max() > 1e-3 * size
    fewer = bench.fetch(tensor, bench.feed(sample.rows(slice(0, 2)))) if rows > 2 and bench.looped is None else None
    reading.measured["other-batch"] = fewer is not None
    if fewer is not None and fewer.size == 2 * full.shape[1]:
        mixed = mixed or np.abs(as_rows(fewer, form, 2) - full[:2]).max() > 1e-3 * size
    elif fewer is not None:
        mixed = True
    reading.measured["mixed"] = bool(mixed)

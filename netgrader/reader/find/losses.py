"""Which loss is this? A bank of exact formulas, right ones and named wrong ones, compared by value.

A formula takes scores z of shape (rows, classes) and labels of shape (rows,) and gives one number: what the loss is up
to a factor and a constant. To add one, add a line to `BANK`; tests/reader/test_banks.py runs over all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.phrases import say
from netgrader.reader.find.activations import sigmoid, softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from netgrader.reader.graph.nodes import Array

CROSS_ENTROPY = "softmax-cross-entropy"
#: A loss of no name that is no sum over the rows of a batch.
TOGETHER = "rows-together"
#: Formulas in which the rows of a batch meet, by name.
OVER_ROWS = frozenset(
    ["softmax-over-batch", "softmax-over-all", "log-sum-over-batch", "sum-over-batch-log", "root-mean-squared-error"]
)
TOLERANCE = 4e-3


@dataclass(frozen=True)
class Observation:
    """What the graph's loss was, summed, for these scores (rows, classes) and labels (rows,)."""

    scores: Array
    labels: Array
    value: float


@dataclass(frozen=True)
class LossMatch:
    """A formula that explains the observations: ``value = scale * formula + offset``, `error` relative to its spread.

    `detail` says more ("label smoothing 0.1"), empty for the plain form.
    """

    kind: str
    scale: float
    offset: float
    error: float
    detail: str = ""


def _hot(z: Array, labels: Array) -> Array:
    return np.asarray(np.eye(z.shape[1])[labels])


def _log_softmax(z: Array, axis: int = -1) -> Array:
    top = z.max(axis=axis, keepdims=True)
    return np.asarray(z - top - np.log(np.exp(z - top).sum(axis=axis, keepdims=True)))


def cross_entropy_rows(z: Array, labels: Array) -> Array:
    """Minus log softmax(z) at the label, a row each (Goodfellow et al., Deep Learning, 6.2.2.3)."""
    return np.asarray(-_log_softmax(z)[np.arange(len(z)), labels])


def _cross_entropy(z: Array, labels: Array) -> float:
    return float(cross_entropy_rows(z, labels).sum())


def _log_of(p: Array) -> Array:
    return np.asarray(np.log(np.clip(p, 1e-7, None)))


def _binary(p: Array, y: Array) -> float:
    return float(-(y * _log_of(p) + (1 - y) * _log_of(1 - p)).sum())


def _hinge(z: Array, labels: Array) -> float:
    """Crammer and Singer, 2001, and Weston and Watkins, 1999, differ; this is the latter's."""
    right = z[np.arange(len(z)), labels][:, None]
    margins = np.maximum(0, 1 + z - right)
    margins[np.arange(len(z)), labels] = 0
    return float(margins.sum())


def _largest_hinge(z: Array, labels: Array) -> float:
    """Keras' categorical hinge: of the wrong scores the largest counts, or zero."""
    hot = _hot(z, labels)
    return float(np.maximum(0, 1 + ((1 - hot) * z).max(1) - (hot * z).sum(1)).sum())


def _normalised(z: Array) -> Array:
    return np.clip(z / z.sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


def _shifted(step: int) -> Callable[[Array, Array], float]:
    return lambda z, labels: _cross_entropy(z, (labels + step) % z.shape[1])


#: Kind → formula. The first is the right one; the others are right elsewhere, or wrong and common.
BANK: Mapping[str, Callable[[Array, Array], float]] = {
    CROSS_ENTROPY: _cross_entropy,
    "mean-squared-error": lambda z, labels: float(((z - _hot(z, labels)) ** 2).sum()),
    "root-mean-squared-error": lambda z, labels: float(np.sqrt(((z - _hot(z, labels)) ** 2).sum())),
    "euclidean-distance": lambda z, labels: float(np.sqrt(((z - _hot(z, labels)) ** 2).sum(1)).sum()),
    "mean-absolute-error": lambda z, labels: float(np.abs(z - _hot(z, labels)).sum()),
    "sigmoid-cross-entropy": lambda z, labels: float((np.logaddexp(0, z) - z * _hot(z, labels)).sum()),
    "binary-cross-entropy": lambda z, labels: _binary(z, _hot(z, labels)),
    "log-of-sigmoid": lambda z, labels: float(-_log_of(sigmoid(z))[np.arange(len(z)), labels].sum()),
    "negative-probability": lambda z, labels: float(-softmax(z)[np.arange(len(z)), labels].sum()),
    "negative-score": lambda z, labels: float(-z[np.arange(len(z)), labels].sum()),
    "labels-off-by-one-up": _shifted(1),
    "labels-off-by-one-down": _shifted(-1),
    "labels-logits-swapped": lambda z, labels: float(-(z * _log_softmax(_hot(z, labels))).sum()),
    "softmax-over-batch": lambda z, labels: float(-(_log_softmax(z, 0) * _hot(z, labels)).sum()),
    "log-sum-over-batch": lambda z, labels: float(
        np.log(np.exp(z).sum(axis=0)).mean() - z[np.arange(len(z)), labels].mean()
    ),
    "cross-entropy-of-scores": lambda z, labels: float(-np.log(_normalised(z))[np.arange(len(z)), labels].sum()),
    "log-of-scores": lambda z, labels: float(-np.log(np.clip(z, 1e-7, None))[np.arange(len(z)), labels].sum()),
    "log-of-scores-tight": lambda z, labels: float(-np.log(np.clip(z, 1e-10, None))[np.arange(len(z)), labels].sum()),
    "softmax-over-all": lambda z, labels: float(len(z) * np.log(np.exp(z).sum()) - z[np.arange(len(z)), labels].sum()),
    "hinge": _hinge,
    "hinge-of-the-largest": _largest_hinge,
    "squared-hinge": lambda z, labels: float((np.maximum(0, 1 - (2 * _hot(z, labels) - 1) * z) ** 2).sum()),
    "hinge-of-each": lambda z, labels: float(np.maximum(0, 1 - (2 * _hot(z, labels) - 1) * z).sum()),
    "sum-over-batch-log": lambda z, labels: float(
        -np.log(np.maximum((softmax(z) * _hot(z, labels)).sum(axis=0), 1e-30)).sum()
    ),
}


def recognise(observations: Sequence[Observation], kinds: Sequence[str] | None = None) -> LossMatch | None:
    """Name the loss that gave these values.

    Parameters
    ----------
    observations
        Twelve or more, of random scores and labels.
    kinds
        Which formulas to try; all, and the right one with its variants (label smoothing, class weights, a temperature,
        focal form), if None.

    Returns
    -------
    LossMatch or None
        None where nothing explains the values.
    """
    values = np.array([observation.value for observation in observations], dtype=np.float64)
    if not np.isfinite(values).all() or np.ptp(values) <= 1e-9 * (1 + np.abs(values).max()):
        return None
    best: LossMatch | None = None
    for kind in BANK if kinds is None else kinds:
        with np.errstate(all="ignore"):  # a formula of another kind may divide by zero on these scores
            features = np.array([[BANK[kind](o.scores, o.labels)] for o in observations])
        match = _fit(kind, features, values)
        if match is not None and (best is None or match.error < best.error):
            best = match
    if best is not None and best.error < TOLERANCE:
        return best
    if kinds is None:
        return next((match for match in _variants(observations, values) if match.error < TOLERANCE), None)
    return None


def _fit(kind: str, features: Array, values: Array, detail: str = "") -> LossMatch | None:
    """Least squares of the values on the features and a constant; the scale is the first feature's."""
    if not np.isfinite(features).all() or np.ptp(features[:, 0]) == 0:
        return None
    columns = np.concatenate([features, np.ones((len(values), 1))], axis=1)
    solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
    error = float(np.abs(values - columns @ solution).max() / values.std())
    return LossMatch(kind, float(solution[0]), float(solution[-1]), error, detail)


def _variants(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """The right loss in forms that an exercise may leave free, the simplest first."""
    yield from _smoothed(observations, values)
    for temperature in np.geomspace(0.05, 20, 81):
        features = np.array([[_cross_entropy(o.scores / temperature, o.labels)] for o in observations])
        match = _fit(CROSS_ENTROPY, features, values, say("temperature {1:.3g}", temperature))
        if match is not None and match.error < 0.2:
            yield _refined(observations, values, float(temperature))
    for gamma in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0):
        features = np.array([[_focal(o, gamma)] for o in observations])
        match = _fit(CROSS_ENTROPY, features, values, say("focal form, {1:g}", gamma))
        if match is not None:
            yield match
    yield from _weighted(observations, values)
    yield from _summed_over_batch(observations, values)
    yield from _softened(observations, values)


def _summed_over_batch(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """The logarithm of a sum over the batch: a class that no label names gives a constant, whatever it is clipped at."""
    features = []
    for o in observations:
        sums = (softmax(o.scores) * _hot(o.scores, o.labels)).sum(axis=0)
        features.append([-np.log(sums[sums > 0]).sum(), float((sums == 0).sum())])
    match = _fit("sum-over-batch-log", np.array(features), values)
    if match is not None:
        yield match


def _smoothed(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Label smoothing: a share of the label is spread over all classes (Szegedy et al., 2016)."""
    features = np.array(
        [[_cross_entropy(o.scores, o.labels), float(-_log_softmax(o.scores).mean(1).sum())] for o in observations]
    )
    columns = np.concatenate([features, np.ones((len(values), 1))], axis=1)
    solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
    error = float(np.abs(values - columns @ solution).max() / values.std())
    total = solution[0] + solution[1]
    if total != 0 and 0 < solution[1] / total < 0.6:
        detail = say("label smoothing {1:.2g}", solution[1] / total)
        yield LossMatch(CROSS_ENTROPY, float(total), float(solution[2]), error, detail)


def _softened(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Smoothed labels at a temperature, and a penalty for confidence (Pereyra et al., 2017), all at once."""
    entropies = [-(softmax(o.scores) * _log_softmax(o.scores)).sum() for o in observations]

    def fitted(temperature: float) -> tuple[float, Array]:
        rows = []
        for o, entropy in zip(observations, entropies, strict=True):
            z = o.scores / temperature
            rows.append([_cross_entropy(z, o.labels), float(-_log_softmax(z).mean(1).sum()), entropy, 1.0])
        columns = np.array(rows)
        solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
        return float(np.abs(values - columns @ solution).max() / values.std()), solution

    start = min(np.geomspace(0.4, 10, 33), key=lambda temperature: fitted(float(temperature))[0])
    # The errors have one lowest place: halve the distance to it.
    width = 1.1
    for _ in range(12):
        start = min((start / width, start, start * width), key=lambda temperature: fitted(float(temperature))[0])
        width **= 0.6
    error, solution = fitted(float(start))
    total = float(solution[0] + solution[1])
    if total != 0 and -0.05 < solution[1] / total < 0.6 and abs(solution[2]) < abs(total) / 2:
        detail = say("temperature {1:.3g}, label smoothing {2:.2g}", start, abs(solution[1] / total))
        yield LossMatch(CROSS_ENTROPY, total, float(solution[3]), error, detail)


def _refined(observations: Sequence[Observation], values: Array, start: float) -> LossMatch:
    """The temperature that explains best, near `start`, by golden section."""
    low, high = start / 1.1, start * 1.1
    ratio = (5**0.5 - 1) / 2

    def match_at(temperature: float) -> LossMatch:
        features = np.array([[_cross_entropy(o.scores / temperature, o.labels)] for o in observations])
        found = _fit(CROSS_ENTROPY, features, values, say("temperature {1:.3g}", temperature))
        return found or LossMatch(CROSS_ENTROPY, 1.0, 0.0, np.inf)

    for _ in range(30):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if match_at(left).error < match_at(right).error:
            high = right
        else:
            low = left
    return match_at((low + high) / 2)


def _focal(observation: Observation, gamma: float) -> float:
    """Lin et al., Focal Loss for Dense Object Detection, 2017."""
    rows = cross_entropy_rows(observation.scores, observation.labels)
    return float(((1 - np.exp(-rows)) ** gamma * rows).sum())


def _weighted(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Each class with a weight of its own."""
    classes = sorted({int(label) for o in observations for label in o.labels})
    if len(observations) < 2 * len(classes) + 2:
        return
    features = np.array(
        [[cross_entropy_rows(o.scores, o.labels)[o.labels == c].sum() for c in classes] for o in observations]
    )
    columns = np.concatenate([features, np.ones((len(values), 1))], axis=1)
    solution, *_ = np.linalg.lstsq(columns, values, rcond=None)
    error = float(np.abs(values - columns @ solution).max() / values.std())
    weights = solution[:-1]
    if (weights > 0).all() or (weights < 0).all():
        yield LossMatch(CROSS_ENTROPY, float(weights.mean()), float(solution[-1]), error, "class weights")

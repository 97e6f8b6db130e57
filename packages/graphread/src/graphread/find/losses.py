"""Recognize a loss: a bank of exact formulas, right and wrong ones, compared by value.

A formula maps logits z of shape (rows, classes) and labels of shape (rows,) to one number: the loss up to a factor and a
constant. To add one, add a line to `LOSSES`; tests/reader/test_banks.py covers all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import log_softmax, sigmoid, softmax
from graphread.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from graphread.graph.nodes import Array

CROSS_ENTROPY = "softmax-cross-entropy"
FUSED_LOSSES = ("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits")
#: Names of formulas that combine the rows of a batch.
OVER_ROWS = frozenset(
    [
        "softmax-over-batch",
        "softmax-over-all",
        "log-sum-over-batch",
        "sum-over-batch-log",
        "root-mean-squared-error",
        "cross-entropy-of-pairs",
    ]
)
TOLERANCE = 4e-3


@dataclass(frozen=True)
class Observation:
    """The graph's loss, summed, for these logits (rows, classes) and labels (rows,)."""

    scores: Array
    labels: Array
    value: float


@dataclass(frozen=True)
class LossMatch:
    """A formula that explains the observations: ``value = scale * formula + offset``.

    `error` is the largest residual relative to the standard deviation of the values. `detail` names a variant ("label
    smoothing 0.1"), empty for the plain form.
    """

    kind: str
    scale: float
    offset: float
    error: float
    detail: Said = ""


UNDECIDED = LossMatch("undecided", 1.0, 0.0, 0.0)
"""The match for an unknown formula."""
CONSTANT = LossMatch("constant", 0.0, 0.0, 0.0)
"""The match for a loss that does not depend on the logits."""


def _hot(z: Array, labels: Array) -> Array:
    return np.asarray(np.eye(z.shape[1])[labels])


def _at(z: Array, labels: Array) -> Array:
    """Return the label's column of each row, (rows,)."""
    return np.asarray(z[np.arange(len(z)), labels])


def cross_entropy_rows(z: Array, labels: Array) -> Array:
    """Return -log softmax(z) at the label, (rows,) (Goodfellow et al., Deep Learning, 6.2.2.3)."""
    return np.asarray(-_at(log_softmax(z), labels))


def _cross_entropy(z: Array, labels: Array) -> float:
    return float(cross_entropy_rows(z, labels).sum())


def _log_of(p: Array, least: float = 1e-7) -> Array:
    return np.asarray(np.log(np.clip(p, least, None)))


def _binary(p: Array, y: Array) -> float:
    return float(-(y * _log_of(p) + (1 - y) * _log_of(1 - p)).sum())


def _hinge(z: Array, labels: Array) -> float:
    """Return the multiclass hinge loss of Weston and Watkins, 1999 (not Crammer and Singer, 2001)."""
    right = _at(z, labels)[:, None]
    margins = np.maximum(0, 1 + z - right)
    margins[np.arange(len(z)), labels] = 0
    return float(margins.sum())


def _largest_hinge(z: Array, labels: Array) -> float:
    """Return Keras' categorical hinge: only the largest wrong score counts, or zero."""
    hot = _hot(z, labels)
    return float(np.maximum(0, 1 + ((1 - hot) * z).max(1) - (hot * z).sum(1)).sum())


def _normalised(z: Array) -> Array:
    return np.clip(z / z.sum(axis=1, keepdims=True), 1e-7, 1 - 1e-7)


def _shifted(step: int) -> Callable[[Array, Array], float]:
    return lambda z, labels: _cross_entropy(z, (labels + step) % z.shape[1])


#: Kind → formula. The first is the right one; the others are right elsewhere, or common mistakes.
LOSSES: Mapping[str, Callable[[Array, Array], float]] = {
    CROSS_ENTROPY: _cross_entropy,
    "mean-squared-error": lambda z, labels: float(((z - _hot(z, labels)) ** 2).sum()),
    "root-mean-squared-error": lambda z, labels: float(np.sqrt(((z - _hot(z, labels)) ** 2).sum())),
    "euclidean-distance": lambda z, labels: float(np.sqrt(((z - _hot(z, labels)) ** 2).sum(1)).sum()),
    "mean-absolute-error": lambda z, labels: float(np.abs(z - _hot(z, labels)).sum()),
    "sigmoid-cross-entropy": lambda z, labels: float((np.logaddexp(0, z) - z * _hot(z, labels)).sum()),
    "binary-cross-entropy": lambda z, labels: _binary(z, _hot(z, labels)),
    "log-of-sigmoid": lambda z, labels: float(-_at(_log_of(sigmoid(z)), labels).sum()),
    "negative-probability": lambda z, labels: float(-_at(softmax(z), labels).sum()),
    "negative-score": lambda z, labels: float(-_at(z, labels).sum()),
    "labels-off-by-one-up": _shifted(1),
    "labels-off-by-one-down": _shifted(-1),
    "labels-logits-swapped": lambda z, labels: float(-(z * log_softmax(_hot(z, labels))).sum()),
    "label-logit-swapped": lambda z, labels: float((np.logaddexp(0, labels) - labels * z[:, -1]).sum()),
    "softmax-over-batch": lambda z, labels: float(-(log_softmax(z, 0) * _hot(z, labels)).sum()),
    "log-sum-over-batch": lambda z, labels: float(np.log(np.exp(z).sum(axis=0)).mean() - _at(z, labels).mean()),
    "cross-entropy-of-pairs": lambda z, labels: float(-(log_softmax(z) @ _hot(z, labels).mean(0)).sum()),
    "cross-entropy-of-one-class": lambda z, labels: float(cross_entropy_rows(z, labels)[labels == 1].sum()),
    "cross-entropy-of-scores": lambda z, labels: float(-_at(np.log(_normalised(z)), labels).sum()),
    "log-of-scores": lambda z, labels: float(-_at(_log_of(z), labels).sum()),
    "log-of-scores-tight": lambda z, labels: float(-_at(_log_of(z, 1e-10), labels).sum()),
    "softmax-over-all": lambda z, labels: float(len(z) * np.log(np.exp(z).sum()) - _at(z, labels).sum()),
    "hinge": _hinge,
    "hinge-of-the-largest": _largest_hinge,
    "squared-hinge": lambda z, labels: float((np.maximum(0, 1 - (2 * _hot(z, labels) - 1) * z) ** 2).sum()),
    "hinge-of-each": lambda z, labels: float(np.maximum(0, 1 - (2 * _hot(z, labels) - 1) * z).sum()),
    "sum-over-batch-log": lambda z, labels: float(
        -np.log(np.maximum((softmax(z) * _hot(z, labels)).sum(axis=0), 1e-30)).sum()
    ),
}


def recognise(observations: Sequence[Observation], kinds: Sequence[str] | None = None) -> LossMatch | None:
    """Return the loss that explains these values, or None.

    `observations` are twelve or more, with random logits and labels; `kinds` are the formulas to try. By default, all are
    tried, including variants of the right one (label smoothing, class weights, focal loss).
    """
    values = varied_values(observations)
    if values is None:
        return None
    with np.errstate(all="ignore"):  # other formulas may divide by zero on these logits
        formulas = {kind: [LOSSES[kind](o.scores, o.labels) for o in observations] for kind in kinds or LOSSES}
    # For two classes some formulas coincide; the first one counts.
    matches = (fitted(kind, features, values) for kind, features in formulas.items())
    best = min(matches, key=lambda match: round(match.error, 9))  # later digits are rounding errors
    variants = _variants(observations, values) if kinds is None else iter(())
    return next((match for match in chain([best], variants) if match.error < TOLERANCE), None)


def varied_values(observations: Sequence[Observation]) -> Array | None:
    """Return the values of the loss; None if they are not finite, or all the same."""
    values = np.array([observation.value for observation in observations], dtype=np.float64)
    told = np.isfinite(values).all() and np.ptp(values) > 1e-9 * (1 + np.abs(values).max())
    return values if told else None


def solved(features: Sequence[Sequence[float]] | Array, values: Array) -> tuple[Array, float]:
    """Fit the values by the features (runs, n) and a constant; return coefficients and relative error."""
    columns = np.concatenate([np.asarray(features), np.ones((len(values), 1))], axis=1)
    factors, *_ = np.linalg.lstsq(columns, values, rcond=None)
    return factors, float(np.abs(values - columns @ factors).max() / values.std())


def fitted(kind: str, features: Sequence[float] | Array, values: Array, detail: Said = "") -> LossMatch:
    """Return the fit of a formula with one feature per observation; infinite error if it cannot fit."""
    column = np.asarray(features, dtype=np.float64)[:, None]
    if not np.isfinite(column).all() or not np.ptp(column):
        return LossMatch(kind, 0.0, 0.0, np.inf, detail)
    (scale, offset), error = solved(column, values)
    return LossMatch(kind, float(scale), float(offset), error, detail)


def _variants(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Yield variants of the right loss that an exercise may permit, the simplest first."""
    yield from _smoothed(observations, values)
    for gamma in (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0):
        features = [_focal(o, gamma) for o in observations]
        yield fitted(CROSS_ENTROPY, features, values, Text("focal form, {gamma:g}", gamma=gamma))
    yield from _weighted(observations, values)


def _smoothed(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Yield label smoothing: a fraction of the label is spread over all classes (Szegedy et al., 2016)."""
    features = np.array([_smoothing(o.scores, o.labels) for o in observations])
    (right, spread, offset), error = solved(features, values)
    total = right + spread
    if total != 0 and 0 < spread / total < 0.6:
        detail = Text("{label} smoothing {spread:.2g}", spread=spread / total)
        yield LossMatch(CROSS_ENTROPY, float(total), float(offset), error, detail)


def _smoothing(z: Array, labels: Array) -> list[float]:
    """Return the cross-entropy at the labels, and its mean over all classes."""
    return [_cross_entropy(z, labels), float(-log_softmax(z).mean(1).sum())]


def _focal(observation: Observation, gamma: float) -> float:
    """Return the focal loss (Lin et al., Focal Loss for Dense Object Detection, 2017)."""
    rows = cross_entropy_rows(observation.scores, observation.labels)
    return float(((1 - np.exp(-rows)) ** gamma * rows).sum())


def _weighted(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Yield cross-entropy with class weights."""
    classes = np.unique(np.concatenate([o.labels for o in observations]))
    if len(observations) < 2 * len(classes) + 2:
        return
    rows = [(o.labels, cross_entropy_rows(o.scores, o.labels)) for o in observations]
    sums = np.array([np.bincount(labels, errors, minlength=classes.max() + 1)[classes] for labels, errors in rows])
    (*weights, offset), error = solved(sums, values)
    if abs(np.sign(weights).sum()) == len(classes):
        yield LossMatch(CROSS_ENTROPY, float(np.mean(weights)), float(offset), error, Text("class weights"))

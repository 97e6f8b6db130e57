"""Recognize a regression loss: a bank of error formulas, compared by value as in `losses`.

An error maps network outputs z and targets y of equal shape to one number for each pair. To add one, add a line to `ERRORS`;
tests/reader/test_regression.py covers all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from graphread.find.activations import log_softmax
from graphread.find.losses import TOLERANCE, LossMatch, fitted, varied_values
from graphread.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from graphread.find.losses import Observation
    from graphread.graph.nodes import Array

SQUARED, ABSOLUTE, HUBER = "mean-squared-error", "mean-absolute-error", "huber"
ROOT = "root-mean-squared-error"
SIGNED = "signed-difference"
#: A loss that depends on the difference of averages, in any way.
OF_AVERAGES = "difference-of-averages"
CLASSIFICATION = frozenset({"softmax-cross-entropy", "sigmoid-cross-entropy", "binary-cross-entropy"})
#: Kinds that an exercise can require.
ASKED = (SQUARED, ABSOLUTE, HUBER, ROOT)
DELTAS = np.geomspace(0.02, 50, 69)
SMALL = 1e-7


def huber(difference: Array, delta: float) -> Array:
    """Return half the square up to `delta`, linear beyond (Huber, Robust Estimation …, 1964)."""
    size = np.abs(difference)
    return np.asarray(np.where(size <= delta, 0.5 * size**2, delta * size - 0.5 * delta**2))


def _log(value: Array) -> Array:
    return np.asarray(np.log(np.clip(value, SMALL, None)))


#: Kind → elementwise error, for errors without a free width and without a root of a sum. Some are mistakes, or right
#: elsewhere.
ERRORS: Mapping[str, Callable[[Array, Array], Array]] = {
    SQUARED: lambda z, y: (z - y) ** 2,
    ABSOLUTE: lambda z, y: np.abs(z - y),
    "log-cosh": lambda z, y: np.logaddexp(z - y, y - z),
    "mean-squared-logarithmic-error": lambda z, y: (np.log1p(np.maximum(z, 0)) - np.log1p(np.maximum(y, 0))) ** 2,
    "mean-absolute-percentage-error": lambda z, y: np.abs(z - y) / np.maximum(np.abs(y), SMALL),
    "mean-fourth-power": lambda z, y: (z - y) ** 4,
    SIGNED: lambda z, y: z - y,
    "sigmoid-cross-entropy": lambda z, y: np.logaddexp(0, z) - z * y,
    "binary-cross-entropy": lambda z, y: -(y * _log(z) + (1 - y) * _log(1 - z)),
}


def _summed(z: Array, y: Array, error: Callable[[Array, Array], Array]) -> float:
    """Return the summed error of each row's output and its own target: the right pairing."""
    return float(error(z, y).sum())


def _paired(z: Array, y: Array, error: Callable[[Array, Array], Array]) -> float:
    """Return the summed error of each row's output with each row's target, both (n, k)."""
    return float(error(z[:, None], y[None]).sum())


PAIRS = Text("each row with every other")
"""`LossMatch.detail` of a loss that compares each output with every target."""


def recognise_error(observations: Sequence[Observation]) -> LossMatch | None:
    """Return the error that explains these values, or None.

    `observations` are twelve or more, with network outputs (rows, outputs) and targets of the same shape.
    """
    values = varied_values(observations)
    if values is None:
        return None
    with np.errstate(all="ignore"):  # other formulas may take the logarithm of a negative number
        return next((match for match in _matches(observations, values) if match.error < TOLERANCE), None)


def _matches(observations: Sequence[Observation], values: Array) -> Iterator[LossMatch]:
    """Yield the fit of each formula: plain ones, roots of sums, and those with a free width."""
    for together, detail in ((_summed, ""), (_paired, PAIRS)):
        for kind, error in ERRORS.items():
            yield fitted(kind, [together(o.scores, o.labels, error) for o in observations], values, detail)
        squares = [together(o.scores, o.labels, ERRORS[SQUARED]) for o in observations]
        yield fitted(ROOT, np.sqrt(squares), values, detail)
        yield _with_delta(observations, values, together, detail)
    yield fitted("euclidean-distance", [_distances(o) for o in observations], values)
    crossed = [float(-(o.labels * log_softmax(o.scores)).sum()) for o in observations]
    yield fitted("softmax-cross-entropy", crossed, values)
    averages = np.array([np.abs((o.scores - o.labels).mean(0)) for o in observations])
    yield fitted(OF_AVERAGES, averages.sum(1), values)
    yield fitted(OF_AVERAGES, np.square(averages).sum(1), values)


def _distances(observation: Observation) -> float:
    return float(np.linalg.norm(observation.scores - observation.labels, axis=1).sum())


def _with_delta(
    observations: Sequence[Observation], values: Array, together: Callable[..., float], detail: Said
) -> LossMatch:
    """Return Huber's error with the delta that fits best."""

    def at(delta: float) -> LossMatch:
        features = [together(o.scores, o.labels, lambda z, y: huber(z - y, delta)) for o in observations]
        return fitted(HUBER, features, values, detail)

    best = min(map(float, DELTAS), key=lambda delta: at(delta).error)
    width = float(DELTAS[1] / DELTAS[0])
    for _ in range(16):
        best = min((best / width, best, best * width), key=lambda delta: at(delta).error)
        width **= 0.6
    return replace(at(best), detail=detail or Text("from {best:.3g} on a line", best=best))

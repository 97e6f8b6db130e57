"""From which distribution were these weights drawn? Distances between samples and named distributions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from netgrader.phrases import say

__all__ = ["describe_sample", "differs_from_uniform", "glorot_limit", "spread"]

Array = npt.NDArray[Any]

FALSE_ALARM = 1e-9  # how often a sample of the right distribution may be refused


def glorot_limit(inputs: int, outputs: int) -> float:
    """The limit √(6/(inputs + outputs)) of Glorot-uniform weights.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010, their
    equation 16.
    """
    return math.sqrt(6.0 / (inputs + outputs))


def differs_from_uniform(sample: Array, limit: float) -> bool:
    """Whether `sample` was surely not drawn uniformly from -`limit` to `limit`.

    A value outside the interval (beyond rounding) decides; else the largest distance between the sample's distribution
    function and the uniform one, which for n independent values is above ε with a probability of at most 2·exp(-2nε²)
    (Dvoretzky, Kiefer and Wolfowitz 1956; the constant is Massart's, 1990).
    """
    values = np.asarray(sample, dtype=np.float64).reshape(-1)
    if not np.abs(values).max() <= limit * (1 + 1e-5):  # also if it is not a number
        return True
    return _distance(values, (np.sort(values) + limit) / (2 * limit)) > _bound(values.size)


def spread(sample: Array) -> float:
    """The standard deviation of `sample`."""
    return float(np.asarray(sample, dtype=np.float64).std())


def describe_sample(sample: Array) -> str:
    """What `sample` looks like, as a short phrase: ``normal with standard deviation 0.05``."""
    values = np.asarray(sample, dtype=np.float64).reshape(-1)
    low, high, mean, deviation = (float(figure(values)) for figure in (np.min, np.max, np.mean, np.std))
    if low == high:
        return say("all weights {1:.3g}", low)
    bound = _bound(values.size) + 2.0 / values.size  # the ends are estimated from the sample
    ordered = np.sort(values)
    if _distance(values, (ordered - low) / (high - low)) <= bound:
        return say("uniform between {1:.3g} and {2:.3g}", low, high)
    erf = np.vectorize(math.erf)
    if _distance(values, 0.5 * (1 + erf((ordered - mean) / (deviation * math.sqrt(2))))) <= bound:
        return say("normal with standard deviation {1:.3g}", deviation)
    return say("between {1:.3g} and {2:.3g} with standard deviation {3:.3g}, not uniform", low, high, deviation)


def _bound(count: int) -> float:
    return math.sqrt(math.log(2 / FALSE_ALARM) / (2 * count))


def _distance(values: Array, expected: Array) -> float:
    """The largest distance between the distribution function of `values` and that `expected` at the sorted values."""
    steps = np.arange(values.size + 1) / values.size
    return float(max(np.abs(steps[1:] - expected).max(), np.abs(steps[:-1] - expected).max()))

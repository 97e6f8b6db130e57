"""Recognize an activation: a bank of elementwise and rowwise functions, compared by value.

To add one, add a line to `ACTIVATIONS`; tests/reader/test_banks.py runs over all of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from graphread.graph.nodes import Array

#: How Keras takes the logarithm of declared probabilities.
CLIPPED_LOG = "clipped-log"
_ERF = np.vectorize(math.erf, otypes=[np.float64])


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -z))


def softmax(z: Array, axis: int = -1) -> Array:
    """Return exp(z) divided by its sum along `axis`, without overflow."""
    powers = np.exp(z - z.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def log_softmax(z: Array, axis: int = -1) -> Array:
    """Return the logarithm of `softmax`."""
    top = z.max(axis=axis, keepdims=True)
    return np.asarray(z - top - np.log(np.exp(z - top).sum(axis=axis, keepdims=True)))


#: Name → function. SELU: Klambauer et al. 2017; GELU: Hendrycks and Gimpel 2016; Swish: Ramachandran et al. 2017;
#: Mish: Misra 2019; ELU: Clevert et al. 2015.
ACTIVATIONS: Mapping[str, Callable[[Array], Array]] = {
    "none": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "softmax": softmax,
    "log-softmax": log_softmax,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.logaddexp(0.0, z),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "gelu": lambda z: z * 0.5 * (1 + _ERF(z / math.sqrt(2))),
    "gelu-tanh": lambda z: 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "swish": lambda z: z * sigmoid(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0.0, z)),
    "relu6": lambda z: np.clip(z, 0, 6),
    "hard-sigmoid": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
    "hard-sigmoid-6": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    "hard-tanh": lambda z: np.clip(z, -1, 1),
    "exponential": np.exp,
    CLIPPED_LOG: lambda z: np.log(np.clip(z, 1e-7, 1 - 1e-7)),
    "square": np.square,
    "abs": np.abs,
    "sine": np.sin,
    "cosine": np.cos,
    "step": lambda z: (z > 0).astype(float),
    "scaled-tanh": lambda z: 1.7159 * np.tanh(2 / 3 * z),
    "crelu": lambda z: np.concatenate([np.maximum(z, 0), np.maximum(-z, 0)], axis=-1),
}

#: Variants that are reported under another name.
SAME = {"gelu-tanh": "gelu", "hard-sigmoid-6": "hard-sigmoid", "scaled-tanh": "tanh"}

#: Ops that are an activation by themselves, for reading without a lab.
OPS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softmax": "softmax",
    "LogSoftmax": "log-softmax",
    "Elu": "elu",
    "Selu": "selu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "LeakyRelu": "leaky-relu",
}


def _errors(before: Array, after: Array, offset: Array | None) -> Iterator[tuple[str, float]]:
    """Yield the relative error of each function of the bank; see `name_activation`."""
    shift = 0.0 if offset is None else np.asarray(offset, dtype=np.float64).reshape(after.shape)
    for name, function in ACTIVATIONS.items():
        expected = function(before)
        if expected.shape == after.shape:
            expected = expected if offset is None else expected - function(np.zeros_like(before))
            yield name, float(np.max(np.abs(expected - after + shift)) / (np.max(np.abs(expected)) + 1e-9))


def name_activation(before: Array, after: Array, offset: Array | None = None) -> str | None:
    """Return the name of the function that maps fed values to fetched values, both (n, width).

    The name is one of the bank, ``leaky-relu``, or None if nothing fits. `offset` is the result for zeros, if another value
    is added to the function's (a residual connection).
    """
    before, after = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (before, after))
    if not before.size or not after.size or not np.isfinite(after).all():
        return None
    before, after = before.reshape(len(before), -1), after.reshape(len(after), -1)
    with np.errstate(all="ignore"):  # other functions may overflow on these numbers
        errors = dict(_errors(before, after, offset))
    best = min(errors, key=errors.__getitem__, default="")
    if best and errors[best] < 1e-3:
        return SAME.get(best, best)
    if before.shape == after.shape and _is_leaky(before, after):
        return "leaky-relu"
    return None


def _slopes(before: Array, after: Array) -> Any:
    """Return the factors of negative numbers as a masked array; all other entries are masked."""
    return np.ma.masked_array(after, before >= -1e-3) / np.ma.masked_array(before, before >= -1e-3)


def _is_leaky(before: Array, after: Array) -> bool:
    """Whether the function has two slopes meeting at zero, the left one smaller, possibly per column."""
    positive, slopes = before > 1e-3, _slopes(before, after)
    if not positive.any() or not slopes.count() or not np.allclose(after[positive] / before[positive], 1, atol=1e-3):
        return False
    return bool(np.ma.max(slopes.max(axis=0) - slopes.min(axis=0)) <= 1e-3 and slopes.max() < 0.999)


def leaky_slope(before: Array, after: Array) -> float | None:
    """Return the negative slope of a leaky ReLU, equal for all numbers; None for other functions."""
    if before.shape != after.shape or not _is_leaky(before, after):
        return None
    slopes = _slopes(before, after)
    return float(np.ma.median(slopes)) if slopes.max() - slopes.min() <= 1e-3 else None

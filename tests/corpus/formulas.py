"""The formulas of layers, activations, losses and optimizers in NumPy, written independently of the reader's.

Sources: Goodfellow, Bengio, Courville, *Deep Learning* (2016), chapters 6 and 8; Adam: Kingma and Ba,
arXiv:1412.6980, algorithm 1, in the form with epsilon outside of the correction that TensorFlow uses;
RMSProp: Tieleman and Hinton 2012; Adagrad: Duchi, Hazan, Singer 2011; batch normalisation: arXiv:1502.03167; layer
normalisation: arXiv:1607.06450; maxout: arXiv:1302.4389; highway: arXiv:1505.00387; focal loss: arXiv:1708.02002.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Function = Callable[[Array], Array]

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def softmax(z: Array, axis: int = 1) -> Array:
    """Softmax along `axis`."""
    return np.exp(log_softmax(z, axis))


def log_softmax(z: Array, axis: int = 1) -> Array:
    """Logarithm of the softmax along `axis`, stable."""
    shifted = z - z.max(axis=axis, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return result


def sigmoid(z: Array) -> Array:
    """Logistic function."""
    result: Array = 0.5 * (1 + np.tanh(0.5 * z))
    return result


def softplus(z: Array) -> Array:
    """log(1 + e^z)."""
    result: Array = np.logaddexp(0, z)
    return result


def gelu_tanh(z: Array) -> Array:
    """GELU in the tanh form, arXiv:1606.08415."""
    result: Array = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return result


ACTIVATIONS: Mapping[str, Function] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "relu6": lambda z: np.clip(z, 0, 6),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z: SELU_SCALE * np.where(z > 0, z, SELU_ALPHA * np.expm1(np.minimum(z, 0))),
    "softplus": softplus,
    "softsign": lambda z: z / (1 + np.abs(z)),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "swish": lambda z: z * sigmoid(z),
    "gelu": gelu_tanh,
    "abs": np.abs,
    "square": np.square,
    "softmax": softmax,
}


def cross_entropy(z: Array, y: Array) -> Array:
    """Softmax cross-entropy of each row, y any distribution."""
    result: Array = -(y * log_softmax(z)).sum(axis=1)
    return result


def sigmoid_cross_entropy(z: Array, y: Array) -> Array:
    """Sigmoid cross-entropy of each entry."""
    result: Array = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
    return result


def layer_norm(z: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Normalise each row."""
    mean, var = z.mean(axis=1, keepdims=True), z.var(axis=1, keepdims=True)
    result: Array = gamma * (z - mean) / np.sqrt(var + epsilon) + beta
    return result


def conv2d(images: Array, kernel: Array, stride: int = 1, padding: str = "SAME") -> Array:
    """Two-dimensional cross-correlation, images (n, h, w, c), kernel (kh, kw, c, m), TensorFlow's padding."""
    kh, kw = kernel.shape[:2]
    if padding == "SAME":
        pads = []
        for size, k in zip(images.shape[1:3], (kh, kw), strict=True):
            total = max((-(-size // stride) - 1) * stride + k - size, 0)
            pads.append((total // 2, total - total // 2))
        images = np.pad(images, ((0, 0), pads[0], pads[1], (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(images, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    result: Array = np.einsum("nijckl,klcm->nijm", windows, kernel, optimize=True)
    return result


def max_pool_2x2(t: Array) -> Array:
    """Largest of each 2 by 2 block."""
    n, h, w, c = t.shape
    result: Array = t.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
    return result


class Optimizers:
    """Two steps or more of an optimizer from zero state: ``moves(kind, rate, gradients)``."""

    @staticmethod
    def moves(kind: str, rate: float, gradients: Sequence[Array]) -> list[Array]:
        """The change of one variable at each step, given its gradient at each step."""
        g0 = gradients[0]
        m, v = np.zeros_like(g0), np.zeros_like(g0)
        if kind == "adagrad":
            v = np.full_like(g0, 0.1)
        if kind == "rmsprop":
            v = np.ones_like(g0)
        out = []
        for t, g in enumerate(gradients, 1):
            if kind == "adam":
                m = 0.9 * m + 0.1 * g
                v = 0.999 * v + 0.001 * g * g
                step = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-8)
            elif kind == "sgd":
                step = rate * g
            elif kind == "momentum":
                m = 0.9 * m + g
                step = rate * m
            elif kind == "nesterov":
                m = 0.9 * m + g
                step = rate * (g + 0.9 * m)
            elif kind == "rmsprop":
                v = 0.9 * v + 0.1 * g * g
                step = rate * g / np.sqrt(v + 1e-10)
            elif kind == "adagrad":
                v = v + g * g
                step = rate * g / np.sqrt(v)
            else:
                raise ValueError(kind)
            out.append(-step)
        return out

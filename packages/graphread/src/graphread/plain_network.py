"""A trained network as plain data that runs without TensorFlow: dense layers in sequence.

Each layer is a table of 8-bit weights with a scale for each row, a bias, and an activation by name. The students' pages
compute in JavaScript (`drawing_pad.js`) what `scores` computes here. `graphread.trial.plain_trial` extracts one from a graph.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from graphread.find.activations import ACTIVATIONS, CLIPPED_LOG

if TYPE_CHECKING:
    from graphread.graph.nodes import Array

__all__ = [
    "LEAKY",
    "PORTABLE",
    "PlainLayer",
    "PlainNetwork",
    "Precision",
    "plain_layer",
    "scores",
]


class Precision:
    """Limits on the number of weights and on their precision."""

    MOST_WEIGHTS = 2_000_000
    """Total of all layers: 2.7 MB as text. A Jupyter server sends 3 MB in one message; a graded cell shows as much."""
    LEVELS = 127
    DIGITS = 7
    """Significant digits of a scale or bias, as many as float32 has."""


LEAKY = "leaky-relu"
PORTABLE = frozenset(ACTIVATIONS) - {"log-softmax", CLIPPED_LOG, "crelu"} | {LEAKY}
"""Activations that the page supports: elementwise ones and softmax."""


class PlainLayer(msgspec.Struct, frozen=True):
    """A dense layer: weighted sums and an activation."""

    inputs: int
    outputs: int
    weights: bytes
    """int8 values from -127 to 127, in rows of one output each."""
    scales: tuple[float, ...]
    """One scale for each row: the value of one quantization step."""
    bias: tuple[float, ...]
    activation: str = "none"
    """A name from `PORTABLE`."""
    slope: float = 0.0
    """Negative slope of a leaky ReLU."""

    def __post_init__(self) -> None:
        sizes = len(self.weights), len(self.scales), len(self.bias)
        fits = self.outputs > 0 and sizes == (self.inputs * self.outputs, self.outputs, self.outputs)
        if not fits or self.activation not in PORTABLE:
            raise ValueError("A layer's weights, scales and bias do not go together.")
        if not all(map(math.isfinite, (*self.scales, *self.bias, self.slope))):
            raise ValueError("A layer has numbers that are not finite.")


class PlainNetwork(msgspec.Struct, frozen=True):
    """Layers from pixel values between 0 and 1 to one logit for each class."""

    layers: tuple[PlainLayer, ...]
    agrees: float = 1.0
    """Fraction of the tried images on which it agrees with the original network."""
    differs: float = 0.0
    """Largest difference between its probabilities and those of the original network."""

    def __post_init__(self) -> None:
        outputs, inputs = ([getattr(layer, side) for layer in self.layers] for side in ("outputs", "inputs"))
        if not self.layers or outputs[:-1] != inputs[1:]:
            raise ValueError("The layers of a network do not go together.")


def plain_layer(table: tuple[Array, Array], activation: str, slope: float = 0.0) -> PlainLayer:
    """Return a layer with quantized weights (inputs, outputs) and a bias (outputs,)."""
    weights, bias = table
    rows = np.asarray(weights, np.float64).T
    scales = np.abs(rows).max(axis=1) / Precision.LEVELS
    levels = np.rint(rows / np.where(scales > 0, scales, 1)[:, None]).astype(np.int8)
    return PlainLayer(
        rows.shape[1], rows.shape[0], levels.tobytes(), _short(scales), _short(bias), activation, _short([slope])[0]
    )


def _short(numbers: Array | list[float]) -> tuple[float, ...]:
    return tuple(float(f"{number:.{Precision.DIGITS}g}") for number in np.asarray(numbers, np.float64).tolist())


def scores(network: PlainNetwork, pixels: Array) -> Array:
    """Return the network's outputs (n, classes) for rows of pixels (n, inputs)."""
    value = np.asarray(pixels, np.float64)
    for layer in network.layers:
        levels = np.frombuffer(layer.weights, np.int8).reshape(layer.outputs, layer.inputs)
        value = value @ levels.T.astype(np.float64) * np.array(layer.scales) + np.array(layer.bias)
        value = activated(value, layer.activation, layer.slope)
    return value


def activated(value: Array, activation: str, slope: float) -> Array:
    """Apply an activation of `PORTABLE`."""
    return np.where(value > 0, value, slope * value) if activation == LEAKY else ACTIVATIONS[activation](value)

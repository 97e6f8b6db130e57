"""A trained network as plain data, to be computed without TensorFlow: weighted sums in sequence.

Each layer is a table of weights in eight bits with a scale for each row, a bias, and an activation by its name. What the
students' pages compute in JavaScript (`drawing_pad.js`) is what `scores` computes here. `graphread.trial.plain_trial`
makes one of a graph.
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
    """How many weights are written, and how exactly."""

    MOST_WEIGHTS = 2_000_000
    """Of all layers together: 2.7 MB as text. A notebook's server passes on 3 MB at once, a graded cell shows as many."""
    LEVELS = 127
    DIGITS = 7
    """Of a scale or a bias: what a number of 32 bits has."""


LEAKY = "leaky-relu"
PORTABLE = frozenset(ACTIVATIONS) - {"log-softmax", CLIPPED_LOG, "crelu"} | {LEAKY}
"""Activations that the page knows: each number by itself, and softmax."""


class PlainLayer(msgspec.Struct, frozen=True):
    """Weighted sums and an activation."""

    inputs: int
    outputs: int
    weights: bytes
    """Whole numbers from -127 to 127, a row for each output."""
    scales: tuple[float, ...]
    """For each row what one step of its weights stands for."""
    bias: tuple[float, ...]
    activation: str = "none"
    """A name of `PORTABLE`."""
    slope: float = 0.0
    """Of a leaky ReLU, left of zero."""

    def __post_init__(self) -> None:
        sizes = len(self.weights), len(self.scales), len(self.bias)
        fits = self.outputs > 0 and sizes == (self.inputs * self.outputs, self.outputs, self.outputs)
        if not fits or self.activation not in PORTABLE:
            raise ValueError("A layer's weights, scales and bias do not go together.")
        if not all(map(math.isfinite, (*self.scales, *self.bias, self.slope))):
            raise ValueError("A layer has numbers that are not finite.")


class PlainNetwork(msgspec.Struct, frozen=True):
    """Layers from the pixels of an image, each between 0 and 1, to a score for each class."""

    layers: tuple[PlainLayer, ...]
    agrees: float = 1.0
    """The share of the images that it was tried on for which its answer is the network's own."""
    differs: float = 0.0
    """By how much its probabilities differ from the network's own at most."""

    def __post_init__(self) -> None:
        outputs, inputs = ([getattr(layer, side) for layer in self.layers] for side in ("outputs", "inputs"))
        if not self.layers or outputs[:-1] != inputs[1:]:
            raise ValueError("The layers of a network do not go together.")


def plain_layer(table: tuple[Array, Array], activation: str, slope: float = 0.0) -> PlainLayer:
    """Return a layer of rounded weights (inputs, outputs) and a bias (outputs,)."""
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
    """Return what the network puts out (n, classes) for rows of pixels (n, inputs)."""
    value = np.asarray(pixels, np.float64)
    for layer in network.layers:
        levels = np.frombuffer(layer.weights, np.int8).reshape(layer.outputs, layer.inputs)
        value = value @ levels.T.astype(np.float64) * np.array(layer.scales) + np.array(layer.bias)
        value = activated(value, layer.activation, layer.slope)
    return value


def activated(value: Array, activation: str, slope: float) -> Array:
    """Return what an activation of `PORTABLE` makes of sums."""
    return np.where(value > 0, value, slope * value) if activation == LEAKY else ACTIVATIONS[activation](value)

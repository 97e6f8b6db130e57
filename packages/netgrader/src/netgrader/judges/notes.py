"""The format of an instrument's notes at the trust boundary, for both sides: arrays, columns, flags.

For each call of `train` the evidence has these arrays, under ``{call}/{part}``:

=============== ========== =====================================================================================
part            shape      content
=============== ========== =====================================================================================
``events``      (E, 5)     int64, a row for each run that fed rows or initialised, in order; columns `COLUMNS`
``figures``     (E, 2)     float64, for the same events; columns `FIGURES`
``rows``        (R, 4)     float64, fingerprints of the rows of all blocks, one block after the other
``block_sizes`` (B,)       int64, how many rows each block has; an event names its block by number
``found``       (F,)       uint8, the class that the network gave each row of each event, events in order
``labels``      (L,)       uint8, the class that the labels fed name, for the rows of each event that was fed labels
``final``       ()         float64, the state of the weights that `train` left in its session, NaN if none
=============== ========== =====================================================================================

It also has the images that the rows come from, ``images/x_train`` and ``images/x_test``. From these, and from the initial
weights, which follow from a number that the grader gives, all notes can be recomputed.

The module also has the instrument's arithmetic in NumPy: the same where notes are taken and where they are recomputed.

With NumPy instead of TensorFlow, the instrument does not show a solution of the network that students must write. Adam as in
Kingma and Ba (2015), algorithm 1, in the form at the end of its section 2, as in TensorFlow.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt
from numpy.random import mtrand

from netgrader.checks.parameters import Usual

if TYPE_CHECKING:
    from netgrader.data import DataSpec

__all__ = [
    "COLUMNS",
    "FIGURES",
    "IMAGES",
    "LEARNING_RATE",
    "NO_LABEL",
    "PARTS",
    "Asked",
    "Learner",
    "arrays_of",
    "direction",
    "first_weights",
    "gradient",
    "loss_and_slope",
]

LEARNING_RATE = Usual.INSTRUMENT_RATE
"""The learning rate of the instrument's Adam, unless a call requires another one."""

IMAGES = {"x_train": "x_train_2d", "x_test": "x_test_2d"}
"""The arrays of `arrays_of` that hold images, and the given arrays that they usually come from."""

COLUMNS = ("asked", "n_rows", "block", "graph_version", "unclear")
"""`Asked` flags; number of fed rows; their block, -1 if none; version of the graph, which grows with each op; unclear labels."""

FIGURES = ("state", "loss")
"""A number that changes with the weights, before the event's own step; the loss, NaN if it was not computed."""

PARTS = ("events", "figures", "rows", "block_sizes", "found", "labels", "final")

NO_LABEL = 255


class Asked(IntFlag):
    """The fetches of a run of the instrument. No flag: only predictions or logits."""

    STEP = 1
    LOSS = 2
    ACCURACY = 4
    INITIALISE = 8
    GRADIENT = 16
    """The gradient of the loss was fetched, outside the network's own training step."""


def arrays_of(spec: DataSpec) -> tuple[str, str, str, str]:
    """Return the names of the student's arrays that `train` reads."""
    return "x_train", spec.labels_of("train"), "x_test", spec.labels_of("test")


def first_weights(challenge: int, call: int, pixels: int, classes: int) -> npt.NDArray[np.float32]:
    """Return the initial weights (pixels, classes), float32, of a call's instrument; the bias is zero.

    They depend only on the `challenge` and the call, on any machine and with any version of NumPy, so that notes cannot be
    written before it is known, nor copied from another run.
    """
    stream = hashlib.shake_256(f"netgrader: first weights {challenge} {call}".encode()).digest(4 * pixels * classes)
    parts = np.frombuffer(stream, dtype="<u4").astype(np.float64) / 2**32
    largest = round(math.sqrt(6 / (pixels + classes)), 3)  # Glorot and Bengio, 2010
    weights: npt.NDArray[np.float32] = (2 * largest * parts - largest).astype(np.float32).reshape(pixels, classes)
    return weights


def direction(weights: int) -> npt.NDArray[np.float32]:
    """Return the fixed factors (weights,), float32, whose dot product with the weights is their ``state``."""
    # Not np.random.RandomState, whose seeds a further run of a notebook shifts.
    parts: npt.NDArray[np.float32] = mtrand.RandomState(20).randn(weights).astype(np.float32)
    return parts


Floats = npt.NDArray[np.float32]

ROWS = 64
"""Rows in one product. Larger ones start BLAS threads, which on a busy machine take ten times as long."""
BETA1, BETA2, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-8)


@dataclass
class Learner:
    """The instrument's variables: weights (pixels, classes), bias (classes,), and Adam's slots.

    `means` and `squares` are running means of their gradients and of these squared; `steps` is the number of steps.
    """

    w: Floats
    b: Floats
    means: list[Floats]
    squares: list[Floats]
    steps: int

    @classmethod
    def begun(cls, w: Floats) -> Self:
        """Return a learner before its first step, with weights (pixels, classes), which it modifies."""
        b = np.zeros(w.shape[1], np.float32)
        return cls(w, b, [np.zeros_like(w), np.zeros_like(b)], [np.zeros_like(w), np.zeros_like(b)], 0)

    def logits(self, x: Floats) -> Floats:
        """Return the logits (n, classes) of rows `x` (n, pixels)."""
        found = np.empty((len(x), self.w.shape[1]), np.float32)
        for start in range(0, len(x), ROWS):
            np.dot(x[start : start + ROWS], self.w, out=found[start : start + ROWS])
        found += self.b
        return found

    def step(self, x: Floats, y: Floats, rate: float) -> float:
        """Take a step on rows (n, pixels) with labels (n, classes); return the mean loss before it."""
        loss, slope = loss_and_slope(self.logits(x), y)
        self.descend(gradient(x, slope), slope, rate)
        return loss

    def descend(self, of_w: Floats, slope: Floats, rate: float) -> None:
        """Take an Adam step; `of_w` is the loss's gradient for the weights, `slope` that for the logits."""
        self.steps += 1
        scale = np.float32(rate * np.sqrt(1 - float(BETA2) ** self.steps) / (1 - float(BETA1) ** self.steps))
        gradients = (of_w, slope.sum(axis=0))
        for value, gradient, mean, square in zip((self.w, self.b), gradients, self.means, self.squares, strict=True):
            np.add(mean, (gradient - mean) * (1 - BETA1), out=mean)
            np.add(square, (gradient * gradient - square) * (1 - BETA2), out=square)
            np.subtract(value, scale * mean / (np.sqrt(square) + EPSILON), out=value)


def gradient(x: Floats, slope: Floats) -> Floats:
    """Return the loss's gradient for the weights, from the gradient `slope` for the logits of rows `x`."""
    found = np.zeros((x.shape[1], slope.shape[1]), np.float32)
    for start in range(0, len(x), ROWS):
        found += x[start : start + ROWS].T @ slope[start : start + ROWS]
    return found


def loss_and_slope(logits: Floats, y: Floats) -> tuple[float, Floats]:
    """Return the mean softmax cross-entropy of logits and labels (n, classes); its gradient for logits.

    Raises
    ------
    ValueError
        If the numbers of labels and rows differ.
    """
    if len(logits) != len(y):
        raise ValueError(f"logits and labels must have the same first dimension, got {len(logits)} and {len(y)} rows")
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    sums = exponentials.sum(axis=1, keepdims=True)
    losses = ((np.log(sums) - logits) * y).sum(axis=1)
    slope = ((exponentials / sums * y.sum(axis=1, keepdims=True) - y) / max(len(y), 1)).astype(np.float32)
    return float(np.mean(losses)) if len(y) else float("nan"), slope

"""The instrument's arithmetic, in NumPy: the same where its notes are taken and where they are computed again.

Written out here and not in TensorFlow, the instrument needs no second spelling of the network that students are asked for.
Adam as in Kingma and Ba (2015), algorithm 1, in the form at the end of its section 2, which TensorFlow has.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from netgrader.training.notes import CLASSES

__all__ = ["Learner", "gradient", "loss_and_slope"]

Floats = npt.NDArray[np.float32]

ROWS = 64
"""In one product. Larger ones start BLAS's threads, which on a busy machine take ten times the time of the product."""
BETA1, BETA2, EPSILON = np.float32(0.9), np.float32(0.999), np.float32(1e-8)


@dataclass
class Learner:
    """The instrument's variables: weights (784, 10), bias (10,), and what Adam remembers of both.

    `means` and `squares` are the running means of their gradients and of the squares of these; `steps` were taken.
    """

    w: Floats
    b: Floats = field(default_factory=lambda: np.zeros(CLASSES, np.float32))
    means: list[Floats] = field(default_factory=list)
    squares: list[Floats] = field(default_factory=list)
    steps: int = 0

    def __post_init__(self) -> None:
        for moments in (self.means, self.squares):
            moments.extend(np.zeros_like(value) for value in (self.w, self.b)[len(moments) :])

    def logits(self, x: Floats) -> Floats:
        """Of the rows `x` (n, 784); shape (n, 10)."""
        found = np.empty((len(x), CLASSES), np.float32)
        for start in range(0, len(x), ROWS):
            np.dot(x[start : start + ROWS], self.w, out=found[start : start + ROWS])
        found += self.b
        return found

    def step(self, x: Floats, y: Floats, rate: float) -> float:
        """Take a step on rows (n, 784) with labels (n, 10); gives the mean loss before it."""
        loss, slope = loss_and_slope(self.logits(x), y)
        self.descend(gradient(x, slope), slope, rate)
        return loss

    def descend(self, of_w: Floats, slope: Floats, rate: float) -> None:
        """Take a step along the gradient (784, 10) of the loss; `slope` (n, 10) is that with respect to the logits."""
        self.steps += 1
        scale = np.float32(rate * np.sqrt(1 - float(BETA2) ** self.steps) / (1 - float(BETA1) ** self.steps))
        gradients = (of_w, slope.sum(axis=0))
        for value, gradient, mean, square in zip((self.w, self.b), gradients, self.means, self.squares, strict=True):
            np.add(mean, (gradient - mean) * (1 - BETA1), out=mean)
            np.add(square, (gradient * gradient - square) * (1 - BETA2), out=square)
            np.subtract(value, scale * mean / (np.sqrt(square) + EPSILON), out=value)


def gradient(x: Floats, slope: Floats) -> Floats:
    """The gradient (784, 10) of a loss with respect to the weights, by that with respect to the logits of rows `x`."""
    found = np.zeros((x.shape[1], slope.shape[1]), np.float32)
    for start in range(0, len(x), ROWS):
        found += x[start : start + ROWS].T @ slope[start : start + ROWS]
    return found


def loss_and_slope(logits: Floats, y: Floats) -> tuple[float, Floats]:
    """Mean softmax cross-entropy of logits (n, 10) with labels (n, 10), and its gradient (n, 10).

    Raises
    ------
    ValueError
        If there are not as many labels as rows.
    """
    if len(logits) != len(y):
        raise ValueError(f"logits and labels must have the same first dimension, got {len(logits)} and {len(y)} rows")
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    sums = exponentials.sum(axis=1, keepdims=True)
    losses = ((np.log(sums) - logits) * y).sum(axis=1)
    slope = ((exponentials / sums * y.sum(axis=1, keepdims=True) - y) / max(len(y), 1)).astype(np.float32)
    return float(np.mean(losses)) if len(y) else float("nan"), slope

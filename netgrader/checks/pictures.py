"""What tests hand over for the pages to draw of a training: curves with the accuracy recomputed, digits got wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.observations import Curves, Series, WrongDigit, WrongDigits

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["accuracy_curves", "wrong_digits"]

MOST_EPOCHS = 200
MOST_DIGITS = 12
TITLE = "Accuracy after each epoch, as your code reported it"
EPOCH, ACCURACY = "epoch", "accuracy"
TRAINING, TEST, RECOMPUTED = "training", "test", "test, recomputed at the end"


def accuracy_curves(training: npt.NDArray[Any] | None, test: npt.NDArray[Any], recomputed: float) -> Curves:
    """The curves that were reported, and the recomputed test accuracy at the last epoch.

    Parameters
    ----------
    training, test
        Accuracies after each epoch as they were reported, shares of one; anything may stand in them.
    recomputed
        The accuracy on the test images that the network has as it was left.
    """
    lines = [_line(name, values) for name, values in ((TRAINING, training), (TEST, test)) if values is not None]
    shown = tuple(line for line in lines if line.x)
    last = max((line.x[-1] for line in shown), default=1.0)
    return Curves(TITLE, EPOCH, ACCURACY, (*shown, Series(RECOMPUTED, (last,), (recomputed,))), percent=True)


def wrong_digits(found: npt.NDArray[Any], true: npt.NDArray[Any]) -> WrongDigits:
    """The first test images that a network takes for others; `found` and `true` are classes of shape (n,)."""
    wrong = np.flatnonzero(found != true)
    shown = tuple(WrongDigit(int(index), int(found[index]), int(true[index])) for index in wrong[:MOST_DIGITS])
    return WrongDigits(shown, len(wrong), len(true))


def _line(name: str, values: npt.NDArray[Any]) -> Series:
    numbers = [float(value) for value in np.asarray(values, dtype=np.float64).reshape(-1)[:MOST_EPOCHS]]
    # What is no share of one would push everything else out of the picture.
    drawn = tuple(value if math.isfinite(value) and 0 <= value <= 1 else None for value in numbers)
    return Series(name, tuple(float(epoch + 1) for epoch in range(len(drawn))), drawn)

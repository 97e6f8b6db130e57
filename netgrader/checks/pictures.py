"""What tests hand over for the pages to draw of a training: curves with the accuracy recomputed, digits got wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.observations import Comparison, Curves, Series, WrongDigit, WrongDigits

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from netgrader.checks.bench import CellEvidence
    from netgrader.observations import Observation

__all__ = ["accuracy_curves", "show_claim", "wrong_digits"]

MOST_EPOCHS = 200
MOST_DIGITS = 12
CLAIM = "Accuracy on the test images"
TITLE = "Accuracy after each epoch, as your code reported it"
EPOCH, ACCURACY = "epoch", "accuracy"
TRAINING, TEST, RECOMPUTED = "training", "test", "test, recomputed at the end"


def show_claim(show: Callable[[Observation], None], evidence: CellEvidence, recomputed: float) -> None:
    """Hand over what a cell reported of its training beside what is true, whether or not anything else about it is right.

    Parameters
    ----------
    show
        The fixture.
    evidence
        What the cell handed over that trains; it may lack the curves.
    recomputed
        The accuracy on the test images that its network has.
    """
    training, test = (evidence.raw.arrays.get(name, np.empty(0)).reshape(-1) for name in ("acc_trn", "acc_val"))
    show(Comparison(CLAIM, float(test[-1]) if len(test) else None, recomputed))
    if len(training) or len(test):
        show(accuracy_curves(training, test, recomputed))


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

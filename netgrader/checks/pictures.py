"""What tests hand over for the pages to draw of a training: accuracies and losses as curves, sweeps, digits got wrong."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.checks.learning_rate import compare_rates
from netgrader.checks.short_runs import SMOOTH
from netgrader.observations import Comparison, Curves, Series, Sweep, WrongDigit, WrongDigits
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from netgrader.checks.bench import CellEvidence
    from netgrader.checks.short_runs import ShortRun
    from netgrader.checks.sweeps import StudentSweep
    from netgrader.observations import Observation

__all__ = ["accuracy_curves", "rate_curves", "show_claim", "sweep_curve", "wrong_digits"]

MOST_EPOCHS = 200
MOST_DIGITS = 12
CLAIM = "Accuracy on the test images"
EACH_EPOCH = "Accuracy after each epoch, as your code reported it", "epoch"
NOW_AND_THEN = "Accuracy each time that your code took it, as it reported it", "evaluation"
ACCURACY = "accuracy"
RATES = say("Loss at your learning rate and at others, averaged over {1} steps", SMOOTH)
YOURS, THIRD, TRIPLE, TENFOLD = "{rate}, yours", "{rate}, a third", "{rate}, three times", "{rate}, ten times"
EVERY = 5
"""Steps from one point of a loss curve to the next."""
TRAINING, TEST, RECOMPUTED = "training", "test", "test, recomputed at the end"


def show_claim(
    show: Callable[[Observation], None], evidence: CellEvidence, recomputed: float, *, epochs: int | None = None
) -> None:
    """Hand over what a cell reported of its training beside what is true, whether or not anything else about it is right.

    Parameters
    ----------
    show
        The fixture.
    evidence
        What the cell handed over that trains; it may lack the curves.
    recomputed
        The accuracy on the test images that its network has.
    epochs
        How many epochs there were; None where nobody knows.
    """
    training, test = (evidence.raw.arrays.get(name, np.empty(0)).reshape(-1) for name in ("acc_trn", "acc_val"))
    show(Comparison(CLAIM, float(test[-1]) if len(test) else None, recomputed))
    if len(training) or len(test):
        each_epoch = {len(training), len(test)} - {0} == {epochs}
        show(accuracy_curves(training, test, recomputed, each_epoch=each_epoch))


def accuracy_curves(
    training: npt.NDArray[Any] | None, test: npt.NDArray[Any], recomputed: float, *, each_epoch: bool
) -> Curves:
    """The curves that were reported, and the recomputed test accuracy at the last epoch.

    Parameters
    ----------
    training, test
        Accuracies as they were reported, shares of one; anything may stand in them.
    recomputed
        The accuracy on the test images that the network has as it was left.
    each_epoch
        Whether they are known to be one for each epoch; else they are numbered as they came.
    """
    title, axis = EACH_EPOCH if each_epoch else NOW_AND_THEN
    lines = [_line(name, values) for name, values in ((TRAINING, training), (TEST, test)) if values is not None]
    shown = tuple(line for line in lines if line.x)
    last = max((line.x[-1] for line in shown), default=1.0)
    return Curves(title, axis, ACCURACY, (*shown, Series(RECOMPUTED, (last,), (recomputed,))), percent=True)


def rate_curves(third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False) -> Curves:
    """The losses at a learning rate, a third and three times of it; at ten times of it where `judge_rate` names that."""
    verdict = compare_rates(third, at, triple, tenfold, found=found)
    named = [(THIRD, third), (YOURS, at), (TRIPLE, triple)]
    # Where ten times the rate can tell nothing, the run at three times stands for it.
    if verdict is not None and verdict.against is tenfold and tenfold is not triple:
        named.append((TENFOLD, tenfold))
    lines = []
    for words, run in named:
        losses = run.smoothed
        steps = list(range(EVERY - 1, len(losses), EVERY))
        lines.append(
            Series(
                say(words, rate=f"{run.rate:.3g}"),
                tuple(float(step + 1) for step in steps),
                tuple(float(losses[step]) if math.isfinite(losses[step]) else None for step in steps),
            )
        )
    return Curves(RATES, "step", "loss", tuple(lines), log_y=True)


def sweep_curve(sweep: StudentSweep, runs: Iterable[ShortRun]) -> Sweep:
    """The sweep as it was reported, beside what our short runs at some of its rates reached."""
    again = {
        repr(float(rate)): run.late
        for run in runs
        for rate in sweep.rates
        if math.isclose(rate, run.rate, rel_tol=1e-6)
    }
    accuracies = tuple(float(value) if math.isfinite(value) else None for value in sweep.accuracies)
    return Sweep(tuple(map(float, sweep.rates)), accuracies, sweep.best, again)


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

"""Whether the accuracies, or errors, that a student reports are those of the network handed over, as we recomputed it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import Failed, fail, partial
from netgrader.judges.accuracy import ROUNDED, curves, error_curves, train_accuracy
from netgrader.judges.as_handed import causes_of_accuracy
from netgrader.judges.measure import ACCURACY
from netgrader.judges.training import require_training
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.judges.accuracy import Recomputed

__all__ = ["require_curves", "require_reported"]

Array = npt.NDArray[Any]

SAMPLED = 0.05  # more than this an accuracy on the sample, of a thousand images say, hardly differs from that on all
CHANCE = 0.005  # more than this an accuracy hardly moves from one late epoch to the next
UNSTEADY = 0.01  # what an accuracy may be off by if it differs from time to time, which is charged where it was built
MOST_EPOCHS = 100  # of a curve that is looked through for the epoch that weights were set back to
RUNNING = (
    0.02  # what an accuracy on training images may be off by that was taken on a part of them, or as they were fed
)


def require_curves(bench: TestContext, cell: str, remark: Callable[..., None], *, whole_curve: bool = False) -> None:
    """End the test unless the network of a cell was trained there, and the curves handed over with it are what it does.

    What is right by the student's own rows, labels or accuracy has the cells that made these for its causes. See
    `require_reported`.
    """
    result, evidence = require_training(bench, cell), bench.evidence(cell)
    read = error_curves if bench.spec.is_regression else curves
    trained, tested = (curve.tolist() for curve in read(evidence))
    try:
        require_reported(result, trained, tested, remark, lambda: train_accuracy(bench, cell), whole_curve=whole_curve)
    except Failed as failed:
        causes = causes_of_accuracy(bench, cell, tested[-1]) if len(tested) else ()
        raise Failed([replace(fault, causes=causes) for fault in failed.faults], failed.share) from None


def require_reported(
    recomputed: Recomputed,
    acc_trn: Sequence[float],
    acc_val: Sequence[float],
    remark: Callable[..., None],
    on_train: Callable[[], float] | None = None,
    *,
    whole_curve: bool = False,
) -> None:
    """End the test unless the last accuracies reported are what the network does.

    Where the values handed over are those of an earlier epoch, as with early stopping, that epoch's result is remarked on
    and costs nothing: it is the best of the curve, or one whose accuracy on the training images is right as well. Any
    other value of the curve is none of the network's, however near one comes.

    Parameters
    ----------
    on_train
        Gives the accuracy on all training images; asked only where that may be what was reported.
    whole_curve
        Whether the last of `acc_trn` has to be the accuracy on the training images, by the rule of the exercise.

    Of a regression the curves are of errors, in the unit of the targets.
    """
    measure = recomputed.measure
    if not len(acc_val) or not len(acc_trn):
        found, expected = Text("no accuracies"), Text("the accuracy after each epoch")
        if recomputed.spec.is_regression:
            found, expected = Text("no errors"), Text("the error after each epoch")
        fail("reported-accuracy-wrong", found=found, expected=expected)
    acc_trn, acc_val = ([measure.score_of(float(value)) for value in curve] for curve in (acc_trn, acc_val))
    near = ROUNDED if recomputed.steady else UNSTEADY
    last = float(acc_val[-1])
    if abs(last - recomputed.notebook) <= near:
        on_training = float(acc_trn[-1])
        train = recomputed.train
        if whole_curve and on_train is not None and not abs(on_training - train) <= RUNNING:
            train = on_train()  # where there are few training images, the sample of them is small
        if whole_curve and not abs(on_training - train) <= RUNNING:
            found = Text("{written} on the training {images}", written=measure.written(on_training))
            expected = Text("{written}, which we measure", written=measure.written(train, 3))
            partial(0.5, "reported-accuracy-wrong", found=found, expected=expected)
        return
    if _of_an_earlier_epoch(acc_trn, acc_val, recomputed, near, on_train):
        remark(
            "picked-best-epoch-on-test",
            found=Text(
                "{written}, while the network has {written_2}",
                written=measure.written(last),
                written_2=measure.written(recomputed.notebook),
            ),
        )
        return
    train = recomputed.train
    if on_train is not None and abs(last - train) <= SAMPLED:
        train = on_train()
    if abs(last - train) <= near < abs(train - recomputed.notebook):
        fail(
            "reports-train-accuracy",
            found=measure.written(last),
            expected=Text("{written} on the test {images}", written=measure.written(recomputed.notebook)),
        )
    expected = Text("{written}, which we measure", written=measure.written(recomputed.notebook))
    if measure is ACCURACY and abs(last / 100 - recomputed.notebook) <= near:
        expected = Text("{written}, a share of one and not of a hundred", written=measure.written(recomputed.notebook))
    fail("reported-accuracy-wrong", found=measure.written(last), expected=expected)


def _of_an_earlier_epoch(
    acc_trn: Sequence[float],
    acc_val: Sequence[float],
    recomputed: Recomputed,
    near: float,
    on_train: Callable[[], float] | None,
) -> bool:
    """Whether a curve tells of a network that was set back to an earlier epoch, or shows the best so far.

    The best of a curve is one value, as its last is; any other counts only together with its accuracy on the training
    images, and of a curve of no more epochs than anybody trains.
    """
    values: Array = np.asarray(acc_val, np.float64)
    if abs(float(np.max(values)) - recomputed.notebook) <= near or _best_so_far(acc_val, recomputed.notebook):
        return True
    if on_train is None or len(acc_trn) != len(acc_val) or len(acc_val) > MOST_EPOCHS:
        return False
    as_good = np.flatnonzero(np.abs(values - recomputed.notebook) <= near)
    on_training: Array = np.asarray(acc_trn, np.float64)[as_good]
    if not (np.abs(on_training - recomputed.train) <= SAMPLED).any():
        return False
    return bool((np.abs(on_training - on_train()) <= near).any())


@np.errstate(over="ignore", invalid="ignore")  # a curve is whatever was handed over
def _best_so_far(values: Sequence[float], last: float) -> bool:
    """Whether a curve never falls, and its end is that of an earlier epoch, a little above the accuracy in the end."""
    steps = np.diff(np.asarray(values, np.float64))
    rises = len(steps) > 1 and bool((steps >= 0).all()) and steps[0] > 0
    return rises and steps[-1] == 0 and 0 < float(values[-1]) - last < CHANCE

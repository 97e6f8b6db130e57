"""Whether reported accuracies, or errors, are those that we recompute from the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from graphread.text import Text
from netgrader.checks.language import Failed, fail, partial
from netgrader.judges.accuracy import Doubt, shows_best_so_far, train_accuracy
from netgrader.judges.as_handed import causes_of_accuracy
from netgrader.judges.measure import Error
from netgrader.judges.training import require_training

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.judges.accuracy import Recomputed

__all__ = ["require_curves", "require_no_pairs", "require_reported"]

Array = npt.NDArray[Any]

SWAPPED = Text("the lists in the other order: that of the training {images} first")


class _ReportLimits(NamedTuple):
    """Tolerances of a reported accuracy, in accuracy unless another unit is given."""

    unsteady: float = 0.01
    """For a network whose answers vary, which is charged where it is built."""
    epochs: int = 100
    """Longest curve, in epochs, that is searched for the epoch that the weights were reset to."""
    running: float = 0.02
    """For an accuracy on part of the training images, or measured while training."""
    pairs: float = 0.05
    """Relative, of an error over pairs of rows: half of the notebook's test rows are others than ours."""


LIMITS = _ReportLimits()


def require_curves(bench: TestContext, cell: str, remark: Callable[..., None], *, whole_curve: bool = False) -> None:
    """End the test unless a cell's network was trained there, and its curves match its behavior.

    If the student's own rows, labels or accuracy explain a wrong value, the cells that made them become its causes. See
    `require_reported`.
    """
    result, evidence = require_training(bench, cell), bench.evidence(cell)
    trained, tested = (evidence.array(name).tolist() for name in result.measure.curves)
    try:
        require_reported(result, trained, tested, remark, lambda: train_accuracy(bench, cell), whole_curve=whole_curve)
    except Failed as failed:
        require_no_pairs(bench.dataset.y_test, result, tested)
        causes = causes_of_accuracy(bench, cell, tested[-1]) if len(tested) else ()
        raise Failed([replace(fault, causes=causes) for fault in failed.faults], failed.share) from None


def require_no_pairs(targets: Array, result: Recomputed, tested: Sequence[float]) -> None:
    """End the test if a wrong error compares each prediction with the target (n,) of every row."""
    if not isinstance(result.measure, Error) or not len(tested):
        return
    measure, over_pairs = result.measure, result.measure.over_pairs(result.found, targets)
    # A network that has learned little has nearly the same error over pairs as over rows.
    if abs(tested[-1] - over_pairs) <= LIMITS.pairs * over_pairs < (over_pairs - measure.figure(result.notebook)) / 2:
        found = Text("{error}, as of each prediction and the target of every row", error=measure.in_unit(tested[-1]))
        expected = Text(
            "{written}, as measured: (n, 1) less (n,) is a table of n × n differences",
            written=measure.written(result.notebook),
        )
        fail("reported-accuracy-wrong", found=found, expected=expected)


def require_reported(
    recomputed: Recomputed,
    acc_trn: Sequence[float],
    acc_val: Sequence[float],
    remark: Callable[..., None],
    on_train: Callable[[], float],
    *,
    whole_curve: bool = False,
) -> None:
    """End the test unless the last reported accuracies are the network's.

    If the submitted weights are those of an earlier epoch, as with early stopping, that gives a free remark: the value must
    be the best of the curve, or one whose accuracy on the training images is right as well. Any other value of the curve
    counts as wrong, however near it is.

    Parameters
    ----------
    on_train
        Returns the accuracy on all training images; called only if the value reported for the test images is wrong.
    whole_curve
        Whether the last value of `acc_trn` must be the accuracy on the training images, by the rule of the exercise.

    In a regression, the curves are errors in the unit of the targets.
    """
    measure = recomputed.measure
    if not len(acc_val) or not len(acc_trn):
        found, expected = measure.no_curves
        fail("reported-accuracy-wrong", found=found, expected=expected)
    acc_trn, acc_val = ([measure.score_of(float(value)) for value in curve] for curve in (acc_trn, acc_val))
    near = Doubt.ROUNDED if recomputed.steady else LIMITS.unsteady
    last, true = acc_val[-1], recomputed.notebook
    if abs(last - true) <= near:
        if whole_curve:
            _require_on_training(recomputed, acc_trn[-1], on_train)
        return
    if _of_an_earlier_epoch(acc_trn, acc_val, recomputed, near, on_train):
        found = Text(
            "{written}, while the network has {written_2}",
            written=measure.written(last),
            written_2=measure.written(true),
        )
        remark("picked-best-epoch-on-test", found=found)
        return
    train = on_train()
    if abs(last - train) <= near < abs(train - true):
        _fail_of_training(measure.written(last), measure.written(true), swapped=abs(acc_trn[-1] - true) <= near)
    expected = Text("{written}, as measured", written=measure.written(true))
    fail("reported-accuracy-wrong", found=measure.written(last), expected=expected)


def _fail_of_training(last: str, true: str, *, swapped: bool) -> NoReturn:
    """End the test for the last score of the training rows in place of that of the test rows."""
    expected = SWAPPED if swapped else Text("{written} on the test {images}", written=true)
    fail("reports-train-accuracy", found=last, expected=expected)


def _require_on_training(recomputed: Recomputed, reported: float, on_train: Callable[[], float]) -> None:
    """End the test unless a reported score on the training images fits a sample of them, or else all."""
    if abs(reported - recomputed.train) <= LIMITS.running:
        return
    measure, train = recomputed.measure, on_train()
    if not abs(reported - train) <= LIMITS.running:
        found = Text("{written} on the training {images}", written=measure.written(reported))
        expected = Text("{written}, as measured", written=measure.written(train, 3))
        partial(0.5, "reported-accuracy-wrong", found=found, expected=expected)


def _of_an_earlier_epoch(
    acc_trn: Sequence[float],
    acc_val: Sequence[float],
    recomputed: Recomputed,
    near: float,
    on_train: Callable[[], float],
) -> bool:
    """Whether the network was reset to an earlier epoch of the curve, or the curve shows the best so far.

    The maximum of a curve is one value, as is its last; any other value counts only together with its accuracy on the
    training images, in a curve of a plausible number of epochs.
    """
    values: Array = np.asarray(acc_val, np.float64)
    if abs(float(np.max(values)) - recomputed.notebook) <= near or shows_best_so_far(acc_val, recomputed.notebook):
        return True
    if len(acc_trn) != len(acc_val) or len(acc_val) > LIMITS.epochs:
        return False
    on_training = np.asarray(acc_trn, np.float64)[np.abs(values - recomputed.notebook) <= near]
    return bool((np.abs(on_training - on_train()) <= near).any())

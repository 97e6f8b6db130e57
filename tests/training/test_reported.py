"""The values that `train` returned are compared with the measured ones, and substitutes are named."""

from __future__ import annotations

import numpy as np
import pytest

from netgrader.judges.aspects import Aspect, verdicts
from netgrader.judges.evaluation import Measured, Part, agree
from netgrader.judges.reported import _Epoch, _judge_lists

RUNNING = 0.8123


def judged(acc_trn, acc_val, train, test):
    """What is said of lists where these accuracies were measured after the epochs, and which running means were."""
    best = [np.stack([np.maximum.accumulate(of), np.full(len(of), max(of))], axis=1) for of in (train, test)]
    epochs = [
        _Epoch(Measured(*(Part(1.0, (one,), ()) for one in pair)), (RUNNING,), ((), ()), of)
        for *pair, of in zip(train, test, zip(*best, strict=True), strict=True)
    ]
    verdict = verdicts(list(_judge_lists(np.array([acc_trn, acc_val]), epochs)))[Aspect.REPORT]
    return [fault.code for fault in (*verdict.faults, *verdict.remarks)]


TRAIN, TEST = (0.85, 0.92, 0.91), (0.84, 0.905, 0.89)


@pytest.mark.parametrize(
    ("acc_trn", "acc_val", "codes"),
    [
        (TRAIN, TEST, []),
        (TRAIN, (0.8415, 0.905, 0.8885), []),  # an average taken a little differently
        (TRAIN, TRAIN, ["reports-train-accuracy"]),
        (TRAIN, (0.84, 0.905, 0.88), ["reported-accuracy-wrong"]),
        (TRAIN, (0.84, 0.905, 0.905), ["picked-best-epoch-on-test"]),  # the best so far
        (TRAIN, (0.905, 0.905, 0.905), ["picked-best-epoch-on-test"]),  # of all
        ((0.85, 0.92, 0.92), (0.84, 0.905, 0.905), ["picked-best-epoch-on-test"]),
        (TRAIN, (0.905, 0.905, 0.89), ["reported-accuracy-wrong"]),  # of all in one place
        (TRAIN, (0.905, 0.84, 0.905), ["reported-accuracy-wrong"]),
    ],
)
def test_what_is_returned_is_what_was_measured_or_named(acc_trn, acc_val, codes):
    assert judged(acc_trn, acc_val, TRAIN, TEST) == codes


def test_the_best_so_far_and_the_best_of_all_are_not_mixed():
    test = 0.87, 0.84, 0.905
    assert judged(TRAIN, (0.87, 0.87, 0.905), TRAIN, test) == ["picked-best-epoch-on-test"]
    assert judged(TRAIN, (0.905, 0.87, 0.905), TRAIN, test) == ["reported-accuracy-wrong"]


@pytest.mark.parametrize(
    ("train", "acc_val", "codes"),
    [
        ((0.9013,), (0.9013,), ["reports-train-accuracy"]),
        ((0.9013, 0.93), (0.9013, 0.93), ["reports-train-accuracy"]),
        ((0.93,), (0.9013,), []),
    ],
)
def test_another_accuracy_is_named_however_close_the_right_one_is(train, acc_val, codes):
    assert judged(train, acc_val, train, (0.9, 0.91)[: len(train)]) == codes


def test_an_average_while_training_is_named_however_close_the_right_one_is():
    assert judged((0.8131,), (RUNNING,), (0.8131,), (0.8131,)) == ["reports-train-accuracy"]
    assert judged((RUNNING,), (0.8131,), (0.8131,), (0.8131,)) == ["evaluated-while-training"]


@pytest.mark.parametrize("accuracy", [0.885, 0.905, 0.925, 0.955, 0.975, 0.8945, 0.89445])
@pytest.mark.parametrize("digits", [2, 3, 4])
def test_an_accuracy_may_be_rounded_in_any_way(accuracy, digits):
    single = np.float32(accuracy)
    ways = (
        round(accuracy, digits),
        float(np.round(accuracy, digits)),
        float(np.round(single, digits)),
        float(f"{accuracy:.{digits}f}"),
        float(f"{single:.{digits}f}"),
    )
    assert all(agree(value, [0.1, accuracy]) for value in ways)
    assert not agree(round(accuracy, digits) + 2 * 10.0**-digits, [accuracy])
    assert not agree(accuracy + 0.0004, [accuracy])

"""In which order the train steps were fed: a new one in each epoch, with the classes mixed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from netgrader.phrases import say
from netgrader.training.notes import NO_LABEL
from netgrader.training.rows import passes_of
from netgrader.training.subject import finding
from netgrader.training.verdicts import Aspect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.training.epochs import Epoch
    from netgrader.training.log import Bytes, Int
    from netgrader.training.subject import Subject
    from netgrader.training.verdicts import Finding

__all__ = ["judge_order"]

# A minibatch is called sorted from this share of its most frequent digit on; a shuffled one of 16 has 0.27.
PURE = 0.8
SMALLEST_JUDGED = 8
# So few minibatches, each sorted within itself, may look like the order of the file.
FEW_STEPS = 4


def judge_order(subject: Subject) -> Iterator[Finding]:
    """A new order in each epoch, and classes mixed within minibatches."""
    call, epochs = subject.call, subject.course.epochs
    for epoch in epochs[:1]:
        pure = _purity(subject, epoch)
        if pure > PURE:
            found = say("in a minibatch {1:.0f} % of the images show one digit", 100 * pure)
            yield finding(Aspect.ORDER, "sorted-data", found=found, expected="about 10 %")
    sets = [[_identity(subject, run) for run in epoch.steps] for epoch in epochs]
    same = [_equal_sets(one, other) for one, other in pairwise(sets) if len(one) == len(other) and len(one) > 1]
    if same and min(same) > 0.9:
        yield finding(
            Aspect.ORDER,
            "no-shuffling",
            found=say("minibatch 1 of each of the {1} epochs holds the same images, and so on", len(epochs)),
            expected="a new order in each epoch",
        )
    elif _repeats(passes_of(subject)):
        found = "each pass over the images feeds them in the same order"
        yield finding(Aspect.ORDER, "no-shuffling", found=found, expected="a new order in each epoch")
    elif len(epochs) > 1 and all(_along_the_file(subject, epoch) for epoch in epochs):
        found = "neighbours in x_train fed one after the other in each epoch"
        yield finding(Aspect.ORDER, "no-shuffling", found=found, expected="a new order in each epoch")
    elif len(epochs) == 1 and call.n_epochs > 1 and len(sets[0]) > 1 and _ascending(subject, epochs[0]):
        yield finding(Aspect.ORDER, "no-shuffling", found="the images in the order of x_train", expected="a new order")
    if len(epochs) > 1 and call.error is None and all(len(epoch.steps) == 1 for epoch in epochs):
        yield finding(Aspect.ORDER, "no-shuffling", found="one step an epoch", expected="a new order in each epoch")


def _identity(subject: Subject, run: int) -> Int:
    """What tells a minibatch from others: its rows, or where these are altered images, their digits in order."""
    call = subject.call
    index = call.indices(run)
    if call.altered and (index < 0).any():
        return call.rows.labels[call.starts[run] : call.starts[run + 1]].astype(np.int64)
    return np.sort(index)


def _equal_sets(one: list[Int], other: list[Int]) -> float:
    equal = [np.array_equal(first, second) for first, second in zip(one, other, strict=True)]
    return float(np.mean(equal))


def _repeats(passes: list[Int]) -> bool:
    """Whether the second pass, as far as it goes, is the first one again."""
    if len(passes) < 2:
        return False
    n = min(len(passes[0]), len(passes[1]))
    return 2 * n > len(passes[0]) and bool((passes[0][:n] == passes[1][:n]).mean() > 0.9)


def _ascending(subject: Subject, epoch: Epoch) -> bool:
    return bool((np.diff(subject.rows(epoch).index) > 0).all())


def _along_the_file(subject: Subject, epoch: Epoch) -> bool:
    """Whether an epoch goes through the images as they stand, forwards or backwards, wherever it begins."""
    steps = np.diff(subject.rows(epoch).index)
    turns = min(int((steps <= 0).sum()), int((steps >= 0).sum()))
    return len(epoch.steps) > FEW_STEPS and turns < 2


def _purity(subject: Subject, epoch: Epoch) -> float:
    """Mean share of the most frequent digit in the epoch's minibatches; 0 if there are too few to tell."""
    shares = []
    for run in epoch.steps:
        call = subject.call
        index = call.indices(run)
        digits = _digits(subject)[index[index >= 0]]
        if call.altered and (index < 0).any():
            digits = call.rows.labels[call.starts[run] : call.starts[run + 1]]
        digits = digits[digits != NO_LABEL]
        if len(digits) >= SMALLEST_JUDGED:
            shares.append(np.max(np.bincount(digits)) / len(digits))
    return float(np.mean(shares)) if len(shares) > 1 else 0.0


def _digits(subject: Subject) -> Bytes:
    known = subject.origins.digits
    return np.where(known != NO_LABEL, known, subject.tables.classes)

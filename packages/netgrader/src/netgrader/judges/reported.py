"""Whether the returned accuracies of `train` are the measured ones, and if not, what they are instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphread.text import Said, Text
from netgrader.judges.aspects import Aspect
from netgrader.judges.evaluation import agree, measure_epochs, single_runs
from netgrader.judges.subject import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.evaluation import Measured, Part
    from netgrader.judges.log import Float
    from netgrader.judges.subject import Subject

__all__ = ["judge_report"]

EXPECTED = Text("(acc_trn, acc_val), each with one number for each epoch")
WRONG = "reported-accuracy-wrong"
NEAR = 0.002  # accuracy; a smaller difference comes from a slightly different average
NAMES = ("acc_trn", "acc_val")
SIDES = ("training", "test")
MEASURED = (
    Text("an accuracy measured on the training {images} (acc_trn)"),
    Text("an accuracy measured on the test {images} (acc_val)"),
)
OTHER_SIDE = (WRONG, "reports-train-accuracy")
RUNNING = ("evaluated-while-training", "reports-train-accuracy")
SINGLE = ("evaluated-on-part", "reports-train-accuracy")
"""The fault, by side, of reporting the other side's accuracies, accuracies of minibatches during training, or that of one
minibatch."""


@dataclass(frozen=True)
class _Epoch:
    """The values that a loop may have used as the accuracies after an epoch."""

    now: Measured
    """The measurements on the images of both sides."""
    running: tuple[float, ...]
    """Mean accuracies of the epoch's minibatches during training, unweighted and weighted by size."""
    single: tuple[tuple[float, ...], tuple[float, ...]]
    """By side, the accuracies of single minibatches, and of single runs on training images."""
    best: tuple[Float, ...]
    """By side, the highest accuracy up to this epoch, and the highest of all epochs."""


class _Reading(NamedTuple):
    """A possible meaning of a value other than the accuracy after its epoch."""

    code: str
    numbers: npt.ArrayLike
    rounded: bool = False
    whole: bool = False
    """Whether all values must have this meaning, right ones as well: then nothing is wrong with them, and it is only a remark."""


UNEXPLAINED = _Reading(WRONG, ())


def judge_report(subject: Subject) -> Iterator[LoopFinding]:
    """Compare both lists with the measured accuracies, epoch by epoch; none in a regression."""
    if not subject.course.epochs or subject.spec.is_regression:
        return
    lists = _lists(subject)
    if not lists:
        yield finding(Aspect.REPORT, "wrong-return", found=_what(subject), expected=EXPECTED)
        return
    if not np.isfinite(np.concatenate(lists)).all():
        yield finding(Aspect.REPORT, "wrong-return", found=Text("numbers that are not finite"), expected=EXPECTED)
        return
    lengths, asked = {len(values) for values in lists}, subject.call.n_epochs
    if lengths != {asked}:
        found = Text(
            "{count} and {count_2} numbers for {n_epochs} epochs",
            count=len(lists[0]),
            count_2=len(lists[1]),
            n_epochs=asked,
        )
        yield finding(Aspect.REPORT, "wrong-return", share=0.25, found=found, expected=EXPECTED)
    if lengths in ({asked}, {len(subject.course.epochs)}):
        yield from _judge_lists(np.stack(lists), _epochs(subject))


def _judge_lists(reported: Float, epochs: Sequence[_Epoch]) -> Iterator[LoopFinding]:
    """Judge the reported accuracies (2, epochs) as they are, unless they are right in another order."""
    if _is_right(reported, epochs):
        return
    for code, share, found, other in (
        ("wrong-return", 0.25, Text("a pair (acc_trn, acc_val) for each epoch"), reported.T[: len(NAMES)]),
        ("reports-train-accuracy", 0.0, Text("the two lists swapped: (acc_val, acc_trn)"), reported[::-1]),
    ):
        if other.shape == reported.shape and _is_right(other, epochs):
            yield finding(Aspect.REPORT, code, share=share, found=found, expected=EXPECTED)
            return
    for side, values in enumerate(reported):
        yield from _judge_side(side, values, epochs)


def _is_right(reported: Float, epochs: Sequence[_Epoch]) -> bool:
    """Whether all reported accuracies (2, epochs) were measured."""
    return not any(_wrong(side, values, epochs) for side, values in enumerate(reported))


def _wrong(side: int, values: Float, epochs: Sequence[_Epoch]) -> list[int]:
    """Return the epochs whose value is not near a measured accuracy of the side's images.

    There may be more epochs than values, or fewer.
    """
    pairs = enumerate(zip(values, epochs, strict=False))
    return [number for number, (value, epoch) in pairs if not _is_near(value, epoch, side)]


def _is_near(value: float, epoch: _Epoch, side: int) -> bool:
    """Whether a value is an accuracy of a side, or too close to one to be another accuracy."""
    own, other = epoch.now[side].accuracies, (*epoch.now[1 - side].accuracies, *epoch.running)
    return agree(value, own) or bool((np.abs(value - np.asarray(own)) < NEAR * (not agree(value, other))).any())


def _judge_side(side: int, values: Float, epochs: Sequence[_Epoch]) -> Iterator[LoopFinding]:
    wrong = _wrong(side, values, epochs)
    if not wrong:
        return
    name, first = NAMES[side], wrong[0]
    reading = _explanation(side, values, epochs, wrong)
    accuracies = epochs[first].now[side].accuracies
    yield finding(
        Aspect.REPORT,
        reading.code,
        share=float(reading.whole),
        side=SIDES[side] * (not reading.whole),
        found=Text("{name} {value:.6g} after epoch {number}", name=name, value=values[first], number=first + 1),
        expected=f"{accuracies[0]:.4f}" if accuracies else MEASURED[side],
    )


def _explanation(side: int, values: Float, epochs: Sequence[_Epoch], wrong: Sequence[int]) -> _Reading:
    """Return an explanation of a side's `wrong` values that holds in all those epochs."""
    for readings in zip(*(_readings(epoch, side) for epoch in epochs), strict=True):
        first: _Reading = readings[0]
        numbers = {True: range(min(len(values), len(epochs))), False: wrong}[first.whole]
        if all(agree(values[number], readings[number].numbers, rounded=first.rounded) for number in numbers):
            return first
    return UNEXPLAINED


def _readings(epoch: _Epoch, side: int) -> tuple[_Reading, ...]:
    """Return the other possible meanings of a side's value."""
    own, other = np.asarray(epoch.now[side].accuracies), epoch.now[1 - side].accuracies
    return (
        _Reading("picked-best-epoch-on-test", epoch.best[side][:1], rounded=True, whole=True),
        _Reading("picked-best-epoch-on-test", epoch.best[side][1:], rounded=True, whole=True),
        _Reading(OTHER_SIDE[side], other, rounded=True),
        _Reading("accuracy-not-mean", 100 * own, rounded=True),
        _Reading("accuracy-not-mean", epoch.now[side].sums, rounded=True),
        _Reading("evaluated-on-part", epoch.now[side].share * own),
        _Reading(RUNNING[side], epoch.running),
        _Reading(SINGLE[side], epoch.single[side]),
    )


def _lists(subject: Subject) -> tuple[Float, ...]:
    """Return both lists, without a leading accuracy from before training; empty if they are not numbers."""
    call = subject.call
    if call.acc_trn is None or call.acc_val is None or call.steps_after:
        return ()
    lists = call.acc_trn, call.acc_val
    untrained = {len(values) for values in lists} == {call.n_epochs + 1} and len(subject.course.before) > 0
    return tuple(values[1:] for values in lists) if untrained else lists


def _what(subject: Subject) -> Said:
    """Return the returned value in words."""
    if subject.call.steps_after:
        return Text(
            "numbers from before the training had ended: a thread continued for {steps_after:,} steps",
            steps_after=subject.call.steps_after,
        )
    kind, *count = subject.call.returned[:2] or ("NoneType",)
    if kind == "NoneType":
        return Text("nothing")
    return Text("a {kind} of {count}", kind=kind, count=count[0]) if count else Text("a {kind}", kind=kind)


def _epochs(subject: Subject) -> list[_Epoch]:
    call, epochs, found = subject.call, subject.course.epochs, []
    measured = measure_epochs(subject)
    best = [_best(parts) for parts in zip(*measured, strict=True)]
    for epoch, now, *of_sides in zip(epochs, measured, *best, strict=True):
        between = np.setdiff1d(np.arange(epoch.steps[0], epoch.steps[-1]), epoch.steps)
        looks = np.concatenate([epoch.steps[-1:], between, epoch.evaluations])
        looks = looks[call.sizes[looks] > 0]
        small = looks[call.sizes[looks] <= 2 * call.mini_batch_size]
        of_train = looks[np.isin(call.rows.index[call.starts[looks]], subject.tables.train)]
        steps, sizes = single_runs(subject, epoch.steps), call.sizes[epoch.steps]
        # Minibatches may be empty.
        running = float(np.mean(steps)), float(np.average(steps, weights=np.maximum(sizes, 1e-9)))
        single = tuple(single_runs(subject, small)), tuple(single_runs(subject, of_train))
        found.append(_Epoch(now, running, single, tuple(of_sides)))
    return found


def _best(parts: Sequence[Part]) -> Float:
    """Return for each epoch the highest accuracy up to it, and the highest of all (epochs, 2)."""
    first = [part.accuracies[:1] or (np.nan,) for part in parts]
    so_far = np.maximum.accumulate(np.concatenate(first))
    return np.stack([so_far, np.full_like(so_far, so_far[-1])], axis=1)

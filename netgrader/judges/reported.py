"""Whether what `train` returned is what was measured, and if not, what it is instead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from netgrader.judges.aspects import Aspect
from netgrader.judges.evaluation import Look, Measured, Part, agree, looks, measure, single_runs
from netgrader.judges.subject import finding
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Float
    from netgrader.judges.subject import Epoch, Subject

__all__ = ["judge_report"]

EXPECTED = Text("(acc_trn, acc_val), each with one number for each epoch")
# Less than this off what was measured is an average taken a little differently, and no claim worth the name.
NEAR = 0.002
SIDES = {"acc_trn": "training", "acc_val": "test"}


@dataclass(frozen=True)
class _Epoch:
    """What can be told apart after one epoch."""

    subject: Subject
    epoch: Epoch
    now: Measured
    before: Measured | None
    steps: tuple[float, ...]
    looks: tuple[float, ...]
    sizes: tuple[int, ...] = ()
    """Of the steps."""

    @cached_property
    def parts(self) -> list[Look]:
        """Evaluations that saw a part of one of the sets only."""
        n_rows = {"training": self.subject.n_train, "test": self.subject.n_test}
        return [one for one in looks(self.subject, self.epoch.evaluations) if one.rows < n_rows[one.side]]


@dataclass(frozen=True)
class _Reading:
    """What a reported value turned out to be: a fault's code, and words."""

    code: str
    words: Said


def judge_report(subject: Subject) -> Iterator[LoopFinding]:
    """Compare both lists with the measured accuracies, epoch by epoch."""
    call = subject.call
    if not subject.course.epochs:
        return
    reported = None if call.steps_after else _lists(subject)
    if reported is None:
        yield finding(Aspect.REPORT, "wrong-return", found=_what(subject), expected=EXPECTED)
        return
    acc_trn, acc_val = reported
    if not (np.isfinite(acc_trn).all() and np.isfinite(acc_val).all()):
        yield finding(Aspect.REPORT, "wrong-return", found=Text("numbers that are not finite"), expected=EXPECTED)
        return
    if len(acc_trn) != len(acc_val) or len(acc_val) != call.n_epochs:
        found = Text(
            "{count} and {count_2} numbers for {n_epochs} epochs",
            count=len(acc_trn),
            count_2=len(acc_val),
            n_epochs=call.n_epochs,
        )
        if call.returned[:1] == ("generator",):
            found = Text("a generator, as yield makes one")
        yield finding(Aspect.REPORT, "wrong-return", share=0.25, found=found, expected=EXPECTED)
        if len(acc_trn) != len(acc_val) or len(acc_val) != len(subject.course.epochs):
            return
    epochs = _epochs(subject)[: len(acc_val)]
    if _pairs(epochs, acc_trn, acc_val):
        found = Text("a pair (acc_trn, acc_val) for each epoch")
        yield finding(Aspect.REPORT, "wrong-return", share=0.25, found=found, expected=EXPECTED)
        return
    if _exchanged(epochs, acc_trn, acc_val):
        found = Text("the two lists in exchange: (acc_val, acc_trn)")
        yield finding(Aspect.REPORT, "reports-train-accuracy", found=found, expected=EXPECTED)
        return
    sides: list[tuple[str, Float, Callable[[_Epoch, float], _Reading | None]]] = [
        ("acc_trn", acc_trn, _read_train),
        ("acc_val", acc_val, _read_test),
    ]
    for name, values, read in sides:
        yield from _judge_side(name, values, epochs, read)


def _judge_side(
    name: str, values: Float, epochs: Sequence[_Epoch], read: Callable[[_Epoch, float], _Reading | None]
) -> Iterator[LoopFinding]:
    readings = [read(epoch, float(value)) for epoch, value in zip(epochs, values, strict=False)]
    wrong = [number for number, reading in enumerate(readings) if reading is not None]
    if not wrong:
        return
    parts = [epoch.now.test if name == "acc_val" else epoch.now.train for epoch in epochs]
    if _best_so_far(values, parts):
        found = Text("{name} is the highest value so far, not that of the epoch", name=name)
        yield finding(Aspect.REPORT, "picked-best-epoch-on-test", share=1.0, found=found)
        return
    codes = {reading.code for reading in readings if reading is not None}
    # An explanation that holds in some epochs and not in others is a coincidence.
    code = codes.pop() if len(codes) == 1 else "reported-accuracy-wrong"
    number = wrong[0]
    reading = readings[number]
    words = reading.words if reading is not None and reading.code == code else ""
    accuracies = parts[number].accuracies
    yield finding(
        Aspect.REPORT,
        code,
        side=SIDES[name],
        found=Text(
            "{name} {values:.6g} after epoch {number}{words}",
            name=name,
            values=values[number],
            number=number + 1,
            words=words,
        ),
        expected=f"{accuracies[0]:.4f}" if accuracies else Text("an accuracy that was measured ({name})", name=name),
    )


def _lists(subject: Subject) -> tuple[Float, Float] | None:
    """Return both lists, without the accuracy before training where it leads them; None if they are no numbers."""
    call = subject.call
    if call.acc_trn is None or call.acc_val is None:
        return None
    lists = call.acc_trn, call.acc_val
    if all(len(values) == call.n_epochs + 1 for values in lists) and len(subject.course.before):
        untrained = measure(subject, subject.course.before)
        if any(agree(float(lists[1][0]), accuracy) for accuracy in untrained.test.accuracies):
            return lists[0][1:], lists[1][1:]
    return lists


def _what(subject: Subject) -> Said:
    """Return what was returned, in words."""
    if subject.call.steps_after:
        return Text(
            "numbers before the training had ended: a thread went on for {steps_after:,} steps",
            steps_after=subject.call.steps_after,
        )
    kinds = subject.call.returned
    if not kinds or kinds[0] == "NoneType":
        return Text("nothing")
    if len(kinds) > 1 and kinds[1] == 2:
        return f"({', '.join(str(kind) for kind in kinds[2:])})"
    if len(kinds) > 1:
        return Text("a {kind} of {count}", kind=kinds[0], count=kinds[1])
    return Text("a {kind}", kind=kinds[0])


def _epochs(subject: Subject) -> list[_Epoch]:
    epochs, found = subject.course.epochs, []
    before = measure(subject, subject.course.before) if len(subject.course.before) else None
    for epoch in epochs:
        now = measure(subject, epoch.evaluations)
        small = np.setdiff1d(np.arange(epoch.steps[0], epoch.steps[-1]), epoch.steps)
        small = np.concatenate([small, epoch.evaluations])
        small = small[(subject.call.sizes[small] > 0) & (subject.call.sizes[small] <= 2 * subject.call.mini_batch_size)]
        sizes = tuple(int(size) for size in subject.call.sizes[epoch.steps])
        steps, others = single_runs(subject, epoch.steps), single_runs(subject, small)
        found.append(_Epoch(subject, epoch, now, before, tuple(steps), tuple(others), sizes))
        before = now
    return found


def _exchanged(epochs: Sequence[_Epoch], acc_trn: Float, acc_val: Float) -> bool:
    """Whether each list is the other one, and neither is itself."""
    pairs = list(zip(epochs, acc_trn, acc_val, strict=False))
    return bool(pairs) and all(
        _is(float(trn), epoch.now.test)
        and _is(float(val), epoch.now.train)
        and not (_is(float(trn), epoch.now.train) or _is(float(val), epoch.now.test))
        for epoch, trn, val in pairs
    )


def _pairs(epochs: Sequence[_Epoch], acc_trn: Float, acc_val: Float) -> bool:
    """Whether the first list holds both accuracies of the first epoch, and the second those of the second."""
    if len(epochs) != 2 or len(acc_trn) != 2 or len(acc_val) != 2:
        return False
    rows = list(zip(epochs, (acc_trn, acc_val), strict=True))
    paired = all(_is(float(row[0]), one.now.train) and _is(float(row[1]), one.now.test) for one, row in rows)
    return paired and not (_is(float(acc_trn[1]), epochs[1].now.train) and _is(float(acc_val[0]), epochs[0].now.test))


def _is(value: float, part: Part) -> bool:
    return any(agree(value, accuracy) for accuracy in part.accuracies)


def _read_test(epoch: _Epoch, value: float) -> _Reading | None:
    """Return what a value of acc_val is; None if it is as it should be."""
    if _is(value, epoch.now.test):
        return None
    if _is(value, epoch.now.train):
        return _Reading("reports-train-accuracy", Text(", which is that of the training {images}"))
    return _read(epoch, value, "test", batch="reports-train-accuracy", running="reports-train-accuracy")


def _read_train(epoch: _Epoch, value: float) -> _Reading | None:
    """Return what a value of acc_trn is; None if it is as it should be."""
    if _is(value, epoch.now.train):
        return None
    if _is(value, epoch.now.test):
        return _Reading("reported-accuracy-wrong", Text(", which is that of the test {images}"))
    return _read(epoch, value, "training", batch="evaluated-on-part", running="evaluated-while-training")


def _read(epoch: _Epoch, value: float, side: str, *, batch: str, running: str) -> _Reading | None:
    """Return the first of the known mistakes that gives this value; None if it is close enough to what was measured."""
    own = epoch.now.train if side == "training" else epoch.now.test
    for accuracy in own.accuracies:
        factors = {100.0: Text("a percentage"), **{float(count): Text("a sum, not divided") for count in own.counts}}
        for factor, words in factors.items():
            if abs(value - factor * accuracy) <= 1e-4 * factor * max(accuracy, 0.01):
                return _Reading("accuracy-not-mean", Text(", {words}", words=words))
    wrong = "reported-accuracy-wrong"
    parts = [accuracy * own.share for accuracy in own.accuracies]
    mistakes: list[tuple[str, Text, list[float]]] = [
        (wrong, Text("the share of wrong answers"), [1 - accuracy for accuracy in own.accuracies]),
        (wrong, Text("that by {labels} of other {images}"), list(own.mislabelled)),
        ("evaluated-on-part", Text("the right answers on a part divided by the number of all"), parts),
        (running, Text("the mean over the epoch's minibatches as they were trained on"), _running(epoch)),
        (batch, Text("that of a single minibatch"), [*epoch.steps[-1:], *epoch.looks]),
    ]
    if epoch.before is not None:
        accuracies = [*epoch.before.train.accuracies, *epoch.before.test.accuracies]
        mistakes.append((wrong, Text("that of the epoch before"), accuracies))
    losses, steps = epoch.subject.call.loss, epoch.epoch.steps
    seen = [*losses[steps[-1:]], losses[steps].mean(), *losses[epoch.epoch.evaluations]]
    near = any(abs(value - accuracy) < NEAR for accuracy in own.accuracies)
    mistakes.append((wrong, Text("a loss"), [] if near else [float(loss) for loss in seen]))
    for part in epoch.parts:
        own_side = part.side == side
        other = "reports-train-accuracy" if part.side == "training" else wrong
        code = "evaluated-on-part" if own_side else other
        mistakes.append(
            (
                code,
                Text("that of {rows:,} {side} {images}", rows=part.rows, side=Text(part.side)),
                list(part.accuracies),
            )
        )
    for code, words, accuracies in mistakes:
        if any(agree(value, accuracy, rounded=False) for accuracy in accuracies):
            return _Reading(code, Text(", which is {words}", words=words))
    return None if near else _Reading(wrong, "")


def _running(epoch: _Epoch) -> list[float]:
    """Means over the minibatches, each of the same weight or by its size."""
    means = [float(np.mean(epoch.steps))]
    return [*means, float(np.average(epoch.steps, weights=epoch.sizes))] if sum(epoch.sizes) else means


def _best_so_far(values: Float, parts: Sequence[Part]) -> bool:
    """Whether each value is the highest of those measured up to it, or each is the highest of all."""
    if not all(part.accuracies for part in parts):
        return False
    so_far = np.maximum.accumulate([part.accuracies[0] for part in parts])
    return all(agree(float(value), float(best)) for value, best in zip(values, so_far, strict=False)) or all(
        agree(float(value), float(so_far[-1])) for value in values
    )

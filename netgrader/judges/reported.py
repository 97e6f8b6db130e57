"""Whether what `train` returned is what was measured, and if not, what it is instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.judges.aspects import Aspect
from netgrader.judges.evaluation import agree, measure, single_runs
from netgrader.judges.subject import finding
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.evaluation import Measured, Part
    from netgrader.judges.log import Float
    from netgrader.judges.subject import Subject

__all__ = ["judge_report"]

EXPECTED = Text("(acc_trn, acc_val), each with one number for each epoch")
A_GENERATOR = Text("a generator, as yield makes one")
WRONG = "reported-accuracy-wrong"
NEAR = 0.002  # accuracy; less than this off what was measured is an average taken a little differently
NAMES = ("acc_trn", "acc_val")
SIDES = ("training", "test")


@dataclass(frozen=True)
class _Epoch:
    """What a loop may have taken for the accuracies after an epoch."""

    now: Measured
    running: tuple[float, ...]
    """Means over the epoch's minibatches as they were trained on, each of the same weight and by its size."""
    single: tuple[float, ...]
    """The accuracies of single minibatches."""

    def part(self, side: int) -> Part:
        """Return what was measured on the images of a side, as `SIDES` has them."""
        return (self.now.train, self.now.test)[side]


def judge_report(subject: Subject) -> Iterator[LoopFinding]:
    """Compare both lists with the measured accuracies, epoch by epoch."""
    if not subject.course.epochs:
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
        found = A_GENERATOR if subject.call.returned[:1] == ("generator",) else found
        yield finding(Aspect.REPORT, "wrong-return", share=0.25, found=found, expected=EXPECTED)
    if lengths in ({asked}, {len(subject.course.epochs)}):
        yield from _judge_lists(np.stack(lists), _epochs(subject))


def _judge_lists(reported: Float, epochs: Sequence[_Epoch]) -> Iterator[LoopFinding]:
    """Judge what was reported (2, epochs) as it is, unless it is right in another order."""
    codes = [_read_all(epochs, values, side) for side, values in enumerate(reported)]
    if not any(map(any, codes)):
        return
    for code, share, found, other in (
        ("wrong-return", 0.25, Text("a pair (acc_trn, acc_val) for each epoch"), reported.T[: len(NAMES)]),
        ("reports-train-accuracy", 0.0, Text("the two lists in exchange: (acc_val, acc_trn)"), reported[::-1]),
    ):
        as_other = [_read_all(epochs, values, side) for side, values in enumerate(other)]
        if other.shape == reported.shape and not any(map(any, as_other)):
            yield finding(Aspect.REPORT, code, share=share, found=found, expected=EXPECTED)
            return
    for side, values in enumerate(reported):
        yield from _judge_side(side, values, epochs, codes[side])


def _judge_side(
    side: int, values: Float, epochs: Sequence[_Epoch], codes: Sequence[str | None]
) -> Iterator[LoopFinding]:
    wrong = [number for number, code in enumerate(codes) if code]
    if not wrong:
        return
    name, parts = NAMES[side], [epoch.part(side) for epoch in epochs]
    if _best_so_far(values, parts):
        found = Text("{name} is the highest value so far, not that of the epoch", name=name)
        yield finding(Aspect.REPORT, "picked-best-epoch-on-test", share=1.0, found=found)
        return
    # An explanation that holds in some epochs and not in others is a coincidence.
    different = {codes[number] for number in wrong}
    code = codes[wrong[0]] if len(different) == 1 else None
    accuracies = parts[wrong[0]].accuracies
    yield finding(
        Aspect.REPORT,
        code or WRONG,
        side=SIDES[side],
        found=Text("{name} {value:.6g} after epoch {number}", name=name, value=values[wrong[0]], number=wrong[0] + 1),
        expected=f"{accuracies[0]:.4f}" if accuracies else Text("an accuracy that was measured ({name})", name=name),
    )


def _lists(subject: Subject) -> tuple[Float, ...]:
    """Return both lists, without the accuracy before training where it leads them; none if they are no numbers."""
    call = subject.call
    if call.acc_trn is None or call.acc_val is None or call.steps_after:
        return ()
    lists = call.acc_trn, call.acc_val
    untrained = {len(values) for values in lists} == {call.n_epochs + 1} and len(subject.course.before) > 0
    return tuple(values[1:] for values in lists) if untrained else lists


def _what(subject: Subject) -> Said:
    """Return what was returned, in words."""
    if subject.call.steps_after:
        return Text(
            "numbers before the training had ended: a thread went on for {steps_after:,} steps",
            steps_after=subject.call.steps_after,
        )
    kind, *count = subject.call.returned[:2] or ("NoneType",)
    if kind == "NoneType":
        return Text("nothing")
    return Text("a {kind} of {count}", kind=kind, count=count[0]) if count else Text("a {kind}", kind=kind)


def _epochs(subject: Subject) -> list[_Epoch]:
    call, found = subject.call, []
    for epoch in subject.course.epochs:
        between = np.setdiff1d(np.arange(epoch.steps[0], epoch.steps[-1]), epoch.steps)
        looks = np.concatenate([epoch.steps[-1:], between, epoch.evaluations])
        small = looks[(call.sizes[looks] > 0) & (call.sizes[looks] <= 2 * call.mini_batch_size)]
        steps, sizes = single_runs(subject, epoch.steps), call.sizes[epoch.steps]
        # Minibatches may be empty.
        running = float(np.mean(steps)), float(np.average(steps, weights=np.maximum(sizes, 1e-9)))
        found.append(_Epoch(measure(subject, epoch.evaluations), running, tuple(single_runs(subject, small))))
    return found


def _read_all(epochs: Sequence[_Epoch], values: Float, side: int) -> list[str | None]:
    return [_read(epoch, float(value), side) for epoch, value in zip(epochs, values, strict=False)]


def _read(epoch: _Epoch, value: float, side: int) -> str | None:
    """Return the code of what a reported value is; None if it is as it should be, or close to it."""
    own = epoch.part(side).accuracies
    if _is(value, own):
        return None
    for code, accuracies, rounded in _mistakes(epoch, side):
        if _is(value, accuracies, rounded=rounded):
            return code
    near = any(abs(value - accuracy) < NEAR for accuracy in own)
    return None if near else WRONG


def _mistakes(epoch: _Epoch, side: int) -> Iterator[tuple[str, Sequence[float], bool]]:
    """Yield what else a value of a side may be: a code, numbers, and whether they may have been rounded."""
    own, other = epoch.part(side), epoch.part(1 - side)
    of_test = side == 1
    yield "reports-train-accuracy" if of_test else WRONG, other.accuracies, True
    yield "accuracy-not-mean", [100 * accuracy for accuracy in own.accuracies], True
    yield "accuracy-not-mean", own.sums, True
    yield "evaluated-on-part", [own.share * accuracy for accuracy in own.accuracies], False
    yield "reports-train-accuracy" if of_test else "evaluated-while-training", epoch.running, False
    yield "reports-train-accuracy" if of_test else "evaluated-on-part", epoch.single, False


def _is(value: float, accuracies: Sequence[float], *, rounded: bool = True) -> bool:
    return any(agree(value, accuracy, rounded=rounded) for accuracy in accuracies)


def _best_so_far(values: Float, parts: Sequence[Part]) -> bool:
    """Whether each value is the highest of those measured up to it, or each is the highest of all."""
    first = [part.accuracies[:1] or (np.nan,) for part in parts]
    so_far = np.maximum.accumulate(np.concatenate(first))
    return any(
        all(agree(float(value), float(highest)) for value, highest in zip(values, best, strict=False))
        for best in (so_far, np.full_like(so_far, so_far[-1]))
    )

"""Judge the evaluations after each epoch: on all images, with the weights as they are then; and what they measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import Severity
from netgrader.judges.aspects import Aspect
from netgrader.judges.notes import NO_LABEL, Asked
from netgrader.judges.subject import finding, per_run
from netgrader.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Bool, Int
    from netgrader.judges.subject import Epoch, Subject

__all__ = ["Look", "Measured", "Part", "agree", "judge_evaluation", "looks", "measure", "single_runs"]

# Single precision, and the last digit of what was rounded for printing.
ROUNDING = 2e-5
DIGITS = (2, 3, 4)


@dataclass(frozen=True)
class Part:
    """What was seen of the training or of the test images in the evaluations after an epoch."""

    share: float
    """The part of its images that was evaluated."""
    accuracies: tuple[float, ...]
    """The accuracy on them: over different rows, over all rows, and as a mean over runs; by the labels fed, by the
    student's labels and by the true ones. One value where all is well."""
    mislabelled: tuple[float, ...]
    """The accuracy by the labels fed, where these are labels of other images; it is none of `accuracies` then."""
    counts: tuple[int, ...]
    """Numbers of rows and of runs, by which a sum instead of a mean is too large."""


@dataclass(frozen=True)
class Measured:
    """What was measured after an epoch, `train` and `test`."""

    train: Part
    test: Part


@dataclass(frozen=True)
class Look:
    """What a look at some images saw: of which set, how many different ones, and the accuracy by rows and by runs.

    `side` is ``"training"`` or ``"test"``.
    """

    side: str
    rows: int
    accuracies: tuple[float, ...]


def measure(subject: Subject, runs: Int) -> Measured:
    """Return what some evaluations saw."""
    rows, tables = subject.call.rows, subject.tables
    return Measured(
        train=_part(subject, runs, (rows.index >= 0) & (rows.index < tables.n_train), tables.train),
        test=_part(subject, runs, np.isin(rows.index, tables.test), tables.test),
    )


def _part(subject: Subject, runs: Int, mask: Bool, members: Int) -> Part:
    call = subject.call
    own = per_run(call, mask)[runs] * 2 > call.sizes[runs]
    # What was found of both sets at once can be cut apart, an accuracy of both cannot.
    read = runs[own | ((call.asked[runs] & Asked.ACCURACY) == 0)]
    runs = runs[own]
    sizes = call.sizes[runs]
    at = np.flatnonzero(mask & np.repeat(np.isin(np.arange(len(call.sizes)), read), call.sizes))
    # A row that was looked at twice counts once, as it was seen last.
    different, last = np.unique(call.rows.index[at][::-1], return_index=True)
    once = at[::-1][last]
    found: list[tuple[float, ...]] = []
    for correct in _correct(subject) if len(once) else []:
        found.append((float(correct[once].mean()),))
        if len(runs):
            by_run = per_run(call, correct)[runs] / np.maximum(sizes, 1)
            found[-1] += (float(np.average(by_run, weights=sizes)), float(by_run.mean()))
    apart = subject.fed_own_labels and subject.of_others(once)
    mislabelled = found.pop(0) if found and apart else ()
    accuracies = tuple(dict.fromkeys(value for one in found for value in one))
    counts = tuple(int(count) for count in {len(once), int(sizes.sum()), len(runs)} if count > 1)
    return Part(len(different) / len(members), accuracies, mislabelled, counts)


def looks(subject: Subject, runs: Int) -> list[Look]:
    """Return the looks that some evaluations are, one by one: runs in which no row comes twice are the chunks of one look."""
    call, tables, correct = subject.call, subject.tables, _correct(subject)[0]
    shown = np.zeros(tables.n_train + tables.n_test, dtype=np.bool_)
    chunks: list[list[int]] = []
    sides: list[str] = []
    for run in runs:
        index = call.indices(run)
        rows = index[index >= 0]
        if 2 * len(rows) <= len(index):
            continue
        side = "training" if 2 * (rows < tables.n_train).sum() > len(rows) else "test"
        if not sides or sides[-1] != side or shown[rows].any():
            chunks.append([])
            sides.append(side)
            shown[:] = False
        shown[rows] = True
        chunks[-1].append(int(run))
    found = []
    for side, one in zip(sides, chunks, strict=True):
        shares = [float(correct[call.starts[run] : call.starts[run + 1]].mean()) for run in one]
        means = float(np.average(shares, weights=call.sizes[one])), float(np.mean(shares))
        different = len(np.unique(call.of(one).index))
        found.append(Look(side, different, tuple(dict.fromkeys(means))))
    return found


def _correct(subject: Subject) -> list[Bool]:
    """Return for each row of the call whether the network was right: by the label fed, the student's, the true one."""
    rows = subject.call.rows
    own = subject.tables.classes[rows.index]
    fed = np.where(rows.labels == NO_LABEL, own, rows.labels)
    known = rows.index >= 0
    return [rows.found == fed, known & (rows.found == own), known & (rows.found == subject.origins.shown[rows.index])]


def single_runs(subject: Subject, runs: Int) -> list[float]:
    """Return the accuracy of each of some runs, by the labels fed."""
    correct = per_run(subject.call, _correct(subject)[0])[runs]
    return [float(value) for value in correct / np.maximum(subject.call.sizes[runs], 1)]


def agree(value: float, accuracy: float, *, rounded: bool = True) -> bool:
    """Whether a value reported is this accuracy, possibly `rounded` to a few digits."""
    if abs(value - accuracy) <= ROUNDING:
        return True
    return rounded and any(abs(round(accuracy, digits) - value) < 1e-7 for digits in DIGITS)


# From this share on it is all but a last incomplete chunk, which is remarked on and costs nothing.
ALMOST = 0.97


def judge_evaluation(subject: Subject) -> Iterator[LoopFinding]:
    """Judge the coverage of both sets after each epoch, and the session it happened in."""
    epochs = subject.course.epochs
    if not epochs:
        return
    fresh = [number for number, epoch in enumerate(epochs) if _fresh(subject, epoch)]
    if fresh:
        yield finding(
            Aspect.EVALUATION,
            "evaluated-in-fresh-session",
            found=Text("weights that were initialised anew after the last step of epoch {fresh}", fresh=fresh[0] + 1),
            expected=Text("the session that was trained"),
        )
        return
    measured = [measure(subject, epoch.evaluations) for epoch in epochs]
    shares = np.array([[one.train.share, one.test.share] for one in measured])
    ahead, once, grave = measure(subject, subject.course.before), None, None
    if len(epochs) > 1 and not shares[:-1].any() and shares[-1].min() >= ALMOST:
        once = Text("an evaluation after the last of {count} epochs", count=len(epochs))
    elif not shares[-1].any() and min(ahead.train.share, ahead.test.share) >= ALMOST:
        once, grave = Text("an evaluation before the first step and none after the last"), Severity.SERIOUS
    if once is not None:
        each = Text("one after each epoch")
        yield finding(Aspect.EVALUATION, "evaluated-too-seldom", share=0.5, found=once, expected=each, severity=grave)
        return
    sides = [("training", [one.train for one in measured]), ("test", [one.test for one in measured])]
    n_rows = {"training": subject.n_train, "test": subject.n_test}
    for what, parts in sides:
        least = min(range(len(parts)), key=lambda number: parts[number].share)
        share = parts[least].share
        if share < 1:
            n = n_rows[what]
            yield finding(
                Aspect.EVALUATION,
                "evaluated-on-part",
                side=what,
                share=0.0 if share < ALMOST else 1.0,
                severity=None if share < ALMOST else Severity.REMARK,
                found=Text(
                    "{share:,} of {n:,} {what} {images} after epoch {least}",
                    share=round(share * n),
                    n=n,
                    what=what,
                    least=least + 1,
                ),
                expected=Text("all {n:,}", n=n),
            )


def _fresh(subject: Subject, epoch: Epoch) -> bool:
    """Whether the weights got their initial values between the last step of the epoch and its evaluations."""
    if not len(epoch.evaluations):
        return False
    call = subject.call
    between = slice(int(epoch.steps[-1]) + 1, int(epoch.evaluations[-1]))
    return bool((call.asked[between] & Asked.INITIALISE).any())

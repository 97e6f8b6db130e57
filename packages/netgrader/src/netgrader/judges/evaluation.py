"""Judge the evaluations after each epoch: on all images, with current weights; and their results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphread.text import Text
from netgrader.faults import Severity
from netgrader.judges.aspects import Aspect
from netgrader.judges.notes import NO_LABEL, Asked
from netgrader.judges.subject import finding, per_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Bool, Float, Int, LoggedCall
    from netgrader.judges.subject import Subject

__all__ = ["Measured", "Part", "agree", "judge_evaluation", "measure", "single_runs"]


class Rounding:
    """Tolerances for comparing reported accuracies."""

    ROUNDING = 2e-5  # single precision, and the last digit of a rounded value
    DIGITS = (2, 3, 4)
    SAME = 1e-7  # of an accuracy: the precision of a rounded value in float32
    ALMOST = 0.97  # fraction of the images; from here only a last incomplete chunk is missing, which costs nothing


EACH = Text("one after each epoch")


@dataclass(frozen=True)
class Part:
    """The evaluations of the training or the test images after an epoch."""

    share: float
    """The fraction of its images that was evaluated."""
    accuracies: tuple[float, ...]
    """The accuracy: over distinct rows, over all rows, and as a mean over runs; by the fed labels (unless these belong to
    other images), by the student's labels and by the true ones. If all is well, these are one value."""
    sums: tuple[float, ...]
    """The accuracies times the number of rows and of runs: sums instead of means."""


class Measured(NamedTuple):
    """The measurements of `train` and `test` images after an epoch."""

    train: Part
    test: Part


def measure(subject: Subject, runs: Int) -> Measured:
    """Return the measurements of some evaluation runs."""
    rows, tables = subject.call.rows, subject.tables
    return Measured(
        train=_part(subject, runs, (rows.index >= 0) & (rows.index < tables.n_train), tables.train),
        test=_part(subject, runs, np.isin(rows.index, tables.test), tables.test),
    )


def measure_epochs(subject: Subject) -> list[Measured]:
    """Return the measurements of the evaluation after each epoch."""
    return [measure(subject, epoch.evaluations) for epoch in subject.course.epochs]


def _part(subject: Subject, runs: Int, mask: Bool, members: Int) -> Part:
    call = subject.call
    own = per_run(call, mask)[runs] * 2 > call.sizes[runs]
    # Results for single rows of both sets can be separated; one accuracy over both cannot.
    read = runs[own | ((call.asked[runs] & Asked.ACCURACY) == 0)]
    runs = runs[own]
    at = np.flatnonzero(mask & np.repeat(np.isin(np.arange(len(call.sizes)), read), call.sizes))
    # A row that was evaluated twice counts once, with its last result.
    different, last = np.unique(call.rows.index[at][::-1], return_index=True)
    once = at[::-1][last]
    fed, *others = _correct(subject)
    kinds = others if subject.fed_own_labels and subject.of_others(once) else [fed, *others]
    accuracies = dict.fromkeys(value for correct in kinds for value in _accuracies(call, correct, once, runs))
    counts = {len(once), int(call.sizes[runs].sum()), len(runs)} - {0, 1}
    sums = np.outer([*counts], [*accuracies]).reshape(-1).tolist()
    return Part(len(different) / len(members), tuple(accuracies), tuple(sums))


def _accuracies(call: LoggedCall, correct: Bool, once: Int, runs: Int) -> list[float]:
    """Return the mean over the rows `once`, over all rows of some runs, and over these runs."""
    if not len(once):
        return []
    by_run = per_run(call, correct)[runs] / np.maximum(call.sizes[runs], 1)
    means = [float(np.average(by_run, weights=call.sizes[runs])), float(by_run.mean())] if len(runs) else []
    return [float(correct[once].mean()), *means]


def _correct(subject: Subject) -> list[Bool]:
    """Return for each row of the call whether the network was right, by fed, own and true label."""
    rows = subject.call.rows
    own = subject.tables.classes[rows.index]
    fed = np.where(rows.labels == NO_LABEL, own, rows.labels)
    known = rows.index >= 0
    return [rows.found == fed, known & (rows.found == own), known & (rows.found == subject.origins.shown[rows.index])]


def single_runs(subject: Subject, runs: Int) -> list[float]:
    """Return the accuracy of each of some runs, by the fed labels."""
    correct = per_run(subject.call, _correct(subject)[0])[runs]
    shares: list[float] = (correct / np.maximum(subject.call.sizes[runs], 1)).tolist()
    return shares


def agree(value: float, accuracies: npt.ArrayLike, *, rounded: bool = True) -> bool:
    """Whether a reported value is one of some accuracies, possibly `rounded` to a few digits."""
    known, units = np.asarray(accuracies, np.float64), 10.0 ** -np.array(Rounding.DIGITS)
    exact = np.abs(value - known) <= Rounding.ROUNDING * np.maximum(1.0, known)
    # Halfway between two digits, rounding can go either way: by the binary value, or to the even digit.
    near = np.abs(value - known[..., None]) <= units / 2 + Rounding.SAME
    written = np.abs(value - np.round(value / units) * units) < Rounding.SAME
    return bool(exact.any()) or (rounded and bool((near & written).any()))


def judge_evaluation(subject: Subject) -> Iterator[LoopFinding]:
    """Judge the coverage of both sets after each epoch, and the session of the evaluation."""
    epochs = subject.course.epochs
    if not epochs:
        return
    measured = measure_epochs(subject)
    shares = np.array([[one.train.share, one.test.share] for one in measured])
    misplaced = _in_fresh_session(subject) or _too_seldom(shares) or _before_epochs(subject, shares)
    if misplaced is not None:
        yield misplaced
        return
    yield from _coverage("training", shares[:, 0], subject.n_train)
    yield from _coverage("test", shares[:, 1], subject.n_test)


def _coverage(side: str, shares: Float, n: int) -> Iterator[LoopFinding]:
    """Judge the fraction of a side's `n` images that was evaluated after each epoch (epochs,)."""
    least = int(np.argmin(shares))
    if shares[least] == 1:
        return
    earned, severity = (0.0, None) if shares[least] < Rounding.ALMOST else (1.0, Severity.REMARK)
    found = Text(
        "{share:,} of {n:,} {what} {images} after epoch {least}",
        share=round(shares[least] * n),
        n=n,
        what=side,
        least=least + 1,
    )
    yield finding(
        Aspect.EVALUATION,
        "evaluated-on-part",
        side=side,
        share=earned,
        found=found,
        expected=Text("all {n:,}", n=n),
        severity=severity,
    )


def _too_seldom(shares: Float) -> LoopFinding | None:
    """Return a finding if all was evaluated after the last epoch and nothing after the others."""
    if len(shares) == 1 or shares[:-1].any() or shares[-1].min() < Rounding.ALMOST:
        return None
    found = Text("an evaluation after the last of {count} epochs", count=len(shares))
    return finding(Aspect.EVALUATION, "evaluated-too-seldom", share=0.5, found=found, expected=EACH)


def _before_epochs(subject: Subject, shares: Float) -> LoopFinding | None:
    """Return a finding if all was evaluated before the first step and nothing after the last."""
    ahead = measure(subject, subject.course.before)
    if shares[-1].any() or min(ahead.train.share, ahead.test.share) < Rounding.ALMOST:
        return None
    found = Text("an evaluation before the first step and none after the last")
    return finding(
        Aspect.EVALUATION, "evaluated-too-seldom", share=0.5, found=found, expected=EACH, severity=Severity.SERIOUS
    )


def _in_fresh_session(subject: Subject) -> LoopFinding | None:
    """Return a finding if weights were reinitialized between an epoch's end and its evaluations."""
    for number, epoch in enumerate(subject.course.epochs):
        end = np.append(epoch.steps, epoch.evaluations)[-1]
        if (subject.call.asked[epoch.steps[-1] + 1 : end] & Asked.INITIALISE).any():
            return finding(
                Aspect.EVALUATION,
                "evaluated-in-fresh-session",
                found=Text(
                    "weights that were initialized again after the last step of epoch {fresh}", fresh=number + 1
                ),
                expected=Text("the session that was trained"),
            )
    return None

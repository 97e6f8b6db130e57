"""Whether all training and all test images are evaluated after each epoch, with the weights as they are then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.phrases import say
from netgrader.training.measured import measure
from netgrader.training.notes import Asked
from netgrader.training.subject import finding
from netgrader.training.verdicts import Aspect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.training.epochs import Epoch
    from netgrader.training.subject import Subject
    from netgrader.training.verdicts import Finding

__all__ = ["judge_evaluation"]

# From this share on it is all but a last incomplete chunk, which is remarked on and costs nothing.
ALMOST = 0.97


def judge_evaluation(subject: Subject) -> Iterator[Finding]:
    """Coverage of both sets after each epoch, and the session it happened in."""
    epochs = subject.course.epochs
    if not epochs:
        return
    fresh = [number for number, epoch in enumerate(epochs) if _fresh(subject, epoch)]
    if fresh:
        yield finding(
            Aspect.EVALUATION,
            "evaluated-in-fresh-session",
            found=say("weights that were initialised anew after the last step of epoch {1}", fresh[0] + 1),
            expected="the session that was trained",
        )
        return
    measured = [measure(subject, epoch.evaluations) for epoch in epochs]
    shares = np.array([[one.train.share, one.test.share] for one in measured])
    if len(epochs) > 1 and not shares[:-1].any() and shares[-1].min() >= ALMOST:
        found = say("an evaluation after the last of {1} epochs", len(epochs))
        yield finding(Aspect.EVALUATION, "evaluated-too-seldom", share=0.5, found=found, expected="one after each")
        return
    ahead = measure(subject, subject.course.before)
    if not shares[-1].any() and min(ahead.train.share, ahead.test.share) >= ALMOST:
        found = "an evaluation before the first step and none after the last"
        yield finding(
            Aspect.EVALUATION, "evaluated-before-epoch", share=0.5, found=found, expected="one after each epoch"
        )
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
                "evaluated-on-part" if share < ALMOST else "last-chunk-not-evaluated",
                side=what,
                share=0.0 if share < ALMOST else 1.0,
                found=say("{1:,} of {2:,} {3} images after epoch {4}", round(share * n), n, what, least + 1),
                expected=say("all {1:,}", n),
            )


def _fresh(subject: Subject, epoch: Epoch) -> bool:
    """Whether the weights got their initial values between the last step of the epoch and its evaluations."""
    if not len(epoch.evaluations):
        return False
    call = subject.call
    between = slice(int(epoch.steps[-1]) + 1, int(epoch.evaluations[-1]))
    return bool((call.asked[between] & Asked.INITIALISE).any())

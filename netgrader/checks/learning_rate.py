"""Learning rates judged by what they do to the student's own graph.

A rate is tried in short runs from one seed: at the rate, a third of it, and three and ten times it. The bands were
measured for Adam on 784-1500-10 with minibatches of 64, three seeds each, which differ by 0.02. After 300 steps the loss
at a rate r over the loss at 3r is 2.0 for 3e-5, 1.4 for 1e-4 and 3e-4, 1.1 for 1e-3; over that at 10r it is 1.98 for
1e-4, 1.66 for 2e-4, 1.44 for 3e-4. Short runs favour large rates: after eight epochs 3e-4 is the best of all. So too low
is what 3r beats by more than 45 percent or 10r by more than 50 (by 80, if it is the best of a sweep that can be true), and a
student who judged at either horizon is right. What that says of other optimizers and networks stands in research/rates.md.

In sweeps of 300 steps with minibatches of 64 or 100, Glorot or He initialisation, two seeds each, the accuracy at 0.01 was
within 1.6 percent of that at 0.003, so an honest sweep may end there: its loss was 1.15 to 1.26 times as large, and rose to
at most four times the first. At 0.03 it was 1.4 to 1.8 times that at 0.01. So a rate that is the best of a sweep that can
be true is too high where a third of it wins by more than 35 percent; any other, by more than 15.

The loss that is compared is the student's own, which may be a sum over the minibatch, or not the one that was asked for:
so everything is judged by ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import fault
from netgrader.phrases import say

if TYPE_CHECKING:
    from netgrader.checks.short_runs import ShortRun
    from netgrader.faults import Fault

__all__ = ["Verdict", "compare_rates", "is_settled", "judge_rate", "may_be_far_too_low"]

LITTLE, HARDLY_BEGUN = 1.2, 0.5  # see `may_be_far_too_low`
TOO_LOW, FAR_TOO_LOW, TOO_HIGH = 1.45, 1.5, 1.15  # ratios of losses; see above
FAR_TOO_LOW_IF_FOUND, TOO_HIGH_IF_FOUND = 1.8, 1.35
SURELY = 0.7  # of the loss at a third of the rate: see `is_settled`


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a rate: the fault's code, and the run at another rate that shows it, if one does."""

    code: str
    against: ShortRun | None = None


def may_be_far_too_low(at: ShortRun, triple: ShortRun) -> bool:
    """Whether a run at ten times the rate can tell something: near the best, that at three times has told all.

    Losses fall ever less from rate to rate as they near the best: from 1.2 at the first step of three on, no second one
    makes it 1.5.
    """
    return at.diverges or at.last > LITTLE * triple.last or at.last > HARDLY_BEGUN * at.losses[0]


def judge_rate(
    third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False
) -> Fault | None:
    """What is wrong with the rate of `at`, given runs at a third, three and ten times of it; None if nothing is.

    `found` says that it is the best of a sweep that can be true, as `found_by_sweep` tells.
    """
    verdict = compare_rates(third, at, triple, tenfold, found=found)
    if verdict is None:
        return None
    if verdict.against is None:
        return fault(verdict.code, found=say("{1:.3g}: the loss rises up to {2:.3g}", at.rate, np.nanmax(at.losses)))
    other = verdict.against
    which = "a larger rate" if other.rate > at.rate else "a smaller rate"
    return fault(
        verdict.code,
        found=say("{1:.3g}, which ends at a loss of {2:.3g}", at.rate, at.last),
        expected=say("{1}; {2:.3g} ends at {3:.3g} after as many steps", which, other.rate, other.last),
    )


def compare_rates(
    third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False
) -> Verdict | None:
    """The same as a code and the run that shows it."""
    if not at.explodes and tenfold.last < at.last <= third.last and not tenfold.explodes and at.stuck:
        # So slow that it has hardly begun: it looks stuck, but the larger the rate, the farther it gets.
        return Verdict("learning-rate-too-low", tenfold)
    too_high = at.last > (TOO_HIGH_IF_FOUND if found else TOO_HIGH) * third.last
    # What rises at first and then does better than a third of the rate has recovered.
    if at.stuck or (at.explodes and (too_high or (not found and at.last > third.last))):
        return Verdict("learning-rate-diverges")
    for larger, ratio in ((triple, TOO_LOW), (tenfold, FAR_TOO_LOW_IF_FOUND if found else FAR_TOO_LOW)):
        if at.last > ratio * larger.last and not larger.diverges:
            return Verdict("learning-rate-too-low", larger)
    return Verdict("learning-rate-too-high", third) if too_high else None


def is_settled(third: ShortRun, at: ShortRun, triple: ShortRun, *, hilltop: bool) -> bool:
    """Whether runs of `EARLY` steps already tell that `compare_rates` finds nothing wrong with the rate of `at`.

    Near the best losses have fallen by half, and lie far below those at a third of the rate: in the runs of
    ``research/rates.csv`` none of these was found too high or too low in the end. Where the student's own sweep has tried the
    rates around it, it is enough that nothing speaks against it.
    """
    if at.explodes or at.last > HARDLY_BEGUN * at.losses[0] or may_be_far_too_low(at, triple):
        return False
    return at.last <= (TOO_HIGH_IF_FOUND if hilltop else SURELY) * third.last

"""Learning rates judged by what they do to the student's own graph, and sweeps by whether they can be true.

A rate is tried in short runs from one seed: at the rate, a third of it, and three and ten times it. The bands were
measured for Adam on 784-1500-10 with minibatches of 64, three seeds each, which differ by 0.02. After 300 steps the loss
at a rate r over the loss at 3r is 2.0 for 3e-5, 1.4 for 1e-4 and 3e-4, 1.1 for 1e-3; over that at 10r it is 1.98 for
1e-4, 1.66 for 2e-4, 1.44 for 3e-4. Short runs favour large rates: after eight epochs 3e-4 is the best of all. So too low
is what 3r beats by more than 45 percent or 10r by more than 80, and a student who judged at either horizon is right.

In sweeps of 300 steps with minibatches of 64 or 100, Glorot or He initialisation, two seeds each, the accuracy at 0.01 was
within 1.6 percent of that at 0.003, so an honest sweep may end there: its loss was 1.15 to 1.26 times as large, and rose to
at most four times the first. At 0.03 it was 1.4 to 1.8 times that at 0.01. So a rate that is the best of a sweep that can
be true is too high where a third of it wins by more than 35 percent; any other, by more than 15.

The loss that is compared is the student's own, which may be a sum over the minibatch, or not the one that was asked for:
so everything is judged by ratios.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import fail, fail_all, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.evidence import GraphEvidence
    from netgrader.faults import Fault
    from netgrader.lab.api import Lab

__all__ = [
    "ShortRun",
    "StudentSweep",
    "Verdict",
    "compare_rates",
    "found_by_sweep",
    "judge_rate",
    "likely",
    "may_be_far_too_low",
    "read_sweep",
    "require_best",
    "require_true",
    "require_wide",
    "short_run",
    "untrue",
]

Array = npt.NDArray[Any]

STEPS, BATCH = 300, 64
EARLY = 100  # steps; the shortest run from which a sweep's accuracies may honestly come
EARLIER = 0.1  # that much less than after `EARLY` steps may be reported
LITTLE, HARDLY_BEGUN = 1.2, 0.5  # see `may_be_far_too_low`
SMOOTH = 100  # the last steps, over which a run's loss is averaged
TOO_LOW, FAR_TOO_LOW, TOO_HIGH, TOO_HIGH_IF_FOUND = 1.45, 1.8, 1.15, 1.35  # ratios of losses; see above
EXPLODES, STUCK = 3.0, 0.95  # largest loss over the first; last over first: 2.37 when weights are fresh, 2.30 guessed
TIE = 0.003  # two standard deviations of an accuracy near 98 % on 10,000 images
CEILING = 0.99  # no fully connected network of this kind gets there without augmentation


@dataclass(frozen=True)
class ShortRun:
    """A short training of the student's graph.

    Attributes
    ----------
    rate
        The learning rate that the graph was made for.
    losses
        The loss of the minibatch before each step, as the student's graph has it, (steps,).
    early, late
        Accuracy on the test images after `EARLY` and after all steps.
    """

    rate: float
    losses: Array
    early: float
    late: float

    @property
    def last(self) -> float:
        """The mean loss of the last steps; infinite if it is not finite."""
        mean = float(np.mean(self.losses[-SMOOTH:]))
        return mean if math.isfinite(mean) else math.inf

    @property
    def smoothed(self) -> Array:
        """For each step the mean loss of the last `SMOOTH` steps, which ends at `last`."""
        sums = np.cumsum(np.concatenate([[0.0], self.losses]))
        ends = np.arange(1, len(sums))
        starts = np.maximum(ends - SMOOTH, 0)
        means: Array = (sums[ends] - sums[starts]) / (ends - starts)
        return means

    @property
    def explodes(self) -> bool:
        """Whether the loss exploded on the way."""
        return not np.isfinite(self.losses).all() or bool(self.losses.max() > EXPLODES * self.losses[0])

    @property
    def stuck(self) -> bool:
        """Whether the loss ended no better than guessing."""
        return bool(self.last >= STUCK * self.losses[0])

    @property
    def diverges(self) -> bool:
        """Whether the loss exploded on the way or ended no better than guessing."""
        return self.explodes or self.stuck


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a rate: the fault's code, and the run at another rate that shows it, if one does."""

    code: str
    against: ShortRun | None = None


@dataclass(frozen=True)
class StudentSweep:
    """Rates (n,) in ascending order, the test accuracies (n,) that the student reported, and the rate chosen."""

    rates: Array
    accuracies: Array
    best: float


def short_run(
    lab: Lab,
    graph: GraphEvidence,
    rate: float,
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    seed: int = 1,
    enough: Callable[[float], bool] | None = None,
) -> ShortRun:
    """Train the graph from its own initialiser for `STEPS` minibatches.

    Parameters
    ----------
    graph
        A network with the parts ``X``, ``Y``, ``logits``, ``loss`` and ``train_op``, made for `rate`.
    train, test
        Scaled images, float (n, 784), and classes (n,); at least `STEPS` times `BATCH` training images.
    seed
        Of the initialisation; the order of the minibatches is always the same.
    enough
        Says of the accuracy after `EARLY` steps whether it already tells what is asked; the run then ends there, and
        that accuracy is its last.
    """
    parts = graph.parts
    images, labels = train[0][: STEPS * BATCH], np.eye(10, dtype=np.float32)[train[1][: STEPS * BATCH]]
    batches = list(np.arange(STEPS * BATCH).reshape(STEPS, BATCH))
    session = lab.load(graph.meta_graph).session(seed=seed)
    try:
        session.initialise()
        losses: list[float] = []
        reached: list[float] = []
        for part in (batches[:EARLY], batches[EARLY:]):
            if reached and enough is not None and enough(reached[0]):
                break
            rows = session.run_batches(
                [parts["loss"], parts["train_op"]], {parts["X"]: images, parts["Y"]: labels}, part
            )
            losses += [float(np.mean(np.asarray(row[0]))) for row in rows]
            (logits,) = session.run([parts["logits"]], {parts["X"]: test[0], **graph.eval_feed})
            reached.append(float(np.mean(np.argmax(np.asarray(logits), axis=1) == test[1])))
    finally:
        session.close()
    return ShortRun(rate, np.asarray(losses), reached[0], reached[-1])


def may_be_far_too_low(at: ShortRun, triple: ShortRun) -> bool:
    """Whether a run at ten times the rate can tell something: near the best, that at three times has told all.

    Losses fall ever less from rate to rate as they near the best: from 1.2 at the first step of three on, no second one
    makes it 1.8.
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
        return fault(verdict.code, found=f"{at.rate:.3g}: the loss rises up to {np.nanmax(at.losses):.3g}")
    other = verdict.against
    which = "a larger rate" if other.rate > at.rate else "a smaller rate"
    return fault(
        verdict.code,
        found=f"{at.rate:.3g}, which ends at a loss of {at.last:.3g}",
        expected=f"{which}; {other.rate:.3g} ends at {other.last:.3g} after as many steps",
    )


def compare_rates(
    third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False
) -> Verdict | None:
    """The same as a code and the run that shows it."""
    if not at.explodes and tenfold.last < at.last <= third.last and not tenfold.explodes and at.stuck:
        # So slow that it has hardly begun: it looks stuck, but the larger the rate, the farther it gets.
        return Verdict("learning-rate-too-low", tenfold)
    too_high = at.last > (TOO_HIGH_IF_FOUND if found else TOO_HIGH) * third.last
    if at.stuck or (at.explodes and (too_high or not found)):
        return Verdict("learning-rate-diverges")
    for larger, ratio in ((triple, TOO_LOW), (tenfold, FAR_TOO_LOW)):
        if at.last > ratio * larger.last and not larger.diverges:
            return Verdict("learning-rate-too-low", larger)
    return Verdict("learning-rate-too-high", third) if too_high else None


def read_sweep(pairs: Array, best: float) -> StudentSweep:
    """Take the sweep as it was handed over, `pairs` (n, 2) of rates and accuracies; ends the test if it is none."""
    if pairs.ndim != 2 or pairs.shape[1:] != (2,) or not len(pairs):
        fail("sweep-too-narrow", found="an empty sweep", expected="a dict of learning rate → test accuracy")
    order = np.argsort(pairs[:, 0])
    rates, accuracies = pairs[order, 0].astype(np.float64), pairs[order, 1].astype(np.float64)
    if not (np.isfinite(rates).all() and (rates > 0).all()):
        fail("sweep-too-narrow", found="rates that are no numbers above 0", expected="positive learning rates")
    return StudentSweep(rates, accuracies, best)


def require_wide(sweep: StudentSweep, rates: int, decades: float) -> None:
    """End the test unless there are at least so many rates over at least so many decades."""
    different = len(np.unique(sweep.rates))
    width = math.log10(sweep.rates[-1] / sweep.rates[0])
    if different < rates or width < decades - 0.01:
        found = f"{different} rates over {width:.1f} decades"
        fail("sweep-too-narrow", found=found, expected=f"{rates} rates or more over {decades:g} decades or more")


def require_best(sweep: StudentSweep) -> None:
    """End the test unless the chosen rate is one of the sweep's whose accuracy is, within chance, the highest."""
    known = np.isclose(sweep.rates, sweep.best, rtol=1e-3)
    top = float(np.nanmax(sweep.accuracies, initial=-math.inf))
    if not known.any():
        fail("best-not-from-sweep", found=f"{sweep.best:.3g}", expected="one of the rates of your sweep")
    chosen = float(np.nanmax(sweep.accuracies[known], initial=-math.inf))
    if chosen < top - TIE:
        rate = sweep.rates[np.nanargmax(sweep.accuracies)]
        fail(
            "best-not-from-sweep",
            found=f"{sweep.best:.3g} with {chosen:.4f}",
            expected=f"the rate with the highest accuracy, {rate:.3g} with {top:.4f}",
        )


def found_by_sweep(sweep: StudentSweep, runs: Mapping[float, ShortRun]) -> bool:
    """Whether the chosen rate is the best of a sweep whose results can be true, by short runs at some of its rates."""
    at_best = sweep.accuracies[np.isclose(sweep.rates, sweep.best, rtol=1e-3)]
    best = float(np.nanmax(at_best, initial=-math.inf)) >= float(np.nanmax(sweep.accuracies, initial=-math.inf)) - TIE
    return best and not untrue(sweep, runs)[0]


def likely(claimed: Array, early: float, late: float) -> npt.NDArray[np.bool_]:
    """Which of the accuracies that are claimed an honest run can have had, by those of a short run at that rate.

    The student's sweep may have run for a hundred steps or for many epochs. So a result is doubted only where it lies
    below what a hundred steps reach, or leaves less than a seventh of the errors of our short run.
    """
    return (claimed >= early - EARLIER) & (claimed <= _most(late))


def _most(late: float) -> float:
    return min(CEILING, 1 - (1 - late) / 7)


def untrue(sweep: StudentSweep, runs: Mapping[float, ShortRun]) -> tuple[list[Fault], int]:
    """Results of the sweep that are not `likely`, by short runs at some of its rates, and how many were tried."""
    wrong: list[Fault] = []
    tried = 0
    for rate, run in sorted(runs.items()):
        claimed = sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-6)]
        tried += bool(len(claimed))
        early = 0.0 if run.diverges else run.early
        doubted = claimed[~likely(claimed, early, run.late)]
        if len(doubted):
            least, most = early - EARLIER, _most(run.late)
            found = f"{doubted[0]:.4f} at the rate {rate:.3g}"
            expected = f"between {max(least, 0):.2f} and {most:.3f}, by a rerun of {len(run.losses)} steps"
            wrong.append(fault("sweep-result-not-reproduced", found=found, expected=expected))
    return wrong, tried


def require_true(sweep: StudentSweep, runs: Mapping[float, ShortRun]) -> None:
    """End the test unless reruns give results like those of the sweep; one of several that does not costs half."""
    wrong, tried = untrue(sweep, runs)
    fail_all(wrong[:1], share=0.5 if len(wrong) < tried - len(wrong) else 0.0)

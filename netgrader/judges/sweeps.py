"""Sweeps of a hyperparameter: whether they are wide, chose the best, and say what training at their values comes to.

A result is proven where weights are handed over that reach what it says; each prove one. Some rates are tried in short runs
as well, one of them drawn when all has been handed in, and what a student may have run for a hundred steps or for many
epochs is doubted only where no honest run can have come to it. A result that nothing proves earns nothing: whoever trained
at that rate has trained a network there.

What is called a rate here is the value of whatever is swept (`netgrader.judges.swept`); only what is said of factors and
decades around the best is of learning rates alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import fail, fail_all
from netgrader.faults import Severity, fault
from netgrader.judges.swept import BATCH_SIZE, L2, LAYERS, RATE, WIDTH, Swept, swept
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.data import DataSpec
    from netgrader.faults import Fault
    from netgrader.judges.learning_rate import ShortRun

__all__ = [
    "HARDLY_LEARNED",
    "MOST_PROVEN",
    "MOST_TRAINED",
    "StudentSweep",
    "drawn_rate",
    "found_by_sweep",
    "in_question",
    "is_exchanged",
    "is_hilltop",
    "is_of_fewer_steps",
    "is_rate",
    "is_value",
    "learned_nowhere",
    "likely",
    "proven",
    "read_sweep",
    "require_trained",
    "require_true",
    "student_sweep",
    "sweep_cell",
    "untrue",
]

Array = npt.NDArray[Any]

EARLIER = 0.1  # that much less than after a hundred steps may be reported
TIE, TIE_ROWS = 0.003, 10_000  # two standard deviations of an accuracy near 98 % on so many images
NEAR, DEVIATIONS = 0.03, 4.0  # what an accuracy may be off by that was taken on other images, or is of another moment
BESIDE = 4.5  # times or a part of a rate: what lies farther off says nothing of it
# Accuracies of networks that were not trained, and of others, on the way up from chance: 0.3 and 0.6 of ten classes.
HARDLY_LEARNED, SAID_TO_HAVE_LEARNED = 2 / 9, 5 / 9
LEAST_PERCENT = 5.0  # no share of one is that large, and no network is that bad
MOST_PERCENT = 100.0
MOST_SHARE = 1.001
MOST_TRAINED = 24  # networks that are handed over with what they were trained to
MOST_PROVEN = 12  # results that have to be proven, of however many
OF_SO_MANY = 5  # results one may be unproven if weights were lost in a moment in which they could not be read
LEARNING_RATE = Swept("", "", RATE, RATE)
COUNTS = frozenset({WIDTH, LAYERS, BATCH_SIZE})  # values above 1, as no accuracy is
SMALL = frozenset({RATE, L2})  # values that mostly are smaller than any accuracy


@dataclass(frozen=True)
class StudentSweep:
    """Rates (n,) in ascending order, the test accuracies (n,) that the student reported, and the rate chosen.

    `spec` says what the course's data are, and `ceiling` is an accuracy that no such network gets to. `odd` is what is wrong
    with how it is written, if something is, and `exchanged` whether rates and accuracies stood in each other's place: the
    numbers are then as they were meant.
    """

    rates: Array
    accuracies: Array
    best: float
    spec: DataSpec
    ceiling: float = 1.0
    odd: Fault | None = None
    exchanged: bool = False
    asked: Swept = LEARNING_RATE

    @property
    def of_shares(self) -> bool:
        """Return whether its accuracies are shares of one, as far as their size tells."""
        return _are_shares(self.accuracies)

    @property
    def tie(self) -> float:
        """Return by how much accuracies on the test images differ by chance."""
        return TIE * max(1.0, math.sqrt(TIE_ROWS / self.spec.test.rows))


def is_exchanged(pairs: Array, asked: Swept = LEARNING_RATE, best: float | None = None) -> bool:
    """Whether `pairs` (n, 2) are accuracies and their rates, not rates and their accuracies, as far as numbers tell.

    No network is as bad as most rates are small, and none has an accuracy above 1. Where values look like accuracies the
    `best` one tells, unless it is the largest: then the highest accuracy may have been taken for the best value.
    """
    if not len(pairs):
        return False
    first, second = pairs[:, 0], pairs[:, 1]
    least = LEAST_PERCENT / 100
    if asked.parameter in SMALL and np.median(second) < least <= first.min() and first.max() <= MOST_PERCENT:
        return True
    if asked.is_rate:
        return False
    if asked.parameter in COUNTS:
        return bool(first.max() <= 1 < second.max())
    return best is not None and bool(best in second and best not in first and best < second.max() <= 1)


def read_sweep(
    pairs: Array,
    best: float,
    spec: DataSpec,
    *,
    ceiling: float = 1.0,
    lists: bool = False,
    exchanged: bool = False,
    asked: Swept = LEARNING_RATE,
) -> StudentSweep:
    """Take the sweep as it was handed over, `pairs` (n, 2) of rates and accuracies; ends the test if it is none.

    `lists` says that there were several accuracies for a rate, of which the last was taken, `exchanged` that `pairs` were
    put right. Percentages are made shares.
    """
    if pairs.ndim != 2 or pairs.shape[1:] != (2,) or not len(pairs):
        fail("sweep-too-narrow", found="an empty sweep", expected=say("a dict of {1} → test accuracy", asked.words))
    order = np.argsort(pairs[:, 0])
    rates, accuracies = pairs[order, 0].astype(np.float64), pairs[order, 1].astype(np.float64)
    if asked.is_rate and not (np.isfinite(rates).all() and (rates > 0).all()):
        power = (rates < 0).all() and (rates == rates.round()).all()
        expected = (
            "positive learning rates: 1e-4, or 10**-4, since ^ is no power" if power else "positive learning rates"
        )
        fail("sweep-too-narrow", found="rates that are no numbers above 0", expected=expected)
    if not (np.isfinite(rates).all() and (rates >= 0).all()):
        fail(
            "sweep-too-narrow",
            found="values that are no numbers from 0 on",
            expected=say("values of the {1}", asked.words),
        )
    odd = None
    if lists:
        odd = fault(
            "wrong-return",
            found="several accuracies for a rate" if asked.is_rate else "several accuracies for a value",
            expected="the test accuracy in the end",
            severity=Severity.SLIGHT,
        )
    if _are_shares(accuracies / 100) and np.nanmedian(accuracies) >= LEAST_PERCENT:
        largest = float(np.nanmax(accuracies))
        odd = fault("accuracy-not-mean", found=f"{largest:g}", expected=say("a share of one, {1:g}", largest / 100))
        accuracies = accuracies / 100
    elif not _are_shares(accuracies):
        numbers = accuracies[np.isfinite(accuracies)]
        found = say("values from {1:.4g} to {2:.4g}", numbers.min(), numbers.max()) if len(numbers) else "no numbers"
        expected = "accuracies on the test images, shares from 0 to 1: no losses, and no numbers of images"
        odd = fault("wrong-return", found=found, expected=expected, severity=Severity.SLIGHT)
    # A network whose weights are no numbers any more answers all images alike: it guesses.
    accuracies = np.where(np.isnan(accuracies), spec.above_chance(0.0), accuracies)
    return StudentSweep(rates, accuracies, best, spec, ceiling, odd, exchanged, asked)


def _are_shares(accuracies: Array) -> bool:
    """Whether numbers are shares of one as far as their size tells; what is no number is left out."""
    numbers = accuracies[np.isfinite(accuracies)]
    return len(numbers) > 0 and bool(numbers.min() >= 0 and numbers.max() <= MOST_SHARE)


def drawn_rate(rates: Collection[float], challenge: int) -> float:
    """Return the one of `rates` that is tried whatever is proven: nobody can know beforehand which it is."""
    different = sorted(set(rates))
    return different[_drawn(f"{challenge}") % len(different)]


def in_question(rates: Sequence[float], best: float, challenge: int) -> list[float]:
    """Return rates of a sweep in the order in which it matters what was trained there.

    That is the best one, those beside it, the one that is tried in any case, and then all others as they are drawn.
    """
    if not len(rates):
        return []
    place = int(np.argmin(np.abs(np.array(rates) - best)))
    around = [rates[place], rates[max(place - 1, 0)], rates[min(place + 1, len(rates) - 1)]]
    others = sorted(rates, key=lambda rate: _drawn(f"{challenge} {rate!r}"))
    return list(dict.fromkeys([*around, drawn_rate(rates, challenge), *others]))


def _drawn(text: str) -> int:
    return int.from_bytes(hashlib.sha256(f"netgrader: rates {text}".encode()).digest()[:8], "big")


def proven(
    sweep: StudentSweep, trained: Mapping[float, float], rows: int, unnamed: Sequence[float] = ()
) -> frozenset[float]:
    """Return rates of the sweep whose result weights reach that training ended with, by their accuracy on `rows` images.

    `trained` are accuracies of weights by the rate that they were trained at, `unnamed` those of weights that may have been
    trained at any rate. Each of these proves one result at most, and as many are proven as can be.
    """
    true = {rate for rate, accuracy in trained.items() if _reaches(sweep, rate, accuracy, rows)}
    by: dict[int, float] = {}

    def prove(rate: float, tried: set[int]) -> bool:
        """Find weights for a rate, the nearest first; those that prove another may give it up for others (Kuhn 1955)."""
        for number in sorted(range(len(unnamed)), key=lambda one: abs(_claimed(sweep, rate) - unnamed[one])):
            if number not in tried and _reaches(sweep, rate, unnamed[number], rows):
                tried.add(number)
                if number not in by or prove(by[number], tried):
                    by[number] = rate
                    return True
        return False

    left = [float(rate) for rate in np.unique(sweep.rates) if not _is_in(float(rate), true)]
    for rate in sorted(left, key=lambda rate: min((abs(_claimed(sweep, rate) - one) for one in unnamed), default=0.0)):
        prove(rate, set())
    return frozenset({*true, *by.values()})


def _reaches(sweep: StudentSweep, rate: float, accuracy: float, rows: int) -> bool:
    claimed = sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-6, atol=0)]
    near = max(NEAR, DEVIATIONS * math.sqrt(max(accuracy * (1 - accuracy), 0.0) / rows))
    return len(claimed) > 0 and bool((np.abs(claimed - accuracy) <= near).all())


def learned_nowhere(sweep: StudentSweep) -> bool:
    """Whether no network of a sweep does more than guess, by what it says."""
    return float(np.nanmax(sweep.accuracies, initial=0.0)) < sweep.spec.above_chance(HARDLY_LEARNED)


def is_hilltop(sweep: StudentSweep, true: Collection[float]) -> bool:
    """Whether the chosen rate and those on either side of it are proven, and it did best of them.

    Then what it does to the network has been tried by the student.
    """
    below = sweep.rates[(sweep.rates < 0.999 * sweep.best) & (sweep.rates > sweep.best / BESIDE)]
    above = sweep.rates[(sweep.rates > 1.001 * sweep.best) & (sweep.rates < sweep.best * BESIDE)]
    if not len(below) or not len(above):
        return False
    rates = [sweep.best, float(below[-1]), float(above[0])]
    best, *beside = (_claimed(sweep, rate) for rate in rates)
    return best >= max(beside) - TIE and all(_is_in(rate, true) for rate in rates)


def _is_in(rate: float, rates: Collection[float]) -> bool:
    return any(math.isclose(rate, one, rel_tol=1e-3) for one in rates)


def found_by_sweep(sweep: StudentSweep, runs: Mapping[float, ShortRun], true: Collection[float] = ()) -> bool:
    """Whether the chosen rate is the best of a sweep whose results can be true, by short runs at some of its rates."""
    at_best = sweep.accuracies[np.isclose(sweep.rates, sweep.best, rtol=1e-3, atol=0)]
    best = float(np.nanmax(at_best, initial=-math.inf)) >= float(np.nanmax(sweep.accuracies, initial=-math.inf)) - TIE
    return best and not untrue(sweep, runs, true)[0]


def likely(claimed: Array, early: float, late: float, ceiling: float) -> npt.NDArray[np.bool_]:
    """Return which of the accuracies that are claimed an honest run can have had, by those of a short run at that rate.

    The student's sweep may have run for a hundred steps or for many epochs. So a result is doubted only where it lies
    below what a hundred steps reach, or leaves less than a seventh of the errors of our short run.
    """
    return (claimed >= early - EARLIER) & (claimed <= _most(late, ceiling))


def is_of_fewer_steps(sweep: StudentSweep, rate: float, run: ShortRun) -> bool:
    """Whether a result lies between what twenty and a hundred steps reach, as a shorter run at that rate ends.

    Nobody is told how many steps to take; that weights prove the result is asked elsewhere.
    """
    return max(sweep.spec.above_chance(HARDLY_LEARNED), run.few) <= _claimed(sweep, rate) <= run.early


def _most(late: float, ceiling: float) -> float:
    return min(ceiling, 1 - (1 - late) / 7)


def untrue(
    sweep: StudentSweep, runs: Mapping[float, ShortRun], true: Collection[float] = ()
) -> tuple[list[Fault], int]:
    """Results of the sweep that are not `likely`, by short runs at some of its rates, and how many were tried.

    Those at the rates that are `true` are proven, and count as tried.
    """
    wrong: list[Fault] = []
    tried = 0
    for rate, run in sorted(runs.items()):
        claimed = sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-6, atol=0)]
        if not len(claimed) or _is_in(rate, true):
            continue
        tried += 1
        early = 0.0 if run.diverges else run.early
        doubted = claimed[~likely(claimed, early, run.late, sweep.ceiling)]
        if len(doubted):
            least, most = early - EARLIER, _most(run.late, sweep.ceiling)
            found = _at(sweep, doubted[0], rate)
            expected = say("between {1:.2f} and {2:.3f}, by a rerun of {3} steps", max(least, 0), most, len(run.losses))
            wrong.append(fault("sweep-result-not-reproduced", found=found, expected=expected))
    return wrong, tried + len(true)


def require_true(sweep: StudentSweep, runs: Mapping[float, ShortRun], true: Collection[float] = ()) -> None:
    """End the test unless reruns give results like those of the sweep; one of several that does not costs half.

    So does a sweep that is true and written in another way than the one asked for.
    """
    wrong, tried = untrue(sweep, runs, true)
    few = len(wrong) < tried - len(wrong)
    wrong = [dataclasses.replace(one, severity=Severity.SERIOUS if few else None) for one in wrong[:1]]
    fail_all(wrong, share=0.5 if few else 0.0)
    fail_all([sweep.odd] if sweep.odd else [], share=0.5)


def require_trained(
    sweep: StudentSweep, true: Collection[float], trained: Mapping[float, float], *, lost: int = 0
) -> None:
    """End the test if so few of the sweep's results are proven that they cannot come from training.

    Parameters
    ----------
    true
        Rates whose results are proven.
    trained
        Accuracies that the weights reach which sessions had in the end, by rate.
    lost
        Of how many sessions the weights are not known any more: one for each, of five results one at most.
    """
    nothing, something = (sweep.spec.above_chance(share) for share in (HARDLY_LEARNED, SAID_TO_HAVE_LEARNED))
    if trained and len(trained) > 1 and all(accuracy < nothing for accuracy in trained.values()):
        rate = max(trained, key=lambda one: _claimed(sweep, one) - trained[one])
        if _claimed(sweep, rate) > something:
            fail(
                "sweep-result-not-reproduced",
                found=_at(sweep, _claimed(sweep, rate), rate),
                expected=say("{1:.4f}, which the network has that your session held at this rate", trained[rate])
                if sweep.asked.is_rate
                else say("{1:.4f}, which the network has that your session held at this value", trained[rate]),
            )
    rates = np.unique(sweep.rates)
    needed = min(len(rates), MOST_PROVEN)
    lacking = needed - len(true) - min(lost, needed // OF_SO_MANY)
    if lacking > 0:
        missing = next(float(rate) for rate in rates if not _is_in(float(rate), true))
        found = say(
            "results at {1} rates, and no session whose network reaches {2} of them, such as {3:.4f} at {4:.3g}"
            if sweep.asked.is_rate
            else "results at {1} values, and no session whose network reaches {2} of them, such as {3:.4f} at {4:.3g}",
            len(rates),
            lacking,
            _claimed(sweep, missing),
            missing,
        )
        few = 2 * lacking < needed
        grade = Severity.SERIOUS if few else None
        wrong = fault(
            "sweep-result-not-reproduced", found=found, expected="a sweep that this notebook runs", severity=grade
        )
        fail_all([wrong], share=0.5 if few else 0.0)


def _at(sweep: StudentSweep, accuracy: float, rate: float) -> str:
    text = "{1:.4f} at the rate {2:.3g}" if sweep.asked.is_rate else "{1:.4f} at the value {2:.3g}"
    return say(text, accuracy, rate)


def _claimed(sweep: StudentSweep, rate: float) -> float:
    return float(np.nanmax(sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-3, atol=0)], initial=0.0))


def student_sweep(bench: TestContext) -> StudentSweep:
    """Return the sweep as it was handed over; where no rate was chosen that can be tried, with the one that was tried for it."""
    asked = swept(bench.exercises)
    evidence, terms = bench.evidence(sweep_cell(bench)), bench.exercises.table(asked.exercise)
    pairs = evidence.array("sweep")
    best, around = (evidence.raw.facts.get(name) for name in (asked.best, "around"))
    tried = best if is_value(best, asked) else around
    lists, exchanged = (evidence.raw.facts.get(name) is True for name in ("lists", "exchanged"))
    rate, ceiling = tried if is_value(tried, asked) else 0.001, terms.get("ceiling", 1.0)
    return read_sweep(pairs, rate, bench.spec, ceiling=ceiling, lists=lists, exchanged=exchanged, asked=asked)


def sweep_cell(bench: TestContext) -> str:
    """Return the check cell that hands over a sweep."""
    return f"check_{bench.exercises.of_kind('sweep')}"


def is_rate(value: object) -> TypeGuard[float]:
    """Whether a value is a learning rate that can be tried."""
    return isinstance(value, int | float) and bool(np.isfinite(value)) and value > 0


def is_value(value: object, asked: Swept) -> TypeGuard[float]:
    """Whether a value is one of what is swept that can be tried."""
    return is_rate(value) or (value == 0 and not asked.is_rate and isinstance(value, int | float))

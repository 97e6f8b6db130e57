"""Sweeps of a hyperparameter: required and reported values, whether grid and choice are right.

A rate in these names is a value of the swept hyperparameter, usually a learning rate.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.checks.language import fail, fail_all
from netgrader.faults import Severity, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.checks.exercises import Exercises
    from netgrader.data import DataSpec
    from netgrader.faults import Fault

__all__ = [
    "BEST",
    "DROPOUT",
    "StudentSweep",
    "Swept",
    "claimed",
    "drawn_of",
    "drawn_rate",
    "in_question",
    "is_rate",
    "is_value",
    "note_kind",
    "odd_shapes",
    "read_sweep",
    "require_best",
    "require_chosen",
    "require_grid",
    "student_sweep",
    "sweep_cell",
    "swept",
]

Array = npt.NDArray[Any]

BEST = "best"
"""The item of evidence with the network at the best value."""
NOT_SHARES = "accuracy-not-mean"
NOT_A_DICT = Text("The sweep is not a dict, so the cell below cannot draw it.")
KINDS = {True: Text("a dict"), False: Text("a list of pairs or the like")}
RATE, DROPOUT = "learning_rate", "dropout"
WORDS = {RATE: Text("learning rate"), DROPOUT: Text("fraction to drop")}


class _SweepLimits(NamedTuple):
    """Differences between accuracies of a sweep, unless another unit is given."""

    tie: float = 0.003
    """Two standard deviations of an accuracy near 98 % on `tie_rows` images."""
    tie_rows: int = 10_000
    """The number of test images for `tie`."""
    alike: float = 0.02
    """Reruns at one rate differ by half of it, good and bad rates by more."""
    hardly_learned: float = 2 / 9
    """Fraction of the way from chance to 1: 0.3 with ten classes, which untrained networks stay below."""
    least_percent: float = 5.0
    """Larger than any fraction, smaller than any network's percentage."""
    most_share: float = 1.001
    """1, with rounding."""
    slack: float = 0.01
    """Fraction of a grid's width, for rounding."""


LIMITS = _SweepLimits()


@dataclass(frozen=True)
class Swept:
    """The requirements on a sweep, from its exercise's table."""

    exercise: str
    """The solution cell that makes it."""
    network: str
    """The exercise whose network is swept."""
    parameter: str = RATE
    """The hyperparameter."""
    argument: str = RATE
    """The hyperparameter's name in the network's function."""
    values: int = 2
    """The fewest distinct values."""
    decades: float = 0.0
    span: float = 0.0
    """The least distance of the smallest and the largest value: in powers of ten, and absolute."""
    between: tuple[float, float] = (0.0, math.inf)
    """The bounds of all values."""

    @property
    def is_rate(self) -> bool:
        """Whether the learning rate is swept."""
        return self.parameter == RATE

    @property
    def best(self) -> str:
        """The student's name of the best value."""
        return f"best_{self.argument}"

    @property
    def words(self) -> Said:
        """The hyperparameter's name in a sentence."""
        return WORDS.get(self.parameter, self.parameter)


LEARNING_RATE = Swept("", "")


def swept(exercises: Exercises) -> Swept:
    """Return the requirements of the only exercise of the kind ``sweep``.

    Raises
    ------
    BadExerciseError
        If there is none, or more than one.
    """
    name = exercises.of_kind("sweep")
    asked = exercises.of_cell(name)
    return Swept(
        name,
        asked.network,
        asked.parameter,
        asked.called,
        asked.fewest,
        asked.decades,
        asked.span,
        (asked.between.low, asked.between.high),
    )


def sweep_cell(bench: TestContext) -> str:
    """Return the check cell with the evidence of a sweep."""
    return f"check_{bench.exercises.of_kind('sweep')}"


@dataclass(frozen=True)
class StudentSweep:
    """Ascending rates (n,), the reported test accuracies (n,), and the chosen rate."""

    rates: Array
    accuracies: Array
    best: float
    spec: DataSpec
    odd: tuple[Fault, ...] = ()
    """Faults of the format."""
    asked: Swept = LEARNING_RATE

    @property
    def reported_per_share(self) -> float:
        """The factor by which the reported accuracies are larger than fractions."""
        return 100.0 if any(one.code == NOT_SHARES for one in self.odd) else 1.0

    @property
    def tie(self) -> float:
        """The difference of accuracies on the test images that chance explains."""
        return LIMITS.tie * max(1.0, math.sqrt(LIMITS.tie_rows / self.spec.test.rows))


def claimed(sweep: StudentSweep, rate: float) -> float:
    """Return the accuracy that a sweep reports at a rate; minus infinity if it reports none."""
    return float(np.max(sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-3, atol=0)], initial=-math.inf))


def read_sweep(
    pairs: Array, best: float, spec: DataSpec, *, lists: bool = False, asked: Swept = LEARNING_RATE
) -> StudentSweep:
    """Return the sweep of `pairs` (n, 2), rates and accuracies or percentages; else end the test.

    `lists` says that a rate had several accuracies, of which the last was taken.
    """
    if pairs.shape[1:] != (2,) or not len(pairs):
        fail(
            "sweep-too-narrow",
            found=Text("an empty sweep"),
            expected=Text("a dict of {words} → test accuracy", words=asked.words),
        )
    rates, accuracies = pairs[np.argsort(pairs[:, 0])].astype(np.float64).T
    wrong = [rate for rate in rates if not is_value(float(rate), asked)]
    if wrong:
        fail("wrong-return", found=f"{wrong[0]:g}", expected=_valid_words(asked))
    # A network with nan weights gives all images the same answer, which is chance.
    odd, accuracies = _as_shares(np.where(np.isnan(accuracies), spec.above_chance(0.0), accuracies))
    if lists and not odd:
        several, last = Text("several accuracies for a value"), Text("the final test accuracy")
        odd = (fault("wrong-return", found=several, expected=last, severity=Severity.SLIGHT),)
    return StudentSweep(rates, accuracies, best, spec, odd, asked)


def note_kind(bench: TestContext, remark: Callable[..., None]) -> None:
    """Remark that a sweep is a list of pairs, for example, which its picture does not accept."""
    facts = bench.evidence(sweep_cell(bench)).raw.facts
    remark(NOT_A_DICT, found=KINDS[facts.get("is_dict") is not False], expected=KINDS[True])


def _valid_words(asked: Swept) -> Said:
    if asked.is_rate:
        return Text("positive learning rates, such as 1e-4 or 10**-4")
    return Text("values of the {words}, 0 or above", words=asked.words)


def _as_shares(accuracies: Array) -> tuple[tuple[Fault, ...], Array]:
    """Return faults of how accuracies are written, and the accuracies as fractions."""
    least, largest = float(accuracies.min()), float(accuracies.max())
    if _are_shares(accuracies):
        return (), accuracies
    if _are_shares(accuracies / 100) and np.median(accuracies) >= LIMITS.least_percent:
        expected = Text("a fraction of one, {largest:g}", largest=largest / 100)
        return (
            fault(NOT_SHARES, found=f"{largest:g}", expected=expected, causes=(NOT_SHARES, "accuracy-wrong")),
        ), accuracies / 100
    found = Text("values from {min:.4g} to {max:.4g}", min=least, max=largest)
    expected = Text("accuracies on the test {images}, fractions from 0 to 1: not losses, and not numbers of {images}")
    odd = fault(
        "wrong-return", found=found, expected=expected, severity=Severity.SLIGHT, causes=(NOT_SHARES, "accuracy-wrong")
    )
    return (odd,), accuracies


def _are_shares(numbers: Array) -> bool:
    return bool(numbers.min() >= 0 and numbers.max() <= LIMITS.most_share)


def student_sweep(bench: TestContext) -> StudentSweep:
    """Return the submitted sweep; if the chosen rate is unusable, with the one that the probe tried."""
    asked, evidence = swept(bench.exercises), bench.evidence(sweep_cell(bench))
    pairs, facts = evidence.array("sweep"), evidence.raw.facts
    chosen = [rate for rate in (facts.get(asked.best), facts.get("around")) if is_value(rate, asked)]
    return read_sweep(pairs, [*chosen, 0.001][0], bench.spec, lists=facts.get("lists") is True, asked=asked)


def is_rate(value: object) -> TypeGuard[float]:
    """Whether a value is a usable learning rate."""
    return isinstance(value, int | float) and 0 < value < math.inf


def is_value(value: object, asked: Swept) -> TypeGuard[float]:
    """Whether a value is valid for the swept parameter."""
    return is_rate(value) or (not asked.is_rate and value == 0)


def drawn_rate(rates: Collection[float], challenge: int) -> float:
    """Return the one of `rates` that is always rerun; the challenge makes it unpredictable."""
    different = sorted(set(rates))
    return different[_drawn(f"{challenge}") % len(different)]


def drawn_of(bench: TestContext, rates: Collection[float]) -> float:
    """Return the sweep's drawn rate, which the student's process could not predict."""
    return drawn_rate(rates, bench.challenge(sweep_cell(bench)) or 0)


def in_question(rates: Sequence[float], best: float, challenge: int) -> list[float]:
    """Return a sweep's rates by importance: best, its neighbors, the drawn one, ends, the rest."""
    if not len(rates):
        return []
    place = int(np.argmin(np.abs(np.array(rates) - best)))
    around = [rates[place], rates[max(place - 1, 0)], rates[min(place + 1, len(rates) - 1)]]
    others = sorted(rates, key=lambda rate: _drawn(f"{challenge} {rate!r}"))
    return list(dict.fromkeys([*around, drawn_rate(rates, challenge), rates[0], rates[-1], *others]))


def _drawn(text: str) -> int:
    return int.from_bytes(hashlib.sha256(f"netgrader: rates {text}".encode()).digest()[:8], "big")


def require_grid(sweep: StudentSweep) -> None:
    """End the test unless the values are as many, and as far apart, as the exercise's table requires."""
    asked, different = sweep.asked, len(np.unique(sweep.rates))
    least, most = float(sweep.rates[0]), float(sweep.rates[-1])
    low, high = asked.between
    found = Text("{different} values from {least:g} to {most:g}", different=different, least=least, most=most)
    for fits, expected in (
        (low <= least and most <= high, Text("values from {low:g} to {high:g}", low=low, high=high)),
        (
            different >= asked.values,
            Text("{values} values or more of the {words}", values=asked.values, words=asked.words),
        ),
        (
            most >= least * 10 ** (asked.decades - LIMITS.slack),
            Text("values over {decades:g} decades or more", decades=asked.decades),
        ),
        (
            most - least >= asked.span * (1 - LIMITS.slack),
            Text("values that lie {span:g} apart or more", span=asked.span),
        ),
    ):
        if not fits:
            fail("sweep-too-narrow", found=found, expected=expected)


def require_chosen(bench: TestContext) -> None:
    """End the test unless a valid value of the swept parameter was chosen."""
    asked = swept(bench.exercises)
    best = bench.evidence(sweep_cell(bench)).fact(asked.best)
    if not is_value(best, asked):
        fail("best-not-from-sweep", found=best, expected=_valid_words(asked))


def require_best(sweep: StudentSweep) -> None:
    """End the test unless the chosen rate has, within chance, the highest accuracy of the sweep."""
    if not _are_shares(sweep.accuracies):
        fail_all(sweep.odd)
    chosen, top = claimed(sweep, sweep.best), float(np.max(sweep.accuracies))
    if chosen < top - sweep.tie:
        rate = sweep.rates[np.argmax(sweep.accuracies)]
        found = Text("{best:.3g}, which is not a value of the sweep", best=sweep.best)
        if chosen > -math.inf:
            found = Text("{best:.3g} with {chosen:.4f}", best=sweep.best, chosen=chosen)
        fail(
            "best-not-from-sweep",
            found=found,
            expected=Text(
                "the value with the highest accuracy, {rate:.3g} with {top:.4f}: max(sweep, key=sweep.get)",
                rate=rate,
                top=top,
            ),
        )


def odd_shapes(sweep: StudentSweep) -> Iterator[tuple[Said, Said]]:
    """Yield reasons why a sweep's accuracies do not show the best value: found and expected."""
    low, high = float(np.min(sweep.accuracies)), float(np.max(sweep.accuracies))
    if high < sweep.spec.above_chance(LIMITS.hardly_learned):
        yield (
            Text("an accuracy of {high:.3f} at best, hardly more than by guessing", high=high),
            Text("networks that are trained before their accuracy is computed"),
        )
    elif high - low < LIMITS.alike:
        yield (
            Text("accuracies from {low:.3f} to {high:.3f}, hardly different", low=low, high=high),
            Text("clearly lower ones at both ends, each from a network built with its own value"),
        )
    elif max(sweep.accuracies[1:-1], default=-math.inf) < high - sweep.tie:
        yield (
            Text(
                "{best:.3g} at the edge of values from {least:.3g} to {most:.3g}",
                best=sweep.best,
                least=sweep.rates[0],
                most=sweep.rates[-1],
            ),
            Text("a sweep with values on both sides of the best"),
        )

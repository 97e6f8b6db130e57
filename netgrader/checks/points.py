"""From the credits of a cell's checks to its points."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgrader.results import CheckResult

__all__ = ["cell_points"]


def cell_points(checks: Iterable[CheckResult], max_points: float) -> float:
    """Points of a check cell: `max_points` times credit earned / credit to be had, rounded to two decimals, half up.

    Public and hidden checks count alike; ungradable ones are to be had and not earned. Exact arithmetic on the decimal
    text of the credits: neither the order of the checks nor binary fractions move a mark. A cell whose checks carry no
    credit earns nothing.
    """
    earned = total = Fraction(0)
    for check in checks:
        earned += _exact(check.credit)
        total += _exact(check.max_credit)
    if total == 0:
        return 0.0
    hundredths = _exact(max_points) * earned / total * 100
    return float(Fraction(int(hundredths + Fraction(1, 2)), 100))


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))

"""What each check contributes to the points of its cell."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.results import CellResult, CheckResult

__all__ = ["points_by_check"]


def points_by_check(cell: CellResult) -> Iterator[tuple[CheckResult, float, float]]:
    """Yield the checks of a cell, each with its part of the cell's points and of those to be had.

    What a cell loses is taken off the checks that did not pass, by what they miss, and then off the others.
    """
    weights = [Fraction(repr(check.max_credit)) for check in cell.checks]
    if not any(weights):
        weights = [Fraction(1)] * len(weights)
    most = _apportioned(_hundredths(cell.max_points), weights)
    lost = _hundredths(cell.max_points) - _hundredths(cell.points or 0.0)
    missed = [
        (1 - Fraction(repr(check.credit)) / Fraction(repr(check.max_credit))) * part
        if check.max_credit
        else Fraction(0)
        for check, part in zip(cell.checks, most, strict=True)
    ]
    failed = [0 if check.outcome is Outcome.PASSED else part for check, part in zip(cell.checks, most, strict=True)]
    losses = [0] * len(most)
    rooms: Sequence[Sequence[int | Fraction]] = (missed, failed, most)
    for room in rooms:
        left = [max(Fraction(0), part - Fraction(taken)) for part, taken in zip(room, losses, strict=True)]
        now = min(lost - sum(losses), int(sum(left)))
        losses = [taken + more for taken, more in zip(losses, _apportioned(now, left), strict=True)]
    for check, part, taken in zip(cell.checks, most, losses, strict=True):
        yield check, (part - taken) / 100, part / 100


def _apportioned(total: int, weights: Sequence[Fraction]) -> list[int]:
    """Return whole numbers that add up to `total`, as near to `weights` as may be; those whose rest is largest get one more."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    parts = [int(one) for one in exact]
    by_rest = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in by_rest[: total - sum(parts)]:
        parts[at] += 1
    return parts


def _hundredths(points: float) -> int:
    return round(points * 100)

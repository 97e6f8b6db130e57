"""Split a cell's points among its checks, for platforms and tables that show each check."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.results import CellResult, CheckResult

__all__ = ["points_by_check"]


NEXT_TO_NOTHING = 1e-300
"""The weight of a check without credit: it gets points only if no other check of its cell has credit."""


def points_by_check(cell: CellResult) -> Iterator[tuple[CheckResult, float, float]]:
    """Yield a cell's checks, each with its part of the points and the maximum, to the hundredth.

    Lost points are taken first from checks by their missed credit, then from those that did not pass, then from the others.
    """
    weights = [check.max_credit or NEXT_TO_NOTHING for check in cell.checks]
    most = round(100 * cell.max_points)
    parts = _parts(most, weights)
    checks = list(zip(cell.checks, parts, strict=True))
    shares = [check.credit / weight for check, weight in zip(cell.checks, weights, strict=True)]
    missed = [round(part * (1 - share)) for part, share in zip(parts, shares, strict=True)]
    failed = [part * (check.outcome is not Outcome.PASSED) for check, part in checks]
    lost = most - round(100 * min(max(cell.points or 0.0, 0.0), cell.max_points))
    kept = list(parts)
    for at, room in itertools.chain(enumerate(missed), enumerate(failed), enumerate(parts)):
        taken = min(lost, room, kept[at])
        kept[at], lost = kept[at] - taken, lost - taken
    for (check, part), points in zip(checks, kept, strict=True):
        yield check, points / 100, part / 100


def _parts(whole: int, weights: Sequence[float]) -> list[int]:
    """Return integer parts of a number in proportion to weights; they add up to it."""
    ends = [0, *(round(whole * end / sum(weights)) for end in itertools.accumulate(weights))]
    return [end - start for start, end in itertools.pairwise(ends)]

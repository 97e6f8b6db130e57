"""From what the checks of a cell found to its points."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from netgrader.faults import Severity
from netgrader.results import Outcome, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgrader.results import CheckResult

__all__ = ["CHARGED", "KEPT", "cell_points"]

KEPT: Mapping[Severity, Fraction] = MappingProxyType(
    {
        Severity.FATAL: Fraction(1, 3),
        Severity.SERIOUS: Fraction(2, 3),
        Severity.SLIGHT: Fraction(9, 10),
        Severity.MEASURED: Fraction(1),
        Severity.REMARK: Fraction(1),
    }
)
"""What a cell keeps of its points at most after a fault."""
SMALL = frozenset({Severity.SLIGHT, Severity.REMARK})
CHARGED = frozenset({Outcome.FAILED, Outcome.PARTIAL})
GRAVEST_FIRST = tuple(Severity)


def cell_points(checks: Iterable[CheckResult], max_points: float) -> float:
    """Points of a check cell, rounded to two decimals, half up: what its faults leave, and no more than was shown.

    Each cause costs once: the faults named, each code once, leave the product of what they keep (`KEPT`). Shown is the
    credit earned of that to be had. Public and hidden checks count alike; ungradable ones are to be had and not earned;
    those that only follow from a fault named elsewhere are neither. What a slight fault takes is its tenth, whatever credit
    shows it. A cell none of whose checks earned anything earns nothing.

    Exact arithmetic on the decimal text of the credits: neither the order of the checks nor binary fractions move a mark.
    """
    earned = spared = total = Fraction(0)
    named: dict[str, Severity] = {}
    for check in checks:
        charged = check.outcome in CHARGED
        if charged and check.follows and not check.faults:
            continue
        earned += _exact(check.credit)
        total += _exact(check.max_credit)
        if charged and check.faults:
            found = {code: severity_of(check, code) for code in check.faults}
            named |= {
                code: min(grade, named.get(code, grade), key=GRAVEST_FIRST.index) for code, grade in found.items()
            }
            if set(found.values()) <= SMALL:
                spared += _exact(check.max_credit) - _exact(check.credit)
    if earned == 0:
        return 0.0
    share = (earned + spared) / total
    kept = Fraction(1)
    for grade in named.values():
        kept *= KEPT[grade]
    hundredths = _exact(max_points) * min(share, kept) * 100
    return float(Fraction(int(hundredths + Fraction(1, 2)), 100))


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))

"""Compute a cell's points from the results of its checks."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from netgrader.faults import Severity
from netgrader.results import Outcome, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from netgrader.results import CheckResult

__all__ = ["CHARGED", "GRAVEST_FIRST", "KEPT", "causes", "cell_points", "gravest", "gravity", "is_consequence"]

KEPT: Mapping[Severity, Fraction] = MappingProxyType(
    {
        Severity.FATAL: Fraction(3, 10),
        Severity.SERIOUS: Fraction(6, 10),
        Severity.SLIGHT: Fraction(9, 10),
        Severity.MEASURED: Fraction(1),
        Severity.REMARK: Fraction(1),
    }
)
"""The largest fraction of its points that a cell keeps after one fault, by the fault's severity."""
SMALL = frozenset({Severity.SLIGHT, Severity.REMARK})
CHARGED = frozenset({Outcome.FAILED, Outcome.PARTIAL})
GRAVEST_FIRST = tuple(Severity)


def cell_points(checks: Sequence[CheckResult], max_points: float) -> float:
    """Return a check cell's points, rounded half up to two decimals: at most what its faults leave.

    Each cause costs once: distinct fault codes multiply the fractions that they leave (`KEPT`). The points are limited by
    this product and by the earned part of the available credit. Public and hidden checks count alike; ungradable checks count
    as not earned; checks that only follow from a fault charged elsewhere do not count. A slight fault costs exactly its
    tenth: the lost credit of a check with only slight faults is added back. A cell earns nothing if none of its checks does.

    Uses exact arithmetic on the decimal text of the credits: neither the order of checks nor binary fractions change a mark.
    """
    earned = spared = total = Fraction(0)
    for check in checks:
        if is_consequence(check):
            continue
        credit, most = _exact(check.credit), _exact(check.max_credit)
        earned += credit
        total += most
        if check.outcome in CHARGED and check.faults and {severity_of(check, code) for code in check.faults} <= SMALL:
            spared += most - credit
    if earned == 0:
        return 0.0
    kept = Fraction(1)
    for severity in causes(checks).values():
        kept *= KEPT[severity]
    hundredths = _exact(max_points) * min((earned + spared) / total, kept) * 100
    return float(Fraction(int(hundredths + Fraction(1, 2)), 100))


def causes(checks: Iterable[CheckResult]) -> Mapping[str, Severity]:
    """Return the faults that cost points in these checks with their worst severity, gravest first."""
    found: dict[str, Severity] = {}
    for check in checks:
        for code in check.faults if check.outcome in CHARGED else ():
            severity = severity_of(check, code)
            found[code] = min(severity, found.get(code, severity), key=GRAVEST_FIRST.index)
    return dict(sorted(found.items(), key=lambda one: GRAVEST_FIRST.index(one[1])))


def gravest(checks: Iterable[CheckResult]) -> Severity | None:
    """Return the severity of the gravest fault in these checks; None if none costs points."""
    return next(iter(causes(checks).values()), None)


def gravity(check: CheckResult) -> int:
    """Return a sort key: gravest checks first, then those without severity, consequences last."""
    worst = gravest([check])
    if worst is not None:
        return GRAVEST_FIRST.index(worst)
    return len(GRAVEST_FIRST) + is_consequence(check)


def is_consequence(check: CheckResult) -> bool:
    """Whether a check failed only because of faults charged elsewhere."""
    return check.outcome in CHARGED and not check.faults and bool(check.follows)


def _exact(value: float) -> Fraction:
    return Fraction(repr(float(value)))

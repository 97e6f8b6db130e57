"""Every verdict on a class: as a table that other programs read, how many passed each check, and its part of the points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from netgrader.checks.cell_points import is_consequence
from netgrader.pages import safe
from netgrader.pages.feedback_verdicts import cell_name
from netgrader.pages.tidy import tidy_csv
from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.pages.graded import Graded
    from netgrader.pages.report_view import ClassView
    from netgrader.results import CellResult, CheckResult, Visibility

__all__ = ["COLUMNS", "PassedShare", "checks_csv", "passed_shares", "points_by_check"]

COLUMNS = (
    "student_id",
    "notebook",
    "cell",
    "check",
    "visibility",
    "outcome",
    "credit",
    "max_credit",
    "faults",
    "follows",
    "points",
    "max_points",
    "cell_points",
    "cell_max_points",
    "seconds",
)
"""As in the JSON of a result, where they have the same name."""
STAGES = ("execute", "verify")
"""What a notebook's seconds are the sum of: the others are parts of these."""


@dataclass(frozen=True)
class PassedShare:
    """A check, and how many passed it of those of whom it was decided."""

    notebook: str
    cell: str
    sentence: str
    visibility: Visibility
    passed: int
    judged: int

    @property
    def percent(self) -> int:
        """The share in percent, rounded down, so that only all are 100."""
        return 100 * self.passed // self.judged


def passed_shares(view: ClassView) -> tuple[PassedShare, ...]:
    """Return all checks of which something was decided, those that the fewest passed first.

    A check that could judge nothing, after what another of its cell found, does not count; nor does one of a cell that a
    person marked.
    """
    order = {notebook.notebook: place for place, notebook in enumerate(view.notebooks)}
    known: dict[tuple[str, str, str], CheckResult] = {}
    outcomes: dict[tuple[str, str, str], list[Outcome]] = {}
    for _, notebook, graded, cell in _cells(view):
        for check in graded.results[cell.cell].checks:
            if check.outcome is not Outcome.UNGRADABLE and not is_consequence(check):
                key = notebook, cell.cell, check.check
                known.setdefault(key, check)
                outcomes.setdefault(key, []).append(check.outcome)
    shares = [
        PassedShare(
            notebook=safe.line(notebook, 120),
            cell=cell_name(cell),
            sentence=safe.line(known[notebook, cell, check].sentence),
            visibility=known[notebook, cell, check].visibility,
            passed=found.count(Outcome.PASSED),
            judged=len(found),
        )
        for (notebook, cell, check), found in outcomes.items()
    ]
    return tuple(sorted(shares, key=lambda one: (one.passed / one.judged, order.get(one.notebook, len(order)))))


def checks_csv(view: ClassView) -> str:
    """Return all verdicts as CSV: a row for each student and check; points of a cell that a person marked are theirs."""
    return tidy_csv(
        COLUMNS,
        (
            (
                *(student, notebook, cell.cell, check.check, str(check.visibility), str(check.outcome)),
                *(check.credit, check.max_credit, check.faults, check.follows),
                *(points, max_points, graded.results[cell.cell].points, cell.max_points),
                _seconds(graded),
            )
            for student, notebook, graded, cell in _cells(view)
            for check, points, max_points in points_by_check(replace(cell, points=graded.results[cell.cell].points))
        ),
    )


def _seconds(graded: Graded) -> float | None:
    spent = graded.result.seconds if graded.result is not None else {}
    return round(sum(spent.get(stage, 0.0) for stage in STAGES), 1) if spent else None


def _cells(view: ClassView) -> Iterator[tuple[str, str, Graded, CellResult]]:
    for student in sorted(view.students, key=lambda one: one.student):
        for notebook, graded in student.notebooks.items():
            for cell in graded.by_checks.values():
                yield student.student, notebook, graded, cell


def points_by_check(cell: CellResult) -> Iterator[tuple[CheckResult, float, float]]:
    """Yield the checks of a cell, each with its part of the cell's points and of those to be had.

    What a cell loses is taken off the checks that did not pass, by what they miss, and then off the others.
    """
    weights = [Fraction(repr(check.max_credit)) for check in cell.checks]
    if not any(weights):
        weights = [Fraction(1)] * len(weights)
    most = _apportioned(_hundredths(cell.max_points), weights)
    lost = _hundredths(cell.max_points) - _hundredths(min(max(cell.points or 0.0, 0.0), cell.max_points))
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

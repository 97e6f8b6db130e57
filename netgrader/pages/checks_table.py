"""Every verdict on a class: as a table that other programs read, and how many passed each check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.pages import safe
from netgrader.pages.check_points import points_by_check
from netgrader.pages.feedback_verdicts import cell_name
from netgrader.pages.tidy import ColumnKind, Tidy
from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.pages.report_view import ClassView
    from netgrader.results import CellResult, CheckResult, NotebookResult, Visibility

__all__ = ["COLUMNS", "PassedShare", "checks_table", "passed_shares"]

COLUMNS = {
    "student_id": ColumnKind.TEXT,
    "notebook": ColumnKind.TEXT,
    "cell": ColumnKind.TEXT,
    "check": ColumnKind.TEXT,
    "visibility": ColumnKind.TEXT,
    "outcome": ColumnKind.TEXT,
    "waits": ColumnKind.TRUTH,
    "credit": ColumnKind.NUMBER,
    "max_credit": ColumnKind.NUMBER,
    "faults": ColumnKind.TEXTS,
    "follows": ColumnKind.TEXTS,
    "points": ColumnKind.NUMBER,
    "max_points": ColumnKind.NUMBER,
    "cell_points": ColumnKind.NUMBER,
    "cell_max_points": ColumnKind.NUMBER,
    "seconds": ColumnKind.NUMBER,
}
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

    A check that was not run, since another of its cell did not pass, says nothing and does not count.
    """
    order = {notebook.notebook: place for place, notebook in enumerate(view.notebooks)}
    known: dict[tuple[str, str, str], CheckResult] = {}
    outcomes: dict[tuple[str, str, str], list[Outcome]] = {}
    for _, notebook, _, cell in _cells(view):
        for check in cell.checks:
            if check.outcome is not Outcome.UNGRADABLE and not check.waits:
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


def checks_table(view: ClassView) -> Tidy:
    """Return all verdicts in tidy form: a row for each student and check, of the grader's own points."""
    return Tidy(
        COLUMNS,
        [
            (
                *(student, notebook, cell.cell, check.check, str(check.visibility), str(check.outcome)),
                *(check.waits, check.credit, check.max_credit, check.faults, check.follows),
                *(points, max_points, cell.points, cell.max_points),
                round(sum(result.seconds.get(stage, 0.0) for stage in STAGES), 1) if result.seconds else None,
            )
            for student, notebook, result, cell in _cells(view)
            for check, points, max_points in points_by_check(cell)
        ],
    )


def _cells(view: ClassView) -> Iterator[tuple[str, str, NotebookResult, CellResult]]:
    for student in sorted(view.students, key=lambda one: one.student):
        for notebook, graded in student.notebooks.items():
            if graded.result is not None:
                for cell in graded.result.cells:
                    yield student.student, notebook, graded.result, cell

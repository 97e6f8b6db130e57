"""Every verdict on a class: as a table that other programs read, and how many passed each check."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.pages import safe
from netgrader.pages.feedback_verdicts import cell_name
from netgrader.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.pages.report_view import ClassView
    from netgrader.results import CellResult, CheckResult, NotebookResult, Visibility

__all__ = ["COLUMNS", "PassedShare", "checks_csv", "passed_shares"]

COLUMNS = (
    "student_id",
    "notebook",
    "cell",
    "check",
    "visibility",
    "outcome",
    "waits",
    "credit",
    "max_credit",
    "faults",
    "follows",
    "cell_points",
    "cell_max_points",
    "notebook_seconds",
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

    A check that was not run, since another of its cell did not pass, says nothing and does not count.
    """
    order = {notebook.notebook: place for place, notebook in enumerate(view.notebooks)}
    known: dict[tuple[str, str, str], CheckResult] = {}
    outcomes: dict[tuple[str, str, str], list[Outcome]] = {}
    for _, notebook, _, cell, check in _verdicts(view):
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


def checks_csv(view: ClassView) -> str:
    """Return all verdicts as CSV in tidy form: a line for each student and check, of the grader's own points."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for student, notebook, result, cell, check in _verdicts(view):
        writer.writerow(
            [
                safe.csv_text(student),
                safe.csv_text(notebook),
                safe.csv_text(cell.cell),
                safe.csv_text(check.check),
                check.visibility,
                check.outcome,
                "yes" if check.waits else "no",
                f"{check.credit:g}",
                f"{check.max_credit:g}",
                " ".join(check.faults),
                " ".join(check.follows),
                "" if cell.points is None else f"{cell.points:g}",
                f"{cell.max_points:g}",
                f"{sum(result.seconds.get(stage, 0.0) for stage in STAGES):.1f}" if result.seconds else "",
            ]
        )
    return stream.getvalue()


def _verdicts(view: ClassView) -> Iterator[tuple[str, str, NotebookResult, CellResult, CheckResult]]:
    for student in sorted(view.students, key=lambda one: one.student):
        for notebook, graded in student.notebooks.items():
            if graded.result is not None:
                for cell in graded.result.cells:
                    for check in cell.checks:
                        yield student.student, notebook, graded.result, cell, check

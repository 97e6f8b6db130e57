"""The class as a tidy CSV table for other programs: a row for each student and check."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from netgrader.pages import safe
from netgrader.pages.check_points import points_by_check
from netgrader.pages.feedback_verdicts import outcome_of
from netgrader.pages.report_view import earned, points_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.pages.graded import CellMark, Graded
    from netgrader.pages.report_view import ClassView, StudentView
    from netgrader.results import CellResult

__all__ = ["COLUMNS", "report_csv"]

STAGES = ("execute", "verify")
"""The stages whose seconds add up to a notebook's; other entries are parts of these."""
SMALLEST = 0.005
"""The smallest points worth a row: half of the last digit that nbgrader shows."""


@dataclass(frozen=True)
class TableRow:
    """A row: a check, a cell without checks or graded by a person, a penalty, an ungraded student."""

    assignment: str
    student: str
    name: str
    notebook: str = ""
    cell: str = ""
    check: str = ""
    outcome: str = ""
    points: str = ""
    max_points: str = ""
    faults: str = ""
    follows: str = ""
    by_hand: str = "no"
    late: str = "no"
    seconds: str = ""


YES_OR_NO = ("no", "yes")
COLUMNS = tuple(field.name for field in fields(TableRow))


def report_csv(view: ClassView) -> str:
    """Return the class as CSV with the points that count; a student's rows add up to the score."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for student in sorted(view.students, key=lambda one: one.student):
        row = TableRow(
            assignment=safe.csv_text(view.assignment),
            student=safe.csv_text(student.student),
            name=safe.csv_text(student.name),
            late=YES_OR_NO[bool(student.late)],
        )
        writer.writerows(map(asdict, _of_student(row, student)))
    return stream.getvalue()


def _of_student(row: TableRow, student: StudentView) -> Iterator[TableRow]:
    if not student.notebooks:
        yield replace(row, outcome="not-graded" if student.submitted else "absent")
    for notebook, graded in student.notebooks.items():
        yield from _of_notebook(replace(row, notebook=safe.csv_text(notebook)), graded)


def _of_notebook(row: TableRow, graded: Graded) -> Iterator[TableRow]:
    if graded.result is None:
        yield replace(row, outcome="not-graded")
        return
    spent = [*filter(None, map(graded.result.seconds.get, STAGES))]
    row = replace(row, seconds=f"{sum(spent):.1f}" * bool(spent))
    for cell in graded.results.values():
        yield from _of_cell(replace(row, cell=safe.csv_text(cell.cell)), cell, graded.marks.of(cell.cell))
    taken = points_of(graded) - earned(graded)
    if taken:
        yield replace(row, cell="late_penalty", points=_number(taken), max_points="0")


def _of_cell(row: TableRow, cell: CellResult, mark: CellMark) -> Iterator[TableRow]:
    """Yield a row for each check, and one for the cell if it has no checks or extra credit."""
    state, _, points = outcome_of(cell, mark)
    rest, most = points or 0.0, cell.max_points
    for check, own, own_most in points_by_check(cell):
        rest, most = rest - own, most - own_most
        yield replace(
            row,
            check=safe.csv_text(check.check),
            outcome=str(check.outcome),
            points=_number(own),
            max_points=_number(own_most),
            faults=" ".join(check.faults),
            follows=" ".join(check.follows),
        )
    if not cell.checks or abs(rest) >= SMALLEST:
        left = "" if points is None else _number(rest)
        by_hand = YES_OR_NO[mark.by_hand]
        yield replace(row, outcome=state, points=left, max_points=_number(most), by_hand=by_hand)


def _number(points: float) -> str:
    """Return points without the rounding errors of sums."""
    return f"{points:.10g}"

"""The class as a tidy table for other programs: a row for each student and check."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING

from netgrader.pages import safe
from netgrader.pages.check_points import points_by_check
from netgrader.pages.feedback_verdicts import outcome_of
from netgrader.pages.report_view import late_in_words, points_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.pages.graded import CellMark, Graded
    from netgrader.pages.report_view import ClassView, StudentView
    from netgrader.results import CellResult

__all__ = ["COLUMNS", "report_csv"]

STAGES = ("execute", "verify")
"""What a notebook's seconds are the sum of: the others are parts of these."""
SMALLEST = 0.005
"""Points that a row is worth writing for: half of the last digit that nbgrader shows."""


@dataclass(frozen=True)
class TableRow:
    """A row: a check, a cell that has none or that a person marked, a late penalty, or a student of whom nothing is graded."""

    assignment: str
    student: str
    name: str
    notebook: str = ""
    cell: str = ""
    check: str = ""
    outcome: str = ""
    points: float | None = None
    max_points: float | None = None
    faults: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    by_hand: bool = False
    late: bool = False
    seconds: float | None = None


COLUMNS = tuple(field.name for field in fields(TableRow))


def report_csv(view: ClassView) -> str:
    """Return the class as CSV: points are those that count, and those of a student add up to the student's score."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for student in sorted(view.students, key=lambda one: one.student):
        late = bool(late_in_words(student))
        row = TableRow(view.assignment, student.student, student.name, late=late)
        writer.writerows(map(_written, astuple(one)) for one in _of_student(row, student))
    return stream.getvalue()


def _of_student(row: TableRow, student: StudentView) -> Iterator[TableRow]:
    if not student.notebooks:
        yield replace(row, outcome="not-graded" if student.submitted else "absent")
    for notebook, graded in student.notebooks.items():
        yield from _of_notebook(replace(row, notebook=notebook), graded)


def _of_notebook(row: TableRow, graded: Graded) -> Iterator[TableRow]:
    if graded.result is None:
        yield replace(row, outcome="not-graded")
        return
    spent = [graded.result.seconds[stage] for stage in STAGES if stage in graded.result.seconds]
    row = replace(row, seconds=round(sum(spent), 1) if spent else None)
    for cell in graded.results.values():
        yield from _of_cell(replace(row, cell=cell.cell), cell, graded.marks.cells.get(cell.cell))
    taken = points_of(graded) - sum(cell.points or 0.0 for cell in graded.results.values())
    if taken:
        yield replace(row, cell="late_penalty", points=taken, max_points=0.0)


def _of_cell(row: TableRow, cell: CellResult, mark: CellMark | None) -> Iterator[TableRow]:
    """Yield a row for each check; a cell that has none, or extra credit, is a row of its own."""
    state, _, points = outcome_of(cell, mark)
    rest, most = points or 0.0, cell.max_points
    for check, own, own_most in points_by_check(cell):
        rest, most = rest - own, most - own_most
        yield replace(
            row,
            check=check.check,
            outcome=str(check.outcome),
            points=own,
            max_points=own_most,
            faults=check.faults,
            follows=check.follows,
        )
    if not cell.checks or abs(rest) >= SMALLEST:
        by_hand = mark is not None and mark.manual is not None
        left = None if points is None else rest
        yield replace(row, outcome=str(state), points=left, max_points=most, by_hand=by_hand)


def _written(value: object) -> str:
    """Return a value as CSV: text that no spreadsheet runs, yes or no, blanks between several codes."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6f}".rstrip("0").rstrip(".")
        case tuple():
            return " ".join(value)
    return safe.csv_text(str(value))

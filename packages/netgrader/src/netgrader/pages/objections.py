"""The text that a student may send back about a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.pages import safe
from netgrader.pages.shell import points as written

if TYPE_CHECKING:
    from netgrader.results import CellResult

__all__ = ["objection_to"]

FORM = """\
netgrader: this verdict seems wrong
student: {student}
notebook: {assignment}/{notebook}
cell: {cell}
result: {result}
because: """


def objection_to(cell: CellResult, *, student: str, assignment: str, notebook: str) -> str:
    """Return the text of an objection, up to the reason, which the student writes."""
    codes = sorted({code for check in cell.checks for code in check.faults})
    result = ", ".join([f"{written(cell.points or 0.0)} of {written(cell.max_points)}", *codes])
    about = {"student": student, "assignment": assignment, "notebook": notebook, "cell": cell.cell}
    return FORM.format(**{key: safe.line(value, 120) for key, value in about.items()}, result=result)

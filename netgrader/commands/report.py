"""``netgrader report``: one page on a class for the instructor, and a CSV file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.commands.show import console
from netgrader.course import find_course
from netgrader.files import write_text
from netgrader.pages.report_page import build_report, class_csv, render_report
from netgrader.pages.report_view import load_class

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["report_on_class", "run"]


def run(name: str, output: Path | None) -> int:
    """Write the report on the class; the exit code."""
    assignment = find_course().own_assignment(name, "nbgrader export --assignment")
    page = report_on_class(assignment, output)
    console().print(f"Report: {page}, and {page.with_suffix('.csv').name} beside it", markup=False)
    return 0


def report_on_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write the report and its CSV file; the path of the page.

    Parameters
    ----------
    assignment
        Whose class.
    output
        The page; ``reports/<assignment>.html`` in the course's folder if None.
    """
    page = output or assignment.course.root / "reports" / f"{assignment.name}.html"
    view = load_class(assignment, page.parent)
    csv = page.with_suffix(".csv")
    write_text(csv, class_csv(view))
    write_text(page, render_report(build_report(view, csv_name=csv.name)))
    return page

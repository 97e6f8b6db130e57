"""``netgrader feedback`` and ``report``: a page for each notebook, and one about the class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.commands.show import console, require_known
from netgrader.errors import NetgraderError, UsageError
from netgrader.files import write_text
from netgrader.limited import together
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.converters import generate_feedback
from netgrader.pages.checks_table import report_csv
from netgrader.pages.report_page import build_report, render_report
from netgrader.pages.report_view import load_class
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment

__all__ = ["feedback_of_class", "report_on_class", "run", "run_report"]


def run(name: str, students: Sequence[str]) -> int:
    """Write the pages of the class, or of some students of it; return the exit code."""
    assignment = find_course().own_assignment(name, "nbgrader generate_feedback")
    return feedback_of_class(assignment, students, console())


def feedback_of_class(assignment: Assignment, students: Sequence[str], out: Console) -> int:
    """Write the pages of `students` of `assignment` (all graded ones if empty); return the exit code."""
    require_configured(assignment.course)
    graded = _graded(assignment)
    chosen = _chosen(assignment, students, graded)
    failed = {}
    for student in chosen:
        try:
            with together():
                generate_feedback(assignment.course, assignment.name, student)
        except NetgraderError as error:
            failed[student] = str(error)
            out.print(f"{student}: {error}")
    where = assignment.course.folder("feedback", "STUDENT", assignment.name)
    here = sorted({*chosen, *(students or assignment.course.submitted(assignment.name))})
    out.print(f"Feedback for {len(chosen) - len(failed)} of {len(here)} students: {where}")
    missing = sorted({*here} - {*graded})
    if missing:
        out.print(f"No page of {', '.join(missing)}: nothing is graded. Type netgrader autograde {assignment.name}.")
    return int(bool(failed))


def _chosen(assignment: Assignment, asked: Sequence[str], graded: Sequence[str]) -> list[str]:
    require_known(asked, {*graded, *assignment.course.submitted(assignment.name)}, assignment.name)
    missing = sorted({*asked} - {*graded})
    if missing or not graded:
        whose = f" of {', '.join(missing)}" if missing else ""
        raise UsageError(
            f"Nothing{whose} has been graded for '{assignment.name}' yet. "
            f"Type netgrader autograde {assignment.name} first."
        )
    return sorted(set(asked)) or list(graded)


def _graded(assignment: Assignment) -> list[str]:
    """Return the students with an autograded notebook."""
    course, name = assignment.course, assignment.name
    there = course.submitted(name, "autograded")
    return [student for student in there if any(course.folder("autograded", student, name).glob("*.ipynb"))]


def run_report(name: str) -> int:
    """Write the class report; return the exit code."""
    page = report_on_class(find_course().own_assignment(name, "nbgrader export --assignment"))
    console().print(f"Report: {page}, and {page.with_suffix('.csv').name} next to it")
    return 0


def report_on_class(assignment: Assignment) -> Path:
    """Write the report and its table; return the page's path, ``reports/<assignment>.html``."""
    page = assignment.course.root / "reports" / f"{assignment.name}.html"
    table = page.with_suffix(".csv")
    view = load_class(assignment, page.parent)
    write_text(table, report_csv(view))
    write_text(page, render_report(build_report(view, table.name), assignment.texts))
    return page

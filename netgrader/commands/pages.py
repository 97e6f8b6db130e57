"""``netgrader feedback`` and ``report``: a page for each student's notebook, by nbgrader's own step, and one on the class."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.commands.show import console, require_known
from netgrader.errors import NetgraderError, UsageError
from netgrader.faults import speaking_of
from netgrader.files import write_text
from netgrader.grading.jobs import jobs_of
from netgrader.limited import together
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.converters import generate_feedback
from netgrader.pages.checks_table import checks_csv
from netgrader.pages.report_page import build_report, class_csv, render_report
from netgrader.pages.report_view import load_class
from netgrader.platforms.people import read_collected
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment
    from netgrader.pages.report_view import ClassView

__all__ = ["feedback_of_class", "report_for_class", "report_on_class", "run", "run_report"]


def run(name: str, students: Sequence[str]) -> int:
    """Write the pages of the class, or of some students of it; the exit code."""
    assignment = find_course().own_assignment(name, "nbgrader generate_feedback")
    return feedback_of_class(assignment, students, console())


def feedback_of_class(assignment: Assignment, students: Sequence[str], out: Console) -> int:
    """Write the pages of `students` of `assignment` (all who were graded, if none are named); the exit code."""
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
    waiting = {student: _not_graded_yet(assignment, student) for student in here}
    for student, notebooks in waiting.items():
        if notebooks:
            out.print(f"{student}: no page for {', '.join(notebooks)}, which is not graded yet.")
        elif student not in graded:
            out.print(f"{student}: no page, since no notebook of {assignment.name} was handed in.")
    if any(waiting.values()):
        out.print(f"To grade what is missing, type netgrader autograde {assignment.name}.")
    return 1 if failed else 0


def _chosen(assignment: Assignment, asked: Sequence[str], graded: Sequence[str]) -> list[str]:
    require_known(asked, {*graded, *assignment.course.submitted(assignment.name)}, assignment.name)
    missing = [student for student in asked if student not in graded]
    if missing or not graded:
        alone = "".join(f" --student {shlex.quote(student)}" for student in missing)
        whose = f"Nothing of {', '.join(missing)}" if missing else "Nothing"
        raise UsageError(
            f"{whose} has been graded for '{assignment.name}' yet. "
            f"Type netgrader autograde {assignment.name}{alone} first."
        )
    return sorted(set(asked)) if asked else list(graded)


def _not_graded_yet(assignment: Assignment, student: str) -> list[str]:
    """Return the notebooks of the assignment that a student handed in and of which no page can be made yet."""
    folder = assignment.course.folder("autograded", student, assignment.name)
    try:
        handed_in = [job.notebook for job in jobs_of(assignment, student)]
    except (NetgraderError, OSError):
        return []  # what cannot be read is told when grading
    known = [notebook for notebook in assignment.notebooks if notebook in handed_in]
    return [notebook for notebook in known if not (folder / f"{notebook}.ipynb").is_file()]


def _graded(assignment: Assignment) -> list[str]:
    """Return students who have an autograded notebook."""
    course, name = assignment.course, assignment.name
    there = course.submitted(name, "autograded")
    return [student for student in there if any(course.folder("autograded", student, name).glob("*.ipynb"))]


def run_report(name: str, output: Path | None = None, *, for_class: bool = False) -> int:
    """Write the report on the class, or one `for_class` to look at; the exit code."""
    assignment = find_course().own_assignment(name, "nbgrader export --assignment")
    if for_class:
        console().print(f"Report without names: {report_for_class(assignment, output)}")
        return 0
    page = report_on_class(assignment, output)
    points, checks = _tables_beside(page)
    console().print(f"Report: {page}, and {points.name} and {checks.name} beside it")
    return 0


def report_on_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write the report and its tables; the path of the page, ``reports/<assignment>.html`` if no `output` is given."""
    page = output or assignment.course.root / "reports" / f"{assignment.name}.html"
    with speaking_of(assignment.texts):
        view = _class(assignment, page.parent)
        points, checks = _tables_beside(page)
        write_text(points, class_csv(view))
        write_text(checks, checks_csv(view))
        write_text(page, render_report(build_report(view, points.name, checks.name)))
    return page


def _class(assignment: Assignment, folder: Path) -> ClassView:
    view, collected = load_class(assignment, folder), read_collected(assignment)
    return replace(view, said_late=dict.fromkeys(collected.late, collected.platform))


def report_for_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write what a class may be shown of its report; the path, ``reports/<assignment>-for-class.html`` if none is given."""
    page = output or assignment.course.root / "reports" / f"{assignment.name}-for-class.html"
    with speaking_of(assignment.texts):
        write_text(page, render_report(build_report(_class(assignment, page.parent), for_class=True)))
    return page


def _tables_beside(page: Path) -> tuple[Path, Path]:
    """Return the CSV files beside a report: of the points, a line for each student, and of each student's checks."""
    return page.with_suffix(".csv"), page.with_name(f"{page.stem}-checks.csv")

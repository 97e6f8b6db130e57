"""``netgrader feedback`` and ``report``: a page for each student's notebook, by nbgrader's own step, and one on the class."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from netgrader.commands.show import console, require_known
from netgrader.errors import NetgraderError, UsageError
from netgrader.faults import speaking_of
from netgrader.files import write_text
from netgrader.grading.jobs import jobs_of
from netgrader.limited import together
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.converters import generate_feedback
from netgrader.nbgrader_plugin.groups import groups_of
from netgrader.pages.alike import alike
from netgrader.pages.checks_table import checks_csv
from netgrader.pages.report_page import build_report, class_csv, render_report
from netgrader.pages.report_view import code_of_class, load_class, only_of
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Assignment, Course
    from netgrader.pages.alike import Alike
    from netgrader.pages.report_view import ClassView

__all__ = ["feedback_of_class", "report_for_class", "report_on_class", "run", "run_report", "students_of_tutors"]

TUTORS = "tutors.toml"
TAKEN = ("checks", "for-class")
"""What the files of other reports end in."""


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
            out.print(f"{student}: {error}", markup=False)
    where = assignment.course.folder("feedback", "STUDENT", assignment.name)
    here = sorted({*chosen, *(students or assignment.course.submitted(assignment.name))})
    out.print(f"Feedback for {len(chosen) - len(failed)} of {len(here)} students: {where}", markup=False)
    waiting = {student: _not_graded_yet(assignment, student) for student in here}
    for student, notebooks in waiting.items():
        if notebooks:
            out.print(f"{student}: no page for {', '.join(notebooks)}, which is not graded yet.", markup=False)
        elif student not in graded:
            out.print(f"{student}: no page, since no notebook of {assignment.name} was handed in.", markup=False)
    if any(waiting.values()):
        out.print(f"To grade what is missing, type netgrader autograde {assignment.name}.", markup=False)
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


def run_report(name: str, output: Path | None, *, for_class: bool = False, tutors: bool = False) -> int:
    """Write the report on the class, one `for_class` to look at, or one for each of the `tutors`; the exit code.

    Raises
    ------
    UsageError
        If two of these are asked for, or nobody says who the tutors are.
    """
    assignment = find_course().own_assignment(name, "nbgrader export --assignment")
    if tutors:
        if for_class or output is not None:
            raise UsageError(
                "--tutors writes a report for each into reports/; call again without --output and --for-class."
            )
        for line in _reports_for_tutors(assignment, students_of_tutors(assignment.course)):
            console().print(line, markup=False)
        return 0
    if for_class:
        console().print(f"Report without names: {report_for_class(assignment, output)}", markup=False)
        return 0
    page = report_on_class(assignment, output)
    points, checks = _tables_beside(page)
    console().print(f"Report: {page}, and {points.name} and {checks.name} beside it", markup=False)
    return 0


def students_of_tutors(course: Course) -> Mapping[str, Sequence[str]]:
    """Return whom each tutor looks after, as the course's ``tutors.toml`` says.

    Raises
    ------
    UsageError
        If there is none, or it does not say lists of students.
    """
    file = course.root / TUTORS
    try:
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        tutors = msgspec.convert(tomllib.loads(text), dict[str, list[str]])
    except (ValueError, msgspec.ValidationError):
        tutors = {}
    if not tutors or not all(re.fullmatch(r"[\w-]+", tutor) and tutor not in TAKEN for tutor in tutors):
        raise UsageError(f'{file} must say whom each tutor looks after, a line for each: anna = ["ada", "bela"].')
    return tutors


def report_on_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write the report and its CSV files; the path of the page.

    Parameters
    ----------
    assignment
        Whose class.
    output
        The page; ``reports/<assignment>.html`` in the course's folder if None.
    """
    page = output or assignment.course.root / "reports" / f"{assignment.name}.html"
    with speaking_of(assignment.texts):
        _write(page, _class(assignment, page.parent))
    return page


def _reports_for_tutors(assignment: Assignment, tutors: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Write each tutor's report; yield where it is, and who fits to no tutor."""
    folder = assignment.course.root / "reports"
    with speaking_of(assignment.texts):
        view = _class(assignment, folder)
        for tutor, students in tutors.items():
            page = folder / f"{assignment.name}-{tutor}.html"
            _write(page, only_of(view, students))
            yield f"{tutor}: {page}"
    there, named = {one.student for one in view.students}, {one for each in tutors.values() for one in each}
    if there - named:
        yield f"{TUTORS} names no tutor of {', '.join(sorted(there - named))}."
    if named - there:
        yield f"{TUTORS} names who is not in this class: {', '.join(sorted(named - there))}."


def _class(assignment: Assignment, folder: Path) -> ClassView:
    view = load_class(assignment, folder)
    return replace(view, alike=_alike(assignment, [one.student for one in view.students]))


def _write(page: Path, view: ClassView) -> None:
    points, checks = _tables_beside(page)
    write_text(points, class_csv(view))
    write_text(checks, checks_csv(view))
    write_text(page, render_report(build_report(view, csv_name=points.name, checks_name=checks.name)))


def report_for_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write what a class may be shown of its report; the path, ``reports/<assignment>-for-class.html`` if none is given."""
    page = output or assignment.course.root / "reports" / f"{assignment.name}-for-class.html"
    with speaking_of(assignment.texts):
        view = load_class(assignment, page.parent)
        write_text(page, render_report(build_report(view, for_class=True)))
    return page


def _alike(assignment: Assignment, students: Sequence[str]) -> tuple[Alike, ...]:
    """Return whose work is alike, but for those who work in one group."""
    together = [set(group) for group in groups_of(assignment).values()]
    given = [cell.source for name in assignment.notebooks for cell in assignment.skeleton(name).cells]
    solution = [
        "".join(cell["source"])
        for name in assignment.notebooks
        for cell in json.loads((assignment.source / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    ]
    found = alike(code_of_class(assignment, students), [*given, *solution])
    return tuple(one for one in found if not any({one.first, one.second} <= group for group in together))


def _tables_beside(page: Path) -> tuple[Path, Path]:
    """Return the CSV files beside a report: of the points, a line for each student, and of each student's checks."""
    return page.with_suffix(".csv"), page.with_name(f"{page.stem}-checks.csv")

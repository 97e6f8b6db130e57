"""``netgrader feedback`` and ``report``: a page for each student's notebook, by nbgrader's own step, and one on the class."""

from __future__ import annotations

import contextlib
import re
import shlex
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.commands.show import console, require_known
from netgrader.course import Assignment
from netgrader.errors import NetgraderError, UsageError
from netgrader.faults import speaking_of
from netgrader.files import decode, write_bytes, write_text
from netgrader.grading.jobs import jobs_of
from netgrader.limited import together
from netgrader.nbgrader_plugin.configure import require_configured
from netgrader.nbgrader_plugin.converters import generate_feedback
from netgrader.nbgrader_plugin.deadlines import deadlines_of
from netgrader.pages.checks_table import checks_table
from netgrader.pages.course_page import HALF, Due, course_table, load_course, render_course
from netgrader.pages.report_page import build_report, class_csv, render_report
from netgrader.pages.report_view import load_class, only_of
from netgrader.pages.tidy import require_parquet
from netgrader.platforms.people import read_collected
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from netgrader.course import Course
    from netgrader.pages.report_view import ClassView
from netgrader.pages.tidy import Tidy

__all__ = [
    "feedback_of_class",
    "report_for_class",
    "report_on_class",
    "report_on_course",
    "run",
    "run_report",
    "students_of_tutors",
]

TUTORS, PASSING = "tutors.toml", "passing.toml"
COURSE = "all-assignments"
"""How the page on all assignments is called."""
PARQUET = ".parquet"
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


def run_report(
    name: str | None,
    output: Path | None = None,
    *,
    for_class: bool = False,
    tutors: bool = False,
    parquet: bool = False,
) -> int:
    """Write the report on the class, one `for_class` to look at, or one for each of the `tutors`; the exit code.

    Where no assignment is named it is about all of the course.

    Raises
    ------
    UsageError
        If two of these are asked for, nobody says who the tutors are, or the library for Parquet is not there.
    """
    course = find_course()
    if parquet:
        require_parquet()
    if for_class and parquet:
        raise UsageError("--for-class writes no tables; call again without --parquet.")
    if tutors and (name is None or for_class or output is not None):
        raise UsageError(
            "--tutors writes a report on an assignment for each into reports/; name the assignment, and call again "
            "without --output and --for-class."
        )
    if name is None:
        page = report_on_course(course, output, for_class=for_class, parquet=parquet)
        console().print(f"Course report: {page}")
        return 0
    assignment = course.own_assignment(name, "nbgrader export --assignment")
    if tutors:
        for line in _reports_for_tutors(assignment, students_of_tutors(course), parquet=parquet):
            console().print(line)
        return 0
    if for_class:
        console().print(f"Report without names: {report_for_class(assignment, output)}")
        return 0
    page = report_on_class(assignment, output, parquet=parquet)
    points, checks = _tables_beside(page)
    more = f", with {checks.with_suffix(PARQUET).name}" if parquet else ""
    console().print(f"Report: {page}, and {points.name} and {checks.name} beside it{more}")
    return 0


def report_on_course(
    course: Course, output: Path | None = None, *, for_class: bool = False, parquet: bool = False
) -> Path:
    """Write the page on all assignments and, unless it is `for_class`, its table; the path of the page.

    It stands at ``reports/all-assignments.html`` if no `output` is given.
    """
    page = output or course.root / "reports" / f"{COURSE}{'-for-class' if for_class else ''}.html"
    table = page.with_suffix(".csv")
    passing = _passing(course)
    due = {name: _due(Assignment(course, name), passing.get(name, HALF)) for name in course.assignments}
    own = course.own_assignments
    with speaking_of(own[0].texts) if own else contextlib.nullcontext():
        view = load_course(course, due, page.parent)
        if not for_class:
            _write_table(table, course_table(view), parquet=parquet)
        write_text(page, render_course(view, table.name, for_class=for_class))
    return page


def _due(assignment: Assignment, passing: float) -> Due:
    return Due(*deadlines_of(assignment), passing, frozenset(read_collected(assignment).late))


def _passing(course: Course) -> Mapping[str, float]:
    """Return from which share of its points each assignment is passed, as the course's ``passing.toml`` says, if there is one.

    Raises
    ------
    UsageError
        If it says anything else.
    """
    file = course.root / PASSING
    try:
        shares = decode(dict[str, float], tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except ValueError:
        shares = {"": 2.0}
    if not all(name in course.assignments and 0 <= share <= 1 for name, share in shares.items()):
        known = ", ".join(course.assignments)
        raise UsageError(
            f"{file} must say from which share of its points an assignment is passed, a line for each: "
            f"{course.assignments[0]} = 0.6. There is: {known}."
        )
    return shares


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
        tutors = decode(dict[str, list[str]], tomllib.loads(text))
    except ValueError:
        tutors = {}
    if not tutors or not all(re.fullmatch(r"[\w-]+", tutor) and tutor not in TAKEN for tutor in tutors):
        raise UsageError(f'{file} must say whom each tutor looks after, a line for each: anna = ["ada", "bela"].')
    return tutors


def report_on_class(assignment: Assignment, output: Path | None = None, *, parquet: bool = False) -> Path:
    """Write the report and its tables, and that on all assignments where there are several; the path of the page.

    It stands at ``reports/<assignment>.html`` if no `output` is given; only then the page on all assignments is written.
    """
    course = assignment.course
    page = output or course.root / "reports" / f"{assignment.name}.html"
    several = output is None and len(course.assignments) > 1
    with speaking_of(assignment.texts):
        view = _class(assignment, page.parent)
        _write(page, view, f"{COURSE}.html" if several else "", parquet=parquet)
    if several:
        report_on_course(course, parquet=parquet)
    return page


def _reports_for_tutors(assignment: Assignment, tutors: Mapping[str, Sequence[str]], *, parquet: bool) -> Iterator[str]:
    """Write each tutor's report; yield where it is, and who fits to no tutor."""
    folder = assignment.course.root / "reports"
    with speaking_of(assignment.texts):
        view = _class(assignment, folder)
        for tutor, students in tutors.items():
            page = folder / f"{assignment.name}-{tutor}.html"
            _write(page, only_of(view, students), parquet=parquet)
            yield f"{tutor}: {page}"
    there, named = {one.student for one in view.students}, {one for each in tutors.values() for one in each}
    if there - named:
        yield f"{TUTORS} names no tutor of {', '.join(sorted(there - named))}."
    if named - there:
        yield f"{TUTORS} names who is not in this class: {', '.join(sorted(named - there))}."


def _class(assignment: Assignment, folder: Path) -> ClassView:
    view, collected = load_class(assignment, folder), read_collected(assignment)
    return replace(view, said_late=dict.fromkeys(collected.late, collected.platform))


def _write(page: Path, view: ClassView, course_name: str = "", *, parquet: bool) -> None:
    points, checks = _tables_beside(page)
    write_text(points, class_csv(view))
    _write_table(checks, checks_table(view), parquet=parquet)
    write_text(page, render_report(build_report(view, points.name, checks.name, course_name)))


def _write_table(file: Path, table: Tidy, *, parquet: bool) -> None:
    """Write a table as CSV and, if `parquet` is asked for, so; an older one that says something else goes."""
    write_text(file, table.csv())
    other = file.with_suffix(PARQUET)
    if parquet:
        write_bytes(other, table.parquet())
    else:
        other.unlink(missing_ok=True)


def report_for_class(assignment: Assignment, output: Path | None = None) -> Path:
    """Write what a class may be shown of its report; the path, ``reports/<assignment>-for-class.html`` if none is given."""
    page = output or assignment.course.root / "reports" / f"{assignment.name}-for-class.html"
    with speaking_of(assignment.texts):
        write_text(page, render_report(build_report(_class(assignment, page.parent), for_class=True)))
    return page


def _tables_beside(page: Path) -> tuple[Path, Path]:
    """Return the CSV files beside a report: of the points, a line for each student, and of each student's checks."""
    return page.with_suffix(".csv"), page.with_name(f"{page.stem}-checks.csv")

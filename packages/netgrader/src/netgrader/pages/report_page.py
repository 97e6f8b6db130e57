"""From a class to its report page."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.pages import safe, words
from netgrader.pages.report_checks import checks_of
from netgrader.pages.report_rules import to_judge
from netgrader.pages.report_view import (
    ClassView,
    NotebookColumns,
    Report,
    StudentRow,
    StudentView,
    score_of,
)
from netgrader.pages.shell import points as written
from netgrader.pages.shell import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from graphread.text import Said

__all__ = ["build_report", "render_report"]

SCRIPT = Path(__file__).parent / "templates" / "report.js"


def render_report(report: Report, texts: CourseTexts = OF_NO_COURSE) -> str:
    """Return the page as one HTML file, with the course's texts."""
    return render("report.html.j2", texts, script=SCRIPT.read_text(encoding="utf-8"), report=report)


def build_report(view: ClassView, csv_name: str = "") -> Report:
    """Return the report on a class; it links to the table `csv_name` next to it."""
    assignment = safe.line(view.assignment, 120)
    view = replace(
        view,
        notebooks=_handed_in(view),
        students=tuple(sorted(view.students, key=lambda student: student.shown.casefold())),
    )
    rows = tuple(_row(view, student) for student in view.students)
    empty = not any(student.submitted or student.notebooks for student in view.students)
    return Report(
        assignment=assignment,
        facts=tuple(_facts(view)),
        to_do=tuple(_to_do(view, rows)),
        to_judge=to_judge(view),
        checks=checks_of(view),
        notebooks=view.notebooks,
        rows=rows,
        csv_name=csv_name,
        empty=words.EMPTY.format(assignment=assignment) if empty else "",
    )


def _handed_in(view: ClassView) -> tuple[NotebookColumns, ...]:
    """Return the notebooks with a submission; all of them if there are none."""
    there = {notebook for student in view.students for notebook in student.notebooks}
    return tuple(one for one in view.notebooks if one.notebook in there) or view.notebooks


def _facts(view: ClassView) -> Iterator[Said]:
    yield words.SHORT_STUDENTS.format(
        students=words.STUDENTS.of(len(view.students)),
        submitted=sum(student.submitted for student in view.students),
        graded=sum(student.is_judged for student in view.students),
    )
    # An unreadable submission says nothing about the difficulty of the exercises.
    scores = [one.total for one in view.students if one.is_judged and one.total is not None]
    if scores:
        yield words.SHORT_MEDIAN.format(
            median=written(statistics.median(scores)),
            most=written(sum(columns.max_points for columns in view.notebooks)),
            low=written(min(scores)),
            high=written(max(scores)),
        )


def _to_do(view: ClassView, rows: Sequence[StudentRow]) -> Iterator[Said]:
    """Yield what a person still has to look at, and what to type."""
    not_yet = sum(student.not_graded_yet for student in view.students)
    if not_yet:
        command = f"netgrader autograde {safe.line(view.assignment)}"
        yield words.SHORT_NOT_GRADED_YET.of(not_yet, command=command)
    waiting = sum(score.state == "waiting" for row in rows for score in row.scores)
    if waiting:
        yield words.SHORT_WAITING.of(waiting)


def _row(view: ClassView, student: StudentView) -> StudentRow:
    scores = tuple(
        score_of(student.notebooks.get(columns.notebook), column)
        for columns in view.notebooks
        for column in columns.columns
    )
    notes: list[Said] = [words.LATE_BY.format(how=words.duration(student.late))] if student.late else []
    if not student.notebooks:
        notes.append(words.NOT_GRADED_YET if student.submitted else words.NOT_HANDED_IN)
    return StudentRow(student, scores, tuple(notes))

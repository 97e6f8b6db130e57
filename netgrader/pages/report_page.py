"""From a class to its report page."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.pages import safe, words
from netgrader.pages.feedback_view import Bar
from netgrader.pages.objections import result_of
from netgrader.pages.report_checks import checks_of
from netgrader.pages.report_rules import to_judge
from netgrader.pages.report_view import (
    ClassView,
    Doubted,
    Report,
    StudentRow,
    StudentView,
    by_name,
    late_in_words,
    score_of,
)
from netgrader.pages.shell import number, render
from netgrader.pages.shell import points as written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.text import Said

__all__ = ["build_report", "render_report"]

SCRIPT = Path(__file__).parent / "templates" / "report.js"
MOST_BARS = 10


def render_report(report: Report, texts: CourseTexts = OF_NO_COURSE) -> str:
    """The page as one HTML file, as the course says it."""
    return render("report.html.j2", texts, script=SCRIPT.read_text(encoding="utf-8"), report=report)


def build_report(view: ClassView, csv_name: str = "") -> Report:
    """The report on a class; `csv_name` is the table next to it that it links to."""
    assignment = safe.line(view.assignment, 120)
    there = {notebook for student in view.students for notebook in student.notebooks}
    # A notebook that nobody has handed in yet is no points lost.
    kept = tuple(one for one in view.notebooks if one.notebook in there) or view.notebooks
    missing = [one.notebook for one in view.notebooks if one not in kept]
    view = replace(view, notebooks=kept, students=tuple(sorted(view.students, key=by_name)))
    # A submission that could not be read says nothing of how hard the exercises are.
    scores = [one.total for one in view.students if one.is_judged and one.total is not None]
    most = sum(columns.max_points for columns in kept)
    rows = tuple(_row(view, student) for student in view.students)
    return Report(
        assignment=assignment,
        facts=tuple(_facts(view, scores, most, ", ".join(missing))),
        to_do=tuple(_to_do(view, rows)),
        to_judge=to_judge(view),
        doubted=tuple(_doubted(view)),
        distribution=distribution(scores, most),
        checks=checks_of(view),
        notebooks=kept,
        rows=rows,
        csv_name=csv_name or f"{assignment}.csv",
        codes=tuple(sorted({code for row in rows for code in row.codes})),
        empty="" if there or any(one.submitted for one in view.students) else words.EMPTY.format(assignment=assignment),
    )


def _doubted(view: ClassView) -> Iterator[Doubted]:
    """Yield the verdicts that students doubt, with what they are now."""
    of = {student.student: student for student in view.students}
    for said in view.objections:
        student = of.get(said.student)
        graded = student.notebooks.get(said.notebook) if student is not None else None
        cell = graded.results.get(said.cell) if graded is not None else None
        now = result_of(cell, cell.points) if cell is not None else ""
        stranger = said.sender is not None and (said.sender, said.student) not in view.addresses
        yield Doubted(student, said, now if now != said.result else "", stranger=stranger)


def _facts(view: ClassView, scores: Sequence[float], most: float, missing: str) -> Iterator[Said]:
    yield words.SHORT_STUDENTS.format(
        students=words.STUDENTS.of(len(view.students)),
        submitted=sum(student.submitted for student in view.students),
        graded=sum(student.is_judged for student in view.students),
    )
    if scores:
        yield words.SHORT_MEDIAN.format(
            median=written(statistics.median(scores)),
            most=written(most),
            low=written(min(scores)),
            high=written(max(scores)),
        )
    if missing:
        yield words.SHORT_NOT_YET.format(notebooks=missing)


def _to_do(view: ClassView, rows: Sequence[StudentRow]) -> Iterator[Said]:
    """What a person has still to look at, and what to type."""
    yield from _odd_marks(view)
    not_yet = sum(student.not_graded_yet for student in view.students)
    if not_yet:
        command = f"netgrader autograde {safe.line(view.assignment)}"
        yield words.SHORT_NOT_GRADED_YET.of(not_yet, command=command)
    waiting = sum(score.state == "waiting" for row in rows for score in row.scores)
    if waiting:
        yield words.SHORT_WAITING.of(waiting)


def _odd_marks(view: ClassView) -> Iterator[Said]:
    """Marks given by hand that make sums which nobody would expect."""
    marks = {
        student.student: [mark for graded in student.notebooks.values() for mark in graded.marks.cells.values()]
        for student in view.students
    }
    wrong = sum(mark.out_of_range or bool(mark.left_out) for own in marks.values() for mark in own)
    if wrong:
        yield words.SHORT_MARKS.of(wrong)
    extra = sum(any(mark.extra for mark in own) for own in marks.values())
    if extra:
        yield words.SHORT_EXTRA.of(extra)


def distribution(scores: Sequence[float], most: float) -> tuple[Bar, ...]:
    """Return how many have how many points, in ranges that include their upper end; empty if nobody was graded."""
    if not scores or most <= 0:
        return ()
    width = math.ceil(most / MOST_BARS)
    ends = [min(most, end * width) for end in range(1, math.ceil(most / width) + 1)]
    found = Counter(next((at for at, end in enumerate(ends) if score <= end), len(ends)) for score in scores)
    labels = [f"{number(start)}\u2013{number(end)}" for start, end in zip([0, *ends], ends, strict=False)]
    labels += [f"> {number(most)}"] if found[len(ends)] else []
    longest = max(found.values())
    return tuple(Bar(label, str(found[at]), round(100 * found[at] / longest, 1)) for at, label in enumerate(labels))


def _row(view: ClassView, student: StudentView) -> StudentRow:
    scores = tuple(
        score_of(student.notebooks.get(columns.notebook), column)
        for columns in view.notebooks
        for column in columns.columns
    )
    late = late_in_words(view, student)
    notes: list[Said] = [words.LATE_BY.format(how=late)] if late else []
    if not student.notebooks:
        notes.append(words.NOT_GRADED_WORD if student.submitted else words.NOT_HANDED_IN)
    codes = tuple(safe.line(code, 60) for graded in student.notebooks.values() for code in graded.faults)
    say = view.texts.say
    states = {say(score.word) for score in scores}
    search = " ".join([student.shown, safe.line(student.student), *codes, *map(say, notes), *sorted(states)])
    return StudentRow(student, scores, tuple(notes), codes, search.casefold())

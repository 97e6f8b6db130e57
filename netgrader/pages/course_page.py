"""The class over all assignments of a course: a page and a table, from the marks in nbgrader's gradebook."""

from __future__ import annotations

import os
import re
import statistics
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from netgrader.course import holds_work
from netgrader.pages import safe, words
from netgrader.pages.graded import full_name, gradebook_exists, marks_of, seconds_late
from netgrader.pages.report_view import Concern, StudentView, by_name
from netgrader.pages.shell import percent, render, stylesheet
from netgrader.pages.tidy import ColumnKind, Tidy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from netgrader.course import Course
    from netgrader.pages.graded import Marks

__all__ = ["HALF", "CourseView", "Due", "course_table", "falling_behind", "load_course", "render_course"]

HALF = 0.5
"""Share of the points from which an assignment is passed, unless the course says another."""
SHARP = 0.3
"""Share of the points that somebody loses against the class, from which it is told."""
IN_A_ROW = 2
"""Assignments not handed in, from which it is told."""
COLUMNS = {
    "student_id": ColumnKind.TEXT,
    "name": ColumnKind.TEXT,
    "assignment": ColumnKind.TEXT,
    "state": ColumnKind.TEXT,
    "points": ColumnKind.NUMBER,
    "max_points": ColumnKind.NUMBER,
    "passed": ColumnKind.TRUTH,
    "late_penalty": ColumnKind.NUMBER,
    "seconds_late": ColumnKind.NUMBER,
    "late": ColumnKind.TRUTH,
}
ABSENT = ("missing", "open")
ROUNDING = 1e-9


@dataclass(frozen=True)
class Due:
    """When an assignment is due, for whom at another time, both in UTC without a zone, and from which share it is passed."""

    when: datetime | None = None
    others: Mapping[str, datetime] = field(default_factory=dict)
    passing: float = HALF
    late: frozenset[str] = frozenset()
    """Who came late by what a platform says, for where the gradebook cannot tell."""


@dataclass(frozen=True)
class Mark:
    """What became of an assignment of a student's: `state` is a key of ``COURSE_STATES`` in the words of pages.

    Not handed in is ``missing`` where it is due, else ``open``. Of what is ``waiting`` for a person the points are those so far.
    """

    state: str
    points: float | None = None
    seconds_late: float = 0.0
    penalty: float = 0.0
    late: bool = False


@dataclass(frozen=True)
class CourseStanding:
    """A student, and a mark for each assignment."""

    student: StudentView
    marks: tuple[Mark, ...]

    @property
    def total(self) -> float | None:
        """All points; None if nothing was graded."""
        given = [mark.points for mark in self.marks if mark.points is not None]
        return sum(given) if given else None


@dataclass(frozen=True)
class AssignmentColumn:
    """An assignment: its most points, from which share of them it is passed, and where its report is."""

    name: str
    max_points: float
    passing: float = HALF
    link: str = ""


@dataclass(frozen=True)
class AssignmentOutcome:
    """How an assignment went: how many there are of each, the mean share of its points, and who passed of how many."""

    column: AssignmentColumn
    handed_in: int
    late: int
    missing: int
    mean: float | None
    passed: int
    judged: int


@dataclass(frozen=True)
class CourseView:
    """A course's assignments that somebody handed in, in the order in which they are due, and its students."""

    name: str
    columns: tuple[AssignmentColumn, ...]
    standings: tuple[CourseStanding, ...]
    not_yet: tuple[str, ...] = ()
    """Assignments that nobody has handed in."""


def load_course(course: Course, due: Mapping[str, Due], folder: Path, now: datetime | None = None) -> CourseView:
    """Load everybody in the gradebook, and everybody who handed something in.

    Addresses of reports are relative to `folder`. `now` is in UTC without a zone; the machine's time if None.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    now = now or datetime.now(UTC).replace(tzinfo=None)
    names: dict[str, str] = {}
    saved: dict[str, _Saved] = {name: _Saved() for name in course.assignments}
    if gradebook_exists(course.db_url):
        with Gradebook(course.db_url) as gradebook:
            names = {student.id: full_name(student) for student in gradebook.students}
            saved = {name: _saved(gradebook, name) for name in course.assignments}
    handed_in = {
        name: {one for one in course.submitted(name) if holds_work(course.folder("submitted", one, name))} | {*one.late}
        for name, one in saved.items()
    }
    dates = {name: due[name].when or saved[name].due for name in saved}
    here = sorted((name for name in saved if handed_in[name]), key=_natural)
    if all(dates[name] for name in here):
        here.sort(key=lambda name: dates[name] or now)
    students = sorted(set(names).union(*handed_in.values()))
    asked = _asked_for(here, dates, handed_in, now)
    most = {name: _most(course, name, saved[name].marks) for name in here}
    return CourseView(
        safe.line(
            str(course.config.get("CourseDirectory", {}).get("course_id", "")) or course.root.resolve().name, 120
        ),
        tuple(
            AssignmentColumn(name, sum(most[name].values()), due[name].passing, _report(course, name, folder))
            for name in here
        ),
        tuple(
            sorted(
                (
                    CourseStanding(
                        StudentView(student, names.get(student, student), submitted=True),
                        tuple(
                            _mark(saved[name], student, most[name], due[name])
                            if student in handed_in[name]
                            else Mark(
                                "missing" if asked[name] and due[name].others.get(student, now) <= now else "open"
                            )
                            for name in here
                        ),
                    )
                    for student in students
                ),
                key=lambda one: by_name(one.student),
            )
        ),
        tuple(name for name in sorted(saved, key=_natural) if name not in here),
    )


@dataclass(frozen=True)
class _Saved:
    """What the gradebook has of an assignment: the marks, by how many seconds who was late, when it is due."""

    marks: Mapping[tuple[str, str], Marks] = field(default_factory=dict)
    late: Mapping[str, float | None] = field(default_factory=dict)
    due: datetime | None = None


def _saved(gradebook: Any, name: str) -> _Saved:
    from nbgrader import api  # noqa: PLC0415  (slow)

    due = gradebook.db.query(api.Assignment.duedate).filter(api.Assignment.name == name).scalar()
    return _Saved(marks_of(gradebook, name), seconds_late(gradebook, name), due)


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Order names as people count: lab 2 before lab 10."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", name)]


def _asked_for(
    here: Sequence[str], dates: Mapping[str, datetime | None], handed_in: Mapping[str, Collection[str]], now: datetime
) -> Mapping[str, bool]:
    """Whether each assignment is due: by its date, else if half of the class handed it in, or a later one is due."""
    active = len(set().union(*handed_in.values()))
    found: dict[str, bool] = {}
    later = False
    for name in reversed(here):
        date = dates[name]
        found[name] = date <= now if date is not None else later or 2 * len(handed_in[name]) >= active
        later |= found[name]
    return found


def _most(course: Course, name: str, marks: Mapping[tuple[str, str], Marks]) -> Mapping[str, float]:
    """Return what each notebook of an assignment is worth, without those that nobody has handed in yet."""
    worth: dict[str, float] = {}
    for (_, notebook), own in marks.items():
        worth[notebook] = max(worth.get(notebook, 0.0), sum(mark.max_points for mark in own.cells.values()))
    folders = [course.folder("submitted", student, name) for student in course.submitted(name)]
    there = {notebook for notebook in worth if any((one / f"{notebook}.ipynb").is_file() for one in folders)}
    return {notebook: most for notebook, most in worth.items() if notebook in there or not there}


def _report(course: Course, name: str, folder: Path) -> str:
    page = course.root / "reports" / f"{name}.html"
    return quote(os.path.relpath(page, folder).replace(os.sep, "/")) if page.is_file() else ""


def _mark(saved: _Saved, student: str, most: Mapping[str, float], due: Due) -> Mark:
    """What became of what was handed in."""
    seconds = saved.late.get(student)
    late = student in due.late if seconds is None else seconds > 0
    own = [saved.marks[student, notebook] for notebook in most if (student, notebook) in saved.marks]
    if not any(marks.cells for marks in own):
        return Mark("ungraded", seconds_late=seconds or 0.0, late=late)
    points = sum(
        max(0.0, sum(mark.points or 0.0 for mark in marks.cells.values()) - marks.late_penalty) for marks in own
    )
    waits = any(mark.waiting or mark.points is None for marks in own for mark in marks.cells.values())
    passed = points + ROUNDING >= due.passing * sum(most.values())
    return Mark(
        "passed" if passed else "waiting" if waits else "failed",
        points,
        seconds or 0.0,
        sum(marks.late_penalty for marks in own),
        late,
    )


def falling_behind(view: CourseView) -> tuple[Concern, ...]:
    """Return who falls behind as it stands now, and why: the last two that are due missing, or the last one far below.

    Who never handed in anything is not among them: see `absent`.
    """
    means = [outcome.mean for outcome in _outcomes(view)]
    found, never = [], {one.student.student for one in absent(view)}
    for one in view.standings:
        reasons = () if one.student.student in never else tuple(_reasons(view.columns, one.marks, means))
        if reasons:
            found.append(Concern(one.student, reasons))
    return tuple(found)


def absent(view: CourseView) -> tuple[CourseStanding, ...]:
    """Return who never handed in anything."""
    return tuple(one for one in view.standings if all(mark.state in ABSENT for mark in one.marks))


def _reasons(
    columns: Sequence[AssignmentColumn], marks: Sequence[Mark], means: Sequence[float | None]
) -> Iterator[str]:
    due = [(column, mark) for column, mark in zip(columns, marks, strict=True) if mark.state != "open"]
    missing: list[str] = []
    for column, mark in reversed(due):
        if mark.state != "missing":
            break
        missing.insert(0, column.name)
    if len(missing) >= IN_A_ROW:
        yield words.COURSE_MISSING.format(number=len(missing), assignments=", ".join(missing))
    shares = [
        (column, mark.points / column.max_points, mean)
        for column, mark, mean in zip(columns, marks, means, strict=True)
        if mark.points is not None and mean is not None and column.max_points and mark.state != "waiting"
    ]
    if len(shares) > 1:
        *earlier, (column, now, mean) = shares
        before = statistics.mean(share - usual for _, share, usual in earlier)
        if before - (now - mean) >= SHARP:
            yield words.COURSE_DROP.format(
                assignment=column.name,
                now=percent(now, 0),
                before=percent(statistics.mean(share for _, share, _ in earlier), 0),
                mean=percent(mean, 0),
            )


def _outcomes(view: CourseView) -> Iterator[AssignmentOutcome]:
    for place, column in enumerate(view.columns):
        marks = [one.marks[place] for one in view.standings]
        points = [mark.points for mark in marks if mark.points is not None]
        states = [mark.state for mark in marks]
        yield AssignmentOutcome(
            column,
            handed_in=sum(state not in ABSENT for state in states),
            late=sum(mark.late for mark in marks),
            missing=states.count("missing"),
            mean=statistics.mean(points) / column.max_points if points and column.max_points else None,
            passed=states.count("passed"),
            judged=states.count("passed") + states.count("failed"),
        )


def course_table(view: CourseView) -> Tidy:
    """Return the course in tidy form: a row for each student and assignment."""
    return Tidy(
        COLUMNS,
        [
            (
                *(one.student.student, one.student.name, column.name, mark.state, mark.points, column.max_points),
                mark.state == "passed" if mark.state in {"passed", "failed"} else None,
                *(mark.penalty, mark.seconds_late, mark.late),
            )
            for one in view.standings
            for column, mark in zip(view.columns, one.marks, strict=True)
        ],
    )


def render_course(view: CourseView, csv_name: str, *, for_class: bool = False) -> str:
    """Render the page; `csv_name` is the table beside it. `for_class` makes one of all together, with nobody's name."""
    return render(
        "course.html.j2",
        style=stylesheet("report.css"),
        course=view,
        outcomes=tuple(_outcomes(view)),
        behind=() if for_class else falling_behind(view),
        absent=tuple(one.student.shown for one in absent(view)),
        most=sum(column.max_points for column in view.columns),
        csv_name=csv_name,
        for_class=for_class,
    )

"""Load a class (`ClassView`), and its report's content (`Report`), as plain data."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.pages import safe, words
from netgrader.pages.feedback_verdicts import by_hand, cell_name, outcome_of
from netgrader.pages.graded import (
    Marks,
    full_name,
    gradebook_exists,
    graded_notebook,
    marks_of,
    seconds_late,
)
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from graphread.text import Said
    from netgrader.course import Assignment
    from netgrader.pages.graded import Graded
    from netgrader.pages.report_checks import CheckRow
    from netgrader.results import CellResult

__all__ = [
    "ClassView",
    "Column",
    "Concern",
    "NotebookColumns",
    "Report",
    "Score",
    "StudentRow",
    "StudentView",
    "earned",
    "load_class",
    "points_of",
    "score_of",
]


@dataclass(frozen=True)
class Column:
    """A graded cell of the assignment."""

    cell: str
    name: str
    max_points: float
    manual: bool = False


@dataclass(frozen=True)
class NotebookColumns:
    """A notebook of the assignment, its graded cells in order, and the `plausible` accuracy limit."""

    notebook: str
    columns: tuple[Column, ...]
    plausible: float = math.inf

    @property
    def max_points(self) -> float:
        """The notebook's maximum points, including manually graded answers."""
        return sum(column.max_points for column in self.columns)


@dataclass(frozen=True)
class StudentView:
    """One student of the class."""

    student: str
    """The id, which is untrusted."""
    name: str
    """The name, or the id if there is none; untrusted too."""
    submitted: bool
    """Whether there is a submission."""
    notebooks: Mapping[str, Graded] = field(default_factory=dict)
    """The graded or submitted notebooks, by name."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Relative addresses of feedback pages, by notebook."""
    late: float | None = None
    """Seconds after the deadline, including extensions; None if time or deadline is unknown."""

    @cached_property
    def shown(self) -> str:
        """The name as pages show it."""
        return safe.line(self.name)

    @property
    def link(self) -> str:
        """The address of the first page; empty if there is none."""
        return next(iter(self.links.values()), "")

    @cached_property
    def total(self) -> float | None:
        """All points that count; None if nothing was graded."""
        graded = [points_of(one) for one in self.notebooks.values() if one.decided is not None]
        return sum(graded) if graded else None

    @property
    def is_unknown(self) -> bool:
        """Whether there is a submission whose notebooks are not identified yet."""
        return self.submitted and not self.notebooks

    @property
    def not_graded_yet(self) -> int:
        """The number of submitted notebooks that were never graded; one if they are not identified yet."""
        return self.is_unknown + sum(graded.decided is None for graded in self.notebooks.values())

    @property
    def is_judged(self) -> bool:
        """Whether any of the submission could be graded."""
        return any(graded.status not in {None, Status.NOT} for graded in self.notebooks.values())

    @property
    def cells(self) -> Iterator[tuple[str, CellResult]]:
        """Every cell that has a result, with its notebook."""
        for notebook, graded in self.notebooks.items():
            for cell in graded.results.values():
                yield notebook, cell


def points_of(graded: Graded) -> float:
    """Return the points of a notebook that count: less the late penalty, at least 0."""
    return max(0.0, earned(graded) - graded.marks.late_penalty)


def earned(graded: Graded) -> float:
    """Return the points of a notebook's cells."""
    return sum(cell.points or 0.0 for cell in graded.results.values())


@dataclass(frozen=True)
class ClassView:
    """A class and an assignment: all input of the report."""

    assignment: str
    notebooks: tuple[NotebookColumns, ...]
    students: tuple[StudentView, ...]
    texts: CourseTexts = OF_NO_COURSE
    """The language and words of the course."""


@dataclass(frozen=True)
class Score:
    """A cell of the table. `points` is None if there are none yet."""

    state: str
    word: Said
    points: float | None
    max_points: float


def score_of(graded: Graded | None, column: Column) -> Score:
    """Return a student's entry in a column: a person's points, else the checks'."""
    most = column.max_points
    if graded is None:
        return Score("absent", words.NOT_HANDED_IN, None, most)
    result, mark = graded.results.get(column.cell), graded.marks.of(column.cell)
    if result is not None:
        return Score(*outcome_of(result, mark), most)
    if mark.points is not None or (column.manual and graded.decided):
        return Score(*by_hand(mark.points, most, mark), most)
    return Score("ungraded", words.NOT_GRADED_YET, 0.0 if graded.decided else None, most)


@dataclass(frozen=True)
class StudentRow:
    """A row of the table; `notes` are shown below the name."""

    student: StudentView
    scores: tuple[Score, ...]
    notes: tuple[Said, ...]


@dataclass(frozen=True)
class Concern:
    """A student who waits for a person, and why; `command` regrades what could not be graded."""

    student: StudentView
    reasons: tuple[Said, ...]
    command: str = ""


@dataclass(frozen=True)
class Report:
    """The content of the page."""

    assignment: str
    facts: tuple[Said, ...]
    """The summary of the class."""
    to_do: tuple[Said, ...]
    """What a person must do about the class as a whole."""
    to_judge: tuple[Concern, ...]
    checks: tuple[CheckRow, ...]
    notebooks: tuple[NotebookColumns, ...]
    rows: tuple[StudentRow, ...]
    csv_name: str
    empty: Said = ""

    @property
    def max_points(self) -> float:
        """The maximum points of all notebooks in the table."""
        return sum(columns.max_points for columns in self.notebooks)


def load_class(assignment: Assignment, folder: Path) -> ClassView:
    """Return the class of `assignment`: all students in the gradebook or with a submission.

    Addresses of feedback pages are relative to `folder`, the report's folder.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    handed_in = set(assignment.handed_in())
    columns = tuple(_columns(assignment, notebook) for notebook in assignment.notebooks)
    if not handed_in and not gradebook_exists(assignment.course.db_url):
        return ClassView(assignment.name, columns, ())
    with Gradebook(assignment.course.db_url) as gradebook:
        names = {student.id: full_name(student) for student in gradebook.students}
        marks, late = marks_of(gradebook, assignment.name), seconds_late(gradebook, assignment.name)
        views = tuple(
            _student(
                *(assignment, student, folder),
                name=names.get(student, student),
                submitted=student in handed_in,
                marks=marks,
                late=late.get(student),
            )
            for student in sorted(handed_in | set(names))
        )
    return ClassView(assignment.name, columns, views, assignment.texts)


def _columns(assignment: Assignment, notebook: str) -> NotebookColumns:
    cells = assignment.skeleton(notebook).graded
    usual = filter(None, (assignment.exercises.of_cell(cell.grade_id).plausible for cell in cells))
    return NotebookColumns(
        notebook,
        tuple(Column(cell.grade_id, cell_name(cell.grade_id), cell.points, cell.is_manual) for cell in cells),
        max(usual, default=math.inf),
    )


def _student(
    assignment: Assignment,
    student: str,
    folder: Path,
    *,
    name: str,
    submitted: bool,
    marks: Mapping[tuple[str, str], Marks],
    late: float | None,
) -> StudentView:
    course = assignment.course
    handed_in = course.folder("submitted", student, assignment.name)
    notebooks, links = {}, {}
    for notebook in assignment.notebooks:
        # Reports do not use observations, and a class's networks would fill the memory.
        graded = replace(graded_notebook(assignment, student, notebook, marks), observations={})
        if graded.decided is not None or (handed_in / f"{notebook}.ipynb").is_file():
            notebooks[notebook] = graded
        page = course.folder("feedback", student, assignment.name) / f"{notebook}.html"
        if page.is_file():
            links[notebook] = quote(os.path.relpath(page, folder).replace(os.sep, "/"))
    return StudentView(student, name, submitted, notebooks, links, late)

"""Load a class (`ClassView`); what its report shows (`Report`), as plain data."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from netgrader.course import holds_work
from netgrader.pages import safe, words
from netgrader.pages.explained import Explained, explained_in
from netgrader.pages.feedback_verdicts import by_hand, cell_name, outcome_of
from netgrader.pages.graded import (
    Marks,
    full_name,
    gradebook_exists,
    graded_notebook,
    marks_of,
    seconds_late,
    without_pads,
)
from netgrader.pages.objections import FOLDER, read_objections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from markupsafe import Markup

    from netgrader.course import Assignment
    from netgrader.pages.checks_table import PassedShare
    from netgrader.pages.feedback_view import Figure
    from netgrader.pages.graded import Graded
    from netgrader.pages.objections import Objection
    from netgrader.results import CellResult

__all__ = [
    "ClassView",
    "Column",
    "Concern",
    "FaultCount",
    "NotebookColumns",
    "Report",
    "Score",
    "StudentRow",
    "StudentView",
    "Trouble",
    "by_name",
    "load_class",
    "score_of",
    "without_names",
]


@dataclass(frozen=True)
class Column:
    """A graded cell of the assignment."""

    cell: str
    name: str
    max_points: float
    manual: bool = False
    solution: str = ""
    """The cell of code that it is about: the one of its name, else the last one before it."""


@dataclass(frozen=True)
class NotebookColumns:
    """A notebook of the assignment and its graded cells, in order; `plausible` is an accuracy that is usual there at most."""

    notebook: str
    columns: tuple[Column, ...]
    plausible: float | None = None

    @property
    def max_points(self) -> float:
        """What the notebook is worth, answers read by a person included."""
        return sum(column.max_points for column in self.columns)


@dataclass(frozen=True)
class StudentView:
    """One student of the class."""

    student: str
    """The id; may hold anything."""
    name: str
    """The name, the id where there is none; may hold anything, too."""
    submitted: bool
    """Whether anything was handed in."""
    notebooks: Mapping[str, Graded] = field(default_factory=dict)
    """What was graded, by notebook."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Relative addresses of feedback pages, by notebook."""
    late: float | None = None
    """Seconds after it was due, with whatever was given as extension; None where no time or no deadline is known."""

    @cached_property
    def shown(self) -> str:
        """The name as pages show it."""
        return safe.line(self.name)

    @property
    def link(self) -> str:
        """The address of the first page, empty if there is none."""
        return next(iter(self.links.values()), "")

    @cached_property
    def total(self) -> float | None:
        """All points that count; None if nothing was graded."""
        graded = [one for one in self.notebooks.values() if one.decided is not None]
        if not graded:
            return None
        return sum(
            max(0.0, sum(cell.points or 0.0 for cell in one.results.values()) - one.marks.late_penalty)
            for one in graded
        )

    @property
    def not_graded_yet(self) -> int:
        """How many notebooks were handed in and never graded; one if nobody knows yet which they are."""
        if self.submitted and not self.notebooks:
            return 1
        return sum(graded.decided is None for graded in self.notebooks.values())

    @property
    def cells(self) -> Iterator[tuple[str, Graded, CellResult]]:
        """Every cell that has a result: where it stands, in words, the notebook that it is of, and the result."""
        for notebook, graded in self.notebooks.items():
            for cell in graded.results.values():
                yield f"{notebook}, {cell.cell.removeprefix('check_')}", graded, cell


@dataclass(frozen=True)
class ClassView:
    """A class and an assignment: all that the report knows.

    `objections` are what students sent back on verdicts, `explained` where the course explains what, `said_late` who was late by
    what which platform says.
    """

    assignment: str
    notebooks: tuple[NotebookColumns, ...]
    students: tuple[StudentView, ...]
    objections: tuple[Objection, ...] = ()
    explained: Explained = field(default_factory=Explained)
    said_late: Mapping[str, str] = field(default_factory=dict)
    addresses: frozenset[tuple[str, str]] = frozenset()
    """The gradebook's addresses, in lower case, each with the student whose it is."""


@dataclass(frozen=True)
class Score:
    """A cell of the table. `points` is None where there are none yet; `sort` orders it."""

    state: str
    word: str
    points: float | None
    max_points: float


def score_of(graded: Graded | None, column: Column) -> Score:
    """The cell of the table for what a student has in a column: a person's mark, else what checks gave."""
    most = column.max_points
    if graded is None:
        return Score("absent", words.NOT_HANDED_IN, None, most)
    result, mark = graded.results.get(column.cell), graded.marks.cells.get(column.cell)
    if result is not None:
        return Score(*outcome_of(result, mark), most)
    if mark is not None and mark.points is not None and not mark.waiting:
        return Score(*by_hand(mark.points, most, mark), most)
    if column.manual and graded.decided is not None:
        return Score("waiting", words.WAITING, None, most)
    return Score("ungraded", words.NOT_GRADED_WORD, None if graded.decided is None else 0.0, most)


@dataclass(frozen=True)
class StudentRow:
    """A line of the table."""

    student: StudentView
    state: str
    word: str
    scores: tuple[Score, ...]
    max_points: float
    faults: tuple[str, ...]
    search: str


@dataclass(frozen=True)
class FaultCount:
    """A fault, how many have it, how grave it is in a word, and who; `free` if it costs nothing."""

    code: str
    sentence: str
    why: str
    free: bool
    students: tuple[tuple[StudentView, str], ...]
    """Each with where: notebook and cell."""
    severity: str = ""
    where: str = ""
    """Where the course explains it."""
    made: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """Ids of who made it, by notebook and check cell."""
    section: str = ""
    """The id on the page of the section that explains it; empty if there is none."""


@dataclass(frozen=True)
class Concern:
    """A student to look at, and why; `noticed`: the page says more under what was noticed while notebooks ran."""

    student: StudentView
    reasons: tuple[str, ...]
    noticed: bool = False


@dataclass(frozen=True)
class Trouble:
    """A student of whom something could not be graded: for each where and why, and what to do."""

    student: StudentView
    problems: tuple[tuple[str, str], ...]
    remedy: str
    command: str


@dataclass(frozen=True)
class Doubted:
    """A verdict that a student doubts: whose, in which cell, its result then and now (empty if it is the same), and why.

    `student` is None where nobody of the class has the id.
    """

    student: StudentView | None
    said: Objection
    now: str = ""
    stranger: bool = False
    """Whether a mail was sent from an address that the gradebook does not have for this student."""


@dataclass(frozen=True)
class Report:
    """The page."""

    assignment: str
    facts: tuple[str, ...]
    notebooks: tuple[NotebookColumns, ...]
    rows: tuple[StudentRow, ...]
    to_judge: tuple[Concern, ...]
    to_help: tuple[Concern, ...]
    absent: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    faults: tuple[FaultCount, ...]
    distribution: Figure | None
    charts: tuple[Figure, ...]
    integrity: tuple[tuple[StudentView, str, str], ...]
    csv_name: str
    checks_name: str
    doubted: tuple[Doubted, ...] = ()
    shares: tuple[PassedShare, ...] = ()
    """How many passed each check, those that the fewest passed first."""
    sections: tuple[tuple[str, str, Markup], ...] = ()
    """Sections that explain mistakes: id, how it is named, its text."""
    late: tuple[tuple[StudentView, str], ...] = ()
    """Who handed in late, and by how much or who says so, in words."""
    empty: str = ""
    most_rows: int = 300
    """So many rows of the table are elements at once; of more a browser takes seconds."""
    most_listed: int = 200
    """So many are named in a list; beyond them it says how many there are, and that the CSV file has them."""
    for_class: bool = False
    """Whether it is shown to the class: then nothing on it is about one student."""

    @property
    def states(self) -> frozenset[str]:
        """What occurs in the table's cells."""
        return frozenset(score.state for row in self.rows for score in row.scores)

    @property
    def nobody_graded(self) -> bool:
        """Whether there is nothing yet from which anybody could stand out."""
        return all(row.student.total is None for row in self.rows)

    @property
    def many_pages(self) -> bool:
        """Whether some student has more than one feedback page."""
        return any(len(row.student.links) > 1 for row in self.rows)


def without_names(view: ClassView) -> ClassView:
    """Return the class with numbers in place of ids and names, in an order that is drawn anew each time."""
    students = random.SystemRandom().sample(view.students, len(view.students))
    return replace(
        view,
        objections=(),
        said_late={},
        students=tuple(
            StudentView(str(number), words.SOMEBODY.format(number=number), one.submitted, one.notebooks)
            for number, one in enumerate(students, 1)
        ),
    )


def by_name(student: StudentView) -> tuple[str, str]:
    """Order students by their names' letters and digits."""
    name = student.shown.casefold()
    return "".join(character for character in name if character.isalnum() or character.isspace()).strip(), name


def load_class(assignment: Assignment, folder: Path) -> ClassView:
    """The class of `assignment`: everybody in the gradebook and everybody who handed something in.

    Addresses of feedback pages are relative to `folder`, in which the report will stand.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    course, name = assignment.course, assignment.name
    handed_in = {one for one in course.submitted(name) if holds_work(course.folder("submitted", one, name))}
    columns = tuple(_columns(assignment, notebook) for notebook in assignment.notebooks)
    if not handed_in and not gradebook_exists(assignment.course.db_url):
        return ClassView(assignment.name, columns, ())
    with Gradebook(assignment.course.db_url) as gradebook:
        names = {student.id: full_name(student) for student in gradebook.students}
        addresses = frozenset((str(student.email).casefold(), student.id) for student in gradebook.students)
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
    objections = read_objections(course.root / FOLDER, name)
    return ClassView(
        *(assignment.name, columns, views, objections),
        explained=explained_in(assignment),
        addresses=addresses,
    )


def _columns(assignment: Assignment, notebook: str) -> NotebookColumns:
    skeleton = assignment.skeleton(notebook)
    graded, solutions, last = skeleton.graded, {}, ""
    for cell in skeleton.tracked:
        if cell.is_solution and cell.cell_type == "code":
            last = cell.grade_id
        solutions[cell.grade_id] = last
    usual = [assignment.exercises.of_cell(cell.grade_id).plausible for cell in graded]
    return NotebookColumns(
        notebook,
        tuple(
            Column(
                *(cell.grade_id, cell_name(cell.grade_id), cell.points, cell.is_manual),
                named
                if solutions.get(named := cell.grade_id.removeprefix("check_")) == named
                else solutions[cell.grade_id],
            )
            for cell in graded
        ),
        max((one for one in usual if one is not None), default=None),
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
        graded = without_pads(graded_notebook(assignment, student, notebook, marks))
        if graded.decided is not None or (handed_in / f"{notebook}.ipynb").is_file():
            notebooks[notebook] = graded
        page = course.folder("feedback", student, assignment.name) / f"{notebook}.html"
        if page.is_file():
            links[notebook] = quote(os.path.relpath(page, folder).replace(os.sep, "/"))
    return StudentView(student, name, submitted, notebooks, links, late)

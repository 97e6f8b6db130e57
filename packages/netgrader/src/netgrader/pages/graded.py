"""Load the input of pages: last results and observations, marks and comments of the gradebook."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphread.text import Said, joined
from netgrader.grading.graded_notebook import load_last_result
from netgrader.pages import safe, words
from netgrader.results import CellResult, Outcome, Status, checks_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from netgrader.course import Assignment
    from netgrader.observations import Observations
    from netgrader.results import NotebookResult, Observed

__all__ = [
    "CellMark",
    "Graded",
    "Marks",
    "full_name",
    "gradebook_exists",
    "graded_notebook",
    "is_unclear",
    "marks_of",
    "seconds_late",
    "student_name",
]


@dataclass(frozen=True)
class CellMark:
    """The gradebook's entry for one graded cell."""

    auto: float | None = None
    """The grader's points; None if there are none."""
    manual: float | None = None
    """Points that a person gave; they replace `auto`."""
    extra: float = 0.0
    """Extra credit."""
    waiting: bool = False
    """Whether a person still has to look at it."""

    @property
    def points(self) -> float | None:
        """The points that count; None while a person must give them."""
        given = self.manual if self.by_hand else self.auto
        return None if given is None else given + self.extra

    @property
    def by_hand(self) -> bool:
        """Whether a person gave the points."""
        return self.manual is not None

    @property
    def is_open(self) -> bool:
        """Whether a person still has to give the points."""
        return self.waiting and not self.by_hand


NO_MARK = CellMark()
"""The mark of a cell that is not in the gradebook."""


@dataclass(frozen=True)
class Marks:
    """The gradebook's content for a notebook: marks by graded cell, comments by solution cell."""

    cells: Mapping[str, CellMark] = field(default_factory=dict)
    comments: Mapping[str, str] = field(default_factory=dict)
    late_penalty: float = 0.0

    def of(self, cell: str) -> CellMark:
        """Return the mark of a cell."""
        return self.cells.get(cell, NO_MARK)


@dataclass(frozen=True)
class Graded:
    """One student's notebook as it was graded."""

    result: NotebookResult | None
    """The last result; None if it was never graded."""
    observations: Observations = field(default_factory=dict)
    """Observations of the verification."""
    marks: Marks = field(default_factory=Marks)
    """The gradebook's content."""

    @functools.cached_property
    def decided(self) -> NotebookResult | None:
        """The result with people's decisions in place of the checks': see `as_marked`. All pages use it."""
        return self.result and as_marked(self.result, self.marks)

    @property
    def status(self) -> Status | None:
        """Whether it could be graded, by checks or by people; None if it was never graded."""
        return self.decided.status if self.decided else None

    @property
    def faults(self) -> tuple[str, ...]:
        """Codes of the faults that cost points, without cells that a person graded."""
        return self.decided.faults if self.decided else ()

    @property
    def integrity(self) -> tuple[Said, ...]:
        """Observations of its run as sentences for the instructor, without those that a person decided."""
        cells: dict[Said, list[str]] = {}
        for fact in self.decided.integrity if self.decided else ():
            cells.setdefault(_seen(fact), []).append(str(fact.cell).removeprefix("check_"))
        return tuple(words.IN_CELL.format(cell=", ".join(where), note=seen) for seen, where in cells.items())

    @functools.cached_property
    def by_checks(self) -> Mapping[str, CellResult]:
        """The cells by id as checks alone decided them: evidence below a person's mark, not a verdict."""
        return _by_id(self.result)

    @functools.cached_property
    def results(self) -> Mapping[str, CellResult]:
        """The cells of the decided result by id; empty without a result."""
        return _by_id(self.decided)

    @property
    def measured(self) -> Mapping[str, Any]:
        """The measured figures; empty without a result."""
        return self.result.measured if self.result else {}

    @property
    def accuracy(self) -> float | None:
        """The recomputed test accuracy, as a fraction."""
        return self.measured.get("test_accuracy")

    @property
    def error(self) -> float | None:
        """The recomputed test error of a regression, in its `unit`."""
        return self.measured.get("test_error")

    @property
    def unit(self) -> str:
        """The unit of the error; empty if there is none."""
        return safe.line(str(self.measured.get("unit") or ""), 40)


def _by_id(result: NotebookResult | None) -> Mapping[str, CellResult]:
    return {cell.cell: cell for cell in result.cells} if result else {}


def as_marked(result: NotebookResult, marks: Marks) -> NotebookResult:
    """Return the result in which a person's cells have the person's points, without the checks' verdict.

    The notebook counts as graded once people have graded each cell that could not be judged, or, without such cells, each
    that lost points. The cells' points change; the scores stay those of the checks.
    """
    cells = tuple(_as_marked(cell, marks) for cell in result.cells)
    theirs = {cell.cell for cell in cells if cell.manual}
    left = _codes(cells)
    marked = replace(
        result,
        cells=cells,
        faults=tuple(code for code in result.faults if code in left),
        problem=_problem(result, cells),
        integrity=tuple(fact for fact in result.integrity if fact.cell not in theirs),
    )
    return replace(marked, status=Status.GRADED, problem=None) if _is_settled(result, theirs) else marked


def _is_settled(result: NotebookResult, theirs: Collection[str]) -> bool:
    """Whether people graded each cell that kept the notebook from being graded in full."""
    lacking = [cell.cell for cell in result.cells if cell.points not in {None, cell.max_points}]
    asked = [cell.cell for cell in result.cells if is_unclear(cell)] or lacking
    return bool(asked) and set(asked) <= set(theirs)


def _problem(result: NotebookResult, cells: Sequence[CellResult]) -> Said | None:
    """Return why grading is incomplete: another cell's reason if a person graded the named one."""
    before, left = _unclear(result.cells), _unclear(cells)
    return next(iter(left), None) if result.problem in before and result.problem not in left else result.problem


def _unclear(cells: Sequence[CellResult]) -> list[Said | None]:
    """Return why checks of the cells were ungradable."""
    return [check.message for check in checks_in(cells) if check.outcome is Outcome.UNGRADABLE]


def _as_marked(cell: CellResult, marks: Marks) -> CellResult:
    """Return a cell with the points that count; one that a person graded has no checks."""
    if cell.cell not in marks.cells:
        return cell
    mark = marks.of(cell.cell)
    theirs = cell.manual or mark.by_hand
    return replace(cell, points=mark.points, manual=theirs, checks=() if theirs else cell.checks)


def _codes(cells: Sequence[CellResult]) -> set[str]:
    """Return the codes of all faults that checks of the cells name."""
    return {code for check in checks_in(cells) for code in check.faults}


def is_unclear(cell: CellResult) -> bool:
    """Whether checks could not judge a cell, or part of it, and no person did."""
    outcomes = {check.outcome for check in cell.checks}
    return not cell.manual and (not outcomes or Outcome.UNGRADABLE in outcomes)


MOST_POINTS = 1e6


def graded_notebook(
    assignment: Assignment, student: str, notebook: str, marks: Mapping[tuple[str, str], Marks]
) -> Graded:
    """Return a student's notebook with its last result and its entry in `marks_of`, if there are any."""
    own = marks.get((student, notebook), Marks())
    last = load_last_result(assignment, student, notebook)
    if last is None:
        return Graded(None, marks=own)
    return Graded(last.result.rendered(assignment.texts), last.observations, own)


def marks_of(gradebook: Any, assignment: str, student: str | None = None) -> dict[tuple[str, str], Marks]:
    """Return an assignment's marks, or a student's, by student and notebook, in three queries."""
    from nbgrader import api  # noqa: PLC0415  (slow)

    def asked(*columns: Any) -> Any:
        query = gradebook.db.query(api.SubmittedAssignment.student_id, api.Notebook.name.label("notebook"), *columns)
        query = (
            query.select_from(api.SubmittedNotebook)
            .join(api.SubmittedAssignment, api.SubmittedAssignment.id == api.SubmittedNotebook.assignment_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .join(api.Notebook, api.Notebook.id == api.SubmittedNotebook.notebook_id)
            .filter(api.Assignment.name == assignment)
        )
        return query if student is None else query.filter(api.SubmittedAssignment.student_id == student)

    grade, comment = api.Grade, api.Comment
    graded = asked(
        *(api.BaseCell.name.label("cell"), grade.auto_score, grade.manual_score, grade.extra_credit),
        grade.needs_manual_grade,
    )
    graded = graded.join(grade, grade.notebook_id == api.SubmittedNotebook.id)
    said = asked(api.BaseCell.name.label("cell"), comment.manual_comment)
    # nbgrader's own "No response." is not a comment; the box says what a cell lacks.
    said = said.join(comment, comment.notebook_id == api.SubmittedNotebook.id).filter(comment.manual_comment != "")
    cells: dict[tuple[str, str], dict[str, CellMark]] = {}
    comments: dict[tuple[str, str], dict[str, str]] = {}
    for row in graded.join(api.BaseCell, api.BaseCell.id == grade.cell_id):
        cells.setdefault((row.student_id, row.notebook), {})[row.cell] = _mark(row)
    for row in said.join(api.BaseCell, api.BaseCell.id == comment.cell_id):
        comments.setdefault((row.student_id, row.notebook), {})[row.cell] = row.manual_comment
    return {
        (row.student_id, row.notebook): Marks(
            cells=cells.get((row.student_id, row.notebook), {}),
            comments=comments.get((row.student_id, row.notebook), {}),
            late_penalty=_points(row.late_submission_penalty) or 0.0,
        )
        for row in asked(api.SubmittedNotebook.late_submission_penalty)
    }


def seconds_late(gradebook: Any, assignment: str) -> dict[str, float]:
    """Return the seconds by which each submission was late, from nbgrader; empty without a deadline."""
    from nbgrader import api  # noqa: PLC0415  (slow)

    query = gradebook.db.query(api.SubmittedAssignment)
    query = query.join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
    dated = query.filter(api.Assignment.name == assignment, api.Assignment.duedate.is_not(None))
    return {one.student_id: float(one.total_seconds_late) for one in dated}


def gradebook_exists(db_url: str) -> bool:
    """Whether the gradebook exists; opening a missing one would create it."""
    file = db_url.removeprefix("sqlite:///")
    return file == db_url or Path(file.partition("?")[0]).is_file()


def student_name(gradebook: Any, student: str) -> str:
    """Return the student's name in the gradebook; the id if there is none."""
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    try:
        return full_name(gradebook.find_student(student))
    except MissingEntry:
        return student


def full_name(student: Any) -> str:
    """Return the full name of a student of the gradebook; the id if there is none."""
    return " ".join(filter(None, (student.first_name, student.last_name))) or str(student.id)


def _mark(grade: Any) -> CellMark:
    """Return the mark in a row of the gradebook; values that cannot be points are ignored."""
    return CellMark(
        auto=_points(grade.auto_score),
        manual=_points(grade.manual_score),
        extra=_points(grade.extra_credit) or 0.0,
        waiting=bool(grade.needs_manual_grade),
    )


def _points(value: object) -> float | None:
    """Return the value if it can be points: a number of at most 1e6 in size; else None."""
    return float(value) if isinstance(value, int | float) and abs(value) <= MOST_POINTS else None


def _seen(fact: Observed) -> Said:
    """Return an observation, with the limit it met, if any."""
    return joined([fact.seen, words.LIMIT_MET.format(limit=fact.limit)], "") if fact.limit else fact.seen

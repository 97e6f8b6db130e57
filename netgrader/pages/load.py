"""The border of the pages: results kept by grading and marks from nbgrader's gradebook, as the pages' own types."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.grading.kept import kept, kept_path
from netgrader.pages import safe, words
from netgrader.pages.graded import CellMark, Graded, Marks

if TYPE_CHECKING:
    from netgrader.course import Assignment
    from netgrader.results import Observed

__all__ = ["gradebook_exists", "graded_notebook", "student_name"]

MOST_POINTS = 1e6


def graded_notebook(gradebook: Any, assignment: Assignment, student: str, notebook: str) -> Graded:
    """What is known of a student's notebook; of one that was never graded nothing is.

    Parameters
    ----------
    gradebook
        nbgrader's, open.
    assignment, student, notebook
        Which.
    """
    last = kept(kept_path(assignment, student, notebook))
    return Graded(
        result=last.result if last else None,
        observations=last.observations if last else {},
        marks=_marks(gradebook, assignment.name, student, notebook),
        integrity=tuple(map(_fact, last.result.integrity)) if last else (),
    )


def gradebook_exists(db_url: str) -> bool:
    """Whether there is a gradebook: looking into one that is not there would make it."""
    file = db_url.removeprefix("sqlite:///")
    return file == db_url or Path(file.partition("?")[0]).is_file()


def student_name(gradebook: Any, student: str) -> str:
    """The student's name in the gradebook, the id where there is none."""
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    try:
        entry = gradebook.find_student(student)
    except MissingEntry:
        return student
    return " ".join(part for part in (entry.first_name, entry.last_name) if part) or student


def _marks(gradebook: Any, assignment: str, student: str, notebook: str) -> Marks:
    from nbgrader.api import MissingEntry  # noqa: PLC0415  (slow)

    try:
        entry = gradebook.find_submission_notebook(notebook, assignment, student)
    except MissingEntry:
        return Marks()
    return Marks(
        cells={grade.name: _mark(grade) for grade in entry.grades},
        # nbgrader's own "No response." is nobody's comment; what a cell lacks stands in its box.
        comments={comment.name: comment.manual_comment for comment in entry.comments if comment.manual_comment},
        late_penalty=_points(entry.late_submission_penalty) or 0.0,
    )


def _mark(grade: Any) -> CellMark:
    """A row of the gradebook; what a person gave there that is no number of points is as if not given, and told."""
    manual, extra = _points(grade.manual_score), _points(grade.extra_credit)
    left_out = [
        raw for raw, points in ((grade.manual_score, manual), (grade.extra_credit, extra)) if raw and points is None
    ]
    return CellMark(
        auto=_points(grade.auto_score),
        manual=manual,
        max_points=grade.max_score,
        extra=extra or 0.0,
        waiting=bool(grade.needs_manual_grade) or (manual is None and bool(left_out)),
        left_out=safe.line(left_out[0], 40) if left_out else "",
    )


def _points(value: object) -> float | None:
    """The value if it can be points: infinite, not a number or beyond all measure, it would swallow all others."""
    return float(value) if isinstance(value, int | float) and abs(value) <= MOST_POINTS else None


def _fact(fact: Observed) -> str:
    """What was seen, where, and which limit it met."""
    limit = words.LIMIT_MET.format(limit=fact.limit) if fact.limit else ""
    return f"{fact.cell.removeprefix('check_')}: {fact.seen}{limit}"

"""The points of a whole class by one question to the gradebook, where nbgrader joins its tables six times and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import case, func, literal, select, union_all

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Subquery

__all__ = ["ClassGradebook"]

KINDS = CODE, WRITTEN, TASK = ("code", "written", "task")


class ClassGradebook(Gradebook):  # type: ignore[misc]
    """nbgrader's gradebook, whose two lists of a class are asked for at once; they have the same rows and keys."""

    def submission_dicts(self, assignment_id: str) -> list[dict[str, Any]]:
        """The submissions of an assignment that have grades."""
        points = _points(SubmittedNotebook.assignment_id, Assignment.name == assignment_id)
        rows = self.db.execute(
            select(
                SubmittedAssignment.id,
                Assignment.name,
                SubmittedAssignment.timestamp,
                Student.first_name,
                Student.last_name,
                Student.id.label("student"),
                *_columns(points, "needs_manual_grade"),
            )
            .join(points, points.c.of == SubmittedAssignment.id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .join(Student, Student.id == SubmittedAssignment.student_id)
        )
        return [dict(row) for row in rows.mappings()]

    def notebook_submission_dicts(self, notebook_id: str, assignment_id: str) -> list[dict[str, Any]]:
        """The submissions of one notebook of an assignment that have grades."""
        points = _points(SubmittedNotebook.id, Assignment.name == assignment_id, Notebook.name == notebook_id)
        rows = self.db.execute(
            select(
                SubmittedNotebook.id,
                Notebook.name,
                Student.id.label("student"),
                Student.first_name,
                Student.last_name,
                *_columns(points, "needs_manual_grade", "failed_tests"),
                SubmittedNotebook.flagged,
            )
            .join(points, points.c.of == SubmittedNotebook.id)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Student, Student.id == SubmittedAssignment.student_id)
        )
        return [dict(row) for row in rows.mappings()]


def _points(of: Any, *chosen: ColumnElement[bool]) -> Subquery:
    """Sums of points and of what could be had, by kind of cell, for each value of the column `of`."""
    cells = union_all(
        select(
            GradeCell.id,
            case((GradeCell.cell_type == "code", CODE), else_=WRITTEN).label("kind"),
            GradeCell.max_score.label("most"),
        ).where(GradeCell.cell_type.in_(("code", "markdown"))),
        select(TaskCell.id, literal(TASK), TaskCell.max_score).where(TaskCell.cell_type == "markdown"),
    ).subquery("cells")

    def total(what: Any, kind: str) -> Any:
        return func.sum(case((cells.c.kind == kind, what), else_=0.0))

    failed = (cells.c.kind == CODE) & (Grade.auto_score < cells.c.most)
    return (
        select(
            of.label("of"),
            *(total(Grade.score, kind).label(f"{kind}_score") for kind in KINDS),
            *(total(cells.c.most, kind).label(f"max_{kind}_score") for kind in KINDS),
            func.max(case((Grade.needs_manual_grade, 1), else_=0)).label("needs_manual_grade"),
            func.max(case((failed, 1), else_=0)).label("failed_tests"),
        )
        .select_from(Grade)
        .join(cells, cells.c.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(*chosen)
        .group_by(of)
        .subquery("points")
    )


def _columns(points: Subquery, *truths: str) -> list[Any]:
    """The columns of a list with nbgrader's names: all points, those of each kind, and what is true or not."""
    of_kinds = [points.c[f"{most}{kind}_score"] for kind in KINDS for most in ("", "max_")]
    return [
        sum(of_kinds[2::2], of_kinds[0]).label("score"),
        sum(of_kinds[3::2], of_kinds[1]).label("max_score"),
        *of_kinds,
        *((points.c[name] == 1).label(name) for name in truths),
    ]

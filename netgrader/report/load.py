"""A class as `ClassView`: students and marks from the gradebook, results as grading kept them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from netgrader.feedback.verdicts import cell_name
from netgrader.pages.graded import Marks
from netgrader.pages.load import class_marks, full_name, gradebook_exists, graded_notebook
from netgrader.report.view import ClassView, Column, NotebookColumns, StudentView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["load_class"]


def load_class(assignment: Assignment, folder: Path) -> ClassView:
    """The class of `assignment`: everybody in the gradebook and everybody who handed something in.

    Parameters
    ----------
    assignment
        Which.
    folder
        Where the report will stand: addresses of feedback pages are relative to it.
    """
    from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

    handed_in = set(assignment.course.submitted(assignment.name))
    columns = tuple(_columns(assignment, notebook) for notebook in assignment.notebooks)
    if not handed_in and not gradebook_exists(assignment.course.db_url):
        return ClassView(assignment.name, columns, ())
    with Gradebook(assignment.course.db_url) as gradebook:
        names = {student.id: full_name(student) for student in gradebook.students}
        marks = class_marks(gradebook, assignment.name)
        views = tuple(
            _student(
                *(gradebook, assignment, student, folder),
                name=names.get(student, student),
                submitted=student in handed_in,
                marks=marks,
            )
            for student in sorted(handed_in | set(names))
        )
    return ClassView(assignment.name, columns, views)


def _columns(assignment: Assignment, notebook: str) -> NotebookColumns:
    skeleton = assignment.skeleton(notebook)
    return NotebookColumns(
        notebook,
        tuple(Column(cell.grade_id, cell_name(cell.grade_id), cell.points, cell.is_manual) for cell in skeleton.graded),
    )


def _student(
    gradebook: Any,
    assignment: Assignment,
    student: str,
    folder: Path,
    *,
    name: str,
    submitted: bool,
    marks: Mapping[tuple[str, str], Marks],
) -> StudentView:
    course = assignment.course
    notebooks, links = {}, {}
    for notebook in assignment.notebooks:
        graded = graded_notebook(gradebook, assignment, student, notebook, marks.get((student, notebook), Marks()))
        if graded.result is not None or _handed_in(course.folder("submitted", student, assignment.name), notebook):
            notebooks[notebook] = graded
        page = course.folder("feedback", student, assignment.name) / f"{notebook}.html"
        if page.is_file():
            links[notebook] = quote(os.path.relpath(page, folder).replace(os.sep, "/"))
    return StudentView(student, name, submitted, notebooks, links)


def _handed_in(folder: Path, notebook: str) -> bool:
    return (folder / f"{notebook}.ipynb").is_file()

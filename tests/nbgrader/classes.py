"""Gradebooks with classes in them, made with nbgrader's own API: nothing is graded for them."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

HANDED_IN = datetime(2026, 11, 1, 10, 0, 0, 5)  # noqa: DTZ001  (the gradebook's times have no zone)
ASSIGNMENT, NOTEBOOKS = "digits", ("1_one", "2_two")
WAYS = 8


def make_class(root: Path, db_url: str, students: int) -> None:
    """A class whose students differ in all that a list shows, in eight ways, one after another; in the course folder `root`."""
    with pytest.MonkeyPatch.context() as patch:  # nbgrader starts alembic by its name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        gradebook = Gradebook(db_url, "course")
    with gradebook:
        for assignment in (ASSIGNMENT, "another"):
            gradebook.add_assignment(assignment)
            for name in NOTEBOOKS:
                gradebook.add_notebook(name, assignment)
                for number in range(3):
                    gradebook.add_grade_cell(
                        f"check_{number}", name, assignment, max_score=2 + number, cell_type="code"
                    )
                gradebook.add_grade_cell("why", name, assignment, max_score=3, cell_type="markdown")
                gradebook.add_task_cell("essay", name, assignment, max_score=5, cell_type="markdown")
        for number in range(students):
            _add_student(gradebook, root, f"s{number:05}", number % WAYS)
        gradebook.db.commit()


def _add_student(gradebook: Gradebook, root: Path, student: str, way: int) -> None:
    hostile = f"& <img src=x title='\u2028' onerror='window.ran = 1'> {student}"
    named = (
        {}
        if way == 1
        else {"first_name": hostile if way == 0 else f"First <b>{student}</b>", "last_name": f"Last {way}"}
    )
    gradebook.add_student(student, **named)
    handed_in = HANDED_IN if way != 2 else None
    _hand_in(root, student, handed_in + timedelta(days=1) if way == 3 else handed_in)
    if way == 4:  # handed in and never graded
        return
    for assignment in (ASSIGNMENT, "another")[: 1 + (way == 0)]:
        submission = gradebook.add_submission(assignment, student, timestamp=handed_in)
        for notebook in submission.notebooks:
            notebook.flagged = way == 6
            for number, grade in enumerate(sorted(notebook.grades, key=lambda one: one.name)):
                code = grade.cell_type == "code"
                grade.auto_score = (2.0 if way != 7 else number / 4) if code else None
                grade.needs_manual_grade = not code and way != 5
                grade.manual_score = 1.25 if way == 5 else None
                grade.extra_credit = 0.5 if way == 6 and code else None
    if way != 7:  # whose autograded folder somebody deleted
        _autograde(root, student)


def _hand_in(root: Path, student: str, when: datetime | None) -> None:
    folder = root / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    for name in NOTEBOOKS:
        (folder / f"{name}.ipynb").write_text("{}")
    if when is not None:
        (folder / "timestamp.txt").write_text(f"{when:%Y-%m-%d %H:%M:%S.%f} UTC\n")


def _autograde(root: Path, student: str) -> None:
    shutil.copytree(root / "submitted" / student / ASSIGNMENT, root / "autograded" / student / ASSIGNMENT)

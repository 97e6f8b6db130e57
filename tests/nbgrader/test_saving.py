"""Marks of a class are saved one student at a time; a failure affects one student only."""

from __future__ import annotations

import pytest

from netgrader.commands.saving import Saver
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Task, grade_task
from netgrader.grading.stages import Options

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


def saved(course, *students):
    """Grade and save `students`; the saver with what it could not do."""
    tasks = [Task(student, *jobs_of(course.assignment, student)) for student in students]
    saver = Saver(course.assignment, tasks, Options())
    for task in tasks:
        saver.end(grade_task(task, Options()))
    saver.finish()
    return saver


def test_of_a_submission_only_the_notebook_and_its_time_are_copied(booked):
    folder = booked.submit("ada").parent
    with (folder / "gaps.bin").open("wb") as file:
        file.truncate(10**12)  # takes nothing where it is, and a terabyte where it would be copied
    (folder / "helper.py").write_text("x = 1")
    (folder / "timestamp.txt").write_text("2026-11-01 12:00:00.000000 UTC")
    (folder / "checks" / "test_sums_public.py").mkdir(parents=True)
    (folder / "checks" / "test_sums_public.py" / "mine").write_text("mine")
    assert saved(booked, "ada").failed == {}
    there = {path.name for path in (booked.root / "autograded" / "ada" / "numbers").rglob("*") if path.is_file()}
    courses = {path.name for path in booked.assignment.source.rglob("*") if path.is_file()}
    assert there - courses == {"timestamp.txt"}
    assert "test_sums_public.py" in there


def test_points_that_the_gradebook_does_not_have_yet_are_a_sentence_and_change_no_mark(booked):
    booked.submit("ada")
    assert saved(booked, "ada").failed == {}
    before = booked.marks()
    path = booked.root / "source" / "numbers" / "1_sums.ipynb"
    path.write_text(path.read_text().replace('"points": 3', '"points": 5'))
    assert "worth 5 points in the source and 3 in the gradebook" in saved(booked, "ada").failed["ada"]
    assert booked.marks() == before

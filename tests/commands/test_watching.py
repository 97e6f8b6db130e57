"""Monitoring and selection: a dry run before marks change, the log, the students to grade."""

from __future__ import annotations

import json

import pytest
from nbgrader.api import Gradebook

from netgrader.commands.progress import log_path
from netgrader.commands.saving import Saver, file_states
from netgrader.grading.jobs import jobs_of
from netgrader.grading.pool import Done, Task
from netgrader.grading.stages import Options
from netgrader.results import NotebookResult, Status

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
WRONG = "def add(a, b):\n    return a - b"


@pytest.mark.slow
def test_a_changed_test_is_tried_dry_then_saved_and_marks_by_hand_stay(netgrader, booked):
    booked.submit("ada")
    booked.submit("bela", add=WRONG)
    assert netgrader("autograde", "numbers").returncode == 0
    with Gradebook(booked.course.db_url) as gradebook:
        gradebook.find_grade("check_squares", "1_sums", "numbers", "bela").manual_score = 2.5
        gradebook.db.commit()
    before = booked.marks()
    path = booked.root / "grader_tests" / "test_sums.py"
    path.write_text(path.read_text().replace("range(10)]", "range(11)]"))
    dry = netgrader("autograde", "numbers", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    text = " ".join(dry.stdout.replace("│", " ").split())
    assert "ada 1_sums check_squares 3 0 failed The squares are right: " in text
    assert "bela 1_sums check_squares" not in text  # a person gave this mark, and it stays
    assert "Marks of 1 of 2 students would change. Nothing was written" in text
    assert booked.marks() == before
    saved = netgrader("autograde", "numbers")
    assert "0 graded now, 2 unchanged" in saved.stdout
    after = {**before, ("ada", "check_squares"): (0.0, None, False), ("bela", "check_squares"): (0.0, 2.5, True)}
    assert booked.marks() == after
    lines = [json.loads(line) for line in log_path(booked.assignment).read_text().splitlines()]
    assert [line["event"] for line in lines].count("graded") == 6
    assert lines[-1]["event"] == "finished"
    (bela,) = [line for line in lines if line["event"] == "graded" and line["student"] == "bela"][-1:]
    assert (bela["score"], bela["made"], bela["notebook"]) == (0.0, [], "1_sums")


@pytest.mark.usefixtures("uncaged")
def test_who_hands_in_while_grading_runs_keeps_the_mark_and_is_named(booked):
    path = booked.submit("ada")
    (job,) = jobs_of(booked.assignment, "ada")
    task = Task("ada", job)
    saver = Saver(booked.assignment, [task], Options())
    before = file_states(path.parent)
    booked.submit("ada", add=WRONG)
    assert file_states(path.parent) != before
    result = NotebookResult("1_sums.ipynb", 5.0, 5.0, (), (), Status.GRADED)
    saver.end(Done(task, result))
    saver.finish()
    assert saver.late == ["ada"]
    assert booked.marks() == {}

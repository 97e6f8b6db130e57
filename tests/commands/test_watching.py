"""Watching and choosing: a dry run before marks change, the state in another terminal, the log, who is graded."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from nbgrader.api import Gradebook

from netgrader.commands.changes import changes_of
from netgrader.commands.choose import file_states, handed_in_since, moment, notebooks_with
from netgrader.commands.saving import Saver
from netgrader.commands.status import Journal, log_path, status_path
from netgrader.errors import UsageError
from netgrader.grading.grade import jobs_of
from netgrader.grading.stages import Options
from netgrader.grading.tasks import Done, Task, WorkerResult
from netgrader.results import NotebookResult, Status

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WRONG = "def add(a, b):\n    return a - b"


def marks(booked):
    with Gradebook(booked.course.db_url) as gradebook:
        submissions = gradebook.find_assignment("numbers").submissions
        return {
            (one.student_id, grade.name): (grade.auto_score, grade.manual_score)
            for one in submissions
            for notebook in one.notebooks
            for grade in notebook.grades
        }


@pytest.mark.slow
def test_a_changed_test_is_tried_dry_then_saved_and_marks_by_hand_stay(netgrader, booked):
    booked.submit("ada")
    booked.submit("bela", add=WRONG)
    assert netgrader("autograde", "numbers").returncode == 0
    with Gradebook(booked.course.db_url) as gradebook:
        gradebook.find_grade("check_squares", "1_sums", "numbers", "bela").manual_score = 2.5
        gradebook.db.commit()
    before = marks(booked)
    path = booked.root / "grader_tests" / "test_sums.py"
    path.write_text(path.read_text().replace("range(10)]", "range(11)]"))
    dry = netgrader("autograde", "numbers", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    text = " ".join(dry.stdout.replace("│", " ").split())
    assert "ada 1_sums check_squares 3 0 The squares are right (passed → failed)" in text
    assert "a person gave 2.5, which stays" in text
    assert "Marks of 1 of 2 students would change: 0 up, 1 down. Nothing was written" in text
    assert marks(booked) == before
    saved = netgrader("autograde", "numbers")
    assert "0 graded now, 2 unchanged" in saved.stdout
    after = {**before, ("ada", "check_squares"): (0.0, None), ("bela", "check_squares"): (0.0, 2.5)}
    assert marks(booked) == after
    said = netgrader("status", "numbers").stdout
    assert "numbers: finished. 2 of 2 students, 2 of 2 notebooks" in " ".join(said.split())
    lines = [json.loads(line) for line in log_path(booked.assignment).read_text().splitlines()]
    assert [line["event"] for line in lines].count("graded") == 6
    assert lines[-1]["event"] == "finished"
    (bela,) = [line for line in lines if line["event"] == "graded" and line["student"] == "bela"][-1:]
    assert (bela["score"], bela["made"], bela["notebook"]) == (0.0, [], "1_sums")
    one = netgrader("autograde", "numbers", "--cell", "check_add", "--student", "bela")
    assert "0 / 2" in one.stdout
    assert "1 graded now" in one.stdout
    assert marks(booked) == after
    nobody = netgrader("autograde", "numbers", "--since", "2100-01-01")
    assert (nobody.returncode, "Nobody has handed in 'numbers' since 2100-01-01" in nobody.stdout) == (0, True)


@pytest.fixture
def journal(tiny):
    """A grading that has begun with Ada's and Bela's notebooks, as its journal says it."""
    for student in ("ada", "bela"):
        tiny.submit(student)
    tasks = [Task(student, job) for student in ("ada", "bela") for job in jobs_of(tiny.assignment, student)]
    journal = Journal(tiny.assignment, tasks, "with 2 workers")
    journal.begin(tasks[0])
    result = NotebookResult("1_sums.ipynb", 5.0, 5.0, (), (), Status.GRADED)
    journal.end(Done.of(tasks[0], WorkerResult(result, made=frozenset({"execute"}))))
    journal.begin(tasks[1])
    return journal


def test_another_terminal_sees_what_is_running(journal, tiny, capsys):
    from netgrader.commands.status import run

    assert run(None) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "numbers: grading with 2 workers since" in said
    assert "1 of 2 students, 1 of 2 notebooks" in said
    assert "bela 1_sums 0 s" in said


def test_a_grading_that_was_killed_is_seen_to_be_and_says_how_to_go_on(journal, tiny, capsys):
    from netgrader.commands.status import run

    path = status_path(tiny.assignment)
    about = json.loads(path.read_text())
    path.write_text(json.dumps({**about, "pid": 2**22 - 3}))
    run("numbers")
    said = " ".join(capsys.readouterr().out.split())
    assert "numbers: killed. 1 of 2 students" in said
    assert "Type netgrader autograde numbers to go on" in said


def test_before_anything_was_graded_status_says_so(tiny, capsys):
    from netgrader.commands.status import run

    run("numbers")
    assert "Nothing of 'numbers' has been graded yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3h", NOW - timedelta(hours=3)),
        ("2d", NOW - timedelta(days=2)),
        ("1w", NOW - timedelta(weeks=1)),
        ("2026-11-19T18:00+00:00", datetime(2026, 11, 19, 18, tzinfo=UTC)),
        ("2026-11-19", datetime(2026, 11, 19).astimezone()),
    ],
)
def test_a_time_may_be_a_date_or_how_long_ago(text, meant):
    assert moment(text, NOW) == meant


def test_a_time_that_is_none_is_a_sentence():
    with pytest.raises(UsageError, match="--since takes a time such as 2026-11-20"):
        moment("yesterday")


def test_who_handed_in_since_is_told_by_the_stamp_else_by_the_files(tiny):
    path = tiny.submit("ada")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert handed_in_since(tiny.assignment, "ada", NOW)
    assert not handed_in_since(tiny.assignment, "ada", NOW + timedelta(seconds=1))
    path.with_name("timestamp.txt").write_text("2026-11-21 00:00:00 UTC")
    assert handed_in_since(tiny.assignment, "ada", NOW + timedelta(hours=11))
    assert not handed_in_since(tiny.assignment, "ada", NOW + timedelta(hours=13))


def test_a_cell_that_there_is_not_is_a_sentence(tiny):
    assert notebooks_with(tiny.assignment, "check_greet") == ["2_words"]
    with pytest.raises(UsageError, match=r"no cell|has a cell 'check_nothing'.*check_add"):
        notebooks_with(tiny.assignment, "check_nothing")


@pytest.mark.usefixtures("uncaged")
def test_who_hands_in_while_grading_runs_keeps_the_mark_and_is_named(booked):
    path = booked.submit("ada")
    (job,) = jobs_of(booked.assignment, "ada")
    task = Task("ada", job)
    saver = Saver(booked.assignment, [task], Options(), force=False)
    before = file_states(path.parent)
    booked.submit("ada", add=WRONG)
    assert file_states(path.parent) != before
    result = NotebookResult("1_sums.ipynb", 5.0, 5.0, (), (), Status.GRADED)
    saver.end(Done.of(task, WorkerResult(result)))
    saver.finish()
    assert saver.late == ["ada"]
    assert marks(booked) == {}


def test_nothing_kept_before_is_a_first_grading(tiny):
    tiny.submit("hana", content=b"{ not json")
    (job,) = jobs_of(tiny.assignment, "hana")
    assert changes_of([Done.of(Task("hana", job), WorkerResult(None, "No."))], {}) == []

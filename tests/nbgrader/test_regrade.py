"""After a changed test marks and pages are changed in place, to what nbgrader's whole conversion makes of them."""

from __future__ import annotations

import json

import pytest
from nbgrader.api import Gradebook

from netgrader.grading.grade import grade_job, jobs_of
from netgrader.grading.last_result import load_last_result
from netgrader.nbgrader_plugin.converters import autograde_one
from netgrader.nbgrader_plugin.gradebook import is_up_to_date, opened
from netgrader.nbgrader_plugin.regrade import regrade

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]
WRONG = "def add(a, b):\n    return a - b"


def state(booked):
    """All that grading leaves of Ada: grades, comments, the page in formgrader, what is kept."""
    with Gradebook(booked.course.db_url) as gradebook:
        notebook = gradebook.find_submission_notebook("1_sums", "numbers", "ada")
        grades = {one.name: (one.auto_score, one.manual_score, bool(one.needs_manual_grade)) for one in notebook.grades}
        comments = {one.name: one.auto_comment for one in notebook.comments}
    page = json.loads((booked.root / "autograded/ada/numbers/1_sums.ipynb").read_text())
    return grades, comments, page, load_last_result(booked.assignment, "ada", "1_sums")


def by_hand(booked, cell, points):
    with Gradebook(booked.course.db_url) as gradebook:
        grade = gradebook.find_grade(cell, "1_sums", "numbers", "ada")
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def harder(booked):
    """A hidden test asks for more."""
    path = booked.root / "grader_tests" / "test_sums.py"
    path.write_text(path.read_text().replace("range(10)]", "range(11)]"))


def now(booked):
    (job,) = jobs_of(booked.assignment, "ada")
    return {"1_sums": grade_job(job)}


def regraded(booked):
    graded = now(booked)
    with opened(booked.course) as gradebook:
        return regrade(gradebook, booked.assignment, "ada", graded)


def test_it_ends_where_nbgraders_conversion_ends(booked):
    booked.submit("ada", add=WRONG)
    autograde_one(booked.course, "numbers", "ada")
    by_hand(booked, "why", 1.5)
    by_hand(booked, "check_squares", 2.5)
    harder(booked)
    digest = now(booked)["1_sums"].digest
    assert not is_up_to_date(booked.assignment, "ada", {"1_sums": digest})
    assert regraded(booked)
    assert is_up_to_date(booked.assignment, "ada", {"1_sums": digest})
    grades, comments, page, kept_now = state(booked)
    assert grades == {
        "check_add": (0.0, None, False),
        # What a person judged has changed: the mark stays, and somebody should look again.
        "check_squares": (0.0, 2.5, True),
        "why": (None, 1.5, False),
    }
    autograde_one(booked.course, "numbers", "ada")
    assert state(booked) == (grades, comments, page, kept_now)


@pytest.mark.parametrize("what", ["code", "text", "late", "unread", "never"])
def test_what_is_more_than_new_verdicts_is_left_to_nbgrader(booked, what):
    if what != "never":
        booked.submit("ada", add=WRONG)
        autograde_one(booked.course, "numbers", "ada")
    match what:
        case "late":
            with Gradebook(booked.course.db_url) as gradebook:
                gradebook.update_or_create_assignment("numbers", duedate="2020-01-01 00:00:00")
            (booked.root / "submitted/ada/numbers/timestamp.txt").write_text("2020-01-02 00:00:00 UTC")
            autograde_one(booked.course, "numbers", "ada")
        case "unread":
            booked.submit("ada", content=b"{ not json")
        case "code" | "never":
            booked.submit("ada", add=WRONG + "\n")
        case "text":
            booked.submit("ada", why="Something else.")
    harder(booked)
    before = state(booked) if what != "never" else None
    assert not regraded(booked)
    assert before is None or state(booked) == before

"""On its way from the file to the gradebook a notebook is run once."""

from __future__ import annotations

import hashlib
from collections import Counter
from concurrent.futures import Future

import pytest
from nbgrader.api import Gradebook

from netgrader.commands.autograde import grade_class
from netgrader.commands.show import console
from netgrader.grading import stages
from netgrader.grading.stages import Options

pytestmark = [
    pytest.mark.usefixtures("uncaged"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning"),
]


class GradesHere:
    """A pool of no processes: what is called is counted."""

    slots = 1

    def __init__(self, _slots):
        pass

    def submit(self, function, /, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future

    def shutdown(self, wait=True):
        pass


@pytest.fixture
def counted(monkeypatch):
    """How often each notebook was run, by its code."""
    ran, run = Counter(), stages.run_request

    def counting_run(request, *rest):
        ran[hashlib.sha256(repr(request.cells).encode()).hexdigest()] += 1
        return run(request, *rest)

    monkeypatch.setattr(stages, "run_request", counting_run)
    monkeypatch.setattr("netgrader.commands.autograde.ProcessPool", GradesHere)
    return ran


def scores(booked):
    with Gradebook(booked.course.db_url) as gradebook:
        found = {}
        for student in ("ada", "bela", "cleo"):
            notebook = gradebook.find_submission_notebook("1_sums", "numbers", student)
            found[student] = {grade.name: grade.auto_score for grade in notebook.grades}
        return found


def class_of_three(booked):
    booked.submit("ada", why="Ada's own.")
    booked.submit("bela", add="def add(a, b):\n    return a - b")
    path = booked.submit("cleo", why="Cleo's own.", squares="squares = []")
    path.rename(path.with_name("sums by cleo.ipynb"))
    booked.submit("cleo", notebook="2_words")


def test_a_class_is_run_once(booked, counted):
    class_of_three(booked)
    assert grade_class(booked.assignment, (), Options(), console(), workers=1) == 0
    assert sorted(counted.values()) == [1] * 4
    right = scores(booked)
    assert (right["ada"]["check_add"], right["bela"]["check_add"], right["cleo"]["check_squares"]) == (2.0, 0.0, 0.0)
    page = (booked.root / "autograded" / "ada" / "numbers" / "1_sums.ipynb").read_text()
    assert "Ada's own." in page

"""After tests change, only those of affected cells rerun, and marks equal those of a full rerun."""

from __future__ import annotations

import dataclasses
import shutil
import textwrap

import pytest

from netgrader.grading import changed_tests, verify_stage
from netgrader.grading.changed_tests import cells_to_run
from netgrader.grading.result_store import Store

FILE = '''
"""Checks."""

import numpy as np

from netgrader.checks import fail, grades

A = "check_a"
LIMIT = 3


def near(number):
    """Close enough."""
    return abs(number) < LIMIT


@grades(A)
def test_a_is_near(cell_evidence):
    """A is near"""
    if not near(cell_evidence.fact("a")):
        fail("Far.")


@grades("check_b")
def test_b_is_there(cell_evidence):
    """B is there"""
    cell_evidence.fact("b")


@grades("check_c")
def test_c_is_there(cell_evidence):
    """C is there"""
    cell_evidence.fact("c")
'''


@pytest.fixture
def changed(tmp_path):
    """The cells whose tests have to be run when a text in the file is replaced."""

    def of(old, new):
        path = tmp_path / "test_t.py"
        path.write_text(FILE)
        before = changed_tests.tests_by_cell([path])
        assert old in FILE
        path.write_text(FILE.replace(old, new))
        now = changed_tests.tests_by_cell([path])
        return None if now is None else cells_to_run(now, before)

    return of


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ('fact("c")', 'fact("d")', {"check_c"}),
        ("C is there", "C is here", {"check_c"}),
        ('@grades("check_c")', '@grades("check_c", credit=2)', {"check_c"}),
        ('"""Close enough."""', '"""Close enough."""  # a comment', set()),
        ('"""Checks."""', '"""Our checks."""', {"check_a", "check_b", "check_c"}),
        ("LIMIT = 3", "LIMIT = 4", {"check_a", "check_b", "check_c"}),
        ("abs(number)", "number", {"check_a", "check_b", "check_c"}),
        ("import numpy as np", "import numpy as np\nnp.seterr('raise')", {"check_a", "check_b", "check_c"}),
    ],
)
def test_a_change_reaches_the_cells_that_depend_on_it(changed, old, new, cells):
    assert changed(old, new) == cells


@pytest.mark.parametrize("new", ["@grades(*terms)", "@grades(cell())", '@other\n@grades("check_c")', "", "def ("])
def test_what_cannot_be_told_apart_is_not(changed, new):
    assert changed('@grades("check_c")', new) is None


def test_a_cell_that_is_gone_or_new_is_noticed():
    assert cells_to_run({"check_b": "1", "check_c": "2"}, {"check_a": "0", "check_b": "1"}) == {"check_c"}


@pytest.fixture
def verified(monkeypatch):
    """The cells of each verification that is really run."""
    seen, run = [], verify_stage.verify

    def verify(request):
        seen.append(request.cells)
        return run(request)

    monkeypatch.setattr(verify_stage, "verify", verify)
    return seen


@pytest.mark.usefixtures("uncaged")
def test_a_changed_test_runs_its_cell_and_gives_what_running_all_gives(tiny, verified, tmp_path, monkeypatch):
    tiny.submit("ada", add="def add(a, b):\n    return a - b")
    first = tiny.grade()
    assert verified == [None]
    hidden = tiny.root / "grader_tests" / "test_sums.py"
    hidden.write_text(
        hidden.read_text()
        + textwrap.dedent('''

            @grades("check_squares", credit=3)
            def test_there_are_eleven(cell_evidence):
                """There are eleven squares"""
                if len(cell_evidence.array("squares")) != 11:
                    fail("There are not.")
        ''')
    )
    second = tiny.grade()
    assert verified == [None, ("check_squares",)]
    assert second.made == {"verify"}
    assert (first.result.score, second.result.score) == (3.0, 0.75)
    monkeypatch.setenv("NETGRADER_STORE", str(tmp_path / "fresh"))
    fresh = tiny.grade()
    assert verified[2:] == [None]
    assert dataclasses.replace(fresh.result, seconds={}) == dataclasses.replace(second.result, seconds={})
    assert fresh.observations == second.observations


@pytest.mark.usefixtures("uncaged")
def test_verdicts_that_another_process_prunes_are_made_again(tiny, verified, monkeypatch):
    tiny.submit("ada")
    first = tiny.grade()
    hidden = tiny.root / "grader_tests" / "test_sums.py"
    hidden.write_text(hidden.read_text().replace("credit=3", "credit=4"))
    get = Store.get

    def pruned(store, key):
        entry = get(store, key)
        if entry is not None and key.stage == verify_stage.VERDICTS:
            shutil.rmtree(entry.content)
        return entry

    monkeypatch.setattr(Store, "get", pruned)
    assert tiny.grade().result.score == first.result.score
    assert verified == [None, None]

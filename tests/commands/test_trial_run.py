"""`netgrader release` checks that a release grades correctly before students get it."""

import contextlib
import json
import sqlite3

import pytest


def change(booked, grade_id, text):
    """Change the text of a cell of the first source notebook."""
    path = booked.root / "source" / "numbers" / "1_sums.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id:
            cell["source"] = text
    path.write_text(json.dumps(notebook), encoding="utf-8")


def cells_in_gradebook(booked):
    with contextlib.closing(sqlite3.connect(booked.root / "gradebook.db")) as connection:
        return connection.execute("select name, source from source_cell order by name").fetchall()


def test_a_release_is_refused_as_long_as_solution_tests_and_given_cells_do_not_fit(netgrader, booked):
    process = netgrader("release", "--notebook", "1_sums")
    assert process.returncode == 0
    assert "solution and untouched notebooks are graded (1_sums)" in process.stdout
    assert "Grading 1_sums (1 of 1) …" in process.stdout
    old, known = (booked.root / "release" / "numbers" / "1_sums.ipynb").read_bytes(), cells_in_gradebook(booked)

    change(booked, "add", "def add(a, b):\n    ### BEGIN SOLUTION\n    return a - b\n    ### END SOLUTION")
    change(booked, "setup", "import math\nassert math.pi > 4, 'no circle'")
    process = netgrader("release", "--notebook", "1_sums")
    assert process.returncode == 1
    assert "numbers was not released, since it does not grade as it should" in process.stderr
    assert (
        "check_add: the solution earns 0 of 2 points. test_sums_public.py::test_small_sums_are_right" in process.stderr
    )
    assert "1_sums.ipynb, cell setup: it does not run to its end (AssertionError: no circle)" in process.stderr
    assert (booked.root / "release" / "numbers" / "1_sums.ipynb").read_bytes() == old
    assert cells_in_gradebook(booked) == known
    assert netgrader("release", "--notebook", "1_sums", "--untried").returncode == 0
    assert cells_in_gradebook(booked) != known


@pytest.mark.all
def test_a_release_that_earns_points_as_it_is_is_refused(netgrader, booked):
    change(booked, "squares", "squares = [k * k for k in range(10)]\n### BEGIN SOLUTION\n### END SOLUTION")
    process = netgrader("release", "--notebook", "1_sums")
    assert process.returncode == 1
    assert "check_squares: the release earns 3 of 3 points as it is" in process.stderr
    assert "test_sums.py::test_squares_are_right: The squares are right" in process.stderr


@pytest.mark.all
def test_a_test_that_does_not_run_is_told_with_its_reason(netgrader, booked):
    tests = booked.root / "grader_tests" / "test_sums.py"
    tests.write_text(f"{tests.read_text()}\nfrom netgrader.checks import nothing_of_the_kind\n")
    process = netgrader("release", "--notebook", "1_sums")
    assert process.returncode == 1
    assert "nothing_of_the_kind" in process.stderr


@pytest.mark.parametrize("tried", [True, False])
def test_autograde_says_that_a_tried_solution_fails_a_test_which_changed(netgrader, booked, tried):
    assert netgrader("release", "--notebook", "1_sums", *([] if tried else ["--untried"])).returncode == 0
    booked.submit("ada")
    tests = booked.root / "grader_tests" / "test_sums.py"
    tests.write_text(tests.read_text().replace("range(10)", "range(11)"))
    process = netgrader("autograde", "numbers", "--workers", 1)
    told = "check_squares: the solution earns 0 of 3 points. test_sums.py::test_squares_are_right" in process.stdout
    assert (process.returncode, told) == (0, tried)
    assert "1 student, 1 notebook" in process.stdout

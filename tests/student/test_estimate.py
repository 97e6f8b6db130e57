"""Grading time is estimated from the times of the notebook's cells, and compared with the limits."""

from __future__ import annotations

import re

import pytest

from netgrader.grading.execution import ExecutionLimits
from netgrader.student import cell_runs
from tests.checks.in_ipython import run_notebooks

GIVEN = """
import time
from IPython.display import display
import netgrader.student
from netgrader.checks.parameters import ExecutionLimits
from netgrader.student import setup
from netgrader.student.estimate import estimate
def tell(**limits):
    display({"text/plain": str(estimate(ExecutionLimits(**limits)))}, raw=True)
setup()
"""
WORK = """
begun = time.perf_counter()
while time.perf_counter() < begun + {seconds}:
    pass
"""
EXPERIMENT = """
@netgrader.student.skipped_in_grading
def experiment():
    begun = time.perf_counter()
    while time.perf_counter() < begun + 2:
        pass
experiment()
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What is told in a notebook, one after the other."""
    cells = [
        GIVEN,
        "tell()",
        WORK.format(seconds=0.6),
        "tell(cell_seconds=60, notebook_seconds=90)",
        "tell(cell_seconds=1, notebook_seconds=90)",
        "tell(cell_seconds=0.5, notebook_seconds=90)",
        "setup(); 1 / 0",
        WORK.format(seconds=0.3),
        "tell(cell_seconds=60, notebook_seconds=180)",
        EXPERIMENT,
        "display({'text/plain': str([*netgrader.student.cell_runs.cell_runs().seconds.values()][-1])}, raw=True)",
    ]
    ran = run_notebooks({"notebook": cells}, tmp_path_factory.mktemp("estimate"))["notebook"]
    return [cell["shown"][0]["text/plain"] for cell in ran["cells"] if cell["shown"]]


def test_it_tells_the_longest_cell_all_of_them_and_the_limits(said):
    told = r"Grading runs this notebook again, which takes about [1-9] s on 2 cores; the longest cell takes [1-9] s\. "
    assert re.match(told, said[1])
    assert said[1].endswith("The limits are 60 s for a cell and 90 s in all.")


def test_what_is_near_a_limit_and_what_is_over_it_is_said_with_what_to_do(said):
    assert "That is close" in said[2]
    assert "That is too long" in said[3]
    assert said[3].endswith("Train for fewer epochs, or train a smaller network.")


def test_an_error_in_a_cell_and_a_second_setup_change_nothing(said):
    assert said[4].startswith("Grading runs this notebook again, which takes about ")
    assert said[4].endswith("60 s for a cell and 3 minutes in all.")


def test_as_many_cores_are_reckoned_with_as_the_grader_has():
    assert ExecutionLimits().cores == cell_runs.CORES


def test_what_grading_skips_is_left_out(said):
    assert float(said[-1]) < 1  # of two

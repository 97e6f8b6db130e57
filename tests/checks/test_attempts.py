"""Wrong attempts in a notebook: for each, `check` names the fault, the cause and the fix, in the student's kernel."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import pytest

from netgrader.faults import CATALOGUE
from tests.checks.in_ipython import run_notebooks
from tests.checks.test_hidden_tests import hidden_tests
from tests.checks.works import EXERCISES, works_of
from tests.faults.blocks import BLOCKS, EXAMPLE, TRAIN
from tests.programs import programs, source

pytestmark = pytest.mark.timeout(3600)  # all that is asked for is run in the first test's setup

ROOT = Path(__file__).resolve().parents[2]
PIECES = programs("cells/attempts")
ATTEMPTS = {name: one for name, one in PIECES.items() if "check" in one.terms}
USUAL = ("not done yet", ": all ", "its check passed")
"""What a wrong attempt is never answered with."""
BEYOND = "and also checks whether"
TYPED = (
    "fully_connected_layer",
    "one_layer_network",
    "two_layer_network",
    "learning_rate_sweep",
    "input_gradients",
    "deep_network",
)
"""Exercises of which all wrong work is tried: nothing is trained for it."""
WORKS = {name: one for name, one in works_of(*sorted(TYPED)).items() if one.codes}
# The loop on each page of a fault that costs something.
LOOPS = {
    f"train: {block.page}": block.text
    for block in BLOCKS
    if (block.kind, block.section) == (TRAIN, EXAMPLE) and not CATALOGUE[block.page].remark
}


def cells_of(name):
    """The cells of a notebook, and the question after them."""
    if name in LOOPS:
        cells, check = [PIECES["asked, with data"].source, LOOPS[name]], "train"
    elif name in WORKS:
        check = name.partition(":")[0]
        cells = [PIECES["asked, with the layer"].source, *EXERCISES[check][1][1:], WORKS[name].source]
    else:
        one = ATTEMPTS[name]
        cells, check = [*(source(of, PIECES) for of in one.terms["before"]), one.source], one.terms["check"]
    return [*cells, f'check("{check}")']


@pytest.fixture(scope="module")
def told(tmp_path_factory, asked):
    """What was shown after the last cell of each attempt that is asked for, in one kernel."""
    folder = tmp_path_factory.mktemp("notebooks")
    source = ROOT / "source" / "digits"
    shutil.copytree(source / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "after_one_layer.py", folder)
    works = {name: cells_of(name) for name in asked("name")}
    return run_notebooks(works, folder, NETGRADER_DATA=str(ROOT / "data" / "mnist.npz"))


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_cause_is_told_and_what_to_write(told, name):
    terms, shown, codes = ATTEMPTS[name].terms, told[name]["shown"], ATTEMPTS[name].codes
    assert told[name]["error"] is None
    assert not codes or {code for code, kind in CATALOGUE.items() if kind.sentence in shown} == codes, shown
    assert [part for part in terms["says"] if part not in shown] == [], shown
    assert [part for part in terms.get("never", USUAL) if part in shown] == [], shown


@pytest.mark.parametrize("name", WORKS)
def test_nothing_that_grading_names_is_all_green_but_for_what_the_answer_says_only_grading_sees(told, name):
    exercise, shown = name.partition(": ")[0], told[name]["shown"]
    assert told[name]["error"] is None
    if ": all " in shown:
        hidden = {
            test: set(terms.faults)
            for test, terms in hidden_tests(EXERCISES[exercise][0]).items()
            if terms.cell == f"check_{exercise}"
        }
        # Some hidden tests compare networks that only grading builds, and look for any fault in them.
        assert WORKS[name].codes <= set().union(*hidden.values()) or WORKS[name].terms["only"] in hidden
        assert BEYOND in shown


@pytest.mark.parametrize("name", LOOPS)
def test_no_loop_with_a_mistake_is_all_green(told, name):
    assert told[name]["error"] is None
    assert ": all " not in told[name]["shown"]


NOTEBOOKS = ("one_layer", "two_layers", "deep_network")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_of_each_cell_with_hidden_tests_the_answer_says_what_they_look_at(notebook):
    tables = tomllib.loads((ROOT / "source" / "digits" / "checks" / "exercises.toml").read_text())
    cells = {terms.cell.removeprefix("check_") for terms in hidden_tests(notebook).values()}
    assert [cell for cell in cells if not tables[cell].get("only_in_grading", "").startswith("whether ")] == []

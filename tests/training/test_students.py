"""Loops as different students would write them: the right ones lose nothing, of the wrong ones just that is said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "students"
RIGHT = tomllib.loads((FOLDER / "right.toml").read_text(encoding="utf-8"))
WRONG = tomllib.loads((FOLDER / "wrong.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def right(rehearse, raw):
    return rehearse({name: terms["source"] for name, terms in RIGHT.items()}, raw=raw)


@pytest.fixture(scope="module")
def wrong(rehearse, raw):
    return rehearse({name: terms["source"] for name, terms in WRONG.items()}, raw=raw)


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_loop_in_any_style_earns_everything(right, name):
    training = right.training(name)
    assert training.codes == ()
    assert list(training.remarks) == RIGHT[name].get("remarks", [])
    assert {verdict.share for verdict in training.verdicts.values()} == {1.0}


@pytest.mark.parametrize("name", RIGHT)
def test_the_notebook_is_left_as_it_was(right, name):
    assert right.evidence(name).facts["changed"] == []


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_nothing_else(wrong, name):
    training = wrong.training(name)
    assert list(training.codes) == WRONG[name]["codes"]
    assert list(training.remarks) == WRONG[name].get("remarks", [])


@pytest.mark.parametrize("name", [name for name, terms in WRONG.items() if terms["codes"]])
def test_a_fault_comes_with_its_figures_and_costs_something(wrong, name):
    verdicts = wrong.training(name).verdicts.values()
    faults = [fault for verdict in verdicts for fault in verdict.faults]
    assert all(fault.found for fault in faults)
    assert min(verdict.share for verdict in verdicts) < 1

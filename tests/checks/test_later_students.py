"""Students' work in notebooks 2 and 3, recorded, verified and graded: right work earns all, faults are named and cost."""

from __future__ import annotations

import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.results import Outcome
from tests.checks.works import DEEP, LATER, checks_of, codes_of, entries, graded, require, said_of, works_of
from tests.programs import programs, source

WORKS = works_of("two_layer_network", "learning_rate_sweep", "two_layer_training", "input_gradients", "deep_network")
DEEP_TRAINING, DEEP_ACCURACY = "check_deep_training", "check_deep_accuracy"
REPORTS = programs("cells/deep_training")

pytestmark = pytest.mark.timeout(3600)  # all that is asked for is run in the first test's setup


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    """What came of every piece of work that is asked for."""
    trained = {
        "name": "trained",
        "cells": [DEEP_TRAINING, DEEP_ACCURACY],
        "sources": [LATER, DEEP, source("cells/given:a deep network, trained")],
        "notebook": "deep_network",
        "secret": "7",
        "variants": {name: one.source for name, one in REPORTS.items()},
    }
    return graded([*entries(set(asked("name"))), trained], tmp_path_factory.mktemp("students"))


@pytest.mark.parametrize("name", [name for name, one in WORKS.items() if not one.codes])
def test_what_is_right_earns_everything_however_it_is_written(verdicts, name: str):
    require(verdicts, name, WORKS[name])


@pytest.mark.parametrize("name", [name for name, one in WORKS.items() if one.codes])
def test_what_is_wrong_is_named_with_its_code_and_no_other_and_costs_what_its_severity_says(verdicts, name: str):
    require(verdicts, name, WORKS[name])


def test_a_training_that_stops_early_earns_its_points_and_a_part_for_the_accuracy_at_most(verdicts):
    found = verdicts["trained for some epochs"]
    assert cell_points(checks_of(found, DEEP_TRAINING), 2) == 2
    assert cell_points(checks_of(found, DEEP_ACCURACY), 6) < 3
    assert codes_of(checks_of(found, DEEP_ACCURACY), Outcome.FAILED, Outcome.PARTIAL) == {"target-missed"}
    assert found["measured"]["target_met"] == "no"


def test_another_accuracy_than_the_true_one_is_found_by_one_hidden_test_alone(verdicts):
    checks = checks_of(verdicts["another accuracy claimed"], DEEP_TRAINING)
    complaining = {
        check.check.partition("::")[2] for check in checks if check.outcome is not Outcome.PASSED and check.faults
    }
    assert complaining == {REPORTS["another accuracy claimed"].terms["only"]}, said_of(checks)


def test_answers_that_were_looked_up_earn_nothing_wherever_they_are_counted(verdicts):
    for cell in (DEEP_TRAINING, DEEP_ACCURACY):
        checks = checks_of(verdicts["answers"], cell)
        assert codes_of(checks, Outcome.FAILED) == REPORTS["answers"].codes, said_of(checks)
        assert cell_points(checks, 6) == 0

"""Layers that students wrote, taken, verified and marked: no right one loses a point, every wrong one is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netgrader.checks.points import cell_points
from netgrader.results import CheckResult, Outcome
from tests.checks.students import GIVEN, RIGHT_LAYERS, WRONG_LAYERS

CELL = "check_fully_connected_layer"
LAYERS = {**RIGHT_LAYERS, **WRONG_LAYERS}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Checks by student, all made in one process with TensorFlow."""
    folder = tmp_path_factory.mktemp("layers")
    asked, told = folder / "work.json", folder / "verdicts.json"
    works = [{"name": name, "cells": [CELL], "sources": [GIVEN, one.source]} for name, one in LAYERS.items()]
    asked.write_text(json.dumps(works))
    script = Path(__file__).with_name("grade_students.py")
    done = subprocess.run(
        [sys.executable, str(script), str(asked), str(told)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {entry["name"]: entry for entry in json.loads(told.read_text())}


def checks_of(entry) -> list[CheckResult]:
    return [CheckResult(**{**check, "faults": tuple(check["faults"])}) for check in entry["checks"][CELL]]


@pytest.mark.parametrize("name", RIGHT_LAYERS)
def test_a_right_layer_earns_everything_however_it_is_written(verdicts, name):
    checks = checks_of(verdicts[name])
    assert {check.outcome for check in checks} == {Outcome.PASSED}, checks
    assert cell_points(checks, 2) == 2
    assert {code for check in checks for code in check.faults} == RIGHT_LAYERS[name].remarks
    assert verdicts[name]["log"] == []


@pytest.mark.parametrize("name", WRONG_LAYERS)
def test_a_wrong_layer_is_named_with_its_code_and_with_no_other(verdicts, name):
    checks = checks_of(verdicts[name])
    assert {code for check in checks for code in check.faults} == WRONG_LAYERS[name].faults, checks
    assert cell_points(checks, 2) < 2
    assert verdicts[name]["log"] == []
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE]


@pytest.mark.parametrize("name", ["no bias", "Glorot-normal", "bias of a tenth", "activation ignored"])
def test_a_single_fault_in_a_layer_costs_its_share_and_no_more(verdicts, name):
    assert 1.0 <= cell_points(checks_of(verdicts[name]), 2) < 2


@pytest.mark.parametrize("name", ["not done", "nothing there", "tf.layers", "only h", "an error"])
def test_a_layer_that_cannot_be_used_earns_nothing(verdicts, name):
    assert cell_points(checks_of(verdicts[name]), 2) <= 0.5

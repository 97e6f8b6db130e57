"""What students wrote in notebooks 2 and 3, taken, verified and marked: right earns all, wrong is named and costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from netgrader.checks.points import cell_points
from netgrader.results import Outcome
from tests.checks import later_students as students
from tests.checks.test_students import checks_of, codes_of, said_of

if TYPE_CHECKING:
    from tests.checks.students import Work

NETWORK, SWEEP = "check_two_layer_network", "check_learning_rate_sweep"
TRAINING, GRADIENTS = "check_two_layer_training", "check_input_gradients"
DEEP, DEEP_TRAINING, DEEP_ACCURACY = "check_deep_network", "check_deep_training", "check_deep_accuracy"
TWO, THREE = "two_layers", "deep_network"

# Cell, right works, wrong works.
CELLS = {
    NETWORK: (students.RIGHT_TWO_LAYERS, students.WRONG_TWO_LAYERS),
    SWEEP: (students.RIGHT_SWEEPS, students.WRONG_SWEEPS),
    TRAINING: (students.RIGHT_TRAININGS, students.WRONG_TRAININGS),
    GRADIENTS: (students.RIGHT_GRADIENTS, students.WRONG_GRADIENTS),
    DEEP: (students.RIGHT_DEEP, students.WRONG_DEEP),
}
RIGHT = [(cell, name, one) for cell, (right, _) in CELLS.items() for name, one in right.items()]
WRONG = [(cell, name, one) for cell, (_, wrong) in CELLS.items() for name, one in wrong.items()]


def entry(cell: str, sources: list[str], notebook: str = TWO) -> dict[str, object]:
    right, wrong = CELLS[cell]
    variants = {f"{cell}: {name}": one.source for name, one in {**right, **wrong}.items()}
    return {
        "name": cell,
        "cells": [cell],
        "sources": [students.GIVEN, *sources],
        "notebook": notebook,
        "variants": variants,
    }


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """What came of every piece of work, all in one process with TensorFlow."""
    folder = tmp_path_factory.mktemp("students")
    asked, told = folder / "work.json", folder / "verdicts.json"
    both = [DEEP_TRAINING, DEEP_ACCURACY]
    works = [
        entry(NETWORK, []),
        entry(SWEEP, [students.TWO_LAYERS]),
        entry(TRAINING, [students.TWO_LAYERS, students.TRAINED]),
        entry(GRADIENTS, [students.TWO_LAYERS, "net = two_layer_network()"]),
        entry(DEEP, [], THREE),
        {
            "name": "trained for three epochs",
            "cells": both,
            "sources": [students.GIVEN, students.DEEP, students.DEEP_TRAINED],
            "notebook": THREE,
            "variants": {"trained for three epochs": "", "answers": students.ANSWERS},
        },
    ]
    asked.write_text(json.dumps(works))
    script = Path(__file__).with_name("grade_students.py")
    done = subprocess.run(
        [sys.executable, str(script), str(asked), str(told)], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {verdict["name"]: verdict for verdict in json.loads(told.read_text())}


@pytest.mark.parametrize(("cell", "name", "one"), RIGHT)
def test_what_is_right_earns_everything_however_it_is_written(verdicts, cell: str, name: str, one: Work):
    found = verdicts[f"{cell}: {name}"]
    checks = checks_of(found, cell)
    assert {check.outcome for check in checks} == {Outcome.PASSED}, said_of(checks)
    assert cell_points(checks, 4) == 4
    assert codes_of(checks, Outcome.PASSED) == one.remarks
    assert found["log"] == []


@pytest.mark.parametrize(("cell", "name", "one"), WRONG)
def test_what_is_wrong_is_named_with_its_code_and_with_no_other(verdicts, cell: str, name: str, one: Work):
    found = verdicts[f"{cell}: {name}"]
    checks = checks_of(found, cell)
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == one.faults, said_of(checks)
    assert cell_points(checks, 4) < 4
    assert found["log"] == []
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)

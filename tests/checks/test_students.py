"""What students wrote, taken, verified and marked: nothing right loses a point, everything wrong is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netgrader.checks.cell_points import cell_points
from netgrader.files import decode
from netgrader.grading.causes import charged_once
from netgrader.grading.verify import VerificationRequest, verify
from netgrader.results import CheckResult, Outcome
from tests.checks.students import (
    GIVEN,
    GLOROT,
    RIGHT_LAYERS,
    RIGHT_NETWORKS,
    TOGETHER,
    WRONG_LAYERS,
    WRONG_NETWORKS,
)

ROOT = Path(__file__).resolve().parents[2]
KEPT = "together: no bias in the layer"
ALONE = (KEPT, "network: another default", "layer: an error")
LAYER, NETWORK = "check_fully_connected_layer", "check_one_layer_network"


def graded(works: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Grade pieces of work by `grade_students`, all in one process with TensorFlow; return their verdicts by name."""
    order, told = folder / "work.json", folder / "verdicts.json"
    order.write_text(json.dumps(works))
    script = Path(__file__).with_name("grade_students.py")
    command = [sys.executable, str(script), str(order), str(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {entry["name"]: entry for entry in json.loads(told.read_text())}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    """What came of every piece of work that is asked for."""
    folder = tmp_path_factory.mktemp("students")
    works = [
        {"name": f"layer: {name}", "cells": [LAYER], "sources": [GIVEN, one.source]}
        for name, one in {**RIGHT_LAYERS, **WRONG_LAYERS}.items()
    ]
    works += [
        {"name": f"network: {name}", "cells": [NETWORK], "sources": [GIVEN, GLOROT, one.source]}
        for name, one in {**RIGHT_NETWORKS, **WRONG_NETWORKS}.items()
    ]
    works += [
        {"name": f"together: {name}", "cells": [LAYER, NETWORK], "sources": [GIVEN, layer, network]}
        for name, (layer, network, _, _) in TOGETHER.items()
    ]
    kept = next(entry for entry in works if entry["name"] == KEPT)
    kept["keep"] = str(folder / "kept")
    wanted = {*ALONE, *asked("name"), *(f"together: {name}" for name in asked("name"))}
    found = graded([entry for entry in works if entry["name"] in wanted], folder)
    return {"kept": folder / "kept", **found}


def checks_of(entry, cell: str) -> list[CheckResult]:
    return [decode(CheckResult, check) for check in entry["checks"][cell]]


def codes_of(checks: list[CheckResult], *outcomes: Outcome) -> set[str]:
    return {code for check in checks if check.outcome in outcomes for code in check.faults}


def said_of(checks: list[CheckResult]) -> str:
    return "\n".join(f"{c.outcome} {c.check} {c.faults} {c.message}" for c in checks if c.outcome != Outcome.PASSED)


RIGHT = [
    *((f"layer: {name}", LAYER, 2, one) for name, one in RIGHT_LAYERS.items()),
    *((f"network: {name}", NETWORK, 3, one) for name, one in RIGHT_NETWORKS.items()),
]
WRONG = [
    *((f"layer: {name}", LAYER, 2, one) for name, one in WRONG_LAYERS.items()),
    *((f"network: {name}", NETWORK, 3, one) for name, one in WRONG_NETWORKS.items()),
]


@pytest.mark.parametrize(("name", "cell", "points", "one"), RIGHT, ids=[entry[0] for entry in RIGHT])
def test_what_is_right_earns_everything_however_it_is_written(verdicts, name, cell, points, one):
    checks = checks_of(verdicts[name], cell)
    assert {check.outcome for check in checks} == {Outcome.PASSED}, said_of(checks)
    assert cell_points(checks, points) == points
    assert codes_of(checks, Outcome.PASSED) == one.remarks
    assert verdicts[name]["log"] == []


@pytest.mark.parametrize(("name", "cell", "points", "one"), WRONG, ids=[entry[0] for entry in WRONG])
def test_what_is_wrong_is_named_with_its_code_and_with_no_other(verdicts, name, cell, points, one):
    checks = checks_of(verdicts[name], cell)
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == one.faults, said_of(checks)
    assert cell_points(checks, points) < points
    assert verdicts[name]["log"] == []
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)


# Of the cell's points: three tenths after a fatal fault, six after a serious one, nine after a slight one.
LEFT = [
    (LAYER, 0.3, ("all zero", "all equal", "weights frozen")),
    (LAYER, 0.6, ("no bias", "standard normal", "activation ignored", "always a ReLU")),
    (LAYER, 0.9, ("Glorot-normal", "uniform in a fixed range")),
    (NETWORK, 0.0, ("swapped",)),  # it raises: nothing is shown
    (NETWORK, 0.3, ("the sign lost",)),
    (NETWORK, 0.6, ("no bias", "a softmax too many", "rate ignored", "outside of its graph")),
    (NETWORK, 0.9, ("another default", "no accuracy")),
]


@pytest.mark.parametrize(
    ("name", "cell", "share"),
    [
        (f"{'layer' if cell == LAYER else 'network'}: {name}", cell, share)
        for cell, share, names in LEFT
        for name in names
    ],
)
def test_a_single_fault_costs_what_its_severity_says_and_no_more(verdicts, name, cell, share):
    assert cell_points(checks_of(verdicts[name], cell), 1) == share


@pytest.mark.parametrize(
    ("name", "cell", "most"),
    [
        ("layer: only h", LAYER, 0.0),
        ("layer: an error", LAYER, 0.0),
        ("network: only a graph", NETWORK, 0.0),
        ("network: nothing returned", NETWORK, 0.0),
        ("network: all wrong at once", NETWORK, 0.5),
    ],
)
def test_what_cannot_be_used_earns_nothing_and_what_is_wrong_all_over_little(verdicts, name, cell, most):
    assert cell_points(checks_of(verdicts[name], cell), 1) <= most


@pytest.mark.parametrize("name", TOGETHER)
def test_a_mistake_in_the_layer_is_charged_in_the_layer_and_not_again_in_the_network(verdicts, name):
    _, _, in_layer, in_network = TOGETHER[name]
    for cell, codes in ((LAYER, in_layer), (NETWORK, in_network)):
        checks = checks_of(verdicts[f"together: {name}"], cell)
        assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == codes, said_of(checks)


def test_a_message_tells_a_student_what_was_found_what_is_expected_and_where(verdicts):
    checks = checks_of(verdicts["network: another default"], NETWORK)
    (check,) = [check for check in checks if check.outcome is Outcome.FAILED]
    assert "Found 0.01; expected 0.003." in str(check.message)
    assert str(check.hint).startswith("The function must pass its argument on")
    assert "Read: Notebook 1, Exercise 3: the network." in str(check.hint)


def test_an_error_names_the_students_line(verdicts):
    checks = checks_of(verdicts["layer: an error"], LAYER)
    assert "NameError: name 'c' is not defined" in str(checks[0].message)


def test_the_verifier_in_its_own_process_with_the_lab_in_a_cage_says_the_same(verdicts):
    checks = ROOT / "source" / "digits" / "checks"
    verification = verify(
        VerificationRequest(
            evidence=verdicts["kept"],
            public_tests=(checks / "test_one_layer_public.py",),
            hidden_tests=(ROOT / "grader_tests" / "test_one_layer.py",),
            exercises=checks / "exercises.toml",
            hidden=ROOT / "grader_tests" / "hidden.toml",
            cells=(LAYER, NETWORK),
        )
    )
    assert verification.problem is None
    assert verification.log == ()
    failed = [check for checks in verification.checks.values() for check in checks if check.outcome is Outcome.FAILED]
    assert {code for check in failed for code in check.faults} == {"missing-bias"}
    settled = charged_once(verification.checks, {"one_layer_network": ["fully_connected_layer"]})
    for cell in (LAYER, NETWORK):
        assert list(settled[cell]) == checks_of(verdicts[KEPT], cell)

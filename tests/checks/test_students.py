"""Students' work in notebook 1, recorded, verified and graded: right work loses nothing, every fault is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from netgrader.grading.causes import charged_once
from netgrader.grading.verify import VerificationRequest, verify
from netgrader.results import Outcome
from tests.checks.works import GIVEN, checks_of, codes_of, entries, graded, require, said_of, works_of
from tests.programs import source

ROOT = Path(__file__).resolve().parents[2]
WORKS = works_of("prepare_data", "fully_connected_layer", "one_layer_network")
LAYER, NETWORK = "check_fully_connected_layer", "check_one_layer_network"
ALONE = ("one_layer_network: another default", "fully_connected_layer: an error")
# The layer, the network, codes charged in the layer's cell, codes charged in the network's.
TOGETHER = {
    "no bias in the layer": ("no bias", "as in the notebook", {"missing-bias"}, set()),
    "always a ReLU": ("always a ReLU", "as in the notebook", {"wrong-activation"}, set()),
    "no bias in the network alone": ("get_variable", "no bias", set(), {"missing-bias"}),
}
KEPT = "no bias in the layer"


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    """What came of every piece of work that is asked for."""
    folder = tmp_path_factory.mktemp("students")
    together = [
        {
            "name": name,
            "cells": [LAYER, NETWORK],
            "sources": [
                GIVEN,
                source(f"cells/fully_connected_layer:{layer}"),
                source(f"cells/one_layer_network:{network}"),
            ],
            "keep": str(folder / "kept") if name == KEPT else None,
        }
        for name, (layer, network, _, _) in TOGETHER.items()
        if name in {KEPT, *asked("pair")}
    ]
    return {"kept": folder / "kept", **graded(entries({*ALONE, *asked("name")}) + together, folder)}


@pytest.mark.parametrize("name", [name for name, one in WORKS.items() if not one.codes])
def test_what_is_right_earns_everything_however_it_is_written(verdicts, name):
    require(verdicts, name, WORKS[name])


@pytest.mark.parametrize("name", [name for name, one in WORKS.items() if one.codes])
def test_what_is_wrong_is_named_with_its_code_and_no_other_and_costs_what_its_severity_says(verdicts, name):
    require(verdicts, name, WORKS[name])


@pytest.mark.parametrize("pair", TOGETHER)
def test_a_mistake_in_the_layer_is_charged_in_the_layer_and_not_again_in_the_network(verdicts, pair):
    _, _, in_layer, in_network = TOGETHER[pair]
    for cell, codes in ((LAYER, in_layer), (NETWORK, in_network)):
        checks = checks_of(verdicts[pair], cell)
        assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == codes, said_of(checks)


def test_a_message_tells_a_student_what_was_found_what_is_expected_and_where(verdicts):
    checks = checks_of(verdicts["one_layer_network: another default"], NETWORK)
    (check,) = [check for check in checks if check.outcome is Outcome.FAILED]
    assert "Found 0.01; expected 0.003." in str(check.message)
    assert str(check.hint).startswith("The function must pass its argument on")
    assert "Read: Notebook 1, Exercise 3: the network." in str(check.hint)


def test_an_error_names_the_students_line(verdicts):
    checks = checks_of(verdicts["fully_connected_layer: an error"], LAYER)
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

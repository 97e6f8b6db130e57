"""`docs/reference/results.schema.json` accepts the results of grading, and nothing that contradicts the contract."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from netgrader.files import decode
from netgrader.results import (
    CellResult,
    CheckResult,
    NotebookResult,
    Outcome,
    Status,
    SubmissionResult,
    Visibility,
)

PATH = Path(__file__).resolve().parents[2] / "docs" / "reference" / "results.schema.json"
SCHEMA = json.loads(PATH.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

# The example of the contract, word for word.
CONTRACT = json.loads("""
[{"notebook": "2_two_layers.ipynb", "score": 7.5, "max_score": 14.0,
 "cells": [{"cell": "check_two_layer_network", "points": 3.0, "max_points": 4.0, "manual": false,
   "checks": [{"check": "test_two_layers.py::test_logits_are_linear", "sentence": "The last layer has no activation",
      "visibility": "hidden", "outcome": "failed", "credit": 0.0, "max_credit": 1.0,
      "faults": ["relu-on-logits"], "message": "…", "hint": "…"}]}],
 "faults": ["relu-on-logits"], "status": "graded", "problem": null,
 "measured": {"test_accuracy": 0.9801}, "seconds": {"execute": 14.2, "verify": 3.1},
 "environment": {"tensorflow": "2.21.0"}}]
""")


def result() -> SubmissionResult:
    checks = (
        CheckResult(
            "test_t.py::test_a", "A", Visibility.PUBLIC, Outcome.PASSED, 1.0, 1.0, ("unclipped-log",), "R.", "H."
        ),
        CheckResult("test_t.py::test_b", "B", Visibility.HIDDEN, Outcome.UNGRADABLE, 0.0, 1.0, (), "Not reached."),
        CheckResult("test_t.py::test_c", "C", Visibility.HIDDEN, Outcome.PARTIAL, 0.5, 1.0, ("no-shuffling",), "F."),
    )
    cells = (CellResult("check_a", 1.5, 3.0, False, checks), CellResult("written", None, 2.0, True))
    notebook = NotebookResult(
        "1_one_layer.ipynb",
        1.5,
        3.0,
        cells,
        ("no-shuffling",),
        Status.PARTLY,
        "One was not reached.",
        {"target_met": "no"},
    )
    return SubmissionResult((notebook,))


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_contracts_own_example_is_valid():
    VALIDATOR.validate(CONTRACT)


def test_what_results_write_is_valid_and_reads_back_the_same():
    raw = json.loads(json.dumps(result().as_json()))
    VALIDATOR.validate(raw)
    assert decode(tuple[NotebookResult, ...], raw) == result().notebooks


def change(path, value):
    def apply(raw):
        place = raw
        for key in path[:-1]:
            place = place[key]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return apply


CHECK = (0, "cells", 0, "checks", 0)


@pytest.mark.parametrize(
    "spoil",
    [
        change((0, "status"), None),
        change((0, "status"), "fine"),
        change((0, "status"), "not-gradable"),
        change((0, "extra"), 1),
        change((0, "score"), -1),
        change((0, "faults"), ["Not a code"]),
        change((0, "faults"), ["not-scaled", "not-scaled"]),
        change((0, "measured"), {"target_met": "perhaps"}),
        change((0, "measured"), {"test_accuracy": 98.0}),
        change((0, "seconds"), {"execute": "long"}),
        change((0, "cells", 0, "manual"), True),
        change((0, "cells", 0, "points"), None),
        change((*CHECK, "outcome"), "skipped"),
        change((*CHECK, "visibility"), "secret"),
        change((*CHECK, "check"), "no test"),
        change((*CHECK, "sentence"), ""),
        change((*CHECK, "message"), ""),
        change((*CHECK, "hint"), 3),
        change((*CHECK, "credit"), "all"),
        change((*CHECK, "reason"), "new"),
    ],
)
def test_what_contradicts_the_contract_is_refused(spoil):
    raw = copy.deepcopy(CONTRACT)
    spoil(raw)
    assert not VALIDATOR.is_valid(raw)


def test_an_ungradable_check_has_no_credit_and_says_why():
    raw = copy.deepcopy(CONTRACT)
    check = raw[0]["cells"][0]["checks"][0]
    check.update(outcome="ungradable", faults=[], message="The kernel died.")
    assert VALIDATOR.is_valid(raw)
    check["credit"] = 0.5
    assert not VALIDATOR.is_valid(raw)

"""What was tried is told to the instructor as facts: the cell, what was seen, which limit was hit. It changes no mark."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from netgrader.results import NotebookResult, Observed
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "results.schema.json").read_text())
ATTACKS = [
    Attack("endless", squares="while True: pass"),
    Attack("dies", squares="import os\nos._exit(1)"),
    Attack("greedy", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
    Attack("curious", cells=["open('/etc/passwd', 'a')", "p = '../../grader_tests/gradebook.db'"], squares=RIGHT),
    Attack(
        "pickles",
        squares="import numpy as np\nnp.lib.format.write_array = lambda out, *a, **k: out.write(b'x')\n" + RIGHT,
    ),
    Attack("honest", squares=RIGHT),
]


@pytest.fixture(scope="module")
def seen(attacked: Attacked) -> dict[str, NotebookResult]:
    attacked.run(ATTACKS)
    return {name: graded.result for name, graded in attacked.results.items()}


def test_of_an_honest_notebook_there_is_nothing_to_tell(seen) -> None:
    assert seen["honest"].integrity == ()


def test_a_cell_that_met_a_limit_is_told_with_the_limit(seen) -> None:
    assert seen["endless"].integrity == (Observed("squares", "The cell went on for longer than its time.", "time"),)
    assert seen["dies"].integrity == (Observed("squares", "The kernel ended in the cell.", None),)
    assert [one.limit for one in seen["greedy"].integrity] == ["memory"]


def test_what_a_cell_asked_for_and_did_not_get_is_told(seen) -> None:
    told = {(one.cell, one.seen) for one in seen["curious"].integrity}
    assert any("refused" in said for _, said in told) or any("Read-only" in said for _, said in told)
    assert {said for _, said in told if "names" in said} == {
        "The cell names grader_tests, which no exercise needs.",
        "The cell names gradebook, which no exercise needs.",
    }
    assert seen["curious"].score == 5.0


def test_evidence_that_could_not_be_read_is_told(seen) -> None:
    assert seen["pickles"].score == 2.0
    assert any(one.cell == "check_squares" for one in seen["pickles"].integrity)


def test_the_json_has_it_and_is_read_back(seen) -> None:
    jsonschema.validate(json.loads(json.dumps([result.as_json() for result in seen.values()])), SCHEMA)
    for result in seen.values():
        raw = json.loads(json.dumps(result.as_json()))
        assert NotebookResult.from_json(raw).integrity == result.integrity
        assert (
            NotebookResult.from_json({key: value for key, value in raw.items() if key != "integrity"}).integrity == ()
        )

"""What was tried is told to the instructor as facts: the cell, what was seen, which limit was hit. It changes no mark."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from netgrader.files import decode
from netgrader.results import NotebookResult, Observed
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked
from tests.texts import english

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json").read_text())
ATTACKS = [
    Attack("endless", squares="while True: pass"),
    Attack("dies", squares="import os\nos._exit(1)"),
    Attack("greedy", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
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
    first, *rest = english(seen["endless"].integrity)
    assert first == Observed("squares", "The cell went on for longer than its time.", "time")
    assert [one.cell for one in rest] == ["check_squares"]  # and what is missing for it
    assert english(seen["dies"].integrity) == (Observed("squares", "The kernel ended in the cell.", None),)
    assert [one.limit for one in seen["greedy"].integrity] == ["memory"]


def test_evidence_that_could_not_be_read_is_told(seen) -> None:
    assert seen["pickles"].score == 2.0
    assert any(one.cell == "check_squares" for one in seen["pickles"].integrity)


def test_the_json_has_it_and_is_read_back(seen) -> None:
    jsonschema.validate(json.loads(json.dumps([result.as_json() for result in seen.values()])), SCHEMA)
    for result in seen.values():
        raw = json.loads(json.dumps(result.as_json()))
        assert decode(NotebookResult, raw).integrity == english(result.integrity)
        assert decode(NotebookResult, {key: value for key, value in raw.items() if key != "integrity"}).integrity == ()

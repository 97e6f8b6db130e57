"""What was tried is told to the instructor as facts: the cell, what was seen, which limit was hit. It changes no mark."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import pytest

from netgrader.files import decode
from netgrader.grading.integrity import NAMES, OWN_CHECK, OWN_CHECK_TOLD
from netgrader.results import NotebookResult, Observed
from tests.attacks.attacked import RIGHT, Attack
from tests.attacks.conftest import Attacked

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "results.schema.json").read_text())
# Evidence is taken silently, so that this hook of IPython's is called for it, and others are not.
ASKED = """
import numpy as np
right = np.arange(10) ** 2
squares = np.zeros(10, int)
def when_asked(*_): {right}
def afterwards(*_): squares[:] = 0
get_ipython().events.register('pre_execute', when_asked)
get_ipython().events.register('post_execute', afterwards)
"""
ATTACKS = [
    Attack("endless", squares="while True: pass"),
    Attack("dies", squares="import os\nos._exit(1)"),
    Attack("greedy", squares="hold = []\nwhile True: hold.append(bytearray(b'x') * 20_000_000)"),
    Attack("curious", cells=["open('/etc/passwd', 'a')", "p = '../../grader_tests/gradebook.db'"], squares=RIGHT),
    Attack(
        "pickles",
        squares="import numpy as np\nnp.lib.format.write_array = lambda out, *a, **k: out.write(b'x')\n" + RIGHT,
    ),
    Attack("checks itself", cells=["def check(name):\n    print('All right: 5 of 5 points.')"], squares=RIGHT),
    # What hides something behind much that is told, or behind many names.
    Attack(
        "drowns what is told",
        cells=["# " + " ".join(f"NBGRADER_{k}" for k in range(300))],
        squares=ASKED.format(right="squares[:] = right"),
    ),
    Attack(
        "is right for whoever asks, behind ten thousand names",
        cells=["globals().update({f'name_{k}': k for k in range(10_000)})"],
        squares=ASKED.format(right="globals().update(squares=right)"),
    ),
    Attack(
        "looks who calls it, by traceback",
        add="import traceback\ndef add(a, b):\n    return a + b if 'take' in str(traceback.extract_stack()) else 0",
    ),
    Attack("is right for whoever asks", squares=ASKED.format(right="globals().update(squares=right)")),
    Attack("changes its array for whoever asks", squares=ASKED.format(right="squares[:] = right")),
    Attack("honest", squares=RIGHT),
]


@pytest.fixture(scope="module")
def seen(attacked: Attacked) -> dict[str, NotebookResult]:
    attacked.run(ATTACKS)
    return {name: graded.result for name, graded in attacked.results.items()}


def test_of_an_honest_notebook_there_is_nothing_to_tell(seen) -> None:
    assert seen["honest"].integrity == ()


def test_a_cell_that_met_a_limit_is_told_with_the_limit(seen) -> None:
    first, *rest = seen["endless"].integrity
    assert first == Observed("squares", "The cell went on for longer than its time.", "time")
    assert [one.cell for one in rest] == ["check_squares"]  # and what is missing for it
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


def test_a_check_of_ones_own_is_told_and_has_nothing_to_act_on(seen) -> None:
    assert seen["checks itself"].integrity == (Observed("code cell 3", OWN_CHECK_TOLD, None),)
    assert seen["checks itself"].score == 5.0


def test_a_check_that_is_called_or_compared_is_none_of_ones_own() -> None:
    kept = ("check('train')", "assert check == 3", "check == 3", "check_sums = 1", "def f(check): pass", "A.check = 1")
    assert not any(map(OWN_CHECK.search, kept))
    assert all(map(OWN_CHECK.search, ("x = 1\ncheck = print", "async def check(name): pass", "class check: pass")))


RIGHT_WHEN_ASKED = [
    "is right for whoever asks",
    "changes its array for whoever asks",
    "is right for whoever asks, behind ten thousand names",
]


@pytest.mark.parametrize("name", RIGHT_WHEN_ASKED)
def test_what_is_right_only_for_whoever_asks_is_told(seen, name: str) -> None:
    said = "When evidence was taken, squares meant something else than when the cell before had ended."
    assert seen[name].integrity == (Observed("check_squares", said, None),)
    assert seen[name].score == 5.0  # what was handed over counts, and a person looks


def test_what_was_found_is_told_before_hundreds_of_words(seen) -> None:
    told = seen["drowns what is told"].integrity
    assert told[0].cell == "check_squares"
    assert len(told) < 100


def test_looking_at_the_stack_is_told(seen) -> None:
    told = seen["looks who calls it, by traceback"].integrity
    assert [one.seen for one in told] == ["The cell names extract_stack, which no exercise needs."]


@pytest.mark.parametrize("module", ["cage", "evidence", "grading", "student.capture"])
def test_our_modules_whose_naming_is_told_are_there(module: str) -> None:
    name = f"netgrader.{module}"
    assert find_spec(name) is not None
    assert NAMES.findall(f"import {name} as ours") == [name]


def test_evidence_that_could_not_be_read_is_told(seen) -> None:
    assert seen["pickles"].score == 2.0
    assert any(one.cell == "check_squares" for one in seen["pickles"].integrity)


def test_the_json_has_it_and_is_read_back(seen) -> None:
    jsonschema.validate(json.loads(json.dumps([result.as_json() for result in seen.values()])), SCHEMA)
    for result in seen.values():
        raw = json.loads(json.dumps(result.as_json()))
        assert decode(NotebookResult, raw).integrity == result.integrity
        assert decode(NotebookResult, {key: value for key, value in raw.items() if key != "integrity"}).integrity == ()

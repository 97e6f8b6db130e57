"""`check` reports the fault and folds a hint below it, from the first time."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from netgrader.faults import CATALOGUE
from netgrader.results import CheckResult, Outcome, Visibility
from netgrader.student.answer import Answer
from tests.checks.in_ipython import run_notebooks
from tests.checks.works import GLOROT
from tests.programs import source

ROOT = Path(__file__).parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
GIVEN = source("cells/attempts:asked")
NETWORK = source("cells/one_layer_network:as in the notebook")
TWICE = source("cells/one_layer_network:a softmax too many")
UNREADABLE = NETWORK.replace("tf.nn.softmax(logits)", "tf.nn.softmax(logits))")


# ---- In a notebook -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What was shown after each cell, as text and as HTML, and the folder of the notebook."""
    folder = tmp_path_factory.mktemp("hints")
    shutil.copytree(CHECKS, folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    call = 'check("one_layer_network")'
    cells = {
        "given": GIVEN + GLOROT + TWICE,
        "first": call,
        "by the function": "check(one_layer_network)",
        "mended": NETWORK,
        "right": call,
        "unreadable": UNREADABLE,
        "of what is not read": call,
        "stopped": NETWORK + "\nundefined_name()\n",
        "of the error": call,
    }
    ran = run_notebooks({"notebook": list(cells.values())}, folder)["notebook"]
    return dict(zip(cells, [cell["shown"] for cell in ran["cells"]], strict=True)), folder


def text(shown, cell, kind="text/plain"):
    return "\n".join(one[kind] for one in shown[0][cell])


HINT = "Follow the loss"


def test_the_first_time_already_a_hint_is_folded_below_the_message(shown):
    said, page = text(shown, "first"), text(shown, "first", "text/html")
    assert said.index("Softmax is applied twice") < said.index(f"Hint: {HINT}")
    assert said.count(HINT) == 1
    assert re.search(rf"<details[^>]*><summary>Hint</summary>{HINT}[^<]*</details>", page)
    assert page.count(HINT) == 1
    assert "Hint" not in text(shown, "right") + text(shown, "right", "text/html")


def test_check_takes_the_function_as_well_as_its_name(shown):
    assert text(shown, "by the function") == text(shown, "first")


def test_a_cell_that_stopped_has_the_hint_of_its_error_and_one_that_is_not_read_has_none(shown):
    assert "Hint: Copy the reported line" in text(shown, "of the error")
    assert "<summary>Hint</summary>Copy the reported line" in text(shown, "of the error", "text/html")
    assert "SyntaxError" in text(shown, "of what is not read")
    assert "Hint" not in text(shown, "of what is not read")


# ---- Which hints ---------------------------------------------------------------------------------------------------------


def verdict(name, outcome, *codes):
    return CheckResult(f"t.py::{name}", name, Visibility.PUBLIC, outcome, 0, 1, codes, f"In {name}.")


def test_each_hint_stands_once_at_the_first_check_that_is_wrong_by_it():
    checks = (
        verdict("a", Outcome.PASSED, "missing-bias"),
        verdict("b", Outcome.FAILED, "missing-bias", "no-such-code"),
        verdict("c", Outcome.PARTIAL, "missing-bias", "wrong-width"),
    )
    said = str(Answer("layer", checks))
    order = ["In b.", CATALOGUE["missing-bias"].hint, "In c.", CATALOGUE["wrong-width"].hint]
    assert [said.count(one) for one in order] == [1, 1, 1, 1]
    assert sorted(order, key=said.index) == order
    assert Answer("layer", checks)._repr_html_().count("<details") == 2


def test_a_remark_has_its_own_sign_and_is_counted_in_the_first_line():
    passed = CheckResult("a", "The loss is a mean", Visibility.PUBLIC, Outcome.PASSED, 1.0, 1.0)
    noted = replace(passed, check="b", faults=("loss-not-mean",), message="Found a sum; expected a mean.")
    first, *lines = str(Answer("layer", (passed, noted))).splitlines()
    assert first == "layer: all 2 checks passed. Grading runs these again. 1 remark, which costs nothing."
    assert [line.split()[0] for line in lines[:2]] == ["✓", "•"]
    assert "2 remarks, which cost nothing." in str(Answer("layer", (noted, noted)))
    assert "remark" not in str(Answer("layer", (passed,)))

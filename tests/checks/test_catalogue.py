"""The catalogue of faults: whole, well formed, and used by the checks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from graphread.text import WORDS, Text, joined
from netgrader.faults import ALL, CATALOGUE, Fault, Severity, fault, is_remark
from tests.datasets import EXERCISES

SOURCE = Path(__file__).resolve().parents[2] / "source" / "digits"

# The codes that others build on: none may go.
PUBLIC = """
    not-done missing-name error-in-code wrong-return softmax-before-loss sigmoid-before-loss relu-on-logits
    mse-on-softmax mse-on-logits sigmoid-cross-entropy wrong-loss unclipped-log loss-over-wrong-axis
    labels-logits-swapped maximises-loss minimises-wrong-tensor labels-not-one-hot labels-off-by-one
    logits-are-probabilities loss-not-finite broadcast-in-loss classification-loss differences-cancel
    loss-not-mean targets-out-of-reach missing-activation linear-layers wrong-activation softmax-in-hidden-layer
    missing-bias wrong-width layer-not-connected too-few-layers too-many-layers shared-weights zero-initialisation
    constant-initialisation huge-initialisation wrong-initialisation bias-not-zero
    dropout-at-evaluation keep-rate-swapped batchnorm-not-updated rows-mixed fixed-batch-size wrong-placeholder
    missing-tensor misnamed-part built-in-default-graph built-twice unused-layer keras3-removed-api layers-not-trained
    train-op-not-run wrong-optimizer learning-rate-not-as-stated not-initialised reinitialised-each-epoch
    evaluated-in-fresh-session graph-grows same-batch-always part-of-data-only no-minibatches no-shuffling sorted-data
    wrong-slice batch-size-ignored too-few-epochs too-many-epochs training-does-not-end sampled-with-replacement
    unknown-rows another-session session-closed evaluated-too-seldom
    evaluated-while-training schedule-not-fed not-scaled scaled-on-one-side scaled-twice
    integer-division wrong-range wrong-shape not-floating-point wrong-order labels-wrong labels-shuffled-apart
    labels-shifted target-missed accuracy-too-low trained-on-test reports-train-accuracy reported-accuracy-wrong
    answers-looked-up prediction-uses-labels weights-not-trained-here accuracy-over-wrong-axis accuracy-without-argmax
    accuracy-wrong prediction-wrong evaluated-on-part accuracy-not-mean picked-best-epoch-on-test learning-rate-too-low
    learning-rate-too-high learning-rate-diverges sweep-too-narrow sweep-result-not-reproduced sweep-of-one-network
    best-not-from-sweep hyperparameter-not-as-stated
    gradient-of-logits gradient-of-loss gradient-of-wrong-tensor gradients-out-of-order gradient-wrong-shape
"""

OF_REGRESSION = [code for code, kind in CATALOGUE.items() if kind.group.startswith("Regression")]
# What no notebook explains: exercises that were not done, what classes cannot have, and what digits does not ask for.
NOTHING_TO_EXPLAIN = {
    "not-done",
    "missing-name",
    "error-in-code",
    "wrong-return",
    "hyperparameter-not-as-stated",
    "image-torn",
    *OF_REGRESSION,
}


def test_every_public_code_is_there():
    assert [code for code in PUBLIC.split() if code not in CATALOGUE] == []


KINDS = EXERCISES.texts.kinds
"""The course's own texts say where to read."""


@pytest.mark.parametrize("code", KINDS)
def test_an_entry_says_what_why_and_where(code):
    kind = KINDS[code]
    assert kind.code == code
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", code)
    assert re.fullmatch(r"[A-Z].*[.]", str(Text(kind.sentence))), kind.sentence
    assert re.fullmatch(r"[A-Zt].*[.…?]", str(Text(kind.why))), kind.why
    assert len(kind.sentence) <= 120
    assert bool(kind.where) is (code not in NOTHING_TO_EXPLAIN)
    texts = [
        CATALOGUE[code].sentence,
        CATALOGUE[code].why,
        CATALOGUE[code].hint,
        *kind.regression.values(),
        *kind.rows.values(),
    ]
    assert "{" not in "".join(texts).format(**WORDS)


def test_what_the_contract_calls_a_remark_costs_nothing():
    remarks = {code for code, kind in CATALOGUE.items() if kind.remark}
    assert {"unclipped-log", "built-twice", "picked-best-epoch-on-test"} <= remarks
    assert not remarks & {"softmax-before-loss", "missing-bias", "no-shuffling"}


def test_what_a_fault_brings_are_other_codes_of_the_catalogue():
    brought = {code: kind.brings for code, kind in CATALOGUE.items()}
    assert {code: codes - {*CATALOGUE, ALL} for code, codes in brought.items() if codes - {*CATALOGUE, ALL}} == {}
    assert [code for code, codes in brought.items() if code in codes] == []


def test_a_sentence_of_ones_own_is_a_fault_without_a_code():
    assert (fault("A sentence of one's own.").code, fault("no-such-fault").code) == ("", "no-such-fault")


@pytest.mark.parametrize(
    ("code", "severity", "remark"),
    [("missing-bias", None, False), ("missing-bias", Severity.REMARK, True), ("unclipped-log", Severity.FATAL, False)],
)
def test_how_grave_this_very_one_is_goes_before_its_code(code, severity, remark):
    assert is_remark(fault(code, severity=severity)) is remark


def test_a_message_says_what_was_found_expected_and_where():
    fault = Fault("wrong-width", "A layer has another width.", place="layer 1", found="150", expected="1500")
    assert str(fault.said) == "A layer has another width. Found 150; expected 1500. Where: layer 1."
    assert str(joined([Fault("", "So.", found="a").said, Fault("", "And so.", expected="b").said])) == (
        "So. Found a. And so. Expected b."
    )


def test_a_hint_says_why_and_where_to_read_once_for_each_code():
    said = str(EXERCISES.texts.hint(["missing-bias", "missing-bias"]))
    assert said.count(str(Text(KINDS["missing-bias"].why))) == 1
    assert KINDS["missing-bias"].where in said
    assert EXERCISES.texts.hint([]) is None


def headings(notebook: str) -> set[str]:
    cells = json.loads((SOURCE / notebook).read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "markdown" for line in "".join(cell["source"]).splitlines()]
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


@pytest.mark.parametrize("notebook", sorted(path.name for path in SOURCE.glob("*.ipynb")))
def test_where_to_read_is_a_heading_of_the_notebook(notebook):
    prefix = f"Notebook {notebook[0]}, "
    named = {str(kind.where).removeprefix(prefix) for kind in KINDS.values() if str(kind.where).startswith(prefix)}
    assert named
    assert named - headings(notebook) == set()


def test_where_to_read_names_a_notebook():
    assert {kind.where[:10] for kind in KINDS.values() if kind.where} <= {f"Notebook {n}" for n in "123"}

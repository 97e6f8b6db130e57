"""For each training loop on a fault page, the marked faults are named at their places, and no others."""

from __future__ import annotations

import pytest

from netgrader.faults import CATALOGUE
from netgrader.judges.aspects import Aspect
from netgrader.judges.training_loop import training_pictures
from tests.faults.blocks import BLOCKS, EXAMPLE, TRAIN, marked

ENDLESS = "training-does-not-end"
"""Whose evidence is too large to be kept: it is made in `make test-all`."""
LOOPS = [
    pytest.param(one, id=one.name, marks=pytest.mark.all if one.page == ENDLESS else ())
    for one in BLOCKS
    if one.kind == TRAIN
]


@pytest.fixture(scope="module")
def trained(rehearse, raw, asked):
    """What is judged of each loop, by its text."""
    names = {block.text: block.name for block in asked("block")}
    rehearsed = rehearse({name: text for text, name in names.items()}, raw=raw)
    return {text: rehearsed.training(name) for text, name in names.items()}


@pytest.mark.parametrize("block", LOOPS)
def test_of_a_loop_what_is_marked_is_named_at_its_place(trained, block):
    training = trained[block.text]
    assert sorted([*training.codes, *training.remarks]) == marked(block)
    places = {str(fault.place) for verdict in training.verdicts.values() for fault in verdict.faults}
    for mark in block.marks:
        assert places <= {mark.place, f"train: line {mark.line}"}
    shares = {verdict.share for verdict in training.verdicts.values()}
    assert (min(shares) < 1) is any(not CATALOGUE[mark.code].remark for mark in block.marks)
    found = [str(fault.found) for verdict in training.verdicts.values() for fault in verdict.faults]
    assert all(text and "nan" not in text.lower().split() for text in found)


EXAMPLES = {block.page: block for block in BLOCKS if (block.kind, block.section) == (TRAIN, EXAMPLE)}
FIGURES = {
    "part-of-data-only": (Aspect.ROWS, "600 of 1,500", "each of the 1,500 images once"),
    "same-batch-always": (Aspect.ROWS, "24 steps on the same 64 images", ""),
    "no-minibatches": (Aspect.ROWS, "minibatches of 1,500", "of 64"),
    "batch-size-ignored": (Aspect.ROWS, "minibatches of 32", "of 64"),
    "too-few-epochs": (Aspect.RUN, "1 epoch of steps", "2 epochs of steps"),
    "sorted-data": (Aspect.ORDER, "in a minibatch", "about 1"),
    "labels-shifted": (Aspect.LABELS, "the image 1 after it", "with its own"),
    "trained-on-test": (Aspect.HELD_OUT, "500 of the 500 test images", "training images only"),
    "evaluated-on-part": (Aspect.EVALUATION, "100 of 500 test images after epoch 1", "all 500"),
    "reported-accuracy-wrong": (Aspect.REPORT, "acc_val 0.", "0."),
    "graph-grows": (Aspect.GRAPH, "operations added during 2 epochs", "none"),
}


@pytest.mark.parametrize(("block", "figures"), [(EXAMPLES[code], said) for code, said in FIGURES.items()], ids=FIGURES)
def test_the_figures_are_those_of_the_run(trained, block, figures):
    aspect, found, expected = figures
    (fault,) = trained[block.text].verdicts[aspect].faults
    assert found in str(fault.found)
    assert str(fault.expected).startswith(expected)


@pytest.mark.parametrize("block", [EXAMPLES["train-op-not-run"]], ids=lambda block: block.name)
def test_a_loop_without_a_step_earns_nothing(trained, block):
    assert {verdict.share for verdict in trained[block.text].verdicts.values()} == {0.0}


@pytest.mark.parametrize("block", [EXAMPLES["same-batch-always"]], ids=lambda block: block.name)
def test_the_rows_of_the_same_batch_fed_again_and_again_are_seen_to_be_few(trained, block):
    rows = next(training_pictures(trained[block.text]))
    assert dict(zip(rows.times, rows.rows, strict=True))[0] > 1300

"""Of each training loop on a fault's page what is marked is named, at its place, and nothing else."""

from __future__ import annotations

import pytest

from tests.faults.blocks import BLOCKS, TRAIN, marked

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
    places = {fault.place for verdict in training.verdicts.values() for fault in verdict.faults}
    for mark in block.marks:
        assert places <= {mark.place, f"train: line {mark.line}"}

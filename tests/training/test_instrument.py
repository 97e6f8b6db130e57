"""The instrument is a network like any other, and records everything."""

from __future__ import annotations

import json

import numpy as np
import pytest

from netgrader.judges.notes import Asked
from tests.programs import source
from tests.training.mutants import STYLES, loop
from tests.training.test_bad_loops import BAD

CONTRACT = ["graph", "X", "Y", "logits", "prediction", "loss", "train_op", "accuracy"]

# Loops that are tried out now, also where those of other tests come from an archive.
KEPT = {style: loop(style) for style in STYLES} | {
    name: BAD[name].source
    for name in (
        "stub",
        "exit",
        "a session of its own",
        "closed before it trains",
        "feeds what is not finite",
        "rebinds the images alone",
        "returns an endless generator",
    )
}
LOOPS = KEPT | {
    "look": source("loops/look:look"),
    "often": loop("plain").replace(
        "    return acc_trn",
        "    for _ in range(30):\n        sess.run(net.logits, {net.X: x_test})\n    return acc_trn",
    ),
    "endless": loop("plain").replace("range(n_epochs)", "iter(int, 1)"),
}
TERMS = {"calls": ((2, 64),), "seconds": 2.0}


@pytest.fixture(scope="module")
def tried(rehearse, raw, asked):
    wanted = {name: text for name, text in LOOPS.items() if name in {"plain", *asked("name")} or name not in KEPT}
    return rehearse(wanted, **TERMS, raw=raw, live=True)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_tried_out_now_is_judged_as_what_is_kept(tried, kept, name):
    now, then = tried.training(name), kept.training(name)
    assert (now.codes, now.remarks) == (then.codes, then.remarks)
    assert [(one.aspect, one.share) for one in now.verdicts.values()] == [
        (one.aspect, one.share) for one in then.verdicts.values()
    ]


@pytest.fixture(scope="module")
def kept(rehearse, raw):
    return rehearse(KEPT, **TERMS, raw=raw)


@pytest.fixture(scope="module")
def facts(tried):
    return json.loads(tried.evidence("look").errors["0/train"].message)


def test_it_has_the_contracts_attributes_and_no_others(facts):
    assert facts["attributes"] == sorted(CONTRACT)
    assert facts["shapes"] == [[None, 784], [None, 10], [None, 10]]
    assert facts["dtypes"] == ["float32", "float32"]


def test_its_variables_are_those_of_any_such_network(facts):
    assert facts["trainable"] == [[784, 10], [10]]
    assert facts["globals"] == 7  # two running means for each, and the steps taken


def test_it_learns_and_its_parts_agree(facts):
    assert facts["learned"] < 0.5
    assert facts["accuracy"] == pytest.approx(facts["expected"])
    assert facts["sums"] < 1e-5
    assert facts["same"]
    assert facts["nothing"]


def test_every_run_is_noted_in_order(tried):
    training = tried.training("plain")
    call = training.subjects[0].call
    assert len(call.initialisations) == 1
    assert len(call.steps) == 2 * 24
    assert list(call.asked) == [Asked.INITIALISE, *([Asked.STEP] * 24 + [Asked.ACCURACY] * 2) * 2]
    assert list(call.sizes[1:27]) == [64] * 23 + [1500 - 23 * 64] + [1500, 500]
    assert np.isfinite(call.loss[call.steps]).all()
    assert call.loss[call.steps][-1] < call.loss[call.steps][0]
    assert len(set(call.state[call.steps])) == 48
    assert call.final == pytest.approx(call.state[-1], rel=1e-5)


def test_a_test_set_that_is_looked_at_often_is_noted_once(tried):
    arrays = tried.evidence("often").arrays
    assert len(arrays["0/block_sizes"]) == 2 * 24 + 2
    assert len(arrays["0/found"]) == 2 * (1500 + 1500 + 500) + 30 * 500
    assert tried.training("often").codes == ()


def test_an_endless_loop_is_ended(tried):
    assert tried.training("endless").codes == ("training-does-not-end",)

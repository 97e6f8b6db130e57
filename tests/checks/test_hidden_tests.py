"""The tests of notebook 1 are all needed: each hidden one finds a mistake that no other finds."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from netgrader.checks.language import grades_of
from tests.checks.works import EXERCISES, GIVEN, GLOROT, graded, works_of
from tests.programs import programs, source
from tests.training.mutants import loop
from tests.training.test_students import MISTAKES_OF_ONE_ASPECT

ROOT = Path(__file__).resolve().parents[2]
DATA, NETWORK = source("cells/prepare_data:as in the notebook"), source("cells/one_layer_network:as in the notebook")
# Those of `train` look at one aspect each, of which the loops of tests/training tell.
OF_TRAIN = set(MISTAKES_OF_ONE_ASPECT)
# The last one looks at the notebook's own run: right on any network but one's own, of which something is claimed.
OWN_RUN = "test_your_network_is_as_good_as_reported"
CLAIMS = loop("plain").replace(
    "    return acc_trn, acc_val\n",
    "    return (acc_trn, [0.99] * n_epochs) if hasattr(net, 'W1') else (acc_trn, acc_val)\n",
)
RUN = """
net = one_layer_network()
sess = tf.Session(graph=net.graph)
acc_trn, acc_val = train(sess, net, 1, 1000)
"""


# Right on the instruments, and without a step on the network that has a W1: that of the notebook.
IDLE = {
    "no step": loop("plain").replace(
        "sess.run(net.train_op", "sess.run(net.loss if hasattr(net, 'W1') else net.train_op"
    ),
    "no run": loop("plain").replace(
        "    acc_trn", "    if hasattr(net, 'W1'):\n        raise KeyError('mine')\n    acc_trn", 1
    ),
}


def hidden_tests(notebook="one_layer"):
    """Names and terms of the hidden tests of a notebook."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("hidden_tests", ROOT / "grader_tests" / f"test_{notebook}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: grades_of(value) for name, value in vars(module).items() if callable(value) and grades_of(value)}


# What was looked up is no accuracy either, as the public test of the same cell says: it is named once.
SAID_ALIKE = {"test_the_accuracy_was_learned"}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    before = [GIVEN, DATA, GLOROT, NETWORK]
    cells = ["check_prepare_data", "check_one_layer_network", "check_train", "run_training"]
    works = [{"name": OWN_RUN, "cells": [cells[0], *cells[2:]], "sources": [*before, CLAIMS, RUN]}]
    for name, loop_ in IDLE.items():
        assert loop_ != loop("plain")
        quiet = "try:\n" + textwrap.indent(RUN, "    ") + "except KeyError:\n    del net\n"
        works.append({"name": name, "cells": cells, "sources": [*before, loop_, quiet]})
    wanted = {OWN_RUN, *asked("name")}
    return graded([work for work in works if work["name"] in wanted], tmp_path_factory.mktemp("hidden"))


def test_what_is_claimed_of_the_network_of_ones_own_alone_is_found_by_the_run_of_it_alone(verdicts):
    checks = verdicts[OWN_RUN]["checks"]["check_train"]
    found = {check["check"].partition("::")[2]: check["faults"] for check in checks if check["outcome"] != "passed"}
    assert found == {OWN_RUN: ["reported-accuracy-wrong"]}


@pytest.mark.parametrize("name", IDLE)
def test_a_loop_that_trains_every_network_but_ones_own_is_told_so(verdicts, name):
    checks = verdicts[name]["checks"]["check_train"]
    found = {check["check"].partition("::")[2]: check["faults"] for check in checks if check["outcome"] != "passed"}
    assert found == {OWN_RUN: ["train-op-not-run"]}


@pytest.mark.parametrize("notebook", ["one_layer", "two_layers", "deep_network"])
def test_of_every_hidden_test_there_is_a_work_that_it_alone_finds_wrong(notebook):
    works = {**works_of(*EXERCISES), **programs("cells/deep_training")}
    found = {one.terms["only"] for one in works.values() if "only" in one.terms}
    assert set(hidden_tests(notebook)) <= found | OF_TRAIN | {OWN_RUN} | SAID_ALIKE

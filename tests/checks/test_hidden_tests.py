"""Tests of notebook 1 earn their keep, the hidden ones all: there is a mistake that each alone finds."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from netgrader.checks.language import grades_of
from tests.checks.students import ACCURACY, GIVEN, GLOROT, LAYER, LOSS, PREDICTION, _network
from tests.checks.test_students import graded
from tests.training.mutants import loop
from tests.training.test_students import MISTAKES_OF_ONE_ASPECT

ROOT = Path(__file__).resolve().parents[2]
CELLS = {
    "prepare_data": "check_prepare_data",
    "layer": "check_fully_connected_layer",
    "network": "check_one_layer_network",
}

DATA = """
from netgrader.student import load_mnist
(x_train_2d, y_train), (x_test_2d, y_test) = load_mnist()
x_train = x_train_2d.reshape(-1, 784) / np.float32(255)
x_test = x_test_2d.reshape(-1, 784) / np.float32(255)
y_train_1_hot, y_test_1_hot = np.eye(10)[y_train], np.eye(10)[y_test]
"""
ACTIVATION = "h = activation(h)"
SQUARED = "loss = tf.reduce_mean((prediction - Y) ** 2)"
THIRD_TIME = f"{LOSS}\n        made.append(1)\n        if len(made) == 3:\n            {SQUARED}"
OTHER_RATE = f"{LOSS}\n        if learning_rate != 0.003:\n            {SQUARED}"

# By test: the kind of work, and a mistake of which no other test of its cell says anything.
ONLY = {
    "test_test_images_are_prepared_alike": ("prepare_data", DATA + "x_test = x_test * 255\n"),
    "test_test_labels_are_one_hot": ("prepare_data", DATA + "y_test_1_hot = np.roll(y_test_1_hot, 1, axis=1)\n"),
    "test_layer_takes_any_activation": (
        "layer",
        GLOROT.replace(ACTIVATION, "h = tf.nn.tanh(h) if activation is tf.nn.sigmoid else activation(h)"),
    ),
    "test_layer_takes_a_function_of_ones_own": (
        "layer",
        GLOROT.replace(ACTIVATION, "h = activation(h) if activation.__module__.startswith('tensorflow') else h"),
    ),
    "test_first_weights_follow_the_size_of_the_layer": (
        "layer",
        GLOROT.replace("tf.glorot_uniform_initializer()", "tf.random_uniform_initializer(-0.0869, 0.0869)"),
    ),
    "test_each_layer_has_weights_of_its_own": (
        "layer",
        GLOROT.replace("variable_scope(name", "variable_scope('layer', reuse=tf.AUTO_REUSE"),
    ),
    "test_network_is_the_same_at_every_rate": ("network", _network((LOSS, OTHER_RATE))),
    "test_the_structure_holds_at_a_rate_of_grading": ("network", "made = []\n" + _network((LOSS, THIRD_TIME))),
    "test_prediction_is_the_strongest_class": (
        "network",
        _network(
            (PREDICTION, "prediction = tf.nn.softmax(logits + Y)"), ("argmax(prediction, 1)", "argmax(logits, 1)")
        ),
    ),
    "test_accuracy_is_the_share_of_right_predictions": ("network", _network((ACCURACY, ACCURACY + " * 100"))),
    "test_images_do_not_influence_one_another": (
        "network",
        _network(("[None, 784]", "[64, 784]"), ("[None, 10]", "[64, 10]")),
    ),
    "test_nothing_else_is_wrong": (
        "network",
        _network(
            (
                LAYER,
                "W1 = tf.Variable(tf.random_normal([784, 10]))\n        logits = tf.matmul(X, W1) + tf.Variable(tf.zeros([10]))",
            )
        ),
    ),
}
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


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory, asked):
    works = []
    for name, (kind, source) in ONLY.items():
        sources = [GIVEN, GLOROT, source] if kind == "network" else [GIVEN, source]
        works.append({"name": name, "cells": [CELLS[kind]], "sources": sources})
    own = [GIVEN, DATA, GLOROT, _network(), CLAIMS, RUN]
    works.append({"name": OWN_RUN, "cells": ["check_prepare_data", "check_train", "run_training"], "sources": own})
    cells = ["check_prepare_data", "check_one_layer_network", "check_train", "run_training"]
    for name, source in IDLE.items():
        assert source != loop("plain")
        quiet = "try:\n" + textwrap.indent(RUN, "    ") + "except KeyError:\n    del net\n"
        works.append({"name": name, "cells": cells, "sources": [GIVEN, DATA, GLOROT, _network(), source, quiet]})
    wanted = {OWN_RUN, *asked("name")}
    return graded([work for work in works if work["name"] in wanted], tmp_path_factory.mktemp("hidden"))


@pytest.mark.parametrize("name", ONLY)
def test_a_test_finds_what_no_other_finds(verdicts, name):
    (checks,) = verdicts[name]["checks"].values()
    complaining = {check["check"].partition("::")[2] for check in checks if check["faults"]}
    assert complaining == {name}, [
        (check["check"], check["message"]) for check in checks if check["outcome"] != "passed"
    ]


def test_what_is_claimed_of_the_network_of_ones_own_alone_is_found_by_the_run_of_it_alone(verdicts):
    checks = verdicts[OWN_RUN]["checks"]["check_train"]
    found = {check["check"].partition("::")[2]: check["faults"] for check in checks if check["outcome"] != "passed"}
    assert found == {OWN_RUN: ["reported-accuracy-wrong"]}


@pytest.mark.parametrize("name", IDLE)
def test_a_loop_that_trains_every_network_but_ones_own_is_told_so(verdicts, name):
    checks = verdicts[name]["checks"]["check_train"]
    found = {check["check"].partition("::")[2]: check["faults"] for check in checks if check["outcome"] != "passed"}
    assert found == {OWN_RUN: ["train-op-not-run"]}


def test_every_hidden_test_is_thought_of():
    assert set(hidden_tests()) <= {*ONLY, *OF_TRAIN, OWN_RUN}

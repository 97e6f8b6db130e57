"""Networks are read according to their tables: right ones without faults, wrong ones with exactly their fault."""

from __future__ import annotations

import linecache
import textwrap
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, read_network
from netgrader.course_reader import exercise_named
from tests.programs import programs
from tests.reader import networks

RELU = ("relu", "none")
TWO = {"widths": (30, 10), "optimizer": "adam", "learning_rate": 0.001, "bias": True}
MAPS = {"inputs": 108, "image_shape": (12, 9)}
PRICES = {"inputs": 16, "loss": None, "outputs": 1, "targets": (-2.0, 9.0)}
HOUSES = {**PRICES, "loss": "mean-squared-error", "activations": RELU, "optimizer": "adam", "learning_rate": 0.001}
EXERCISES = {
    "one": Exercise("one", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True),
    "two": Exercise("two", activations=RELU, **TWO),
    "two, relu6": Exercise("two", activations=("relu6", "none"), **TWO),
    "deep": Exercise("deep", loss=None, min_layers=3),
    "25 inputs": Exercise("network", inputs=25, widths=(40, 10), activations=RELU, bias=False),
    "784 inputs": Exercise("network", widths=(40, 10), activations=RELU, bias=False),
    "biased": Exercise("network", inputs=16, widths=(24, 10), bias=True),
    "line": Exercise("line", inputs=None, loss=None, outputs=1),
    "line through points": Exercise("line", inputs=1, loss=None, outputs=1),
    "convolutional": Exercise("maps", widths=(4, 6, 10), activations=("relu", "relu", "none"), bias=True, **MAPS),
    "free": Exercise("free", min_layers=3, min_conv_layers=2, **MAPS),
    "free, of no shape": Exercise("free", inputs=108, min_layers=3, min_conv_layers=2),
    "prices": Exercise("prices", widths=(12, 1), bias=True, **HOUSES),
    "three prices": Exercise("prices", widths=(12, 3), bias=True, **{**HOUSES, "outputs": 3}),
    "free prices": Exercise("free", min_layers=2, **PRICES),
    "free prices, above zero": Exercise("free", min_layers=2, **{**PRICES, "targets": (0.5, 9.0)}),
    "two classes, one output": Exercise(
        "network", inputs=5, classes=2, one_output=True, loss="softmax-cross-entropy", min_layers=2
    ),
    **{name: exercise_named(name) for name in ("two_layer_network", "deep_network")},
    "one_layer_network": replace(exercise_named("one_layer_network"), learning_rate=0.001),
}
FILES = (
    "arrays",
    "beginnings",
    "biases",
    "convolutions",
    "evaluation",
    "inputs",
    "layers",
    "losses",
    "obstacles",
    "predictions",
    "regression",
    "single_scores",
    "spellings",
    "strangers",
    "towers",
    "two_classes",
)
PROGRAMS = {
    f"{file}: {name}": one for file in FILES for name, one in programs(f"graphs/{file}").items() if name != "helpers"
}


def defined(text, file, names):
    """Run a text so that AutoGraph, which reads functions again, finds it."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)  # noqa: S102  (our own program)


def built(name):
    """Return the function that builds a program's network of images `x` and labels `y`."""
    file, names = name.partition(": ")[0], {**vars(networks), "np": np, "SimpleNamespace": SimpleNamespace}
    if helpers := programs(f"graphs/{file}").get("helpers"):
        defined(helpers.source, f"{file}.py", names)
    defined("def build(x=None, y=None):\n" + textwrap.indent(PROGRAMS[name].source, "    "), f"{name}.py", names)
    return names["build"]


def read(lab, name, functional=None):
    """Read a program's network; `functional` says how loops and branches are built, TensorFlow's way if it is None."""
    terms, build = PROGRAMS[name].terms, built(name)
    asked = EXERCISES[terms["exercise"]] if "exercise" in terms else None
    with nullcontext() if functional is None else networks.control_flow(functional):
        if not terms.get("raw"):
            return networks.read(lab, build, asked, inputs=terms.get("inputs", 784), named=terms.get("named", True))
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(2)
            return read_network(graph, build(), asked, lab=lab)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_network_is_read_as_its_table_says(lab, name):
    one, terms = PROGRAMS[name], PROGRAMS[name].terms
    for functional in terms.get("control_flow", [None]):
        network = read(lab, name, functional)
        assert network.codes == one.codes, str(network)
        assert {remark.code for remark in network.remarks} == one.remarks, str(network)
        assert {cause.code for cause in network.brought.values()} <= network.codes
        assert bool(network.undecided) is terms.get("undecided", False), str(network)
        assert set(terms.get("left_open", ())) <= set(network.left_open)
        for part in {"loss", "optimizer"} & set(terms):
            assert getattr(network, part).kind == terms[part]
        if "activations" in terms:
            assert [layer.activation for layer in network.layers] == terms["activations"]
        if "because" in terms:
            assert str(network.undecided[0]).startswith(terms["because"])
        if "severity" in terms:
            assert {str(fault.severity) for fault in network.faults} == {terms["severity"]}
        if "layers" in terms:
            assert [[layer.inputs, layer.outputs] for layer in network.layers] == terms["layers"]
        assert not [layer for layer in network.layers if str(layer.place).startswith("gradients")]


@pytest.mark.parametrize("name", PROGRAMS)
def test_where_nothing_is_run_a_network_is_accused_of_nothing_else(name):
    one = PROGRAMS[name]
    assert read(None, name).codes <= one.codes | set(one.terms.get("alone", ()))

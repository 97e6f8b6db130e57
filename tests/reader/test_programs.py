"""Networks as students write them are read rightly, and what is wrong in them is named, by code and by nothing else."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.course_reader import exercise_named

HERE = Path(__file__).parent


def _load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


programs = _load("programs")
mutants = _load("mutants")

WIDTH = 40
NAMES = [program.__name__ for program in programs.PROGRAMS]

#: Programs that do not take an operator: their weights or their optimizer are not made where it changes them.
NOT_APPLICABLE = {
    ("keras_layers", "zeros"),
    ("keras_layers", "constant"),
    ("keras_layers", "huge"),
    ("keras_layers", "softmax"),  # Keras takes a softmax before its loss back
    ("packed", "zeros"),
    ("packed", "constant"),
    ("packed", "huge"),
    ("packed", "last-layer-only"),
    ("columns", "rows-mixed"),  # there the mean is taken over the features
    ("columns", "softmax-hidden"),  # there the softmax is taken over the rows
    *(("adam_by_hand", name) for name in ("rate", "sgd", "momentum", "rmsprop")),
}


@pytest.fixture(scope="module", autouse=True)
def _graphs_as_in_the_course():
    control_flow, resources = tf.control_flow_v2_enabled(), tf.resource_variables_enabled()
    tf.disable_control_flow_v2()
    tf.disable_resource_variables()
    yield
    if control_flow:
        tf.enable_control_flow_v2()
    if resources:
        tf.enable_resource_variables()


def built(program, twist):
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        return program(twist)


def asked(twist, hidden):
    if hidden:
        return exercise_named("two_layer_network", twist.rate, widths=(WIDTH, 10))
    return exercise_named("one_layer_network", twist.rate)


@pytest.mark.parametrize("hidden", [WIDTH, None], ids=["two-layers", "one-layer"])
@pytest.mark.parametrize("program", programs.PROGRAMS, ids=NAMES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_right_network_is_read_and_has_no_fault(lab, program, hidden):
    twist = mutants.twisted(hidden, {})
    net = built(program, twist)
    for parts in (net, {"X": net.X.name, "Y": net.Y.name}):
        network = read_network(net.graph, parts, asked(twist, hidden), lab=lab)
        assert network.codes <= {"missing-tensor"} if parts is not net else not network.codes, str(network)
        widths = [(layer.inputs, layer.outputs, layer.bias) for layer in network.layers]
        assert widths == ([(784, WIDTH, True), (WIDTH, 10, True)] if hidden else [(784, 10, True)])
        assert [layer.activation for layer in network.layers] == (["relu", "none"] if hidden else ["none"])
        assert network.loss is not None
        assert (network.loss.kind, network.loss.of) == ("softmax-cross-entropy", "logits")
        assert network.optimizer is not None
        assert network.optimizer.kind == "adam"
        assert network.optimizer.learning_rate == pytest.approx(twist.rate, rel=0.01)


@pytest.mark.parametrize("name", mutants.MUTANTS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_wrong_is_named_and_nothing_else(lab, name):
    codes, changes, which = mutants.MUTANTS[name]
    if which == "none":
        pytest.fail("an operator that changes nothing has no place here")
    position = list(mutants.MUTANTS).index(name)
    sample = [p for p in programs.PROGRAMS if (p.__name__, name) not in NOT_APPLICABLE]
    for program in (sample[position % len(sample)], sample[(position * 5 + 3) % len(sample)]):
        hidden = None if which == "one" or (which == "both" and position % 2) else WIDTH
        twist = mutants.twisted(hidden, changes)
        net = built(program, twist)
        network = read_network(net.graph, net, asked(twist, hidden), lab=lab)
        assert network.codes == codes, f"{program.__name__}: {network}"
        assert all(fault.sentence for fault in network.faults)


@pytest.mark.parametrize("program", [programs.plain, programs.scoped_class], ids=["plain", "scoped_class"])
def test_the_scores_that_are_read_are_those_of_the_formula(lab, program):
    """A NumPy oracle for the label: the program is the network that the test says it is."""
    twist = mutants.twisted(WIDTH, {})
    net = built(program, twist)
    session = lab.load(net.graph.as_graph_def().SerializeToString()).session(3)
    session.initialise()
    network = read_network(net.graph, net, asked(twist, WIDTH), lab=lab)
    (w1, b1), (w2, b2) = (layer.variables for layer in network.layers)
    values = session.values([w1, b1, w2, b2])
    x = np.random.default_rng(0).random((5, 784))
    expected = np.maximum(x @ values[w1] + values[b1], 0) @ values[w2] + values[b2]
    (logits,) = session.run([network.roles["logits"].name], {net.X.name: x})
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)


def test_networks_that_mean_the_same_are_equal_and_others_are_not(lab):
    twist = mutants.twisted(WIDTH, {})
    first, second = (
        read_network((net := built(p, twist)).graph, net, asked(twist, WIDTH), lab=lab)
        for p in (programs.plain, programs.columns)
    )
    other = mutants.twisted(WIDTH, mutants.MUTANTS["tanh-hidden"][1])
    net = built(programs.plain, other)
    third = read_network(net.graph, net, asked(other, WIDTH), lab=lab)
    assert first == second
    assert first != third
    assert "784 → 40, relu" in str(first)
    assert first.as_json()["optimizer"]["kind"] == "adam"
    assert first.svg().startswith("<svg")

"""Means of classifiers, normalised layers, losses of no name and steps by hand: named by what they do, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, read_network

DEEP = Exercise("deep_network", loss=None, min_layers=3)
ONE = Exercise("one_layer_network", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True)


def fc(name, x, size):
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        bias = tf.get_variable("b", [size], initializer=tf.zeros_initializer())
        return x @ tf.get_variable("W", [int(x.shape[-1]), size]) + bias


def placeholders():
    return tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])


def cross_entropy(y, z):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


def gelu_by_tanh(z):
    return 0.5 * z * (1 + tf.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3)))


def read(exercise, build, lab):
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        parts = {"X": x, "Y": y, **build(x, y)}
        if "train_op" not in parts:
            parts["train_op"] = tf.train.AdamOptimizer(0.001).minimize(parts["loss"])
        same = tf.equal(tf.argmax(parts["logits"], 1), tf.argmax(y, 1))
        parts = {"prediction": tf.argmax(parts["logits"], 1), **parts}
        parts["accuracy"] = tf.reduce_mean(tf.cast(same, tf.float32))
        return read_network(graph, parts, exercise, lab=lab)


def mean_of_probabilities(x, y):
    each = [
        tf.nn.softmax(fc(f"o{i}", tf.nn.relu(fc(f"h{i}", tf.nn.relu(fc(f"g{i}", x, 20)), 20)), 10)) for i in range(3)
    ]
    mean = tf.add_n(each) / 3
    return {"logits": tf.log(mean + 1e-9), "loss": -tf.reduce_mean(tf.log(tf.reduce_sum(mean * y, 1) + 1e-9))}


def mean_of_several_draws(x, y):
    h = tf.nn.relu(fc("b", tf.nn.relu(fc("a", x, 20)), 20))
    on = tf.placeholder_with_default(False, [])
    each = [fc("o", tf.where(on, tf.nn.dropout(h, rate=0.5), h), 10) for _ in range(3)]
    return {"logits": tf.add_n(each) / 3, "loss": tf.add_n([cross_entropy(y, z) for z in each]) / 3}


def normalised(act):
    def build(x, y):
        h = x
        for i in range(3):
            h = act(fc(f"l{i}", h, 20))
            gain = tf.get_variable(f"g{i}", [20], initializer=tf.ones_initializer())
            h = h * tf.rsqrt(tf.reduce_mean(tf.square(h), -1, keepdims=True) + 1e-6) * gain
        z = fc("o", h, 10)
        return {"logits": z, "loss": cross_entropy(y, z)}

    return build


def attention(x, y):
    t = tf.tensordot(tf.reshape(x, [-1, 7, 112]), tf.get_variable("E", [112, 16]), 1)
    q, k, v = (tf.tensordot(t, tf.get_variable(name, [16, 16]), 1) for name in "QKV")
    t = t + tf.tensordot(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)) @ v, tf.get_variable("O", [16, 16]), 1)
    z = fc("o", tf.nn.relu(fc("f", tf.reduce_mean(t, 1), 16)), 10)
    return {"logits": z, "loss": cross_entropy(y, z)}


def trained_in_another_mode(x, y):
    def model(rate):
        h = x
        for i in range(3):
            h = tf.nn.dropout(tf.nn.relu(fc(f"l{i}", h, 20)), rate=rate) if rate else tf.nn.relu(fc(f"l{i}", h, 20))
        return fc("o", h, 10)

    z, trained = model(0), cross_entropy(y, model(0.3))
    variables = tf.trainable_variables()
    moves = [v.assign_sub(0.1 * g) for v, g in zip(variables, tf.gradients(trained, variables), strict=True)]
    return {"logits": z, "loss": cross_entropy(y, z), "train_op": tf.group(*moves)}


@pytest.mark.parametrize(
    "build",
    [mean_of_probabilities, mean_of_several_draws, normalised(tf.nn.relu), attention],
    ids=["probabilities", "draws", "normalised", "attention"],
)
def test_a_right_network_of_unusual_make_is_read_and_has_no_fault(build, lab):
    network = read(DEEP, build, lab)
    assert not network.faults, str(network)
    assert not network.undecided


@pytest.mark.usefixtures("_variables")
def test_descent_in_another_mode_than_the_loss_that_is_shown_is_undecided_and_no_fault(lab):
    network = read(DEEP, trained_in_another_mode, lab)
    assert not network.faults, str(network)
    assert network.optimizer.kind == "undecided"


@pytest.mark.parametrize(("axis", "kind"), [(0, "undecided"), (1, "softmax-cross-entropy")])
def test_a_loss_in_which_the_rows_of_a_batch_meet_is_not_taken_for_the_right_one(axis, kind, lab):
    def build(x, y):
        z = fc("o", x, 10)
        top = tf.reduce_max(z, 1, keepdims=True)
        total = top + tf.log(tf.reduce_sum(tf.exp(z - top), axis, keepdims=True))
        return {"logits": z, "loss": tf.reduce_mean(tf.reduce_sum(y * (total - z), 1))}

    network = read(ONE, build, lab)
    assert (network.codes, network.loss.kind) == (set(), kind)


def test_rows_that_are_chosen_by_their_own_loss_are_accused_of_nothing(lab):
    def build(x, y):
        z = fc("o", x, 10)
        each = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)
        return {"logits": z, "loss": tf.reduce_mean(tf.nn.top_k(each, tf.shape(each)[0] // 2)[0])}

    assert not read(ONE, build, lab).codes


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        (tf.nn.relu, {"relu-on-logits"}),
        (tf.nn.leaky_relu, {"relu-on-logits"}),
        (tf.nn.softsign, {"relu-on-logits"}),
        (lambda z: z * tf.tanh(tf.nn.softplus(z)), {"relu-on-logits"}),
        (gelu_by_tanh, {"relu-on-logits"}),
        (lambda z: tf.nn.relu6(z + 3) / 6, {"logits-are-probabilities"}),
        (tf.nn.softmax, {"logits-are-probabilities"}),
        (tf.nn.log_softmax, set()),
        (lambda z: z, set()),
    ],
    ids=["relu", "leaky-relu", "softsign", "mish", "gelu-tanh", "hard-sigmoid", "softmax", "log-softmax", "none"],
)
def test_an_activation_on_the_scores_that_are_evaluated_only_is_named(function, codes, lab):
    def build(x, y):
        z = fc("o", x, 10)
        return {"logits": function(fc("o", x, 10)), "loss": cross_entropy(y, z)}

    assert read(ONE, build, lab).codes == codes


@pytest.mark.parametrize("name", ["relu", "tanh", "elu"])
def test_an_activation_in_front_of_a_dropout_that_stays_on_is_known(name, lab):
    def build(x, y):
        z = fc("o", tf.nn.dropout(getattr(tf.nn, name)(fc("h", x, 20)), rate=0.5), 10)
        return {"logits": z, "loss": cross_entropy(y, z)}

    network = read(DEEP, build, lab)
    assert [layer.activation for layer in network.layers] == [name, "none"]
    assert "missing-activation" not in network.left_open


@pytest.fixture
def _branches_as_switches():
    functional = tf.control_flow_v2_enabled()
    tf.disable_control_flow_v2()
    yield
    (tf.enable_control_flow_v2 if functional else tf.disable_control_flow_v2)()


@pytest.mark.usefixtures("_branches_as_switches")
def test_a_bias_that_only_the_branch_of_evaluation_adds_is_a_weight_and_no_statistic(lab):
    def build(x, y):
        on = tf.placeholder_with_default(False, [])
        w, b = tf.get_variable("w", [784, 10]), tf.get_variable("b", [10])
        noisy = x + tf.random_normal(tf.shape(x))
        logits = tf.cond(on, lambda: noisy @ w, lambda: x @ w + b)
        return {"logits": logits, "loss": cross_entropy(y, logits)}

    network = read(ONE, build, lab)
    assert not network.faults
    assert [(layer.bias, layer.parameters) for layer in network.layers] == [(True, 7850)]

"""Means of classifiers, normalised layers, losses of no name and steps by hand: named by what they do, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from tests.reader.networks import control_flow, cross_entropy, dense, hidden, read, rows_of, weights

DEEP = Exercise("deep_network", loss=None, min_layers=3)
ONE = Exercise("one_layer_network", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True)


def gelu_by_tanh(z):
    return 0.5 * z * (1 + tf.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3)))


def mean_of_probabilities(x, y):
    mean = tf.add_n([dense(hidden(x), 10, tf.nn.softmax) for _ in range(3)]) / 3
    logits, loss = tf.log(mean + 1e-9), -tf.reduce_mean(tf.log(tf.reduce_sum(mean * y, 1) + 1e-9))
    return {"logits": logits, "loss": loss, "prediction": tf.argmax(logits, 1)}


def mean_of_several_draws(x, y):
    h, on = hidden(x), tf.placeholder_with_default(False, [])
    each = [dense(tf.where(on, tf.nn.dropout(h, rate=0.5), h), 10, name="o") for _ in range(3)]
    return {"logits": tf.add_n(each) / 3, "loss": tf.add_n([cross_entropy(y, z) for z in each]) / 3}


def normalised(x, _):
    h = x
    for i in range(3):
        h = dense(h, 20, tf.nn.relu)
        gain = tf.get_variable(f"g{i}", [20], initializer=tf.ones_initializer())
        h = h * tf.rsqrt(tf.reduce_mean(tf.square(h), -1, keepdims=True) + 1e-6) * gain
    return dense(h, 10)


def attention(x, _):
    t = tf.tensordot(tf.reshape(x, [-1, 7, 112]), weights("E", 112, 16), 1)
    q, k, v = (tf.tensordot(t, weights(name, 16, 16), 1) for name in "QKV")
    t = t + tf.tensordot(tf.nn.softmax(tf.matmul(q, k, transpose_b=True)) @ v, weights("O", 16, 16), 1)
    return dense(dense(tf.reduce_mean(t, 1), 16, tf.nn.relu), 10)


def trained_in_another_mode(x, y):
    def model(rate):
        h = x
        for i in range(3):
            h = dense(h, 20, tf.nn.relu, f"l{i}")
            h = tf.nn.dropout(h, rate=rate) if rate else h
        return dense(h, 10, name="o")

    z, trained = model(0), cross_entropy(y, model(0.3))
    variables = tf.trainable_variables()
    moves = [v.assign_sub(0.1 * g) for v, g in zip(variables, tf.gradients(trained, variables), strict=True)]
    return {"logits": z, "loss": cross_entropy(y, z), "train_op": tf.group(*moves)}


@pytest.mark.parametrize(
    "build",
    [mean_of_probabilities, mean_of_several_draws, normalised, attention],
)
def test_a_right_network_of_unusual_make_is_read_and_has_no_fault(build, lab):
    network = read(lab, build, DEEP)
    assert not network.faults, str(network)
    assert not network.undecided


@pytest.mark.usefixtures("_variables")
def test_descent_in_another_mode_than_the_loss_that_is_shown_is_undecided_and_no_fault(lab):
    network = read(lab, trained_in_another_mode, DEEP)
    assert not network.faults, str(network)
    assert network.optimizer.kind == "undecided"


@pytest.mark.parametrize(("axis", "kind"), [(0, "undecided"), (1, "softmax-cross-entropy")])
def test_a_loss_in_which_the_rows_of_a_batch_meet_is_not_taken_for_the_right_one(axis, kind, lab):
    def build(x, y):
        z = dense(x, 10, name="o")
        top = tf.reduce_max(z, 1, keepdims=True)
        total = top + tf.log(tf.reduce_sum(tf.exp(z - top), axis, keepdims=True))
        return {"logits": z, "loss": tf.reduce_mean(tf.reduce_sum(y * (total - z), 1))}

    network = read(lab, build, ONE)
    assert (network.codes, network.loss.kind) == (set(), kind)


def test_rows_that_are_chosen_by_their_own_loss_are_accused_of_nothing(lab):
    def build(x, y):
        z = dense(x, 10, name="o")
        each = rows_of(y, z)
        return {"logits": z, "loss": tf.reduce_mean(tf.nn.top_k(each, tf.shape(each)[0] // 2)[0])}

    assert not read(lab, build, ONE).codes


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
        z = dense(x, 10, name="o")
        return {"logits": function(dense(x, 10, name="o")), "loss": cross_entropy(y, z)}

    assert read(lab, build, ONE).codes == codes


@pytest.mark.parametrize("name", ["relu", "tanh", "elu"])
def test_an_activation_in_front_of_a_dropout_that_stays_on_is_known(name, lab):
    def build(x, _):
        return dense(tf.nn.dropout(dense(x, 20, getattr(tf.nn, name)), rate=0.5), 10)

    network = read(lab, build, DEEP)
    assert [layer.activation for layer in network.layers] == [name, "none"]
    assert "missing-activation" not in network.left_open


def test_a_bias_that_only_the_branch_of_evaluation_adds_is_a_weight_and_no_statistic(lab):
    def build(x, _):
        on = tf.placeholder_with_default(False, [])
        w, b = weights("w", 784, 10), weights("b", 10)
        noisy = x + tf.random_normal(tf.shape(x))
        return tf.cond(on, lambda: noisy @ w, lambda: x @ w + b)

    with control_flow(functional=False):
        network = read(lab, build, ONE)
    assert not network.faults
    assert [(layer.bias, layer.parameters) for layer in network.layers] == [(True, 7850)]

"""A network in words says what training really moves and at which rate, and a fault where it is, as students know it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow.compat.v1 as tf

from graphread.model import Exercise
from netgrader import read_network
from netgrader.faults import Fault


def network(rate: Any = 0.05, *, normalised: bool = False, climbs: bool = False) -> SimpleNamespace:
    """784 → 20 → 10; `rate` is a number, or a function of the global step."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        initial = tf.glorot_uniform_initializer()
        z = x @ tf.get_variable("W1", [784, 20], initializer=initial) + tf.get_variable("b1", [20])
        if normalised:
            mean, variance = tf.nn.moments(z, axes=[0])
            gamma, beta = tf.Variable(tf.ones([20]), name="gamma"), tf.Variable(tf.zeros([20]), name="beta")
            z = gamma * (z - mean) / tf.sqrt(variance + 1e-3) + beta
        logits = tf.nn.relu(z) @ tf.get_variable("W2", [20, 10], initializer=initial) + tf.get_variable("b2", [10])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        step = tf.train.get_or_create_global_step()
        optimizer = tf.train.AdamOptimizer(rate(step) if callable(rate) else rate)
        train_op = optimizer.minimize(-loss if climbs else loss, global_step=step)
    return SimpleNamespace(graph=graph, X=x, Y=y, logits=logits, loss=loss, train_op=train_op)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.05, "learning rate 0.05"),
        (lambda step: tf.train.exponential_decay(0.05, step, 100, 0.9), "learning rate decays from 0.05"),
        (lambda step: tf.train.polynomial_decay(0.05, step, 1_000, 0.0), "learning rate decays from 0.05"),
        (lambda step: 0.05 * tf.minimum(1.0, tf.cast(step, tf.float32) / 50), "learning rate varies, 0.05 at most"),
        (lambda _: tf.placeholder_with_default(0.05, []), "learning rate fed, 0.05 by default"),
        (lambda _: tf.placeholder(tf.float32, []), "learning rate fed"),
    ],
    ids=["constant", "exponential", "polynomial", "warm-up", "default", "fed"],
)
def test_a_rate_that_is_no_constant_is_not_shown_as_one(rate: Any, said: str) -> None:
    net = network(rate)
    assert str(read_network(net.graph, net).describe_optimizer()) == f"adam, {said}, 4 variables"


def test_the_scale_and_shift_of_a_batch_normalisation_are_counted_among_what_is_trained() -> None:
    net = network(normalised=True)
    read = read_network(net.graph, net)
    assert str(read.describe_optimizer()).endswith("6 variables")
    assert read.optimizer is not None
    assert set(read.optimizer.variables) == {"W1", "b1", "gamma", "beta", "W2", "b2"}


def test_a_fault_says_where_it_is_by_the_part_of_net_and_the_op_behind_it() -> None:
    net = network(climbs=True)
    (fault,) = read_network(net.graph, net).faults
    assert fault.code == "maximises-loss"
    assert str(fault.said).endswith(f"Where: net.loss (op {fault.place}).")


def test_where_no_parts_are_given_the_part_is_called_what_it_is() -> None:
    net = network(climbs=True)
    (fault,) = read_network(net.graph).faults
    assert str(fault.at) == "the loss"


def test_a_fault_of_a_layer_says_which_one() -> None:
    net = network()
    found = {one.code: one for one in read_network(net.graph, net, Exercise("x", widths=(30, 10))).faults}
    fault = found["wrong-width"]
    assert str(fault.where).startswith("layer 1 of 2 (op ")


def test_a_part_that_is_missing_is_named_once() -> None:
    assert str(Fault("missing-tensor", "So.", "accuracy", at="net.accuracy", named=True).where) == "net.accuracy"
    assert str(Fault("wrong-order", "So.", "row 5").where) == "row 5"

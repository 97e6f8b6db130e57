"""A bias is seen wherever it stands before the activation, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from tests.reader.networks import adam, cross_entropy, read, weights

INPUTS, WIDTH, CLASSES = 16, 24, 10
ASKED = Exercise("network", widths=(WIDTH, CLASSES), inputs=INPUTS, classes=CLASSES, bias=True)


def vector(name, size=WIDTH, start=0.0):
    return tf.get_variable(name, [size], initializer=tf.constant_initializer(start))


def by_group(x, *sizes):
    """A product in two groups, of one kernel that is split."""
    halves = zip(
        tf.split(tf.reshape(x, [-1, 1, 1, INPUTS]), 2, 3), tf.split(weights("K", 1, 1, *sizes), 2, 3), strict=True
    )
    return tf.concat([tf.nn.conv2d(each, kernel, 1, "VALID") for each, kernel in halves], 3)


def by_averages(h, normalise):
    """Batch normalisation with averages that are kept beside the optimizer, where they are used in evaluation."""
    kept = [
        tf.get_variable(n, [WIDTH], initializer=tf.constant_initializer(v), trainable=False)
        for n, v in (("m", 0.0), ("v", 1.0))
    ]
    now, training = tf.nn.moments(h, [0]), tf.placeholder_with_default(False, [])
    for old, new in zip(kept, now, strict=True):
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign(old, 0.9 * old + 0.1 * new))
    mean, variance = tf.cond(training, lambda: tuple(now), lambda: tuple(tf.identity(old) for old in kept))
    return normalise(h, mean, variance)


def by_layer(h):
    mean, variance = tf.nn.moments(h, [1], keepdims=True)
    return (h - mean) * tf.rsqrt(variance + 1e-5)


def divided_by_norms(x):
    kernel = weights("W", INPUTS, WIDTH)
    return x @ kernel / tf.norm(kernel, axis=0)


def product(x):
    return x @ weights("W", INPUTS, WIDTH)


#: What the hidden layer hands to its activation, and whether there is a bias in it.
BEHIND = {
    "division": lambda x: product(x) / 4.0 + vector("b"),
    "division by a vector": lambda x: product(x) / np.full(WIDTH, 3.0, np.float32) + vector("b"),
    "factor": lambda x: 0.1 * product(x) + vector("b"),
    "difference": lambda x: product(x) / 4.0 - vector("b"),
    "a factor for both": lambda x: (product(x) / 4.0 + vector("b")) * 0.5,
    "norms": lambda x: divided_by_norms(x) + vector("b"),
    "gain": lambda x: vector("g", start=1.0) * product(x) + vector("b"),
    "layer normalisation": lambda x: by_layer(product(x)) + vector("b"),
    "groups": lambda x: tf.reshape(by_group(x, INPUTS // 2, WIDTH) + vector("b"), [-1, WIDTH]),
    "groups that are divided": lambda x: tf.reshape(by_group(x, INPUTS // 2, WIDTH) / 2.0 + vector("b"), [-1, WIDTH]),
    "batch normalisation": lambda x: by_averages(
        product(x),
        lambda h, m, v: tf.nn.batch_normalization(h, m, v, vector("b"), vector("g", start=1.0), 1e-3),
    ),
    "batch normalisation without a gain": lambda x: by_averages(
        product(x), lambda h, m, v: tf.nn.batch_normalization(h, m, v, vector("b"), None, 1e-3)
    ),
}
NO_BIAS = {
    "division": lambda x: product(x) / 4.0,
    "gain": lambda x: vector("g", start=1.0) * product(x),
    "behind the activation": lambda x: tf.nn.relu(product(x)) + vector("b"),
    "behind a division and the activation": lambda x: tf.nn.relu(product(x) / 4.0) + vector("b"),
    "of constants": lambda x: product(x) / 4.0 + np.linspace(-1, 1, WIDTH, dtype=np.float32),
    "never trained": lambda x: product(x) / 4.0 + tf.Variable(tf.zeros([WIDTH]), trainable=False),
    "multiplied with what goes in": lambda x: product(x) / 4.0 + vector("b") * tf.reduce_sum(x, 1, keepdims=True),
    "one for all": lambda x: product(x) / 4.0 + tf.get_variable("b", [], initializer=tf.zeros_initializer()),
}


def reading(lab, hidden, last=lambda h: h @ weights("O", WIDTH, CLASSES) + vector("c", CLASSES)):
    """Read the network whose hidden layer hands this to its activation."""

    def build(x, y):
        z = last(tf.nn.relu(hidden(x)))
        loss = cross_entropy(y, z)
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            return {"logits": z, "loss": loss, "train_op": adam(loss)}

    return read(lab, build, ASKED, inputs=INPUTS)


@pytest.mark.parametrize("tried", [True, False], ids=["tried", "not run"])
@pytest.mark.parametrize("name", BEHIND)
def test_a_bias_is_seen_behind_what_only_scales_or_normalises(lab, name, tried):
    network = reading(lab if tried else None, BEHIND[name])
    assert "missing-bias" not in network.codes
    assert not tried or not network.codes, str(network)
    assert network.layers[0].bias


@pytest.mark.parametrize("name", NO_BIAS)
def test_what_is_no_bias_is_not_taken_for_one(lab, name):
    faults = [fault for fault in reading(lab, NO_BIAS[name]).faults if fault.code == "missing-bias"]
    assert [str(fault.at) for fault in faults] == ["layer 1 of 2"]


@pytest.mark.parametrize("divided", [True, False])
def test_a_bias_of_the_scores_is_seen_behind_a_division(lab, divided):
    def last(h):
        z = h @ weights("O", WIDTH, CLASSES) / 5.0
        return z + vector("c", CLASSES) if divided else z

    assert reading(lab, lambda x: product(x) + vector("b"), last).codes == (set() if divided else {"missing-bias"})

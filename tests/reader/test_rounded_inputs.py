"""Inputs that a network rounds, or that are large numbers, are no bias, no wrong width and no constant output."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, read_network

ROUNDED = {
    "two levels": lambda x: tf.cast(x > 0.75, tf.float32),
    "four levels": lambda x: tf.floor(x * 4) / 4,
    "gray levels in two": lambda x: tf.cast(x > 128.0, tf.float32),
    "gray levels in half": lambda x: tf.floor(x / 2),
}


def read(lab, pixels, prepare, first_weights, **asked):
    """Read a network of two layers that begins with `prepare` and multiplies with `first_weights`."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, pixels]), tf.placeholder(tf.float32, [None, 10])
        hidden = tf.nn.relu(prepare(x) @ first_weights())
        logits = hidden @ tf.get_variable("W2", [40, 10]) + tf.get_variable(
            "b", [10], initializer=tf.zeros_initializer()
        )
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        step = tf.train.AdamOptimizer(0.001).minimize(loss)
        parts = {"X": x, "Y": y, "logits": logits, "loss": loss, "train_op": step}
        exercise = Exercise("network", inputs=pixels, classes=10, **asked) if asked else None
        return read_network(graph, parts, exercise, lab=lab)


@pytest.mark.parametrize("pixels", [25, 784])
@pytest.mark.parametrize("name", ROUNDED)
def test_rounded_inputs_are_right(lab, name, pixels):
    asked = {"widths": (40, 10), "activations": ("relu", "none"), "bias": False}
    network = read(lab, pixels, ROUNDED[name], lambda: tf.get_variable("W1", [pixels, 40]), **asked)
    assert network.codes <= {"missing-tensor"}, str(network)  # no accuracy, no prediction
    assert [layer.inputs for layer in network.layers] == [pixels, 40]


def test_weights_of_one_variable_that_is_zero_are_named(lab):
    def weights():
        return tf.get_variable("s", [], initializer=tf.zeros_initializer()) * tf.ones([784, 40])

    assert "zero-initialisation" in read(lab, 784, tf.identity, weights).codes

"""Inputs that a network rounds, or that are large numbers, are no bias, no wrong width and no constant output."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from tests.reader.networks import bias, read, weights

ROUNDED = {
    "two levels": lambda x: tf.cast(x > 0.75, tf.float32),
    "four levels": lambda x: tf.floor(x * 4) / 4,
    "gray levels in two": lambda x: tf.cast(x > 128.0, tf.float32),
    "gray levels in half": lambda x: tf.floor(x / 2),
}


def scores(x, first_weights):
    return tf.nn.relu(x @ first_weights) @ weights("W2", 40, 10) + bias("b", 10)


@pytest.mark.parametrize("pixels", [25, 784])
@pytest.mark.parametrize("name", ROUNDED)
def test_rounded_inputs_are_right(lab, name, pixels):
    asked = Exercise("network", inputs=pixels, classes=10, widths=(40, 10), activations=("relu", "none"), bias=False)
    network = read(lab, lambda x, _: scores(ROUNDED[name](x), weights("W1", pixels, 40)), asked, inputs=pixels)
    assert network.codes == set(), str(network)
    assert [layer.inputs for layer in network.layers] == [pixels, 40]


def test_weights_of_one_variable_that_is_zero_are_named(lab):
    network = read(lab, lambda x, _: scores(x, bias("s", 1)[0] * tf.ones([784, 40])))
    assert "zero-initialisation" in network.codes

"""The bank of activations equals TensorFlow's; incomplete and deliberately slow graphs end in sentences."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.find.activations import ACTIVATIONS, SAME, name_activation
from netgrader import read_network
from tests.reader.networks import placeholders, weights

#: The bank of activations by ops of TensorFlow, so that a formula there is not compared with itself alone.
BY_TENSORFLOW = {
    "none": tf.identity,
    "relu": tf.nn.relu,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "softmax": tf.nn.softmax,
    "log-softmax": tf.nn.log_softmax,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "gelu": lambda z: z * 0.5 * tf.math.erfc(-z / 2**0.5),
    "gelu-tanh": lambda z: z * tf.sigmoid(2 * (2 / np.pi) ** 0.5 * (z + 0.044715 * z**3)),
    "swish": tf.nn.swish,
    "mish": lambda z: z * tf.tanh(tf.nn.softplus(z)),
    "relu6": tf.nn.relu6,
    "hard-sigmoid": tf.keras.backend.hard_sigmoid,
    "hard-sigmoid-6": lambda z: tf.nn.relu6(z + 3) / 6,
    "hard-tanh": lambda z: tf.clip_by_value(z, -1.0, 1.0),
    "exponential": tf.exp,
    "clipped-log": lambda z: tf.math.log(tf.clip_by_value(z, 1e-7, 1 - 1e-7)),
    "square": tf.square,
    "abs": tf.abs,
    "sine": tf.sin,
    "cosine": tf.cos,
    "step": lambda z: tf.cast(z > 0, tf.float32),
    "scaled-tanh": lambda z: 1.7159 * tf.tanh(z * 2 / 3),
    "crelu": tf.nn.crelu,
}


def test_each_activation_of_the_bank_is_what_tensorflow_computes(lab):
    with tf.Graph().as_default() as graph:
        z = tf.placeholder(tf.float32, [None, 40])
        made = [BY_TENSORFLOW[name](z).name for name in ACTIVATIONS]
    before = np.random.default_rng(4).standard_normal((6, 40)).astype(np.float32) * 3
    found = lab.load(graph.as_graph_def().SerializeToString()).session().run(made, {z.name: before})
    assert [name_activation(before, after) for after in found] == [SAME.get(name, name) for name in ACTIVATIONS]


@pytest.mark.parametrize("name", ["relu", "tanh", "none"])
def test_an_activation_is_named_for_numbers_of_any_size(name):
    before = np.random.default_rng(4).standard_normal((6, 40)) * 1e4
    assert name_activation(before, ACTIVATIONS[name](before)) == name


def sentences(build, **options):
    with tf.Graph().as_default() as graph:
        build()
    return " ".join(map(str, read_network(graph, lab=None, **options).undecided))


def test_what_a_graph_lacks_is_said():
    assert "no variables" in sentences(lambda: tf.placeholder(tf.float32, [None, 784]))
    assert "no loss" in sentences(lambda: placeholders()[0] @ weights("W", 784, 10))

    def of_no_variable():
        x, y = placeholders()
        weights("W", 784, 10)
        tf.losses.softmax_cross_entropy(y, x[:, :10] * 2)

    assert "no variable" in sentences(of_no_variable, parts={"loss": "softmax_cross_entropy_loss/value:0"})


def test_a_graph_that_is_made_to_be_slow_ends_with_a_sentence():
    definition = tf.GraphDef()
    for name, width in (("x", 784), ("y", 10)):
        node = definition.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.dim.add(size=-1)
        node.attr["shape"].shape.dim.add(size=width)
    for index in range(5_000):
        definition.node.add(name=f"v{index}", op="VariableV2").attr["dtype"].type = 1
        definition.node.add(name=f"m{index}", op="MatMul", input=[f"m{index - 1}" if index else "x", f"v{index}"])
    with pytest.raises(Exception, match="at most 4,000 are read"):
        read_network(definition, exercise="two_layer_network", lab=None)

"""Layers and networks as students write them, right and wrong, each with the codes that it must get."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

GIVEN = """
import numpy as np
import tensorflow.compat.v1 as tf
from types import SimpleNamespace
"""


@dataclass(frozen=True)
class Work:
    """Source of a solution cell, the codes charged in its cell, and the remarks that cost nothing."""

    source: str
    faults: frozenset[str]
    remarks: frozenset[str] = frozenset()


def work(source: str, *faults: str, remarks: tuple[str, ...] = ()) -> Work:
    return Work(dedent(source), frozenset(faults), frozenset(remarks))


GLOROT = """
def fully_connected_layer(x, n_output, name=None, activation=None):
    n_input = x.shape.as_list()[1]
    with tf.variable_scope(name, default_name="layer"):
        W = tf.get_variable("W", [n_input, n_output], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
        h = tf.matmul(x, W) + b
        if activation is not None:
            h = activation(h)
    return h, W
"""

RIGHT_LAYERS = {
    "get_variable": work(GLOROT),
    "plain variables and NumPy": work("""
        def fully_connected_layer(x, n_output, name=None, activation=None):
            n = int(x.shape[-1])
            r = np.sqrt(6.0 / (n + n_output))
            W = tf.Variable(np.random.uniform(-r, r, size=(n, n_output)).astype("float32"))
            b = tf.Variable(np.zeros((1, n_output), dtype="float32"))
            z = tf.add(x @ W, b, name=name)
            return (activation or (lambda t: t))(z), W
    """),
    "drawn in the graph, einsum": work("""
        def fully_connected_layer(x, n_output, name=None, activation=None):
            n = x.get_shape()[1].value if hasattr(x.get_shape()[1], "value") else x.get_shape()[1]
            limit = (6 / (n + n_output)) ** 0.5
            with tf.name_scope(name or "fc"):
                w = tf.Variable(tf.random.uniform([n, n_output], minval=-limit, maxval=limit), name="weights")
                bias = tf.Variable(tf.zeros(n_output), name="biases")
                out = tf.nn.bias_add(tf.einsum("ij,jk->ik", x, w), bias)
            return [out if activation is None else activation(out), w]
    """),
    "keras inside the graph": work("""
        def fully_connected_layer(x, n_output, name=None, activation=None):
            dense = tf.keras.layers.Dense(n_output, activation=activation)
            h = dense(x)
            return h, dense.kernel
    """),
    "weights and bias in one variable": work("""
        def fully_connected_layer(x, n_output, name=None, activation=None):
            n = int(x.shape[1])
            r = float(np.sqrt(6 / (n + n_output)))
            both = tf.Variable(tf.concat([tf.random_uniform([n, n_output], -r, r), tf.zeros([1, n_output])], 0))
            W, b = both[:-1], both[-1]
            h = tf.nn.xw_plus_b(x, W, b)
            return (h if activation is None else activation(h)), W
    """),
    "for columns, reference variables": work("""
        def fully_connected_layer(x, n_output, name=None, activation=None):
            n = int(x.shape[1])
            with tf.variable_scope(name, "column", use_resource=False):
                W = tf.get_variable("W", [n_output, n], initializer=tf.keras.initializers.glorot_uniform())
                b = tf.get_variable("b", [n_output, 1], initializer=tf.zeros_initializer)
            h = tf.transpose(tf.matmul(W, tf.transpose(x)) + b)
            return (activation(h) if activation else h), W
    """),
    "one seed for all": work(
        GLOROT.replace("glorot_uniform_initializer()", "glorot_uniform_initializer(seed=3)"),
        remarks=("same-seed-in-each-layer",),
    ),
}


def _layer(step: str, weights: str = "tf.glorot_uniform_initializer()", bias: str = "tf.zeros_initializer()") -> str:
    """A layer with another step or other first values, in the words of the first one."""
    text = GLOROT.replace("h = tf.matmul(x, W) + b", step)
    return text.replace("tf.glorot_uniform_initializer()", weights).replace("tf.zeros_initializer()", bias)


USUAL = "h = tf.matmul(x, W) + b"

WRONG_LAYERS = {
    "no bias": work(_layer("h = tf.matmul(x, W)"), "missing-bias"),
    "one bias for all neurons": work(GLOROT.replace('"b", [n_output]', '"b", []'), "missing-bias"),
    "always a ReLU": work(_layer("h = tf.nn.relu(tf.matmul(x, W) + b)"), "wrong-activation"),
    "activation ignored": work(GLOROT.replace("h = activation(h)", "pass"), "wrong-activation"),
    "always the ReLU that was in the example": work(
        GLOROT.replace("activation(h)", "tf.nn.relu(h)"), "wrong-activation"
    ),
    "bias after the activation": work(
        _layer("h = tf.matmul(x, W)").replace("    return h, W", "        h = h + b\n    return h, W"),
        "wrong-activation",
    ),
    "Glorot-normal": work(_layer(USUAL, "tf.glorot_normal_initializer()"), "wrong-initialisation"),
    "He-uniform": work(_layer(USUAL, "tf.keras.initializers.he_uniform()"), "wrong-initialisation"),
    "uniform in a fixed range": work(
        _layer(USUAL, "tf.random_uniform_initializer(-0.05, 0.05)"), "wrong-initialisation"
    ),
    "uniform, never negative": work(_layer(USUAL, "tf.random_uniform_initializer(0, 0.08)"), "wrong-initialisation"),
    "inputs and outputs alike": work(
        _layer(USUAL, "tf.random_uniform_initializer(-(3 / n_input) ** 0.5, (3 / n_input) ** 0.5)"),
        "wrong-initialisation",
    ),
    "standard normal": work(_layer(USUAL, "tf.random_normal_initializer()"), "huge-initialisation"),
    "all zero": work(_layer(USUAL, "tf.zeros_initializer()"), "zero-initialisation"),
    "all equal": work(_layer(USUAL, "tf.constant_initializer(0.01)"), "constant-initialisation"),
    "bias of a tenth": work(_layer(USUAL, bias="tf.constant_initializer(0.1)"), "bias-not-zero"),
    "a copy of the weights": work(
        GLOROT.replace("return h, W", 'return h, tf.get_variable(f"copy{n_output}{h.op.name[:3]}", W.shape)'),
        "wrong-return",
    ),
    "weights frozen": work(
        GLOROT.replace("n_output], initializer=tf.glorot", "n_output], trainable=False, initializer=tf.glorot"),
        "layers-not-trained",
    ),
    "the same weights under every name": work(
        GLOROT.replace('tf.variable_scope(name, default_name="layer")', 'tf.variable_scope("fc", reuse=tf.AUTO_REUSE)'),
        "shared-weights",
    ),
    "only h": work(GLOROT.replace("return h, W", "return h"), "wrong-return"),
    "W before h": work(GLOROT.replace("return h, W", "return W, h"), "wrong-return"),
    "an error": work(_layer("h = tf.matmul(x, W) + c"), "error-in-code"),
    "tf.layers": work(
        """
        def fully_connected_layer(x, n_output, name=None, activation=None):
            return tf.layers.dense(x, n_output, activation, name=name), None
        """,
        "keras3-removed-api",
    ),
    "not done": work(
        """
        def fully_connected_layer(x, n_output, name=None, activation=None):
            raise NotImplementedError()
        """,
        "not-done",
    ),
    "nothing there": work("pass", "missing-name"),
}

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
        remarks=("shared-weights",),
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
    "bias after the activation": work(
        _layer("h = tf.matmul(x, W)").replace("    return h, W", "        h = h + b\n    return h, W"),
        "wrong-activation",
    ),
    "Glorot-normal": work(_layer(USUAL, "tf.glorot_normal_initializer()"), "wrong-initialisation"),
    "uniform in a fixed range": work(
        _layer(USUAL, "tf.random_uniform_initializer(-0.05, 0.05)"), "wrong-initialisation"
    ),
    "standard normal": work(_layer(USUAL, "tf.random_normal_initializer()"), "huge-initialisation"),
    "all zero": work(_layer(USUAL, "tf.zeros_initializer()"), "zero-initialisation"),
    "all equal": work(_layer(USUAL, "tf.constant_initializer(0.01)"), "constant-initialisation"),
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
    "an error": work(_layer("h = tf.matmul(x, W) + c"), "error-in-code"),
}

# ---- Networks, each after the layer GLOROT --------------------------------------------------------------------------

NETWORK = """
def one_layer_network(learning_rate=0.003):
    graph = tf.Graph()
    with graph.as_default():
        X = tf.placeholder(tf.float32, [None, 784])
        Y = tf.placeholder(tf.float32, [None, 10])
        logits, W1 = fully_connected_layer(X, 10, name="layer_1")
        prediction = tf.nn.softmax(logits)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
        correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
        train_op = tf.train.AdamOptimizer(learning_rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, W1=W1, prediction=prediction, loss=loss,
                           train_op=train_op, accuracy=accuracy)
"""
LAYER = 'logits, W1 = fully_connected_layer(X, 10, name="layer_1")'
LOSS = "loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))"
ADAM = "tf.train.AdamOptimizer(learning_rate)"
ACCURACY = "accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))"
PREDICTION = "prediction = tf.nn.softmax(logits)"


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return `text` with each old part replaced, which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def _network(*changes: tuple[str, str]) -> str:
    return changed(NETWORK, *changes)


RIGHT_NETWORKS = {
    "as in the notebook": work(NETWORK),
    "another hand": work("""
        class Net: pass

        def one_layer_network(learning_rate=0.003):
            tf.reset_default_graph()
            net = Net()
            net.graph = tf.get_default_graph()
            net.X = tf.placeholder("float32", shape=(None, 784), name="pixels")
            net.Y = tf.placeholder("float32", shape=(None, 10), name="digits")
            net.W1 = tf.Variable(tf.truncated_normal([784, 10], stddev=0.05))
            bias = tf.Variable(tf.zeros([1, 10]))
            net.logits = tf.nn.xw_plus_b(net.X, net.W1, tf.reshape(bias, [10]))
            p = tf.nn.log_softmax(net.logits)
            net.loss = -tf.reduce_sum(net.Y * p) / tf.cast(tf.shape(net.X)[0], tf.float32)
            net.prediction = tf.exp(p)
            right = tf.equal(tf.argmax(net.prediction, axis=-1), tf.argmax(net.Y, axis=-1))
            net.accuracy = tf.reduce_sum(tf.cast(right, "float32")) / tf.cast(tf.size(right), "float32")
            optimizer = tf.train.AdamOptimizer(learning_rate=tf.constant(learning_rate))
            net.train_op = optimizer.apply_gradients(optimizer.compute_gradients(net.loss))
            return net
    """),
    "a dict, sparse labels, summed loss": work(
        """
        def one_layer_network(learning_rate=3e-3):
            g = tf.Graph()
            with g.as_default():
                X = tf.placeholder(tf.float32, [None, 784])
                Y = tf.placeholder(tf.float32, [None, 10])
                h, W = fully_connected_layer(X, 10)
                digits = tf.argmax(Y, 1)
                loss = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=digits, logits=h))
                guess = tf.argmax(h, 1)
                acc = tf.reduce_mean(tf.cast(tf.equal(guess, digits), tf.float32))
                step = tf.train.AdamOptimizer(learning_rate).minimize(loss)
            return dict(graph=g, X=X, Y=Y, logits=h, W1=W, prediction=tf.nn.softmax(h), loss=loss, train_op=step, accuracy=acc)
    """,
        remarks=("loss-not-mean",),
    ),
    "log by hand": work(
        _network((LOSS, "loss = -tf.reduce_mean(tf.reduce_sum(Y * tf.log(prediction), 1))")), remarks=("unclipped-log",)
    ),
    "weights by a read": work(_network((LAYER, LAYER + "\n        W1 = tf.identity(W1)"))),
}

WRONG_NETWORKS = {
    "no bias": work(
        _network((LAYER, 'W1 = tf.get_variable("W", [784, 10])\n        logits = X @ W1')),
        "missing-bias",
    ),
    "a softmax too many": work(_network(("logits=logits))", "logits=prediction))")), "softmax-before-loss"),
    "the sign lost": work(_network(("minimize(loss)", "minimize(-loss)")), "maximises-loss"),
    "swapped": work(_network(("labels=Y, logits=logits", "labels=logits, logits=Y")), "labels-logits-swapped"),
    "rate ignored": work(_network((ADAM, "tf.train.AdamOptimizer(0.003)")), "learning-rate-not-as-stated"),
    "another default": work(_network(("learning_rate=0.003", "learning_rate=0.01")), "learning-rate-not-as-stated"),
    "no accuracy": work(
        _network(
            (", accuracy=accuracy", ""),
            (ACCURACY, ""),
            ("correct = tf.equal(tf.argmax(prediction, 1), tf.argmax(Y, 1))", ""),
        ),
        "missing-tensor",
    ),
    "another W1": work(_network((" W1=W1,", " W1=X,")), "missing-tensor"),
    "outside of its graph": work(
        _network(("with graph.as_default():", "with tf.Graph().as_default():")), "built-in-default-graph"
    ),
    "all wrong at once": work(
        """
        def one_layer_network(learning_rate=0.003):
            graph = tf.Graph()
            with graph.as_default():
                X = tf.placeholder(tf.float32, [None, 784])
                Y = tf.placeholder(tf.float32, [None, 10])
                h, W1 = fully_connected_layer(X, 50, "a", tf.nn.relu)
                out, _ = fully_connected_layer(h, 10, "b")
                loss = tf.reduce_mean(tf.square(tf.nn.softmax(out) - Y))
                accuracy = 100 * tf.reduce_mean(tf.cast(tf.equal(tf.argmax(out, 1), tf.argmax(Y, 1)), tf.float32))
                train_op = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
            return SimpleNamespace(graph=graph, X=X, Y=Y, loss=loss, train_op=train_op, accuracy=accuracy)
        """,
        "too-many-layers",
        "mse-on-softmax",
        "wrong-optimizer",
        "learning-rate-not-as-stated",
        "accuracy-not-mean",
        "missing-tensor",
    ),
    "only a graph": work(
        """
        def one_layer_network(learning_rate=0.003):
            with tf.Graph().as_default() as graph:
                X = tf.placeholder(tf.float32, [None, 784])
            return SimpleNamespace(graph=graph, X=X)
        """,
        "layer-not-connected",
    ),
    "nothing returned": work("def one_layer_network(learning_rate=0.003):\n    net = 1", "wrong-return"),
    "no argument": work(
        _network(("(learning_rate=0.003)", "()"), (ADAM, "tf.train.AdamOptimizer(0.003)")), "error-in-code"
    ),
}

# Layer, network, codes charged in the layer's cell, codes charged in the network's.
TOGETHER = {
    "no bias in the layer": (WRONG_LAYERS["no bias"].source, NETWORK, {"missing-bias"}, set()),
    "always a ReLU": (WRONG_LAYERS["always a ReLU"].source, NETWORK, {"wrong-activation"}, set()),
    "no bias in the network alone": (GLOROT, WRONG_NETWORKS["no bias"].source, set(), {"missing-bias"}),
}

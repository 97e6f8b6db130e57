"""Parts of networks for the reader's tests, and one way to read what is built from them."""

from __future__ import annotations

import contextlib

import tensorflow.compat.v1 as tf

from graphread import read_network

ZEROS = tf.zeros_initializer()


def placeholders(inputs=784, classes=10):
    """Return placeholders of images and of one-hot labels."""
    return tf.placeholder(tf.float32, [None, inputs]), tf.placeholder(tf.float32, [None, classes])


def weights(name, *shape):
    """Return a variable that starts with Glorot's uniform distribution."""
    return tf.get_variable(name, shape)


def bias(name, size):
    """Return a variable of zeros."""
    return tf.get_variable(name, [size], initializer=ZEROS)


def dense(x, size, activation=tf.identity, name=None, start=None):
    """Return a fully connected layer with a bias; layers of one name share their weights."""
    with tf.variable_scope(name, "dense", reuse=tf.AUTO_REUSE if name else None):
        w = tf.get_variable("W", [int(x.shape[-1]), size], initializer=start)
        return activation(x @ w + bias("b", size))


def hidden(x):
    """Return two layers of 40 and 30 ReLUs."""
    return dense(dense(x, 40, tf.nn.relu), 30, tf.nn.relu)


def rows_of(y, z):
    """Return the cross-entropy of each row."""
    return tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)


def cross_entropy(y, z):
    """Return the mean cross-entropy."""
    return tf.reduce_mean(rows_of(y, z))


def adam(loss, rate=0.001, **options):
    """Return Adam's step."""
    return tf.train.AdamOptimizer(rate).minimize(loss, **options)


def accuracy_of(y, z):
    """Return the share of rows whose largest score is that of their label."""
    return tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32))


def complete(x, y, made):
    """Return the parts of a network: those `made`, and where scores are among them, or all of it, the usual others."""
    parts = {"X": x, "Y": y, **(made if isinstance(made, dict) else {"logits": made})}
    z = parts["logits"]
    if z is None:
        return {"X": x, "Y": y}
    parts.setdefault("prediction", tf.nn.softmax(z))
    if "loss" not in parts:
        parts["loss"] = cross_entropy(y, z)
    if "train_op" not in parts:
        parts["train_op"] = adam(parts["loss"])
    if "accuracy" not in parts:
        parts["accuracy"] = accuracy_of(y, z)
    return parts


def read(lab, build, exercise=None, *, inputs=784, classes=10, named=True):
    """Read what `build` makes of images and labels: scores, parts by name, or nothing. `named`: the reader is given the parts."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(2)
        x, y = placeholders(inputs, classes)
        parts = complete(x, y, build(x, y))
        return read_network(graph, parts if named else None, exercise, lab=lab)


@contextlib.contextmanager
def control_flow(functional):
    """Build loops and branches as functions, or as ops of the graph."""
    before = tf.control_flow_v2_enabled()
    (tf.enable_control_flow_v2 if functional else tf.disable_control_flow_v2)()
    yield
    (tf.enable_control_flow_v2 if before else tf.disable_control_flow_v2)()

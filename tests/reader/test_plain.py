"""Trained networks as plain data: results equal TensorFlow's, or there is a reason why not."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow  # noqa: ICN001  (tf is its version 1, as in the course)
import tensorflow.compat.v1 as tf

from graphread.find.activations import ACTIVATIONS
from graphread.plain_network import PORTABLE, PlainLayer, PlainNetwork, Precision, plain_layer, scores
from graphread.trial import plain_trial
from graphread.trial.plain_trial import NotPlain, plain_network
from netgrader.student.graphs import export_graph

PIXELS, CLASSES = 48, 5
RANDOM = np.random.default_rng(5)
IMAGES = (RANDOM.random((60, PIXELS)) * (RANDOM.random((60, PIXELS)) > 0.6)).astype(np.float32)


def dense(x, width, activation=None):
    initial = tf.random_normal_initializer(stddev=0.3, seed=width)
    with tf.variable_scope(None, default_name="layer"):
        weights = tf.get_variable("weights", [int(x.shape[-1]), width], initializer=initial)
        bias = tf.get_variable("bias", [width], initializer=initial)
    z = tf.matmul(x, weights) + bias
    return z if activation is None else activation(z)


def averaged(z, switch):
    """Batch normalisation that takes averages where it is not trained."""
    size, (mean, variance) = [int(z.shape[-1])], tf.nn.moments(z, [0])
    initial = tf.random_uniform_initializer(0.5, 2, seed=3)
    kept = [tf.get_variable(f"kept_{k}", size, initializer=initial, trainable=False) for k in (1, 2)]
    mean, variance = tf.where(switch, mean, kept[0]), tf.where(switch, variance, kept[1])
    return (z - mean) / tf.sqrt(variance + 1e-3) * tf.get_variable("gain", size, initializer=initial) + 0.1


def thinned(x, switch):
    return tf.nn.dropout(x, rate=tf.where(switch, 0.5, 0.0))


def residual(x, _):
    hidden = dense(x, 20, tf.nn.relu)
    return dense(hidden + dense(hidden, 20, tf.nn.relu), CLASSES)


def convolved(x, _):
    kernel = tf.get_variable("kernel", [3, 3, 1, 4], initializer=tf.random_normal_initializer(seed=1))
    maps = tf.nn.relu(tf.nn.conv2d(tf.reshape(x, [-1, 8, 6, 1]), kernel, 1, "SAME"))
    return dense(tf.reshape(tf.nn.max_pool2d(maps, 2, 2, "SAME"), [-1, 4 * 3 * 4]), CLASSES)


def dropped(x, _):
    return dense(tf.nn.dropout(dense(x, 20, tf.nn.relu), rate=0.5), CLASSES)


def within_the_batch(x, _):
    z = dense(x, 20)
    mean, variance = tf.nn.moments(z, [0])
    return dense(tf.nn.relu((z - mean) / tf.sqrt(variance + 1e-3)), CLASSES)


RIGHT = {
    "one layer": (lambda x, _: dense(x, CLASSES), ["none"]),
    "two layers": (lambda x, _: dense(dense(x, 30, tf.nn.relu), CLASSES), ["relu", "none"]),
    "no activation between": (lambda x, _: dense(dense(x, 30), CLASSES), ["none"]),
    "dropout that is off": (
        lambda x, s: dense(thinned(dense(thinned(dense(x, 30, tf.nn.relu), s), 20, tf.nn.tanh), s), CLASSES),
        ["relu", "tanh", "none"],
    ),
    "batch normalisation": (
        lambda x, s: dense(tf.nn.elu(averaged(dense(x, 30), s)), CLASSES),
        ["elu", "none"],
    ),
    "pixels that are turned round": (
        lambda x, _: dense(tf.sigmoid(dense(tf.reshape(1 - 2 * x, [-1, 8, 6])[:, ::-1, 1], 30)), CLASSES),
        ["sigmoid", "none"],
    ),
    "swish, written out": (lambda x, _: dense(swish(dense(x, 30)), CLASSES), ["swish", "none"]),
    "gelu": (lambda x, _: dense(tensorflow.nn.gelu(dense(x, 30)), CLASSES), ["gelu", "none"]),
    "leaky": (lambda x, _: dense(tf.nn.leaky_relu(dense(x, 30), 0.1), CLASSES), ["leaky-relu", "none"]),
    "a softmax on the logits": (
        lambda x, _: dense(dense(x, 30, tf.nn.relu6), CLASSES, tf.nn.softmax),
        ["relu6", "softmax"],
    ),
    "a relu on the logits": (lambda x, _: dense(x, CLASSES, tf.nn.relu), ["relu"]),
}
TOLD = {
    "pooling": (convolved, "layer 2, at MaxPool.*, is neither a weighted sum nor an activation"),
    "layers beside one another": (residual, "layer 2, at .*, is neither a weighted sum nor an activation"),
    "dropout that is on": (dropped, "answers the same image differently each time"),
    "averages of the batch": (within_the_batch, "gives other scores|neither a weighted sum"),
    "scores of nothing": (lambda x, _: dense(tf.zeros_like(x), CLASSES), "not computed from the images"),
}


def swish(z):
    return z * tf.sigmoid(z)


def built(make):
    """A network with its values as evidence, and what it answers."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, PIXELS])
        switch = tf.placeholder_with_default(False, [])
        logits = make(x, switch)
        start = tf.global_variables_initializer()
    with tf.Session(graph=graph) as session:
        session.run(start)
        evidence = export_graph(SimpleNamespace(graph=graph, X=x, logits=logits), session)
        return evidence, session.run(logits, {x: IMAGES})


def taken(lab, evidence, images=IMAGES, **more):
    ends = evidence.parts["X"], evidence.parts["logits"]
    return plain_network(lab, evidence.meta_graph, ends, images, values=evidence.values, **more)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_computed_without_tensorflow_is_what_tensorflow_computes(lab, name):
    make, activations = RIGHT[name]
    evidence, logits = built(make)
    network = taken(lab, evidence)
    assert [layer.activation for layer in network.layers] == activations
    found = scores(network, IMAGES)
    # Eight bits of weights are off by 1 in 254 of the largest of their row.
    assert np.abs(found - logits).max() < 0.02 * max(1, np.abs(logits).max())
    assert network.agrees == np.mean(found.argmax(axis=1) == logits.argmax(axis=1))


@pytest.mark.parametrize("name", TOLD)
def test_what_cannot_be_computed_is_told(lab, name):
    make, words = TOLD[name]
    evidence, _ = built(make)
    with pytest.raises(NotPlain) as told:
        taken(lab, evidence)
    assert re.search(words, str(told.value))


def test_a_network_that_was_fed_grey_levels_is_given_shares_of_the_largest(lab):
    evidence, _ = built(lambda x, _: dense(dense(x / 255, 30, tf.nn.relu), CLASSES))
    network = taken(lab, evidence, 255 * IMAGES, full=255.0)
    levels, _ = built(lambda x, _: dense(dense(x, 30, tf.nn.relu), CLASSES))
    np.testing.assert_allclose(scores(network, IMAGES), scores(taken(lab, levels), IMAGES), rtol=1e-3, atol=1e-3)


def test_more_weights_than_find_room_and_wider_layers_than_can_be_tried_are_told(lab, monkeypatch):
    evidence, _ = built(RIGHT["two layers"][0])
    monkeypatch.setattr(plain_trial.Tried, "WIDEST", 47)
    with pytest.raises(NotPlain, match="begins with more than 47 numbers"):
        taken(lab, evidence)
    monkeypatch.setattr(plain_trial.Tried, "WIDEST", 48)
    monkeypatch.setattr(plain_trial.Precision, "MOST_WEIGHTS", 48 * 30 + 30 * 5 - 1)
    with pytest.raises(NotPlain, match="more than 1,589 weights"):
        taken(lab, evidence)


def test_a_convolution_is_told_as_one_where_its_table_finds_no_room(lab, monkeypatch):
    evidence, _ = built(convolved)
    monkeypatch.setattr(plain_trial.Precision, "MOST_WEIGHTS", 9_000)
    with pytest.raises(NotPlain, match=r"layer 1, at .*, is a convolution, and only fully connected layers"):
        taken(lab, evidence)


def test_the_largest_network_fits_into_what_a_graded_cell_may_show():
    assert Precision.MOST_WEIGHTS * 4 / 3 < 2_800_000


def test_every_activation_of_the_bank_but_three_can_be_computed():
    assert ACTIVATIONS.keys() - PORTABLE == {"log-softmax", "clipped-log", "crelu"}


@pytest.mark.parametrize(
    "layer",
    [
        {"weights": b"12345"},
        {"scales": (1.0,)},
        {"bias": (float("nan"), 0.0)},
        {"activation": "constructor"},
        {"outputs": 0},
        {"weights": b"", "scales": (), "bias": ()},
    ],
)
def test_a_layer_that_contradicts_itself_is_none(layer):
    right = {"inputs": 3, "outputs": 2, "weights": b"123456", "scales": (1.0, 1.0), "bias": (0.0, 0.0)}
    assert PlainLayer(**right).outputs == 2
    with pytest.raises(ValueError, match="A layer"):
        PlainLayer(**{**right, **layer})


def test_layers_of_other_widths_are_no_network():
    layers = [plain_layer((np.ones((rows, 2)), np.zeros(2)), "relu") for rows in (3, 4)]
    with pytest.raises(ValueError, match="do not go together"):
        PlainNetwork(tuple(layers))

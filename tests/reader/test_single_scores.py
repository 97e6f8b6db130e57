"""Networks of a single output that nobody asks for: which of two classes it is, or a number."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, read_network
from tests.reader.networks import adam, dense, placeholders

log_loss = tf.losses.log_loss
cross_entropy = tf.losses.sigmoid_cross_entropy


def by_hand(y, p):
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(y * tf.log(p) + (1 - y) * tf.log(1 - p))


def of_logarithms(y, z):
    return tf.sqrt(tf.reduce_mean(tf.square(tf.log(tf.nn.relu(z) + 1) - tf.log(y + 1))))


def flat(loss):
    return lambda y, z: loss(y, tf.squeeze(z, axis=1))


def read(lab, loss, *, shape=(None, 1), dtype=tf.float32, of_pipeline=False, named=False):
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        if of_pipeline:
            rows = np.zeros([8, 30], np.float32), np.zeros([8, *shape[1:]], dtype.as_numpy_dtype)
            x, y = tf.data.make_one_shot_iterator(tf.data.Dataset.from_tensor_slices(rows).batch(4)).get_next()
        else:
            x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(dtype, shape)
        z = dense(dense(x, 40, tf.nn.relu), 1)
        value = loss(y, z)
        prediction = tf.round(tf.sigmoid(z))
        parts = {"X": x, "Y": y, "prediction": prediction, "loss": value, "train_op": adam(value)}
        return read_network(graph, parts if named else None, lab=lab)


RIGHT = {
    "cross-entropy": cross_entropy,
    "op": lambda y, z: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z)),
    "log loss of a sigmoid": lambda y, z: log_loss(y, tf.sigmoid(z)),
    "by hand": lambda y, z: by_hand(y, tf.sigmoid(z)),
    "of Keras": lambda y, z: tf.reduce_mean(tf.keras.losses.binary_crossentropy(y, tf.sigmoid(z))),
    "weighted": lambda y, z: tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(y, z, 3.0)),
    "hinge": lambda y, z: tf.reduce_mean(tf.nn.relu(1 - (2 * y - 1) * z)),
    "squares": lambda y, z: tf.reduce_mean(tf.square(y - z)),
    "squares of a sigmoid": lambda y, z: tf.reduce_mean(tf.square(y - tf.sigmoid(z))),
    "logarithms": of_logarithms,
    "counts": lambda y, z: tf.reduce_mean(tf.nn.log_poisson_loss(y, z)),
}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_network_of_one_output_has_no_fault(lab, name, named):
    network = read(lab, RIGHT[name], named=named)
    assert not network.faults, str(network)


@pytest.mark.parametrize("loss", [flat(cross_entropy), flat(lambda y, z: log_loss(y, tf.sigmoid(z)))])
@pytest.mark.parametrize("of_pipeline", [False, True])
@pytest.mark.parametrize("dtype", [tf.float32, tf.int64, tf.uint8])
def test_labels_of_a_single_score_may_be_a_row_of_whole_numbers(lab, loss, of_pipeline, dtype):
    assert not read(lab, loss, shape=(None,), dtype=dtype, of_pipeline=of_pipeline).faults


def test_classes_by_number_may_stand_in_a_column(lab):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None, 1])
        z = dense(dense(x, 40, tf.nn.relu), 10)
        adam(tf.losses.sparse_softmax_cross_entropy(y, z))
        network = read_network(graph, lab=lab)
    assert (network.codes, network.loss.kind) == (set(), "softmax-cross-entropy")


@pytest.mark.parametrize("of_pipeline", [False, True])
def test_a_softmax_of_one_score_is_named(lab, of_pipeline):
    dtype = tf.uint8 if of_pipeline else tf.float32
    found = read(lab, lambda y, z: log_loss(y, tf.nn.softmax(z)), dtype=dtype, of_pipeline=of_pipeline)
    assert found.codes == {"targets-out-of-reach"}


@pytest.mark.parametrize("loss", [log_loss, lambda y, z: -tf.reduce_mean(tf.reduce_sum(y * tf.log(z), axis=1))])
def test_the_logarithm_of_scores_is_named_and_not_that_the_loss_is_no_number(lab, loss):
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        z = dense(dense(x, 40, tf.nn.relu), 10)
        adam(loss(y, z))
        (fault,) = read_network(graph, lab=lab).faults
    assert (fault.code, str(fault.severity)) == ("logits-are-probabilities", "fatal")


@pytest.mark.parametrize(("shape", "inputs"), [(None, None), ((None,), None), ((None, 1), 1)])
def test_a_line_through_points_is_a_network_though_a_single_number_is_its_layer(lab, shape, inputs):
    asked = Exercise("line", inputs=inputs, loss=None, outputs=1)
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, shape)
        guess = tf.multiply(x, tf.Variable([0.0])) + tf.Variable([0.0])
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(tf.square(guess - y)))
        assert not read_network(graph, None, asked, lab=lab).faults


TWO_CLASSES = Exercise("network", inputs=5, classes=2, one_output=True, loss="softmax-cross-entropy", min_layers=2)


def above(cut, of="p"):
    return lambda n: tf.equal(tf.cast(getattr(n, of) > cut, tf.float32), n.y)


def logistic(n):
    return cross_entropy(n.y, n.z)


def of_classes(lab, loss, right, *, prediction=tf.sigmoid):
    """Read a network of one output for two classes; `loss` and `right` are of label, logit and probability."""
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(3)
        x, y = tf.placeholder(tf.float32, [None, 5]), tf.placeholder(tf.float32, [None, 1])
        z = dense(dense(x, 16, tf.nn.relu), 1)
        n = SimpleNamespace(y=y, z=z, p=prediction(z))
        value = loss(n)
        parts = {"X": x, "Y": y, "logits": z, "prediction": n.p, "loss": value, "train_op": adam(value)}
        accuracy = tf.reduce_mean(tf.cast(right(n), tf.float32))
        return read_network(graph, {**parts, "accuracy": accuracy}, TWO_CLASSES, lab=lab)


HALF = above(0.5)
RIGHT_OF_TWO = {
    "op": (logistic, HALF),
    "by hand": (lambda n: by_hand(n.y, n.p), HALF),
    "softplus": (lambda n: tf.reduce_mean(tf.nn.softplus(n.z) - n.y * n.z), HALF),
    "stable": (lambda n: tf.reduce_sum(tf.maximum(n.z, 0) - n.y * n.z + tf.log1p(tf.exp(-tf.abs(n.z)))), HALF),
    "of Keras": (lambda n: tf.reduce_mean(tf.keras.losses.binary_crossentropy(n.y, n.p)), HALF),
    "weighted": (lambda n: tf.reduce_mean(tf.nn.weighted_cross_entropy_with_logits(n.y, n.z, 3.0)), HALF),
    "rounded": (logistic, lambda n: tf.equal(tf.round(n.p), n.y)),
    "logit over zero": (logistic, above(0.0, "z")),
}
WRONG_OF_TWO = {
    "a sigmoid twice": (lambda n: cross_entropy(n.y, n.p), HALF, "sigmoid-before-loss"),
    "uphill": (lambda n: -by_hand(n.y, n.p), HALF, "maximises-loss"),
    "one class counts": (lambda n: -tf.reduce_mean(n.y * tf.log(n.p + 1e-8)), HALF, "wrong-loss"),
    "squares": (lambda n: tf.reduce_mean(tf.square(n.p - n.y)), HALF, "mse-on-softmax"),
    "squares of logits": (lambda n: tf.reduce_mean(tf.square(n.z - n.y)), HALF, "mse-on-logits"),
    "logarithm of logits": (
        lambda n: -tf.reduce_mean(n.y * tf.log(n.z) + (1 - n.y) * tf.log(1 - n.z)),
        HALF,
        "logits-are-probabilities",
    ),
    "the other class": (lambda n: cross_entropy(1 - n.y, n.z), HALF, "labels-off-by-one"),
    "a relu": (lambda n: cross_entropy(n.y, tf.nn.relu(n.z)), HALF, "relu-on-logits"),
    "each with all": (lambda n: by_hand(tf.squeeze(n.y, 1), n.p), HALF, "broadcast-in-loss"),
    "a softmax of one": (
        lambda n: tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=n.y, logits=n.z)),
        HALF,
        "targets-out-of-reach",
    ),
    "logit over a half": (logistic, above(0.5, "z"), "accuracy-wrong"),
    "probability over zero": (logistic, above(0.0), "accuracy-wrong"),
    "no threshold": (logistic, lambda n: tf.equal(n.p, n.y), "accuracy-without-argmax"),
    "largest of one": (logistic, lambda n: tf.equal(tf.argmax(n.p, 1), tf.argmax(n.y, 1)), "accuracy-wrong"),
    "with all labels": (
        logistic,
        lambda n: tf.equal(tf.round(n.p), tf.squeeze(n.y, 1)),
        "accuracy-wrong",
    ),
    "labels twice": (logistic, lambda n: tf.equal(n.y, n.y), "accuracy-wrong"),
}


@pytest.mark.parametrize("name", RIGHT_OF_TWO)
def test_a_right_network_of_one_output_for_two_classes_has_no_fault_and_is_decided(lab, name):
    network = of_classes(lab, *RIGHT_OF_TWO[name])
    assert (network.codes, network.left_open, network.loss.kind) == (set(), {}, "sigmoid-cross-entropy"), str(network)


@pytest.mark.parametrize("name", WRONG_OF_TWO)
def test_a_mistake_in_one_output_for_two_classes_is_named(lab, name):
    loss, right, code = WRONG_OF_TWO[name]
    assert of_classes(lab, loss, right).codes == {code}


def test_a_softmax_for_a_prediction_is_one_cause(lab):
    of_softmax = of_classes(lab, lambda n: by_hand(n.y, n.p), HALF, prediction=tf.nn.softmax)
    assert of_softmax.codes == {"targets-out-of-reach"}

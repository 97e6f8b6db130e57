"""What is wrong is named behind an obstacle, too: a number of rows that is fed, a reshape that does not fit, no step at all."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from tests.reader.networks import ZEROS, adam, cross_entropy, dense, placeholders, read, weights


def random(stddev):
    return tf.random_normal_initializer(stddev=stddev, seed=1)


RIGHT = (random(0.04), random(0.04))


def codes(lab, obstacle, starts=RIGHT):
    """The codes of a network that begins with `obstacle` and whose weights start so, and whether anything is undecided."""

    def build(x, _):
        h = obstacle(x)
        h.set_shape([None, 784])
        return dense(dense(h, 400, tf.nn.relu, start=starts[0]), 10, start=starts[1])

    network = read(lab, build, named=False)
    return network.codes, bool(network.undecided)


def rows_are_fed(x, shape=()):
    return tf.reshape(x, [tf.placeholder(tf.int32, shape), 784])


def rows_of_no_shape(x):
    return rows_are_fed(x, None)


def rows_are_filled(x):
    rows = tf.placeholder(tf.int32, [], name="rows")
    return x + tf.fill([rows, 784], 0.0)


def no_fit(x):
    return tf.reshape(tf.reshape(x, [-1, 30, 30]), [-1, 900])[:, :784]


COUNTED = [rows_are_fed, rows_of_no_shape, rows_are_filled]


@pytest.mark.parametrize(("obstacle", "undecided"), [*((each, False) for each in COUNTED), (no_fit, True)])
def test_a_right_network_behind_an_obstacle_has_no_fault(obstacle, undecided, lab):
    assert codes(lab, obstacle) == (set(), undecided)


@pytest.mark.parametrize("obstacle", [*COUNTED, no_fit])
def test_how_weights_begin_is_looked_at_behind_an_obstacle(obstacle, lab):
    assert codes(lab, obstacle, (random(1.0), random(0.04)))[0] == {"huge-initialisation"}
    assert codes(lab, obstacle, (ZEROS, ZEROS))[0] == {"zero-initialisation"}


def test_what_comes_of_zeros_is_not_known_where_nothing_runs(lab):
    assert codes(lab, no_fit, (ZEROS, random(0.04)))[0] == set()


@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("tried", [True, False], ids=["tried", "not run"])
@pytest.mark.parametrize("swapped", [True, False])
def test_labels_and_logits_are_told_apart_where_no_gradient_is_left(named, tried, swapped, lab):
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        z = dense(x, 10)
        both = {"labels": z, "logits": y} if swapped else {"labels": y, "logits": z}
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(**both))
        if swapped:
            with pytest.raises(ValueError, match="No gradients"):
                adam(loss)
        parts = {"X": x, "Y": y, "logits": z, "loss": loss}
        network = read_network(graph, parts if named else None, lab=lab if tried else None)
    assert network.codes == ({"labels-logits-swapped"} if swapped and tried else set())


def test_scores_of_another_network_may_be_labels(lab):
    def build(x, _):
        z, taught = dense(x, 10), tf.nn.softmax(dense(x, 10))
        return {"logits": z, "loss": tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=taught, logits=z))}

    assert "labels-logits-swapped" not in read(lab, build, named=False).codes


def constant_rows(count=50):
    rng = np.random.default_rng(3)
    return rng.random((count, 784), dtype=np.float32), np.eye(10, dtype=np.float32)[rng.integers(0, 10, count)]


def whole(x, y):
    return tf.constant(x), tf.constant(y), len(x)


def minibatches(x, y):
    start = tf.placeholder(tf.int32)
    return tf.constant(x)[start : start + 10], tf.constant(y)[start : start + 10], None


@pytest.mark.parametrize("rows", [whole, minibatches])
@pytest.mark.parametrize("before", ["nothing", "softmax"])
def test_data_that_stands_in_the_graph_is_not_judged(rows, before, lab):
    with tf.Graph().as_default() as graph:
        x, y, count = rows(*constant_rows())
        logits = dense(x, 10, tf.nn.softmax if before == "softmax" else tf.identity)
        each = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
        loss = tf.reduce_mean(each) if count is None else tf.reduce_sum(each) / count
        tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        network = read_network(graph, None, None, lab=lab)
    assert not network.faults + network.remarks
    assert "no labels" in str(network.undecided[0])


def test_a_constant_beside_what_is_fed_stays_a_constant(lab):
    """Such as the directions that images are turned to before the first layer."""
    turned = constant_rows(784)[0][:, :60]
    network = read(lab, lambda x, _: dense(x @ tf.constant(turned), 10), named=False)
    assert network.codes == set()
    assert network.loss.kind == "softmax-cross-entropy"


def test_a_parabola_of_scalars_is_accused_of_nothing_that_its_gradient_does(lab):
    with tf.Graph().as_default() as graph:
        a, b, c = (tf.Variable([0.0]) for _ in range(3))
        x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
        loss = tf.reduce_sum(tf.square(a * x**2 + b * x + c - y))
        tf.train.GradientDescentOptimizer(0.001).minimize(loss)
        network = read_network(graph, None, None, lab=lab)
    assert "prediction-uses-labels" not in network.codes


def test_a_constant_that_numbers_places_is_no_data_beside_words_that_are_fed(lab):
    """Words are looked up, not multiplied: what is fed comes to the layers all the same."""
    with tf.Graph().as_default() as graph:
        words, y = tf.placeholder(tf.int32, [None, 20]), placeholders()[1]
        places = tf.constant(np.random.default_rng(2).random((20, 16), dtype=np.float32))
        h = tf.reduce_sum(tf.gather(weights("E", 50, 16), words) * places, axis=1)
        adam(cross_entropy(y, dense(h, 10)), 0.01)
        network = read_network(graph, None, None, lab=lab)
    assert network.codes == set()
    assert [(layer.inputs, layer.outputs) for layer in network.layers][-1] == (16, 10)

"""A prediction in any form is right if it says the class with the largest logit, and named if it says another."""

import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.course_reader import exercise_named

RIGHT = {
    "softmax": tf.nn.softmax,
    "logits": lambda z: z,
    "logarithms": tf.nn.log_softmax,
    "hotter": lambda z: tf.nn.softmax(z / 3),
    "sigmoid": tf.sigmoid,
    "classes": lambda z: tf.argmax(z, 1),
    "small classes": lambda z: tf.argmax(z, -1, output_type=tf.int32),
    "classes as floats": lambda z: tf.cast(tf.argmax(tf.nn.softmax(z), 1), tf.float32),
    "a column": lambda z: tf.expand_dims(tf.argmax(z, 1), 1),
    "the best one": lambda z: tf.nn.top_k(z, 1).indices,
    "one-hot": lambda z: tf.one_hot(tf.argmax(z, 1), 10),
}
WRONG = {
    "the weakest": lambda z: tf.argmin(z, 1),
    "the sign lost": lambda z: tf.nn.softmax(-z),
    "counted from one": lambda z: tf.argmax(z, 1) + 1,
    "largest image of each class": lambda z: tf.argmax(z, 0),
    "how sure": lambda z: tf.reduce_max(tf.nn.softmax(z), 1),
}


@pytest.fixture
def codes(lab):
    """The codes of a right network with another prediction; its accuracy is taken from the logits."""

    def read(predict, *, accuracy_of_it=False, with_labels=False):
        graph = tf.Graph()
        with graph.as_default():
            x = tf.placeholder(tf.float32, [None, 784])
            y = tf.placeholder(tf.float32, [None, 10])
            weights = tf.Variable(tf.random.uniform([784, 10], -0.08, 0.08, seed=1))
            logits = tf.matmul(x, weights) + tf.Variable(tf.zeros([10]))
            prediction = predict(logits, y) if with_labels else predict(logits)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
            train_op = tf.train.AdamOptimizer(0.003).minimize(loss)
            seen = prediction if accuracy_of_it else logits
            hits = tf.equal(tf.argmax(seen, 1), tf.argmax(y, 1))
            accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
        parts = {
            "X": x,
            "Y": y,
            "logits": logits,
            "prediction": prediction,
            "loss": loss,
            "train_op": train_op,
            "accuracy": accuracy,
        }
        network = read_network(graph, parts, exercise_named("one_layer_network"), lab=lab)
        return [fault.code for fault in network.faults]

    return read


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_prediction_is_accepted_in_any_form(codes, name):
    assert codes(RIGHT[name]) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_prediction_of_another_class_is_named(codes, name):
    assert codes(WRONG[name]) == ["prediction-wrong"]


def test_an_accuracy_that_follows_from_the_prediction_is_no_second_fault(codes):
    assert codes(WRONG["the sign lost"], accuracy_of_it=True) == ["prediction-wrong"]


@pytest.mark.parametrize(
    "predict",
    [
        lambda z, y: tf.nn.softmax(z + y),
        lambda _, y: y,
    ],
    ids=["added to the logits", "in their place"],
)
def test_a_prediction_that_needs_the_labels_is_named(codes, predict):
    assert codes(predict, with_labels=True) == ["prediction-uses-labels"]


def _cross_entropy(y, z):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


OVER_IMAGES = {
    "softmax": lambda z: tf.nn.softmax(z, axis=0),
    "by hand": lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z), 0, keepdims=True),
    "halved": lambda z: tf.nn.softmax(z / 2, axis=0),
}
LOSSES = {
    "logarithm": lambda y, _, p: -tf.reduce_mean(tf.reduce_sum(y * tf.log(p + 1e-9), 1)),
    "squares": lambda y, _, p: tf.reduce_mean((p - y) ** 2),
    "twice": lambda y, _, p: _cross_entropy(y, p),
    "right": lambda y, z, _: _cross_entropy(y, z),
}


@pytest.mark.parametrize(
    ("spelled", "loss"), [(s, name) for s in OVER_IMAGES for name in LOSSES if (s, name) != ("halved", "right")]
)
def test_a_softmax_over_the_images_is_named(lab, spelled, loss):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        z = tf.matmul(x, tf.Variable(tf.random.uniform([784, 10], -0.08, 0.08, seed=1))) + tf.Variable(tf.zeros([10]))
        prediction = OVER_IMAGES[spelled](z)
        tf.train.AdamOptimizer(0.003).minimize(LOSSES[loss](y, z, prediction))
        tf.reduce_mean(tf.cast(tf.equal(tf.argmax(prediction, 1), tf.argmax(y, 1)), tf.float32))
        found = read_network(graph, lab=lab).codes
        assert found in ({"rows-mixed"}, {"loss-over-wrong-axis"})


def test_what_mixes_rows_otherwise_is_named_as_that(lab):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        z = tf.matmul(x, tf.Variable(tf.random.uniform([784, 10], -0.08, 0.08, seed=1))) + tf.Variable(tf.zeros([10]))
        prediction = tf.nn.softmax(z / tf.reduce_max(tf.abs(z)))
        tf.train.AdamOptimizer(0.003).minimize(_cross_entropy(y, z))
        tf.reduce_mean(tf.cast(tf.equal(tf.argmax(prediction, 1), tf.argmax(y, 1)), tf.float32))
        assert read_network(graph, lab=lab).codes == {"rows-mixed"}

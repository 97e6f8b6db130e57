"""Deep networks whose layers are no plain products: each is right, and read to the last question."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.course_reader import exercise_named
from tests.reader.networks import cross_entropy, dense, hidden, read

DEEP = exercise_named("deep_network")


def kernel(*shape):
    return tf.Variable(tf.glorot_uniform_initializer(seed=4)(shape))


def transposed_convolution(x, _):
    small = tf.reshape(dense(x, 7 * 7 * 4, tf.nn.relu), [-1, 7, 7, 4])
    size = tf.stack([tf.shape(small)[0], 14, 14, 6])
    large = tf.nn.relu(tf.nn.conv2d_transpose(small, kernel(3, 3, 6, 4), size, 2, "SAME"))
    return dense(tf.reshape(large, [-1, 14 * 14 * 6]), 10)


def distances_to_prototypes(x, _):
    h = dense(dense(x, 64, tf.nn.relu), 16, tf.tanh)
    return -tf.reduce_sum(tf.square(h[:, None, :] - kernel(10, 16)[None]), 2)


def scores_turned_over(x, _):
    return -dense(hidden(x), 10)


def lengths_of_vectors(x, _):
    h = dense(dense(x, 64, tf.nn.relu), 40, tf.tanh)
    return 5 * tf.sqrt(tf.reduce_sum(tf.square(tf.reshape(dense(h, 40), [-1, 10, 4])), 2) + 1e-9)


def averaged_maps(x, _):
    maps = tf.reshape(x, [-1, 28, 28, 1])
    for size in (4, 8):
        maps = tf.nn.relu(tf.nn.conv2d(maps, kernel(3, 3, int(maps.shape[-1]), size), 2, "SAME"))
    return tf.reduce_mean(tf.nn.conv2d(maps, kernel(3, 3, 8, 10), 1, "SAME"), [1, 2])


def recurrence_of_keras(x, _):
    keras = tf.keras.layers
    states = keras.LSTM(8, return_sequences=True)(tf.reshape(x, [-1, 7, 112]))
    return keras.Dense(10)(keras.Dense(16, activation="relu")(states[:, -1]))


def beside_a_spectrum(x, _):
    spectrum = tf.abs(tf.signal.fft2d(tf.cast(tf.reshape(x, [-1, 28, 28]), tf.complex64)))
    return dense(hidden(tf.concat([x, tf.reshape(spectrum, [-1, 784]) / 100], 1)), 10)


@pytest.mark.parametrize(
    "model",
    [
        transposed_convolution,
        distances_to_prototypes,
        scores_turned_over,
        averaged_maps,
        recurrence_of_keras,
        beside_a_spectrum,
    ],
)
def test_a_network_of_unusual_layers_is_right_and_only_what_is_in_a_loop_stays_undecided(model, lab):
    network = read(lab, model, DEEP)
    assert network.codes == set()
    assert not network.undecided or model is recurrence_of_keras  # whose loop may be a function
    assert (network.loss.kind, network.optimizer.kind) == ("softmax-cross-entropy", "adam")


def test_a_transposed_convolution_says_from_how_many_channels_to_how_many(lab):
    layer = read(lab, transposed_convolution, DEEP).layers[1]
    assert (layer.kind, layer.inputs, layer.outputs, layer.activation) == ("conv2d-transpose", 4, 6, "relu")


def test_a_matrix_that_only_decays_is_no_layer(lab):
    def build(x, y):
        z, lost = dense(x, 10), tf.Variable(np.ones((784, 30), np.float32))
        return {"logits": z, "loss": cross_entropy(y, z) + tf.nn.l2_loss(lost)}

    assert "too-few-layers" in read(lab, build, exercise_named("two_layer_network")).codes


def test_scores_that_are_lengths_of_vectors_are_accused_of_nothing(lab):
    network = read(lab, lengths_of_vectors, DEEP)
    assert (network.codes, network.loss.kind) == (set(), "undecided")

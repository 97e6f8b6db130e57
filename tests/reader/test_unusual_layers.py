"""Deep networks whose layers are no plain products: each is right, and read to the last question."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader import read_network


def dense(x, size, function=tf.identity):
    weights = tf.Variable(tf.glorot_uniform_initializer(seed=3)([int(x.shape[-1]), size]))
    return function(x @ weights + tf.Variable(tf.zeros([size])))


def kernel(*shape):
    return tf.Variable(tf.glorot_uniform_initializer(seed=4)(shape))


def transposed_convolution(x):
    small = tf.reshape(dense(x, 7 * 7 * 4, tf.nn.relu), [-1, 7, 7, 4])
    size = tf.stack([tf.shape(small)[0], 14, 14, 6])
    large = tf.nn.relu(tf.nn.conv2d_transpose(small, kernel(3, 3, 6, 4), size, 2, "SAME"))
    return dense(tf.reshape(large, [-1, 14 * 14 * 6]), 10)


def distances_to_prototypes(x):
    hidden = dense(dense(x, 64, tf.nn.relu), 16, tf.tanh)
    return -tf.reduce_sum(tf.square(hidden[:, None, :] - kernel(10, 16)[None]), 2)


def scores_turned_over(x):
    return -dense(dense(dense(x, 64, tf.nn.relu), 32, tf.nn.relu), 10)


def lengths_of_vectors(x):
    hidden = dense(dense(x, 64, tf.nn.relu), 40, tf.tanh)
    vectors = tf.reshape(dense(hidden, 40), [-1, 10, 4])
    return 5 * tf.sqrt(tf.reduce_sum(tf.square(vectors), 2) + 1e-9)


def averaged_maps(x):
    maps = tf.reshape(x, [-1, 28, 28, 1])
    for size in (4, 8):
        maps = tf.nn.relu(tf.nn.conv2d(maps, kernel(3, 3, int(maps.shape[-1]), size), 2, "SAME"))
    return tf.reduce_mean(tf.nn.conv2d(maps, kernel(3, 3, 8, 10), 1, "SAME"), [1, 2])


def recurrence_of_keras(x):
    keras = tf.keras.layers
    states = keras.LSTM(8, return_sequences=True)(tf.reshape(x, [-1, 7, 112]))
    return keras.Dense(10)(keras.Dense(16, activation="relu")(states[:, -1]))


def beside_a_spectrum(x):
    spectrum = tf.abs(tf.signal.fft2d(tf.cast(tf.reshape(x, [-1, 28, 28]), tf.complex64)))
    both = tf.concat([x, tf.reshape(spectrum, [-1, 784]) / 100], 1)
    return dense(dense(dense(both, 64, tf.nn.relu), 32, tf.nn.relu), 10)


def read(lab, model):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        z = model(x)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))
        net = SimpleNamespace(
            X=x, Y=y, logits=z, prediction=tf.nn.softmax(z), loss=loss, train_op=tf.train.AdamOptimizer().minimize(loss)
        )
        net.accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32))
        content = tf.train.export_meta_graph(graph=graph).SerializeToString()
    return read_network(content, net, "deep_network", lab=lab)


MODELS = (
    transposed_convolution,
    distances_to_prototypes,
    scores_turned_over,
    averaged_maps,
    recurrence_of_keras,
    beside_a_spectrum,
)


@pytest.mark.parametrize("model", MODELS)
def test_a_network_of_unusual_layers_is_right_and_only_what_is_in_a_loop_stays_undecided(model, lab):
    network = read(lab, model)
    assert network.codes == set()
    assert not network.undecided or model is recurrence_of_keras  # whose loop may be a function
    assert network.loss.kind == "softmax-cross-entropy"
    assert network.optimizer.kind == "adam"


def test_a_transposed_convolution_says_from_how_many_channels_to_how_many(lab):
    layer = read(lab, transposed_convolution).layers[1]
    assert (layer.kind, layer.inputs, layer.outputs, layer.activation) == ("conv2d-transpose", 4, 6, "relu")


def test_a_matrix_that_only_decays_is_no_layer(lab):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        z, lost = dense(x, 10), tf.Variable(np.ones((784, 30), np.float32))
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)) + tf.nn.l2_loss(lost)
        net = {"X": x, "Y": y, "loss": loss, "train_op": tf.train.AdamOptimizer(0.001).minimize(loss)}
        content = tf.train.export_meta_graph(graph=graph).SerializeToString()
    assert "too-few-layers" in read_network(content, net, "two_layer_network", lab=lab).codes


def test_scores_that_are_lengths_of_vectors_are_accused_of_nothing(lab):
    network = read(lab, lengths_of_vectors)
    assert (network.codes, network.loss.kind) == (set(), "undecided")

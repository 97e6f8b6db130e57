"""Networks that take their images one at a time, or put layers together in arrays of tensors, are read as any other."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from tests.reader.networks import bias, read, weights

ASKED = Exercise(
    "two_layer_network", widths=(30, 10), activations=("relu", "none"), optimizer="adam", learning_rate=0.001, bias=True
)


class Weights:
    """The images, and the variables of 784 → 30 → 10."""

    def __init__(self, x):
        self.x, self.w1, self.b1 = x, weights("W1", 784, 30), bias("b1", 30)
        self.w2, self.b2 = weights("W2", 30, 10), bias("b2", 10)


def one(w, row, act=tf.nn.relu):
    return tf.tensordot(act(tf.tensordot(row, w.w1, 1) + w.b1), w.w2, 1) + w.b2


def map_over_images(w, act):
    return tf.map_fn(lambda row: one(w, row, act), w.x)


def vectorised(w, act):
    return tf.vectorized_map(lambda row: one(w, row, act), w.x)


def scan_over_images(w, act):
    return tf.scan(lambda _, row: one(w, row, act), w.x, initializer=tf.zeros([10]))


def array_in_a_function(w, act):
    @tf.function
    def forward(x):
        array = tf.TensorArray(tf.float32, size=tf.shape(x)[0], element_shape=[10])
        for i in tf.range(tf.shape(x)[0]):
            array = array.write(i, one(w, x[i], act))
        return array.stack()

    return forward(w.x)


def parts_in_an_array(w, act):
    array = tf.TensorArray(tf.float32, 3)
    for i in range(3):
        part = slice(10 * i, 10 * i + 10)
        array = array.write(i, act(w.x @ w.w1[:, part] + w.b1[part]))
    h = tf.reshape(tf.transpose(array.stack(), [1, 0, 2]), [-1, 30])
    return h @ w.w2 + w.b2


def parts_in_a_loop(w, act):
    def part(i, array):
        h = act(w.x @ w.w1[:, i * 10 : i * 10 + 10] + w.b1[i * 10 : i * 10 + 10])
        return i + 1, array.write(i, tf.transpose(h))

    _, array = tf.while_loop(lambda i, _: i < 3, part, [0, tf.TensorArray(tf.float32, 3)])
    return tf.reshape(tf.transpose(array.concat()), [-1, 30]) @ w.w2 + w.b2


def joined_again_and_again(w, act):
    parts = [act(w.x @ w.w1[:, i : i + 10] + w.b1[i : i + 10]) for i in (0, 10, 20)]
    return tf.concat([tf.concat(parts[:2], 1), parts[2]], 1) @ w.w2 + w.b2


def read_style(lab, style, act):
    def build(x, _):
        scores = style(Weights(x), act)
        scores.set_shape([None, 10])
        return scores

    return read(lab, build, ASKED)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorFlow's own rewriting of functions
@pytest.mark.parametrize(("act", "codes"), [(tf.nn.relu, set()), (tf.identity, {"missing-activation"})])
@pytest.mark.parametrize("style", [vectorised, joined_again_and_again])
def test_what_is_written_in_parts_is_read_as_one_network(style, act, codes, lab):
    network = read_style(lab, style, act)
    assert network.codes == codes, str(network)
    assert [(layer.inputs, layer.outputs) for layer in network.layers] == [(784, 30), (30, 10)]
    assert not network.undecided
    assert not network.remarks


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of TensorFlow's own rewriting of functions
@pytest.mark.parametrize(
    "style", [map_over_images, scan_over_images, array_in_a_function, parts_in_an_array, parts_in_a_loop]
)
def test_what_is_written_in_a_loop_or_an_array_is_undecided(style, lab):
    network = read_style(lab, style, tf.nn.relu)
    assert not network.codes, str(network)
    assert network.undecided or network.left_open


def images_of_64(w):
    return one(w, tf.reshape(w.x, [64, 784]))


def layer_of_64(w):
    return tf.tensordot(tf.nn.relu(tf.reshape(w.x @ w.w1 + w.b1, [64, 30])), w.w2, 1) + w.b2


def images_of_any_number(w):
    return one(w, tf.reshape(tf.reshape(w.x, [tf.shape(w.x)[0], 28, 28]), [-1, 784]))


@pytest.mark.parametrize(("style", "rows"), [(images_of_64, 64), (layer_of_64, 64), (images_of_any_number, None)])
def test_a_reshape_for_so_many_rows_is_a_fixed_batch(style, rows, lab):
    network = read(lab, lambda x, _: style(Weights(x)), ASKED)
    found = [(fault.code, str(fault.found)) for fault in network.faults]
    assert found == ([("fixed-batch-size", f"a reshape for {rows} rows")] if rows else [])
    assert not network.undecided

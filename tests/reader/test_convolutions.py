"""Images in the shape that an exercise requires: fed, read and prepared in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader import read_network
from netgrader.checks.exercises import exercises_of
from netgrader.data import DataPart, DataSpec
from netgrader.evidence import GraphEvidence
from netgrader.judges.answers import shaped
from netgrader.judges.arrays import judge_images
from netgrader.toml_tables import SenselessTableError
from tests.reader.networks import complete
from tests.reader.test_programs import EXERCISES, built

HEIGHT, WIDTH, CLASSES = 12, 9, 10
ASKED = EXERCISES["convolutional"]


def read(lab, asked, shape=(HEIGHT * WIDTH,)):
    """Read the plain network of two convolutions, which is fed images of this shape."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, *shape]), tf.placeholder(tf.float32, [None, CLASSES])
        return read_network(graph, complete(x, y, built("convolutions: as asked: plain")(x, y)), asked, lab=lab)


@pytest.mark.parametrize("asked_shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH)], ids=str)
@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH), (HEIGHT * WIDTH,), (None, None, 1)], ids=str)
def test_images_are_taken_in_the_shape_that_is_asked_for_and_as_rows(lab, shape, asked_shape):
    network = read(lab, replace(ASKED, input_shape=asked_shape), shape)
    fits = shape == (HEIGHT * WIDTH,) or len(shape) == len(asked_shape)
    assert network.codes == (set() if fits else {"wrong-placeholder"}), str(network)
    if fits:
        assert not network.undecided, str(network)


def test_images_in_another_shape_than_asked_for_are_refused(lab):
    (fault,) = read(lab, replace(ASKED, input_shape=(HEIGHT, WIDTH, 1)), (WIDTH, HEIGHT, 1)).faults
    assert (fault.code, str(fault.expected)) == ("wrong-placeholder", f"[None, {HEIGHT}, {WIDTH}, 1]")
    assert "wrong-placeholder" in read(lab, ASKED, (HEIGHT, WIDTH, 1)).codes


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH), (HEIGHT * WIDTH,), (None, WIDTH, 1)], ids=str)
def test_whatever_shape_a_network_takes_it_is_fed_our_images(lab, shape):
    inputs = np.random.default_rng(0).uniform(size=(7, HEIGHT * WIDTH)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, *shape], name="X")
        built("convolutions: as asked: plain")(x)
        content = tf.train.export_meta_graph(graph=graph).SerializeToString()
    evidence = GraphEvidence(content, {"X": "X:0"})
    assert shaped(evidence, inputs).shape[1:] == tuple(size or HEIGHT for size in shape)
    assert np.array_equal(shaped(evidence, inputs.reshape(7, HEIGHT, WIDTH)).reshape(7, -1), inputs)
    other = inputs[:, 1:]
    assert shaped(evidence, other) is other


def test_images_of_colours_are_tried_out_where_nobody_describes_them(lab):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 6, 6, 3]), tf.placeholder(tf.float32, [None, 4])
        maps = tf.nn.conv2d(x, tf.get_variable("k", [3, 3, 3, 5]), [1, 1, 1, 1], "SAME")
        scores = tf.reshape((maps + tf.abs(maps)) / 2, [-1, 180]) @ tf.get_variable("w", [180, 4])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=scores))
        tf.train.AdamOptimizer().minimize(loss)
    network = read_network(graph, lab=lab)
    assert [layer.activation for layer in network.layers] == ["relu", "none"]
    assert not network.faults


def test_an_exercise_on_shaped_images_asks_for_that_shape():
    part = {"inputs": "x", "targets": "y", "rows": 40}
    data = {
        "file": "data.npz",
        "sha256": "0" * 64,
        "train": part,
        "test": part,
        "shape": [HEIGHT, WIDTH],
        "classes": 10,
    }
    tables = {"data": {**data, "input_shape": [HEIGHT, WIDTH, 1]}, "network": {"min_conv_layers": 2}}
    assert exercises_of(tables).network("network").input_shape == (HEIGHT, WIDTH, 1)
    assert exercises_of({**tables, "data": data}).network("network").input_shape is None
    with pytest.raises(SenselessTableError, match="input_shape must hold the 108 numbers"):
        exercises_of({"data": {**data, "input_shape": [9, 9, 1]}})
    with pytest.raises(SenselessTableError, match="input_shape must hold the 108 pixels"):
        exercises_of({"data": data, "network": {"input_shape": [9, 9]}})
    tables |= {
        "exercises": {"train": "training-loop"},
        "train": {"calls": [{"n_epochs": 2, "mini_batch_size": 16}], "seconds": 3},
    }
    with pytest.raises(SenselessTableError, match=r"train must be one of data, .* on these data, not 'training-loop'"):
        exercises_of(tables)


@pytest.mark.parametrize("shape", [(HEIGHT * WIDTH,), (HEIGHT, WIDTH, 1)], ids=str)
def test_images_are_prepared_in_the_shape_that_is_asked_for(shape):
    part = DataPart(inputs="x", targets="y", rows=40)
    spec = DataSpec(
        file="data.npz", sha256="0" * 64, train=part, test=part, shape=(HEIGHT, WIDTH), classes=10, input_shape=shape
    )
    raw = np.random.default_rng(1).integers(0, 256, (40, HEIGHT, WIDTH), dtype=np.uint8)
    raw[0, 0, :2] = 0, 255
    right = (raw / np.float32(255)).reshape(40, *shape)
    assert judge_images(right, raw, spec).charge is None
    other = judge_images(right.reshape(40, HEIGHT, WIDTH), raw, spec).charge
    assert (other.fault.code, other.fault.expected) == ("wrong-shape", str((40, *shape)))


@pytest.mark.parametrize(
    ("changes", "code", "found", "expected"),
    [
        ({"widths": (4, 8, CLASSES)}, "wrong-width", "6 channels", "8"),
        ({"activations": ("relu", "tanh", "none")}, "wrong-activation", "relu", "tanh"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_what_differs_from_what_is_asked_is_named(lab, changes, code, found, expected):
    (fault,) = read(lab, replace(ASKED, **changes)).faults
    assert (fault.code, str(fault.found), str(fault.expected)) == (code, found, expected)


def test_weights_of_a_convolution_that_begin_as_asked_are_accused_of_nothing(lab):
    assert not read(lab, replace(ASKED, initialisation="glorot-uniform")).remarks

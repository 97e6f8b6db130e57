"""Networks with convolutions: right ones in many spellings are accused of nothing, and wrong ones of what is wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from netgrader import read_network
from netgrader.checks.exercises import exercises_of
from netgrader.data import DataPart, DataSpec
from netgrader.evidence import GraphEvidence
from netgrader.judges.answers import shaped
from netgrader.judges.arrays import judge_images
from netgrader.toml_tables import SenselessTableError
from tests.reader import networks

HEIGHT, WIDTH, CLASSES = 12, 9, 10
ASKED = Exercise(
    "convolutional_network",
    inputs=HEIGHT * WIDTH,
    classes=CLASSES,
    widths=(4, 6, CLASSES),
    activations=("relu", "relu", "none"),
    bias=True,
    image_shape=(HEIGHT, WIDTH),
)
FREE = Exercise(
    "free", inputs=HEIGHT * WIDTH, classes=CLASSES, min_layers=3, min_conv_layers=2, image_shape=(HEIGHT, WIDTH)
)


def kernel(*shape):
    return tf.Variable(tf.glorot_uniform_initializer(seed=4)(shape))


def bias(size):
    return tf.Variable(tf.zeros([size]))


def images(x):
    return tf.reshape(x, [-1, HEIGHT, WIDTH, 1])


def convolution(x, side, size, stride=1, padding="SAME"):
    return tf.nn.conv2d(x, kernel(side, side, int(x.shape[-1]), size), stride, padding) + bias(size)


def dense(x, size):
    return networks.dense(tf.reshape(x, [-1, int(np.prod(x.shape[1:]))]), size)


def of_rows(x, *shape):
    return tf.reshape(x, [-1, *shape])


def pooled(x):
    return tf.nn.max_pool2d(x, 2, 2, "SAME")


def above(maps):
    """Return the rest of a network, on what its first convolution makes."""
    return dense(tf.nn.relu(convolution(tf.nn.relu(maps), 3, 6)), CLASSES)


# ---- as asked for, one way and another ------------------------------------------------------------------------------


def plain(x):
    x = pooled(tf.nn.relu(convolution(images(x), 5, 4)))
    return dense(pooled(tf.nn.relu(convolution(x, 3, 6))), CLASSES)


def of_keras(x):
    keras = tf.keras.layers
    x = keras.Reshape((HEIGHT, WIDTH, 1))(x)
    x = keras.MaxPooling2D()(keras.Conv2D(4, 5, activation="relu", padding="same")(x))
    x = keras.Conv2D(6, 3, activation="relu")(x)
    return keras.Dense(CLASSES)(keras.Flatten()(x))


def mean_of_maps(x):
    x = tf.nn.relu(convolution(pooled(tf.nn.relu(convolution(images(x), 5, 4))), 3, 6))
    return tf.reduce_mean(convolution(x, 1, CLASSES), [1, 2])


def product_with_pieces(x):
    pieces = tf.image.extract_patches(images(x), [1, 5, 5, 1], [1, 1, 1, 1], [1, 1, 1, 1], "SAME")
    return above(tf.tensordot(pieces, kernel(25, 4), 1) + bias(4))


def in_two_groups(x):
    left, right = tf.split(pooled(tf.nn.relu(convolution(images(x), 5, 4))), 2, axis=3)
    x = tf.concat([convolution(left, 3, 3), convolution(right, 3, 3)], 3)
    return dense(tf.nn.relu(x), CLASSES)


def last_one_over_the_map(x):
    x = pooled(tf.nn.relu(convolution(pooled(tf.nn.relu(convolution(images(x), 5, 4))), 3, 6)))
    weights = kernel(int(x.shape[1]), int(x.shape[2]), 6, CLASSES)
    return tf.squeeze(tf.nn.conv2d(x, weights, 1, "VALID"), [1, 2]) + bias(CLASSES)


AS_ASKED = {
    "plain": plain,
    "of Keras": of_keras,
    "strided": lambda x: above(convolution(images(x), 5, 4, 2)),
    "dilated": lambda x: above(tf.nn.conv2d(images(x), kernel(5, 5, 1, 4), 1, "SAME", dilations=2) + bias(4)),
    "atrous": lambda x: above(tf.nn.bias_add(tf.nn.atrous_conv2d(images(x), kernel(5, 5, 1, 4), 2, "SAME"), bias(4))),
    "padded by hand": lambda x: above(
        convolution(tf.pad(images(x), [[0, 0], [2, 2], [2, 2], [0, 0]]), 5, 4, 1, "VALID")
    ),
    "channels first": lambda x: above(convolution(tf.transpose(of_rows(x, 1, HEIGHT, WIDTH), [0, 2, 3, 1]), 5, 4)),
    "by channel": lambda x: above(
        tf.nn.depthwise_conv2d(images(x), kernel(5, 5, 1, 4), [1, 1, 1, 1], "SAME") + bias(4)
    ),
    "mean of maps": mean_of_maps,
    "product with pieces": product_with_pieces,
    "in two groups": in_two_groups,
    "last one over the map": last_one_over_the_map,
}


def read(lab, model, asked, shape=(HEIGHT * WIDTH,)):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, *shape]), tf.placeholder(tf.float32, [None, CLASSES])
        return read_network(graph, networks.complete(x, y, model(x)), asked, lab=lab)


@pytest.mark.parametrize("name", AS_ASKED)
@pytest.mark.parametrize("asked", [ASKED, FREE], ids=["given", "free"])
def test_what_is_asked_for_is_accused_of_nothing(lab, name, asked):
    network = read(lab, AS_ASKED[name], asked)
    assert not network.faults, str(network)
    assert not network.undecided, str(network)


# ---- the shape of what is fed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked_shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH)], ids=str)
@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH), (HEIGHT * WIDTH,), (None, None, 1)], ids=str)
def test_images_are_taken_in_the_shape_that_is_asked_for_and_as_rows(lab, shape, asked_shape):
    network = read(lab, plain, replace(ASKED, input_shape=asked_shape), shape)
    fits = shape == (HEIGHT * WIDTH,) or len(shape) == len(asked_shape)
    assert network.codes == (set() if fits else {"wrong-placeholder"}), str(network)
    if fits:
        assert not network.undecided, str(network)


def test_images_in_another_shape_than_asked_for_are_refused(lab):
    (fault,) = read(lab, plain, replace(ASKED, input_shape=(HEIGHT, WIDTH, 1)), (WIDTH, HEIGHT, 1)).faults
    assert (fault.code, str(fault.expected)) == ("wrong-placeholder", f"[None, {HEIGHT}, {WIDTH}, 1]")
    assert "wrong-placeholder" in read(lab, plain, ASKED, (HEIGHT, WIDTH, 1)).codes


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH, 1), (HEIGHT, WIDTH), (HEIGHT * WIDTH,), (None, WIDTH, 1)], ids=str)
def test_whatever_shape_a_network_takes_it_is_fed_our_images(lab, shape):
    inputs = np.random.default_rng(0).uniform(size=(7, HEIGHT * WIDTH)).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, *shape], name="X")
        plain(x)
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


# ---- images as they are, and torn -----------------------------------------------------------------------------------


def depthwise(x):
    return tf.nn.depthwise_conv2d(x, kernel(5, 5, int(x.shape[-1]), 2), [1, 1, 1, 1], "SAME")


def along_a_sequence(x, side):
    return tf.nn.conv1d(x, kernel(side, int(x.shape[-1]), 4), 1, "SAME")[:, :, None]


WHOLE = {
    "plain": lambda x: convolution(images(x), 5, 4),
    "large window": lambda x: convolution(images(x), 9, 4),
    "even window": lambda x: convolution(images(x), 2, 4, padding="VALID"),
    "single pixels": lambda x: convolution(images(x), 1, 4),
    "large stride": lambda x: convolution(images(x), 3, 4, 3),
    "strip": lambda x: tf.nn.conv2d(images(x), kernel(1, 5, 1, 4), 1, "SAME"),
    "dilated": lambda x: tf.nn.conv2d(images(x), kernel(3, 3, 1, 4), 1, "SAME", dilations=3),
    "atrous": lambda x: tf.nn.atrous_conv2d(images(x), kernel(3, 3, 1, 4), 2, "SAME"),
    "depthwise": lambda x: depthwise(images(x)),
    "grouped": lambda x: tf.nn.conv2d(tf.tile(images(x), [1, 1, 1, 2]), kernel(3, 3, 1, 4), 1, "SAME"),
    "mirrored at the edge": lambda x: convolution(tf.pad(images(x), [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT"), 5, 4),
    "cut": lambda x: convolution(images(x)[:, 2:-2, 1:-1], 3, 4),
    "thinned": lambda x: convolution(images(x)[:, ::2, ::2], 3, 4),
    "turned": lambda x: convolution(tf.transpose(images(x), [0, 2, 1, 3]), 5, 4),
    "upside down": lambda x: convolution(tf.reverse(images(x), [1, 2]), 5, 4),
    "centred": lambda x: convolution((images(x) - 0.5) * 2, 5, 4),
    "resized": lambda x: convolution(tf.image.resize(images(x), [20, 15]), 5, 4),
    "mirrored on itself": lambda x: convolution(images(x) + tf.reverse(images(x), [2]), 5, 4),
    "made larger": lambda x: convolution(tf.image.resize(images(x), [36, 27], "nearest"), 5, 4),
    "three columns at once": lambda x: convolution(of_rows(x, HEIGHT, WIDTH // 3, 3), 3, 4),
    "tiles": lambda x: convolution(
        tf.reshape(tf.transpose(of_rows(x, 4, 3, 3, 3), [0, 1, 3, 2, 4]), [-1, 4, 3, 9]), 1, 4
    ),
    "rows as a sequence": lambda x: along_a_sequence(of_rows(x, HEIGHT, WIDTH), 3),
    "pixels as a sequence": lambda x: along_a_sequence(of_rows(x, HEIGHT * WIDTH, 1), 9),
    "two windows": lambda x: tf.concat([convolution(images(x), 3, 2), convolution(images(x), 5, 2)], 3),
    "with coordinates": lambda x: convolution(tf.concat([images(x), tf.sin(images(x))], 3), 5, 4),
}
TORN = {
    "height and width exchanged": lambda x: convolution(of_rows(x, WIDTH, HEIGHT, 1), 5, 4),
    "exchanged and turned back": lambda x: convolution(tf.transpose(of_rows(x, WIDTH, HEIGHT, 1), [0, 2, 1, 3]), 5, 4),
    "other sides": lambda x: convolution(of_rows(x, 2 * HEIGHT // 4, 4 * WIDTH // 2, 1), 5, 4),
    "longer rows": lambda x: convolution(of_rows(x, HEIGHT // 3, 3 * WIDTH, 1), 3, 4),
    "channels first": lambda x: convolution(of_rows(x, 1, HEIGHT, WIDTH), 5, 4),
    "channels in the middle": lambda x: convolution(of_rows(x, HEIGHT, 1, WIDTH), 3, 4),
    "in one line": lambda x: convolution(of_rows(x, 1, HEIGHT * WIDTH, 1), 5, 4),
    "resized from other sides": lambda x: convolution(tf.image.resize(of_rows(x, 6, 18, 1), [HEIGHT, WIDTH]), 5, 4),
    "colours that are none": lambda x: convolution(of_rows(x, 6, 6, 3), 3, 4),
}


@pytest.mark.parametrize("name", WHOLE)
def test_images_that_are_whole_are_not_called_torn(lab, name):
    network = read(lab, lambda x: above(WHOLE[name](x)), FREE)
    assert not network.faults, str(network)


@pytest.mark.parametrize("name", TORN)
def test_images_that_are_torn_are_named(lab, name):
    network = read(lab, lambda x: above(TORN[name](x)), FREE)
    assert network.codes == {"image-torn"}, str(network)
    assert str(network.faults[0].expected) == f"[{HEIGHT}, {WIDTH}, 1]"


def test_images_of_which_nobody_says_how_wide_they_are_are_not_called_torn(lab):
    network = read(lab, lambda x: above(TORN["height and width exchanged"](x)), replace(FREE, image_shape=None))
    assert not network.faults


def test_rows_of_a_batch_that_are_mixed_are_named_as_such(lab):
    network = read(lab, lambda x: above(convolution(tf.reshape(tf.transpose(x), [-1, HEIGHT, WIDTH, 1]), 5, 4)), FREE)
    assert "rows-mixed" in network.codes
    assert "image-torn" not in network.codes


# ---- another architecture -------------------------------------------------------------------------------------------


def two_dense(x):
    return dense(tf.nn.relu(dense(tf.nn.relu(x), 6)), CLASSES)


def one_separable(x):
    return tf.nn.separable_conv2d(images(x), kernel(5, 5, 1, 2), kernel(1, 1, 2, 4), [1, 1, 1, 1], "SAME") + bias(4)


ONE_CONVOLUTION = {
    "plain": lambda x: convolution(images(x), 5, 4),
    "two side by side": lambda x: tf.concat([convolution(images(x), side, 4) for side in (5, 3)], 3),
    "separable": one_separable,
    "none": lambda x: dense(x, 4),
}


@pytest.mark.parametrize("name", ONE_CONVOLUTION)
def test_too_few_convolutions_are_counted(lab, name):
    faults = read(lab, lambda x: two_dense(ONE_CONVOLUTION[name](x)), FREE).faults
    found = [(str(fault.found), str(fault.expected)) for fault in faults if fault.code == "too-few-layers"]
    assert found == [(f"{0 if name == 'none' else 1} convolutions", "2")]


@pytest.mark.parametrize(
    ("changes", "code", "found", "expected"),
    [
        ({"widths": (4, 8, CLASSES)}, "wrong-width", "6 channels", "8"),
        ({"activations": ("relu", "tanh", "none")}, "wrong-activation", "relu", "tanh"),
    ],
    ids=lambda value: value if isinstance(value, str) and "-" in value else "",
)
def test_what_differs_from_what_is_asked_is_named(lab, changes, code, found, expected):
    (fault,) = read(lab, plain, replace(ASKED, **changes)).faults
    assert (fault.code, str(fault.found), str(fault.expected)) == (code, found, expected)


def test_weights_of_a_convolution_that_begin_as_asked_are_accused_of_nothing(lab):
    assert not read(lab, plain, replace(ASKED, initialisation="glorot-uniform")).remarks


# ---- what beginners do ----------------------------------------------------------------------------------------------


def two_convolutions(x, between=tf.nn.relu, behind=tf.nn.relu):
    return dense(behind(convolution(between(convolution(images(x), 5, 4)), 3, 6)), CLASSES)


def averaged(maps):
    return tf.nn.avg_pool2d(maps, 2, 2, "SAME")


def dropout_that_is_off(maps):
    return tf.nn.dropout(tf.nn.relu(maps), rate=tf.placeholder_with_default(0.0, []))


def dropped_by(kind):
    return lambda maps: kind(0.5)(tf.nn.relu(maps), training=True)


def across_the_batch(maps):
    turned = tf.transpose(tf.nn.relu(maps), [3, 1, 2, 0])
    return tf.reshape(turned, [-1, HEIGHT, WIDTH, 6])


#: What stands between the convolutions and behind the second one, and the code that is named.
MISTAKES = {
    "nothing between": (tf.identity, tf.nn.relu, "missing-activation"),
    "a mean between": (averaged, tf.nn.relu, "missing-activation"),
    "a scale between": (lambda maps: 2.0 * maps, tf.nn.relu, "missing-activation"),
    "nothing behind": (tf.nn.relu, tf.identity, "missing-activation"),
    "a mean behind": (tf.nn.relu, averaged, "missing-activation"),
    "a mean of all places": (
        tf.nn.relu,
        lambda maps: tf.reduce_mean(maps, [1, 2], keepdims=True),
        "missing-activation",
    ),
    "flattened across the batch": (tf.nn.relu, across_the_batch, "rows-mixed"),
    "flattened so behind a dropout": (dropout_that_is_off, across_the_batch, "rows-mixed"),
    "dropout": (tf.nn.relu, lambda maps: tf.nn.dropout(tf.nn.relu(maps), rate=0.5), "dropout-at-evaluation"),
    "dropout of Keras": (dropped_by(tf.keras.layers.Dropout), tf.nn.relu, "dropout-at-evaluation"),
    "dropout of maps": (dropped_by(tf.keras.layers.SpatialDropout2D), tf.nn.relu, "dropout-at-evaluation"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_beginners_do_is_named(lab, name):
    between, behind, code = MISTAKES[name]
    assert read(lab, lambda x: two_convolutions(x, between, behind), FREE).codes == {code}


@pytest.mark.parametrize("model", [two_convolutions, mean_of_maps])
def test_a_softmax_before_the_loss_is_named_behind_convolutions(lab, model):
    assert read(lab, lambda x: tf.nn.softmax(model(x)), FREE).codes == {"softmax-before-loss"}


@pytest.mark.parametrize("place", ["between", "behind"])
@pytest.mark.parametrize("tried", [True, False])
def test_the_largest_of_a_window_is_a_nonlinearity(lab, place, tried):
    network = read(lab if tried else None, lambda x: two_convolutions(x, **{place: pooled}), FREE)
    assert not network.faults
    assert not network.remarks


@pytest.mark.parametrize("place", ["between", "behind"])
@pytest.mark.parametrize("pool", [pooled, averaged])
@pytest.mark.parametrize("first", [True, False])
def test_an_activation_before_a_pooling_is_one_behind_it(lab, place, pool, first):
    between = (lambda y: pool(tf.nn.relu(y))) if first else (lambda y: tf.nn.relu(pool(y)))
    network = read(lab, lambda x: two_convolutions(x, **{place: between}), FREE)
    assert not network.faults
    assert not network.remarks
    assert [layer.activation for layer in network.layers] == ["relu", "relu", "none"]

"""Losses in loops and of some rows only, scores in a wide bound, averages that another op keeps: as others wrote them."""

import pytest
import tensorflow.compat.v1 as tf

from netgrader.reader import Exercise, read_network
from tests.reader.test_spellings import DEEP, cross_entropy

ONE = Exercise("one_layer_network", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True)


def dense(x, n, function=tf.identity):
    with tf.variable_scope(None, "dense"):
        w = tf.get_variable("W", [int(x.shape[-1]), n], initializer=tf.glorot_uniform_initializer())
        return function(x @ w + tf.get_variable("b", [n], initializer=tf.zeros_initializer()))


def rows_of(y, z):
    return tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)


def read(build, exercise, lab):
    """Read what `build` makes of images and labels: parts, of which the usual ones need not be given."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        parts = build(x, y)
        z = parts["logits"]
        right = tf.reduce_mean(tf.to_float(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1))))
        parts = {"X": x, "Y": y, "prediction": tf.nn.softmax(z), "loss": cross_entropy(y, z), "accuracy": right} | parts
        if "train_op" not in parts:
            parts["train_op"] = tf.train.AdamOptimizer(0.001).minimize(parts["loss"])
        return read_network(graph, parts, exercise, lab=lab)


def of_loss(loss):
    def build(x, y):
        z = dense(x, 10)
        return {"logits": z, "loss": loss(y, z)}

    return build


ONE_BY_ONE = {
    "map_fn": lambda y, z: tf.reduce_mean(tf.map_fn(lambda pair: rows_of(*pair), (y, z), dtype=tf.float32)),
    "map_fn by hand, over scores and labels": lambda y, z: tf.reduce_mean(
        tf.map_fn(lambda pair: -tf.reduce_sum(pair[1] * tf.nn.log_softmax(pair[0])), (z, y), dtype=tf.float32)
    ),
    "foldl": lambda y, z: (
        tf.foldl(lambda total, pair: total + rows_of(*pair), (y, z), initializer=tf.constant(0.0))
        / tf.to_float(tf.shape(y)[0])
    ),
    "with a penalty of no name": lambda y, z: cross_entropy(y, z) + 0.1 * tf.reduce_max(z),
    "of the hardest half": lambda y, z: tf.reduce_mean(tf.nn.top_k(rows_of(y, z), tf.shape(z)[0] // 2)[0]),
}


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_a_loss_of_each_row_and_its_label_is_read(name, functional, lab):
    (tf.enable_control_flow_v2 if functional else tf.disable_control_flow_v2)()  # loops as functions, or as ops
    try:
        network = read(of_loss(ONE_BY_ONE[name]), ONE, lab)
    finally:
        tf.disable_control_flow_v2()
    assert (network.codes, network.loss.kind) == (set(), "softmax-cross-entropy")


LEFT_OUT = {
    "labels of the row before": lambda y, z: cross_entropy(tf.roll(y, 1, axis=0), z),
    "labels from the end": lambda y, z: cross_entropy(tf.reverse(y, [0]), z),
    "the first half": lambda y, z: cross_entropy(y[: (tf.shape(y)[0] + 1) // 2], z[: (tf.shape(y)[0] + 1) // 2]),
    "the first row": lambda y, z: rows_of(y, z)[0],
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_rows_that_are_not_compared_with_their_own_labels_are_named(name, lab):
    network = read(of_loss(LEFT_OUT[name]), ONE, lab)
    assert network.codes == {"wrong-loss"}


@pytest.mark.parametrize("function", [tf.nn.softmax, tf.nn.log_softmax])
def test_shares_over_the_rows_below_a_cross_entropy_are_named(function, lab):
    network = read(of_loss(lambda y, z: cross_entropy(y, tf.transpose(function(tf.transpose(z))))), ONE, lab)
    assert network.codes == {"loss-over-wrong-axis"}


def hidden(x):
    return dense(dense(x, 40, tf.nn.relu), 30, tf.nn.relu)


def in_a_wide_bound(x, y):
    return {"logits": 30 * tf.tanh(dense(hidden(x), 10) / 30)}


def in_two_stages(x, y):
    h = hidden(x)
    first, second = tf.nn.log_softmax(dense(h, 2)), tf.nn.log_softmax(tf.reshape(dense(h, 10), [-1, 2, 5]))
    z = tf.reshape(tf.transpose(first[:, :, None] + second, [0, 2, 1]), [-1, 10])
    return {"logits": z, "loss": -tf.reduce_mean(tf.reduce_sum(y * z, 1)), "prediction": tf.exp(z)}


def counted_by_where(x, y):
    z = dense(hidden(x), 10)
    right = tf.where(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)))
    return {"logits": z, "accuracy": tf.to_float(tf.size(right)) / tf.to_float(tf.shape(x)[0])}


def with_a_second_end_and_decay(x, y):
    h = dense(x, 40, tf.nn.relu)
    z, beside = dense(dense(h, 30, tf.nn.relu), 10), dense(h, 10)
    step = tf.train.AdamOptimizer(0.001).minimize(cross_entropy(y, z) + 0.3 * cross_entropy(y, beside))
    with tf.control_dependencies([step]):
        return {"logits": z, "train_op": tf.group(*[v.assign(v * (1 - 1e-5)) for v in tf.trainable_variables()])}


def normalised(x, updates, *, updating=()):
    """Return a layer whose averages are kept by what is added to `updates`, or by each run, if `updating` is those."""
    training, z = tf.placeholder_with_default(False, []), dense(x, 40)
    mean = tf.get_variable("mean", [40], initializer=tf.zeros_initializer(), trainable=False)
    variance = tf.get_variable("variance", [40], initializer=tf.ones_initializer(), trainable=False)
    moments = tf.nn.moments(z, [0])
    updates += [v.assign(0.9 * v + 0.1 * of_batch) for v, of_batch in zip((mean, variance), moments, strict=True)]
    with tf.control_dependencies(updating):
        used = [
            tf.where(training, of_batch, v.read_value()) for v, of_batch in zip((mean, variance), moments, strict=True)
        ]
    return tf.nn.relu(tf.nn.batch_normalization(z, *used, None, None, 1e-3))


def averages_by_an_op_of_its_own(x, y):
    updates = []
    z = dense(dense(normalised(x, updates), 30, tf.nn.relu), 10)
    return {"logits": z, "update_averages": tf.group(*updates)}


@pytest.mark.parametrize(
    "build",
    [in_a_wide_bound, in_two_stages, counted_by_where, with_a_second_end_and_decay, averages_by_an_op_of_its_own],
)
def test_deep_networks_of_another_making_have_no_fault_and_no_remark(build, lab):
    network = read(build, DEEP, lab)
    assert (network.codes, network.remarks) == (set(), ())


def test_averages_that_each_evaluation_moves_are_no_dropout(lab):
    def build(x, y):
        updates = []
        return {"logits": dense(dense(normalised(x, updates, updating=updates), 30, tf.nn.relu), 10)}

    assert read(build, DEEP, lab).codes == {"rows-mixed"}

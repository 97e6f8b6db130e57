"""Networks as others wrote them: losses in loops, of some rows or classes; what keeps one from learning."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from tests.reader.networks import ZEROS, adam, bias, control_flow, cross_entropy, dense, hidden, read, rows_of, weights

ONE = Exercise("one_layer_network", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True)
DEEP = Exercise("deep_network", loss=None, min_layers=3)


def of_loss(loss):
    """Return one layer with this loss of labels and scores."""

    def build(x, y):
        z = dense(x, 10)
        return {"logits": z, "loss": loss(y, z)}

    return build


ONE_BY_ONE = {
    "map_fn": lambda y, z: tf.reduce_mean(tf.map_fn(lambda pair: rows_of(*pair), (y, z), dtype=tf.float32)),
    "foldl": lambda y, z: (
        tf.foldl(lambda total, pair: total + rows_of(*pair), (y, z), initializer=tf.constant(0.0))
        / tf.to_float(tf.shape(y)[0])
    ),
}


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_a_loss_of_one_row_after_another_is_undecided(name, functional, lab):
    with control_flow(functional):
        network = read(lab, of_loss(ONE_BY_ONE[name]), ONE)
    assert (network.codes, network.loss.kind) == (set(), "undecided")


UNDECIDED = {
    "of the hardest half": lambda y, z: tf.reduce_mean(tf.nn.top_k(rows_of(y, z), tf.shape(z)[0] // 2)[0]),
    "with a penalty of no name": lambda y, z: cross_entropy(y, z) + 0.1 * tf.reduce_max(z),
    "labels of the row before": lambda y, z: cross_entropy(tf.roll(y, 1, axis=0), z),
    "the first half": lambda y, z: cross_entropy(y[: (tf.shape(y)[0] + 1) // 2], z[: (tf.shape(y)[0] + 1) // 2]),
    "the first row": lambda y, z: rows_of(y, z)[0],
    "nine classes": lambda y, z: cross_entropy(y[:, :9], z[:, :9]),
    "the classes from the end": lambda y, z: cross_entropy(tf.reverse(y, [1]), z),
    "a softmax of the labels": lambda y, z: cross_entropy(tf.nn.softmax(y), z),
    "the digits as numbers": lambda y, z: tf.reduce_mean(
        tf.square(tf.reduce_sum(tf.nn.softmax(z) * tf.range(10.0), 1) - tf.to_float(tf.argmax(y, 1)))
    ),
    "labels of rows in another order": lambda y, z: cross_entropy(tf.random.shuffle(y), z),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_a_loss_of_no_known_formula_is_undecided_whatever_ops_it_is_made_of(name, lab):
    network = read(lab, of_loss(UNDECIDED[name]), ONE)
    assert (network.codes, network.loss.kind) == (set(), "undecided")
    assert network.undecided


def in_one_order(y, z):
    order = tf.random.shuffle(tf.range(10))
    return cross_entropy(tf.gather(y, order, axis=1), tf.gather(z, order, axis=1))


def by_label(y, z):
    order = tf.argsort(tf.argmax(y, 1))
    return cross_entropy(tf.gather(y, order), tf.gather(z, order))


def branches_with_the_same_weights(x, _):
    w, b = weights("W", 784, 10), bias("b", 10)
    return tf.cond(tf.shape(x)[0] > 1000, lambda: x @ w + b, lambda: x @ w + b)


ONE_LAYER = {
    "scores and labels in one order": (of_loss(in_one_order), set()),
    "scores and labels in the order of the labels": (of_loss(by_label), set()),
    "branches with the same weights": (branches_with_the_same_weights, set()),
    "scores that are all alike": (lambda x, _: 0.0 * dense(x, 10), set()),
    "probabilities for labels": (
        of_loss(lambda y, z: cross_entropy(tf.nn.softmax(z), y)),
        {"labels-logits-swapped"},
    ),
    "shares over the rows": (
        of_loss(lambda y, z: cross_entropy(y, tf.transpose(tf.nn.softmax(tf.transpose(z))))),
        {"loss-over-wrong-axis"},
    ),
    "logarithms of shares over the rows": (
        of_loss(lambda y, z: cross_entropy(y, tf.transpose(tf.nn.log_softmax(tf.transpose(z))))),
        {"loss-over-wrong-axis"},
    ),
    "half of the image": (lambda x, _: dense(x[:, :392], 10), {"wrong-width"}),
}


@pytest.mark.parametrize("name", ONE_LAYER)
def test_of_one_layer_what_is_wrong_is_named_and_nothing_else(name, lab):
    build, codes = ONE_LAYER[name]
    assert read(lab, build, ONE).codes == codes


def test_a_network_that_is_trained_by_samples_of_the_classes_is_undecided(lab):
    def sampled(x, y):
        """Return a loss that gathers rows of the last weights by the labels, and has no product for scores."""
        h, w, b = hidden(x), weights("last", 10, 30), bias("bias", 10)
        loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(w, b, tf.argmax(y, 1)[:, None], h, 5, 10))
        return {"logits": h @ tf.transpose(w) + b, "loss": loss}

    network = read(lab, sampled, DEEP)
    assert network.codes == set()
    assert "too-few-layers" in network.left_open


def test_a_loss_that_is_trained_with_is_not_called_missing(lab):
    def build(x, y):
        w, b = weights("last", 10, 784), bias("bias", 10)
        z = x @ tf.transpose(w) + b
        cross_entropy(y, z)  # nobody minimises it
        return {"logits": z, "loss": tf.reduce_mean(tf.nn.nce_loss(w, b, tf.argmax(y, 1)[:, None], x, 5, 10))}

    network = read(lab, build, ONE)
    assert network.codes == set()
    assert network.undecided


def in_a_wide_bound(x, _):
    return 30 * tf.tanh(dense(hidden(x), 10) / 30)


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
    step = adam(cross_entropy(y, z) + 0.3 * cross_entropy(y, beside))
    with tf.control_dependencies([step]):
        return {"logits": z, "train_op": tf.group(*[v.assign(v * (1 - 1e-5)) for v in tf.trainable_variables()])}


def normalised(x, updates, *, updating=()):
    """Return a layer whose averages are kept by what is added to `updates`, or by each run, if `updating` is those."""
    training, z = tf.placeholder_with_default(False, []), dense(x, 40)
    mean = tf.get_variable("mean", [40], initializer=ZEROS, trainable=False)
    variance = tf.get_variable("variance", [40], initializer=tf.ones_initializer(), trainable=False)
    moments = tf.nn.moments(z, [0])
    updates += [v.assign(0.9 * v + 0.1 * of_batch) for v, of_batch in zip((mean, variance), moments, strict=True)]
    with tf.control_dependencies(updating):
        used = [
            tf.where(training, of_batch, v.read_value()) for v, of_batch in zip((mean, variance), moments, strict=True)
        ]
    return tf.nn.relu(tf.nn.batch_normalization(z, *used, None, None, 1e-3))


def averages_by_an_op_of_its_own(x, _):
    updates = []
    z = dense(dense(normalised(x, updates), 30, tf.nn.relu), 10)
    return {"logits": z, "update_averages": tf.group(*updates)}


def averages_that_each_evaluation_moves(x, _):
    updates = []
    return dense(dense(normalised(x, updates, updating=updates), 30, tf.nn.relu), 10)


def random_layer_first(x, _):
    w = tf.get_variable("random", [784, 50], trainable=False)
    return dense(hidden(tf.nn.relu(x @ w)), 10)


def with_a_linear_bottleneck(x, _):
    return dense(hidden(dense(dense(x, 40, tf.nn.relu), 8)), 10)


def with_a_block_that_is_passed_three_times(x, _):
    h, w, b = dense(x, 30, tf.nn.relu), weights("again", 30, 30), bias("bias", 30)
    for _ in range(3):
        h += tf.nn.relu(h @ w + b)
    return dense(dense(h, 20, tf.nn.relu), 10)


def with_layers_that_thaw(x, y):
    z, optimizer = dense(hidden(x), 10), tf.train.AdamOptimizer(0.001)
    step, loss = tf.train.create_global_step(), cross_entropy(y, z)
    slopes = optimizer.compute_gradients(loss)
    thawed = [(slope * tf.to_float(step >= 50 * (2 - i // 2)), v) for i, (slope, v) in enumerate(slopes)]
    return {"logits": z, "loss": loss, "train_op": optimizer.apply_gradients(thawed, global_step=step)}


def with_large_weights_that_are_normalised(x, _):
    z = x @ tf.get_variable("W", [784, 40], initializer=tf.random_normal_initializer())
    mean, variance = tf.nn.moments(z, [1], keepdims=True)
    return dense(dense(tf.nn.relu((z - mean) / tf.sqrt(variance + 1e-5)), 30, tf.nn.relu), 10)


def with_a_decoder_that_another_op_trains(x, _):
    h = hidden(x)
    apart = tf.reduce_mean(tf.square(dense(h, 784) - x))
    return {"logits": dense(h, 10), "pretrain_op": adam(apart)}


@pytest.mark.parametrize(
    ("build", "codes", "remarks"),
    [
        (in_a_wide_bound, set(), set()),
        (in_two_stages, set(), set()),
        (counted_by_where, set(), set()),
        (with_a_second_end_and_decay, set(), set()),
        (averages_by_an_op_of_its_own, set(), set()),
        (with_layers_that_thaw, set(), set()),
        (with_large_weights_that_are_normalised, set(), set()),
        (with_a_decoder_that_another_op_trains, set(), set()),
        (random_layer_first, set(), {"layers-not-trained"}),
        (with_a_linear_bottleneck, set(), {"missing-activation"}),
        (with_a_block_that_is_passed_three_times, set(), {"shared-weights"}),
        (averages_that_each_evaluation_moves, {"rows-mixed"}, set()),
        (lambda x, _: dense(dense(hidden(x), 20, tf.nn.softmax), 10), {"softmax-in-hidden-layer"}, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_of_a_deep_network_what_is_wrong_is_named_and_what_the_exercise_leaves_free_is_not(build, codes, remarks, lab):
    network = read(lab, build, DEEP)
    assert network.codes == codes, str(network)
    assert {remark.code for remark in network.remarks} == remarks

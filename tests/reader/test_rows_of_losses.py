"""Networks as others wrote them: losses in loops, of some rows or classes; what keeps one from learning."""

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise, read_network
from tests.reader.test_spellings import DEEP, cross_entropy

ONE = Exercise("one_layer_network", widths=(10,), activations=("none",), optimizer="adam", nonlinear=False, bias=True)


def dense(x, n, function=tf.identity):
    with tf.variable_scope(None, "dense"):
        w = tf.get_variable("W", [int(x.shape[-1]), n], initializer=tf.glorot_uniform_initializer())
        return function(x @ w + tf.get_variable("b", [n], initializer=tf.zeros_initializer()))


def weights_of(inputs, outputs):
    return tf.get_variable("again", [inputs, outputs]), tf.get_variable(
        "bias", [outputs], initializer=tf.zeros_initializer()
    )


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
}


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_a_loss_of_one_row_after_another_is_undecided(name, functional, lab):
    (tf.enable_control_flow_v2 if functional else tf.disable_control_flow_v2)()  # loops as functions, or as ops
    try:
        network = read(of_loss(ONE_BY_ONE[name]), ONE, lab)
    finally:
        tf.disable_control_flow_v2()
    assert (network.codes, network.loss.kind) == (set(), "undecided")


UNDECIDED = {
    "of the hardest half": lambda y, z: tf.reduce_mean(tf.nn.top_k(rows_of(y, z), tf.shape(z)[0] // 2)[0]),
    "with a penalty of no name": lambda y, z: cross_entropy(y, z) + 0.1 * tf.reduce_max(z),
    "labels of the row before": lambda y, z: cross_entropy(tf.roll(y, 1, axis=0), z),
    "labels from the end": lambda y, z: cross_entropy(tf.reverse(y, [0]), z),
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
    network = read(of_loss(UNDECIDED[name]), ONE, lab)
    assert (network.codes, network.loss.kind) == (set(), "undecided")
    assert network.undecided


def in_one_order(y, z):
    order = tf.random.shuffle(tf.range(10))
    return cross_entropy(tf.gather(y, order, axis=1), tf.gather(z, order, axis=1))


def by_label(y, z):
    order = tf.argsort(tf.argmax(y, 1))
    return cross_entropy(tf.gather(y, order), tf.gather(z, order))


@pytest.mark.parametrize("loss", [in_one_order, by_label])
def test_scores_and_labels_that_are_put_in_one_order_are_right(loss, lab):
    assert read(of_loss(loss), ONE, lab).codes == set()


SWAPPED = {
    "with probabilities for labels": lambda y, z: cross_entropy(tf.nn.softmax(z), y),
}


@pytest.mark.parametrize("name", SWAPPED)
def test_labels_where_the_scores_should_be_are_named(name, lab):
    assert read(of_loss(SWAPPED[name]), ONE, lab).codes == {"labels-logits-swapped"}


def sampled(x, y):
    """Return a network whose loss gathers rows of the last weights by the labels, and has no product for scores."""
    h = dense(dense(x, 40, tf.nn.relu), 30, tf.nn.relu)
    w, b = tf.get_variable("last", [10, 30]), tf.get_variable("bias", [10], initializer=tf.zeros_initializer())
    loss = tf.reduce_mean(tf.nn.sampled_softmax_loss(w, b, tf.argmax(y, 1)[:, None], h, 5, 10))
    return {"logits": h @ tf.transpose(w) + b, "loss": loss}


def test_a_network_that_is_trained_by_samples_of_the_classes_is_undecided(lab):
    network = read(sampled, DEEP, lab)
    assert network.codes == set()
    assert "too-few-layers" in network.left_open


def test_a_loss_that_is_trained_with_is_not_called_missing(lab):
    def build(x, y):
        w, b = tf.get_variable("last", [10, 784]), tf.get_variable("bias", [10], initializer=tf.zeros_initializer())
        z = x @ tf.transpose(w) + b
        cross_entropy(y, z)  # nobody minimises it
        return {"logits": z, "loss": tf.reduce_mean(tf.nn.nce_loss(w, b, tf.argmax(y, 1)[:, None], x, 5, 10))}

    network = read(build, ONE, lab)
    assert network.codes == set()
    assert network.undecided


def test_branches_with_the_same_weights_are_one_layer(lab):
    def build(x, y):
        w, b = tf.get_variable("W", [784, 10]), tf.get_variable("b", [10], initializer=tf.zeros_initializer())
        return {"logits": tf.cond(tf.shape(x)[0] > 1000, lambda: x @ w + b, lambda: x @ w + b)}

    assert read(build, ONE, lab).codes == set()


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


def with_a_softmax_before_the_last_layer(x, y):
    return {"logits": dense(dense(hidden(x), 20, tf.nn.softmax), 10)}


@pytest.mark.parametrize(
    ("build", "code"),
    [
        (with_a_softmax_before_the_last_layer, "softmax-in-hidden-layer"),
    ],
)
def test_what_stops_a_deep_network_from_learning_is_named(build, code, lab):
    assert read(build, DEEP, lab).codes == {code}


def test_random_layers_that_are_not_to_be_trained_may_stand_before_layers_enough(lab):
    def build(x, y):
        w = tf.get_variable("random", [784, 50], initializer=tf.glorot_uniform_initializer(), trainable=False)
        return {"logits": dense(hidden(tf.nn.relu(x @ w)), 10)}

    network = read(build, DEEP, lab)
    assert (network.codes, [remark.code for remark in network.remarks]) == (set(), ["layers-not-trained"])


def test_a_layer_that_reads_half_of_the_image_is_named(lab):
    assert read(lambda x, _: {"logits": dense(x[:, :392], 10)}, ONE, lab).codes == {"wrong-width"}


def test_scores_that_are_all_alike_are_no_wrong_prediction(lab):
    assert read(lambda x, _: {"logits": 0.0 * dense(x, 10)}, ONE, lab).codes == set()


def with_a_linear_bottleneck(x, y):
    h = dense(dense(x, 40, tf.nn.relu), 8)
    return {"logits": dense(dense(dense(h, 40, tf.nn.relu), 30, tf.nn.relu), 10)}


def with_a_block_that_is_passed_three_times(x, y):
    h, (w, b) = dense(x, 30, tf.nn.relu), weights_of(30, 30)
    for _ in range(3):
        h += tf.nn.relu(h @ w + b)
    return {"logits": dense(dense(h, 20, tf.nn.relu), 10)}


def with_layers_that_thaw(x, y):
    z, optimizer = dense(hidden(x), 10), tf.train.AdamOptimizer(0.001)
    step, loss = tf.train.create_global_step(), cross_entropy(y, z)
    slopes = optimizer.compute_gradients(loss)
    thawed = [(slope * tf.to_float(step >= 50 * (2 - i // 2)), v) for i, (slope, v) in enumerate(slopes)]
    return {"logits": z, "loss": loss, "train_op": optimizer.apply_gradients(thawed, global_step=step)}


def with_large_weights_that_are_normalised(x, y):
    z = x @ tf.get_variable("W", [784, 40], initializer=tf.random_normal_initializer())
    mean, variance = tf.nn.moments(z, [1], keepdims=True)
    return {"logits": dense(dense(tf.nn.relu((z - mean) / tf.sqrt(variance + 1e-5)), 30, tf.nn.relu), 10)}


def with_a_decoder_that_another_op_trains(x, y):
    h = hidden(x)
    apart = tf.reduce_mean(tf.square(dense(h, 784) - x))
    return {"logits": dense(h, 10), "pretrain_op": tf.train.AdamOptimizer(0.001).minimize(apart)}


@pytest.mark.parametrize(
    ("build", "remarks"),
    [
        (with_a_linear_bottleneck, {"missing-activation"}),
        (with_a_block_that_is_passed_three_times, {"shared-weights"}),
        (with_layers_that_thaw, set()),
        (with_large_weights_that_are_normalised, set()),
        (with_a_decoder_that_another_op_trains, set()),
    ],
)
def test_what_a_free_exercise_leaves_free_is_no_fault(build, remarks, lab):
    network = read(build, DEEP, lab)
    assert (network.codes, {remark.code for remark in network.remarks}) == (set(), remarks)

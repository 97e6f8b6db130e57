"""Dropout in training only, in a conditional or in a tower of its own, is right; evaluated with it, it is named."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.course_reader import exercise_named


def fc(name, x, size):
    with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
        bias = tf.get_variable("b", [size], initializer=tf.zeros_initializer())
        return x @ tf.get_variable("W", [int(x.shape[-1]), size]) + bias


def tower(x, drop):
    return fc("o", drop(tf.nn.relu(fc("h", x, 1500))), 10)


def parts_of(x, y, trained, evaluated, **more):
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=trained))
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
    same = tf.equal(tf.argmax(evaluated, 1), tf.argmax(y, 1))
    found = {"X": x, "Y": y, "logits": evaluated, "prediction": tf.nn.softmax(evaluated), "loss": loss}
    return {**found, "train_op": train_op, "accuracy": tf.reduce_mean(tf.cast(same, tf.float32)), **more}


def inputs():
    return tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])


@pytest.fixture(params=[False, True], ids=["control flow of TensorFlow 1", "of TensorFlow 2"])
def _control_flow(request):
    """Build conditionals as ops of the graph, and as functions."""
    before = tf.control_flow_v2_enabled()
    (tf.enable_control_flow_v2 if request.param else tf.disable_control_flow_v2)()
    yield
    (tf.enable_control_flow_v2 if before else tf.disable_control_flow_v2)()


def in_a_conditional(**share):
    x, y = inputs()
    training, given = tf.placeholder(tf.bool), tf.placeholder(tf.float32)

    def drop(h):
        return tf.cond(training, lambda: tf.nn.dropout(h, **dict.fromkeys(share, given)), lambda: h)

    z = tower(x, drop)
    return parts_of(x, y, z, z)


def codes(build, exercise, lab, *, named=True):
    with tf.Graph().as_default() as graph:
        parts = build()
        asked = exercise_named(exercise) if exercise else None
        return read_network(graph, parts if named else None, asked, lab=lab).codes


@pytest.mark.usefixtures("_control_flow")
@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("share", ["rate", "keep_prob"])
def test_a_dropout_in_a_conditional_by_a_share_of_no_shape_is_right(share, named, lab):
    for exercise in (None, "two_layer_network"):
        assert not codes(lambda: in_a_conditional(**{share: True}), exercise, lab, named=named)


def towers(evaluate):
    def build():
        x, y = inputs()
        trained = tower(x, lambda h: tf.nn.dropout(h, rate=0.4))
        return evaluate(x, y, trained)

    return build


def named_by_the_training_tower(x, y, trained):
    return parts_of(x, y, trained, tower(x, tf.identity), logits=trained)


def in_the_best_one(x, y, trained):
    z = tower(x, tf.identity)
    best = tf.nn.in_top_k(z, tf.argmax(y, 1), 1)
    return {**parts_of(x, y, trained, z), "accuracy": tf.reduce_mean(tf.cast(best, tf.float32))}


def only_counted(x, y, trained):
    z = tower(x, tf.identity)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=trained))
    train_op = tf.train.AdamOptimizer(0.001).minimize(loss)
    best = tf.nn.in_top_k(z, tf.argmax(y, 1), 1)
    accuracy = tf.reduce_mean(tf.cast(best, tf.float32))
    return {"X": x, "Y": y, "loss": loss, "train_op": train_op, "accuracy": accuracy}


def on_other_placeholders(x, y, trained):
    other_x, other_y = inputs()
    found = parts_of(x, y, trained, trained)
    z = tower(other_x, tf.identity)
    same = tf.equal(tf.argmax(z, 1), tf.argmax(other_y, 1))
    return {**found, "prediction": tf.nn.softmax(z), "accuracy": tf.reduce_mean(tf.cast(same, tf.float32))}


@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("evaluate", [named_by_the_training_tower, in_the_best_one, only_counted])
def test_a_tower_for_training_beside_one_for_evaluation_is_right(evaluate, named, lab):
    assert "dropout-at-evaluation" not in codes(towers(evaluate), None, lab, named=named)


def test_a_tower_for_evaluation_may_have_placeholders_of_its_own(lab):
    assert "dropout-at-evaluation" not in codes(towers(on_other_placeholders), None, lab)


def test_a_tower_that_nobody_evaluates_does_not_excuse_a_dropout(lab):
    def evaluated_by_the_other(x, y, trained):
        tower(x, tf.identity)
        return parts_of(x, y, trained, trained)

    assert codes(towers(evaluated_by_the_other), None, lab) == {"dropout-at-evaluation"}


def switched(drop):
    def build():
        x, y = inputs()
        training = tf.placeholder_with_default(False, [])
        z = fc("o", drop(tf.nn.relu(fc("h", x, 40)), training), 10)
        return parts_of(x, y, z, z)

    return build


def masked(h, share):
    return h * tf.floor(share + tf.random.uniform(tf.shape(h)))


A_PART = {
    "a choice of rates": lambda h, on: tf.nn.dropout(h, rate=tf.where(on, 0.99, 0.0)),
    "a conditional": lambda h, on: tf.cond(on, lambda: tf.nn.dropout(h, rate=0.5), lambda: h),
    "a mask of one's own": lambda h, on: masked(h, tf.where(on, 0.2, 1.0)) / tf.where(on, 0.2, 1.0),
    "all of a layer, mostly": lambda h, on: tf.nn.dropout(h, rate=tf.where(on, 0.7, 0.0), noise_shape=[1, 1]),
    "all of one way of two": lambda h, on: h + tf.nn.dropout(h, rate=tf.where(on, 1.0, 0.0)),
    "a switch of something else": lambda h, on: tf.nn.dropout(h, rate=0.0) * tf.where(on, 0.0, 1.0),
}


@pytest.mark.usefixtures("_control_flow")
@pytest.mark.parametrize("how", A_PART)
def test_a_dropout_that_leaves_something_in_training_is_right(how, lab):
    assert not codes(switched(A_PART[how]), None, lab)


def rows_of(count):
    """Data of a pipeline: images and one-hot labels that nobody feeds."""
    images = tf.data.Dataset.from_tensor_slices(
        (tf.random.uniform([count, 784]), tf.eye(10, batch_shape=[count])[:, 3])
    )
    return tf.data.make_initializable_iterator(images.batch(20)).get_next()


@pytest.mark.parametrize("trains", ["its own loss", "nothing with labels"])
def test_of_two_towers_with_data_of_their_own_the_loss_is_the_one_that_the_steps_follow(trains, lab):
    """The tower in evaluation has fewer operations, and its labels have no part in the steps."""
    with tf.Graph().as_default() as graph:
        (x, y), (x_test, y_test) = rows_of(100), rows_of(40)
        z = tower(x, lambda h: tf.nn.dropout(h, rate=0.25))
        z_test = tower(x_test, lambda h: h)
        loss = tf.losses.softmax_cross_entropy(y, z)
        tf.losses.softmax_cross_entropy(y_test, z_test)
        target = loss if trains == "its own loss" else tf.reduce_mean(tf.square(z))
        tf.train.AdamOptimizer(0.001).minimize(target)
        network = read_network(graph, None, None, lab=lab)
    assert network.loss.kind == "softmax-cross-entropy"
    assert network.codes == (frozenset() if trains == "its own loss" else {"minimises-wrong-tensor"})


def test_a_network_used_on_two_inputs_side_by_side_shares_its_weights_by_design(lab):
    """As that which tells drawn images from real ones does; only a layer behind the other ought to have its own."""
    with tf.Graph().as_default() as graph:
        x, drawn = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 784])
        real, made = (fc("o", tf.nn.relu(fc("h", images, 100)), 1) for images in (x, drawn))
        each = tf.nn.sigmoid_cross_entropy_with_logits
        loss = tf.reduce_mean(each(labels=tf.ones_like(real), logits=real))
        loss += tf.reduce_mean(each(labels=tf.zeros_like(made), logits=made))
        tf.train.AdamOptimizer(0.001).minimize(loss)
        network = read_network(graph, None, None, lab=lab)
    assert "shared-weights" not in network.codes


def test_an_autoencoder_without_labels_whose_last_layer_begins_at_zero_has_no_fault(lab):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 30])
        z = fc("mean", x, 8) + tf.exp(fc("spread", x, 8)) * tf.random_normal([tf.shape(x)[0], 8])
        made = z @ tf.Variable(tf.zeros([8, 30])) + tf.Variable(tf.zeros([30]))
        tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(tf.reduce_sum(tf.square(made - x), 1) + tf.nn.l2_loss(z)))
        network = read_network(graph, None, None, lab=lab)
    assert not network.faults


def test_of_networks_that_train_against_each_other_each_minimises_its_own_loss(lab):
    with tf.Graph().as_default() as graph:
        noise, real = (tf.placeholder(tf.float32, [None, n]) for n in (10, 30))
        mask = tf.placeholder(tf.float32, [30])
        made = tf.nn.sigmoid(fc("made", noise, 30))
        judged = [fc("judge", tf.nn.relu(fc("look", images, 20)), 1) for images in (real, made)]
        each = tf.nn.sigmoid_cross_entropy_with_logits
        told = [
            tf.reduce_mean(each(labels=tf.fill(tf.shape(z), k), logits=z))
            for z, k in zip(judged, (1.0, 0.0), strict=True)
        ]
        missing = tf.reduce_sum(
            tf.abs(mask * made - mask * real), 1
        )  # to fill in pictures: only the noise is moved by it
        tf.gradients(missing - 0.1 * told[1], noise)
        ours, theirs = (tf.trainable_variables(name) for name in ("made", "(judge|look)"))
        step = tf.train.AdamOptimizer(0.001)
        step.minimize(told[0] + told[1], var_list=theirs)
        step.minimize(-told[1], var_list=ours)
        network = read_network(graph, None, None, lab=lab)
    assert "minimises-wrong-tensor" not in network.codes


@pytest.mark.parametrize("turned", [True, False], ids=["transposed by the product", "transposed before it"])
def test_an_autoencoder_that_goes_back_by_the_weights_it_came_by_shares_them_by_design(lab, turned):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.float32, [None, 30])
        w = tf.Variable(tf.glorot_uniform_initializer()([30, 30]))
        h = tf.nn.sigmoid(x @ w + tf.Variable(tf.zeros([30])))
        back = tf.matmul(h, w, transpose_b=True) if turned else tf.matmul(h, tf.transpose(w))
        loss = tf.reduce_mean(tf.square(back + tf.Variable(tf.zeros([30])) - y))
        tf.train.AdamOptimizer(0.001).minimize(loss)
        network = read_network(graph, None, None, lab=lab)
    assert len(network.layers) == 2
    assert not network.faults


@pytest.mark.parametrize("classes", [1, 10])
def test_a_share_that_is_kept_and_fed_is_found_for_one_score_as_for_ten(classes, lab):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, classes])
        rate = tf.placeholder(tf.float32, [])
        z = fc("o", tf.nn.dropout(tf.nn.relu(fc("h", x, 100)), rate=rate), classes)
        soft = tf.nn.softmax_cross_entropy_with_logits_v2
        each = (tf.nn.sigmoid_cross_entropy_with_logits if classes == 1 else soft)(labels=y, logits=z)
        tf.train.AdamOptimizer(0.001).minimize(tf.reduce_mean(each))
        network = read_network(graph, None, None, lab=lab)
    assert network.codes == set()

"""Dropout in training only, in a conditional or in a tower of its own, is right; evaluated with it, it is named."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import read_network
from netgrader.course_reader import exercise_named
from tests.reader.networks import accuracy_of, adam, control_flow, cross_entropy, dense, placeholders, read


def tower(x, drop):
    return dense(drop(dense(x, 1500, tf.nn.relu, "h")), 10, name="o")


def of_towers(y, trained, evaluated):
    loss = cross_entropy(y, trained)
    return {"logits": evaluated, "loss": loss, "train_op": adam(loss)}


@pytest.fixture(params=[False, True], ids=["control flow of TensorFlow 1", "of TensorFlow 2"])
def _control_flow(request):
    """Build conditionals as ops of the graph, and as functions."""
    with control_flow(request.param):
        yield


@pytest.mark.usefixtures("_control_flow")
@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("share", ["rate", "keep_prob"])
def test_a_dropout_in_a_conditional_by_a_share_of_no_shape_is_right(share, named, lab):
    def build(x, _):
        training, given = tf.placeholder(tf.bool), tf.placeholder(tf.float32)
        return tower(x, lambda h: tf.cond(training, lambda: tf.nn.dropout(h, **{share: given}), lambda: h))

    for exercise in (None, exercise_named("two_layer_network")):
        assert not read(lab, build, exercise, named=named).codes


def trained_tower(x):
    return tower(x, lambda h: tf.nn.dropout(h, rate=0.4))


def best_of(y, z):
    return tf.reduce_mean(tf.cast(tf.nn.in_top_k(z, tf.argmax(y, 1), 1), tf.float32))


def named_by_the_training_tower(x, y):
    trained, z = trained_tower(x), tower(x, tf.identity)
    return {**of_towers(y, trained, trained), "prediction": tf.nn.softmax(z), "accuracy": accuracy_of(y, z)}


def in_the_best_one(x, y):
    trained, z = trained_tower(x), tower(x, tf.identity)
    return {**of_towers(y, trained, z), "accuracy": best_of(y, z)}


def on_other_placeholders(x, y):
    trained = trained_tower(x)
    other_x, other_y = placeholders()
    z = tower(other_x, tf.identity)
    return {**of_towers(y, trained, trained), "prediction": tf.nn.softmax(z), "accuracy": accuracy_of(other_y, z)}


@pytest.mark.parametrize("named", [True, False], ids=["parts named", "the graph alone"])
@pytest.mark.parametrize("evaluate", [named_by_the_training_tower, in_the_best_one])
def test_a_tower_for_training_beside_one_for_evaluation_is_right(evaluate, named, lab):
    assert "dropout-at-evaluation" not in read(lab, evaluate, named=named).codes


def test_a_tower_for_evaluation_may_be_measured_alone(lab):
    with tf.Graph().as_default() as graph:
        x, y = placeholders()
        trained, z = trained_tower(x), tower(x, tf.identity)
        loss = cross_entropy(y, trained)
        parts = {"X": x, "Y": y, "loss": loss, "train_op": adam(loss), "accuracy": best_of(y, z)}
        for given in (parts, None):
            assert "dropout-at-evaluation" not in read_network(graph, given, lab=lab).codes


def test_a_tower_for_evaluation_may_have_placeholders_of_its_own(lab):
    assert "dropout-at-evaluation" not in read(lab, on_other_placeholders).codes


def test_a_tower_that_nobody_evaluates_does_not_excuse_a_dropout(lab):
    def evaluated_by_the_other(x, _):
        trained = trained_tower(x)
        tower(x, tf.identity)
        return trained

    assert read(lab, evaluated_by_the_other).codes == {"dropout-at-evaluation"}


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
    def build(x, _):
        training = tf.placeholder_with_default(False, [])
        return dense(A_PART[how](dense(x, 40, tf.nn.relu), training), 10)

    assert not read(lab, build).codes


def data_of(count):
    """Data of a pipeline: images and one-hot labels that nobody feeds."""
    images = tf.data.Dataset.from_tensor_slices(
        (tf.random.uniform([count, 784]), tf.eye(10, batch_shape=[count])[:, 3])
    )
    return tf.data.make_initializable_iterator(images.batch(20)).get_next()


@pytest.mark.parametrize("trains", ["its own loss", "nothing with labels"])
def test_of_two_towers_with_data_of_their_own_the_loss_is_the_one_that_the_steps_follow(trains, lab):
    """The tower in evaluation has fewer operations, and its labels have no part in the steps."""
    with tf.Graph().as_default() as graph:
        (x, y), (x_test, y_test) = data_of(100), data_of(40)
        z = tower(x, lambda h: tf.nn.dropout(h, rate=0.25))
        z_test = tower(x_test, lambda h: h)
        loss = tf.losses.softmax_cross_entropy(y, z)
        tf.losses.softmax_cross_entropy(y_test, z_test)
        target = loss if trains == "its own loss" else tf.reduce_mean(tf.square(z))
        adam(target)
        network = read_network(graph, None, None, lab=lab)
    assert network.loss.kind == "softmax-cross-entropy"
    assert network.codes == (frozenset() if trains == "its own loss" else {"minimises-wrong-tensor"})


def test_a_network_used_on_two_inputs_side_by_side_shares_its_weights_by_design(lab):
    """As that which tells drawn images from real ones does; only a layer behind the other ought to have its own."""
    with tf.Graph().as_default() as graph:
        x, drawn = placeholders(784, 784)
        real, made = (dense(dense(images, 100, tf.nn.relu, "h"), 1, name="o") for images in (x, drawn))
        each = tf.nn.sigmoid_cross_entropy_with_logits
        loss = tf.reduce_mean(each(labels=tf.ones_like(real), logits=real))
        loss += tf.reduce_mean(each(labels=tf.zeros_like(made), logits=made))
        adam(loss)
        network = read_network(graph, None, None, lab=lab)
    assert "shared-weights" not in network.codes


def test_an_autoencoder_without_labels_whose_last_layer_begins_at_zero_has_no_fault(lab):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 30])
        z = dense(x, 8) + tf.exp(dense(x, 8)) * tf.random_normal([tf.shape(x)[0], 8])
        made = z @ tf.Variable(tf.zeros([8, 30])) + tf.Variable(tf.zeros([30]))
        adam(tf.reduce_mean(tf.reduce_sum(tf.square(made - x), 1) + tf.nn.l2_loss(z)))
        network = read_network(graph, None, None, lab=lab)
    assert not network.faults


def test_of_networks_that_train_against_each_other_each_minimises_its_own_loss(lab):
    with tf.Graph().as_default() as graph:
        noise, real = (tf.placeholder(tf.float32, [None, n]) for n in (10, 30))
        mask = tf.placeholder(tf.float32, [30])
        made = dense(noise, 30, tf.nn.sigmoid, "made")
        judged = [dense(dense(images, 20, tf.nn.relu, "look"), 1, name="judge") for images in (real, made)]
        each = tf.nn.sigmoid_cross_entropy_with_logits
        told = [
            tf.reduce_mean(each(labels=tf.fill(tf.shape(z), k), logits=z))
            for z, k in zip(judged, (1.0, 0.0), strict=True)
        ]
        # To fill in pictures: only the noise is moved by it.
        missing = tf.reduce_sum(tf.abs(mask * made - mask * real), 1)
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
        x, y = placeholders(30, 30)
        w = tf.Variable(tf.glorot_uniform_initializer()([30, 30]))
        h = tf.nn.sigmoid(x @ w + tf.Variable(tf.zeros([30])))
        back = tf.matmul(h, w, transpose_b=True) if turned else tf.matmul(h, tf.transpose(w))
        loss = tf.reduce_mean(tf.square(back + tf.Variable(tf.zeros([30])) - y))
        adam(loss)
        network = read_network(graph, None, None, lab=lab)
    assert len(network.layers) == 2
    assert not network.faults


@pytest.mark.parametrize("classes", [1, 10])
def test_a_share_that_is_kept_and_fed_is_found_for_one_score_as_for_ten(classes, lab):
    with tf.Graph().as_default() as graph:
        x, y = placeholders(784, classes)
        rate = tf.placeholder(tf.float32, [])
        z = dense(tf.nn.dropout(dense(x, 100, tf.nn.relu), rate=rate), classes)
        soft = tf.nn.softmax_cross_entropy_with_logits_v2
        each = (tf.nn.sigmoid_cross_entropy_with_logits if classes == 1 else soft)(labels=y, logits=z)
        adam(tf.reduce_mean(each))
        network = read_network(graph, None, None, lab=lab)
    assert network.codes == set()

"""Which faults could not be looked for in a network: none in one that was tried out, and those of each question left open."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from netgrader import read_network

INPUTS, CLASSES = 16, 10
ASKED = Exercise("network", inputs=INPUTS, classes=CLASSES, widths=(12, CLASSES), optimizer="adam", learning_rate=0.001)
NUMBERS = Exercise("network", inputs=INPUTS, outputs=1, loss=None, min_layers=2)


def layer(name: str, data: tf.Tensor, width: int) -> tf.Tensor:
    w = tf.get_variable("w" + name, [data.shape[-1], width])
    return data @ w + tf.get_variable("b" + name, [width], initializer=tf.zeros_initializer())


def cross_entropy(y, z):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


def of_waves(y, z):
    return tf.reduce_mean(tf.reduce_sum(tf.sin(3 * z) * y + tf.cos(z) * (1 - y), axis=1))


def classifier(loss=cross_entropy, train=lambda loss: tf.train.AdamOptimizer(0.001).minimize(loss)):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, INPUTS]), tf.placeholder(tf.float32, [None, CLASSES])
        z = layer("2", tf.nn.relu(layer("1", x, 12)), CLASSES)
        prediction, total = tf.argmax(z, 1), loss(y, z)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(y, 1)), tf.float32))
        train_op = train(total)
    return SimpleNamespace(
        graph=graph, X=x, Y=y, logits=z, prediction=prediction, loss=total, train_op=train_op, accuracy=accuracy
    )


def numbers(loss):
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, INPUTS]), tf.placeholder(tf.float32, [None, 1])
        prediction = layer("2", tf.nn.relu(layer("1", x, 12)), 1)
        total = loss(y, prediction)
        train_op = tf.train.AdamOptimizer(0.001).minimize(total)
    return SimpleNamespace(graph=graph, X=x, Y=y, prediction=prediction, loss=total, train_op=train_op)


def test_of_a_network_that_was_tried_out_nothing_stays_open(lab):
    net = classifier()
    assert read_network(net.graph, net, ASKED, lab=lab).left_open == {}


def test_without_a_trial_what_only_a_trial_shows_stays_open(lab):
    net = classifier()
    left_open = set(read_network(net.graph, net, ASKED, lab=None).left_open)
    assert left_open >= {"maximises-loss", "layers-not-trained", "accuracy-not-mean", "prediction-wrong", "rows-mixed"}
    assert not left_open & {"missing-activation", "wrong-optimizer", "learning-rate-not-as-stated", "wrong-width"}


def test_of_a_loss_of_no_known_formula_no_fault_of_a_loss_is_ruled_out(lab):
    net = classifier(loss=of_waves)
    network = read_network(net.graph, net, ASKED, lab=lab)
    assert network.loss.kind == "undecided"
    assert set(network.left_open) >= {"wrong-loss", "softmax-before-loss", "mse-on-logits", "loss-over-wrong-axis"}
    assert not network.codes & network.left_open.keys()


def by_hand(loss):
    """Steps of a rule that is nobody's."""
    pairs = zip(tf.gradients(loss, tf.trainable_variables()), tf.trainable_variables(), strict=True)
    return tf.group(*[v.assign_sub(0.001 * tf.sin(40 * g) * tf.exp(-(v**2))) for g, v in pairs])


def test_of_a_rule_of_training_that_is_unknown_optimizer_and_rate_stay_open(lab):
    net = classifier(train=by_hand)
    network = read_network(net.graph, net, ASKED, lab=lab)
    assert network.optimizer.kind == "undecided"
    assert set(network.left_open) >= {"wrong-optimizer", "learning-rate-not-as-stated"}
    free = Exercise("network", inputs=INPUTS, classes=CLASSES, min_layers=2)  # which asks for neither
    assert (
        not {"wrong-optimizer", "learning-rate-not-as-stated"}
        & read_network(net.graph, net, free, lab=lab).left_open.keys()
    )


@pytest.mark.parametrize(("join", "reduction"), [(tf.reduce_mean, "mean"), (tf.reduce_sum, "sum")])
def test_whether_an_error_with_a_penalty_is_a_mean_is_decided(lab, join, reduction):
    def with_a_penalty(y, p):
        return join((y - p) ** 2) + 1e-3 * sum(tf.nn.l2_loss(v) for v in tf.trainable_variables())

    net = numbers(with_a_penalty)
    network = read_network(net.graph, net, NUMBERS, lab=lab)
    assert (network.loss.kind, network.loss.reduction) == ("mean-squared-error", reduction)
    assert "loss-not-mean" not in network.left_open


def test_of_an_unknown_error_it_stays_open_how_predictions_meet_targets(lab):
    net = numbers(lambda y, p: tf.reduce_mean((y - p) ** 2) / tf.math.reduce_variance(y))
    left_open = read_network(net.graph, net, NUMBERS, lab=lab).left_open
    assert {"broadcast-in-loss", "classification-loss", "differences-cancel", "loss-not-mean"} <= left_open.keys()
    assert len({*left_open.values()}) > 1
    assert all(str(sentence).endswith("your instructor will look at it.") for sentence in left_open.values())


def test_a_loss_of_some_rows_of_the_batch_is_undecided(lab):
    net = numbers(lambda y, p: tf.reduce_mean(tf.square(y - p)[1:]))
    network = read_network(net.graph, net, NUMBERS, lab=lab)
    assert not network.codes
    assert "differences-cancel" in network.left_open

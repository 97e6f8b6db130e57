"""Faults that could not be looked for: none in a network that ran, and those of each open question."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from netgrader import read_network
from tests.reader.networks import adam, cross_entropy, dense, placeholders, read

INPUTS, CLASSES = 16, 10
ASKED = Exercise("network", inputs=INPUTS, classes=CLASSES, widths=(12, CLASSES), optimizer="adam", learning_rate=0.001)
NUMBERS = Exercise("network", inputs=INPUTS, outputs=1, loss=None, min_layers=2)


def of_waves(y, z):
    return tf.reduce_mean(tf.reduce_sum(tf.sin(3 * z) * y + tf.cos(z) * (1 - y), axis=1))


def classifier(lab, asked=ASKED, loss=cross_entropy, train=adam):
    def build(x, y):
        z = dense(dense(x, 12, tf.nn.relu), CLASSES)
        total = loss(y, z)
        return {"logits": z, "prediction": tf.argmax(z, 1), "loss": total, "train_op": train(total)}

    return read(lab, build, asked, inputs=INPUTS, classes=CLASSES)


def numbers(lab, loss):
    with tf.Graph().as_default() as graph:
        x, y = placeholders(INPUTS, 1)
        prediction = dense(dense(x, 12, tf.nn.relu), 1)
        total = loss(y, prediction)
        parts = {"X": x, "Y": y, "prediction": prediction, "loss": total, "train_op": adam(total)}
        return read_network(graph, parts, NUMBERS, lab=lab)


def test_of_a_network_that_was_tried_out_nothing_stays_open(lab):
    assert classifier(lab).left_open == {}


def test_without_a_trial_what_only_a_trial_shows_stays_open():
    left_open = set(classifier(None).left_open)
    assert left_open >= {"maximises-loss", "layers-not-trained", "accuracy-not-mean", "prediction-wrong", "rows-mixed"}
    assert not left_open & {"missing-activation", "wrong-optimizer", "learning-rate-not-as-stated", "wrong-width"}


def test_of_a_loss_of_no_known_formula_no_fault_of_a_loss_is_ruled_out(lab):
    network = classifier(lab, loss=of_waves)
    assert network.loss.kind == "undecided"
    assert set(network.left_open) >= {"wrong-loss", "softmax-before-loss", "mse-on-logits", "loss-over-wrong-axis"}
    assert not network.codes & network.left_open.keys()


def by_hand(loss):
    """Steps of a rule that is nobody's."""
    pairs = zip(tf.gradients(loss, tf.trainable_variables()), tf.trainable_variables(), strict=True)
    return tf.group(*[v.assign_sub(0.001 * tf.sin(40 * g) * tf.exp(-(v**2))) for g, v in pairs])


def test_of_a_rule_of_training_that_is_unknown_optimizer_and_rate_stay_open(lab):
    network = classifier(lab, train=by_hand)
    assert network.optimizer.kind == "undecided"
    assert set(network.left_open) >= {"wrong-optimizer", "learning-rate-not-as-stated"}
    free = Exercise("network", inputs=INPUTS, classes=CLASSES, min_layers=2)  # which asks for neither
    left_open = classifier(lab, free, train=by_hand).left_open.keys()
    assert not {"wrong-optimizer", "learning-rate-not-as-stated"} & left_open


@pytest.mark.parametrize(("join", "reduction"), [(tf.reduce_mean, "mean"), (tf.reduce_sum, "sum")])
def test_whether_an_error_with_a_penalty_is_a_mean_is_decided(lab, join, reduction):
    def with_a_penalty(y, p):
        return join((y - p) ** 2) + 1e-3 * sum(tf.nn.l2_loss(v) for v in tf.trainable_variables())

    network = numbers(lab, with_a_penalty)
    assert (network.loss.kind, network.loss.reduction) == ("mean-squared-error", reduction)
    assert "loss-not-mean" not in network.left_open


def test_of_an_unknown_error_it_stays_open_how_predictions_meet_targets(lab):
    left_open = numbers(lab, lambda y, p: tf.reduce_mean((y - p) ** 2) / tf.math.reduce_variance(y)).left_open
    assert {"broadcast-in-loss", "classification-loss", "differences-cancel", "loss-not-mean"} <= left_open.keys()
    assert len({*left_open.values()}) > 1
    assert all(str(sentence).endswith("your instructor will look at it.") for sentence in left_open.values())


def test_a_loss_of_some_rows_of_the_batch_is_undecided(lab):
    network = numbers(lab, lambda y, p: tf.reduce_mean(tf.square(y - p)[1:]))
    assert not network.codes
    assert "differences-cancel" in network.left_open

"""The description of a network: what training moves, at which rate, and faults at places that students know."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow.compat.v1 as tf

from graphread.model import Exercise, Network
from netgrader.faults import Fault
from tests.reader.networks import cross_entropy, dense, read


def network(
    lab: Any,
    rate: Any = 0.05,
    exercise: Exercise | None = None,
    *,
    normalised: bool = False,
    up: bool = False,
    named: bool = True,
) -> Network:
    """784 → 20 → 10; `rate` is a number, or a function of the global step."""

    def build(x: Any, y: Any) -> dict[str, Any]:
        z = dense(x, 20)
        if normalised:
            mean, variance = tf.nn.moments(z, axes=[0])
            gamma, beta = tf.Variable(tf.ones([20]), name="gamma"), tf.Variable(tf.zeros([20]), name="beta")
            z = gamma * (z - mean) / tf.sqrt(variance + 1e-3) + beta
        logits = dense(tf.nn.relu(z), 10)
        loss, step = cross_entropy(y, logits), tf.train.get_or_create_global_step()
        optimizer = tf.train.AdamOptimizer(rate(step) if callable(rate) else rate)
        train_op = optimizer.minimize(-loss if up else loss, global_step=step)
        return {"logits": logits, "loss": loss, "train_op": train_op}

    return read(lab, build, exercise, named=named)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.05, "learning rate 0.05"),
        (lambda step: tf.train.exponential_decay(0.05, step, 100, 0.9), "learning rate decays from 0.05"),
        (lambda step: tf.train.polynomial_decay(0.05, step, 1_000, 0.0), "learning rate decays from 0.05"),
        (lambda step: 0.05 * tf.minimum(1.0, tf.cast(step, tf.float32) / 50), "learning rate varies, 0.05 at most"),
        (lambda _: tf.placeholder_with_default(0.05, []), "learning rate fed, 0.05 by default"),
        (lambda _: tf.placeholder(tf.float32, []), "learning rate fed"),
    ],
    ids=["constant", "exponential", "polynomial", "warm-up", "default", "fed"],
)
def test_a_rate_that_is_no_constant_is_not_shown_as_one(rate: Any, said: str, lab: Any) -> None:
    assert str(network(lab, rate).describe_optimizer()) == f"adam, {said}, 4 variables"


def test_the_scale_and_shift_of_a_batch_normalisation_are_counted_among_what_is_trained(lab: Any) -> None:
    found = network(lab, normalised=True)
    assert str(found.describe_optimizer()).endswith("6 variables")
    assert found.optimizer is not None
    assert set(found.optimizer.variables) == {"dense/W", "dense/b", "gamma", "beta", "dense_1/W", "dense_1/b"}


def test_a_fault_says_where_it_is_by_the_part_of_net_and_the_op_behind_it(lab: Any) -> None:
    (fault,) = network(lab, up=True).faults
    assert fault.code == "maximises-loss"
    assert str(fault.said).endswith(f"Where: net.train_op (op {fault.place}).")


def test_where_no_parts_are_given_the_part_is_called_what_it_is(lab: Any) -> None:
    (fault,) = network(lab, up=True, named=False).faults
    assert str(fault.at) == "the loss"


def test_a_fault_of_a_layer_says_which_one(lab: Any) -> None:
    found = {one.code: one for one in network(lab, exercise=Exercise("x", widths=(30, 10))).faults}
    assert str(found["wrong-width"].where).startswith("layer 1 of 2 (op ")


def test_a_part_that_is_missing_is_named_once() -> None:
    assert str(Fault("missing-tensor", "So.", "accuracy", at="net.accuracy", named=True).where) == "net.accuracy"
    assert str(Fault("wrong-order", "So.", "row 5").where) == "row 5"

"""Weights that begin zero or large are a fault where units stay equal or scores are wild, and nowhere else; equal ones are."""

from __future__ import annotations

import pytest
import tensorflow.compat.v1 as tf

from tests.reader.networks import ZEROS, read

RANDOM = None


def equal(value):
    return tf.constant_initializer(value)


def normal(stddev, mean=0.0):
    return tf.random_normal_initializer(mean, stddev, seed=1)


def codes(lab, starts, activation, biases=ZEROS, *, width=40, scale=lambda z, _: z):
    """The codes of layers that begin as `starts` say, all but the last with `biases` and `activation`; `scale` is of products."""

    def build(x, _):
        h = x
        for index, start in enumerate(starts):
            last = index == len(starts) - 1
            size = 10 if last else width
            weights = tf.get_variable(f"W{index}", [int(h.shape[-1]), size], initializer=start)
            shift = tf.get_variable(f"b{index}", [size], initializer=ZEROS if last else biases)
            z = scale(h @ weights, int(h.shape[-1])) + shift
            h = z if last else activation(z)
        return h

    named, alone = (read(lab, build, named=named).codes for named in (True, False))
    assert named == alone
    return named


@pytest.mark.parametrize(
    ("starts", "activation", "biases"),
    [
        ((ZEROS, RANDOM), tf.tanh, ZEROS),
        ((ZEROS, RANDOM), tf.sigmoid, ZEROS),
        ((ZEROS, RANDOM), tf.nn.relu, equal(0.1)),
        ((RANDOM, ZEROS, RANDOM), tf.nn.relu, equal(0.1)),
        ((RANDOM, ZEROS), tf.nn.relu, ZEROS),
    ],
    ids=["tanh", "sigmoid", "biases", "in the middle", "the last"],
)
def test_units_that_random_weights_tell_apart_are_right(starts, activation, biases, lab):
    assert codes(lab, starts, activation, biases) == set()


@pytest.mark.parametrize(
    ("starts", "activation", "code"),
    [
        ((ZEROS, ZEROS), tf.nn.relu, "zero-initialisation"),
        ((ZEROS, ZEROS), tf.sigmoid, "zero-initialisation"),
        ((ZEROS, RANDOM), tf.nn.relu, "zero-initialisation"),
        ((RANDOM, ZEROS, RANDOM), tf.nn.relu, "zero-initialisation"),
        ((ZEROS, ZEROS, RANDOM), tf.sigmoid, "zero-initialisation"),
        ((ZEROS, equal(0.1)), tf.sigmoid, "zero-initialisation"),
        ((equal(0.1), equal(0.1)), tf.nn.relu, "constant-initialisation"),
        ((equal(0.01), equal(0.01), equal(0.01)), tf.nn.relu, "constant-initialisation"),
        ((equal(0.01), RANDOM), tf.nn.relu, "constant-initialisation"),
        ((equal(0.1), RANDOM), tf.tanh, "constant-initialisation"),
    ],
    ids=[
        "relu",
        "sigmoid",
        "dead",
        "dead in the middle",
        "two of three",
        "equal behind",
        "equal",
        "three equal",
        "random behind",
        "larger",
    ],
)
def test_units_that_begin_equal_or_stay_zero_are_named(starts, activation, code, lab):
    assert codes(lab, starts, activation) == {code}


@pytest.mark.parametrize(
    "starts",
    [(equal(5.0),), (equal(1.0),), (normal(0.03, 5.0),), (RANDOM, equal(5.0))],
    ids=["five", "ones", "about five", "behind a hidden layer"],
)
def test_a_shift_of_all_scores_is_not_huge(starts, lab):
    assert codes(lab, starts, tf.nn.relu) == set()


@pytest.mark.parametrize(
    "scale",
    [lambda z, n: z / n**0.5, lambda z, n: n**-0.5 * z, lambda z, n: tf.reshape(z, [-1, int(z.shape[1])]) * n**-0.5],
    ids=["divided", "multiplied", "behind a reshape"],
)
def test_weights_whose_products_are_scaled_down_are_not_huge(scale, lab):
    assert codes(lab, (normal(1.0), normal(1.0)), tf.nn.relu, width=400, scale=scale) == set()


def test_what_lies_at_the_limit_is_not_huge(lab):
    assert codes(lab, (RANDOM, normal(1.0)), tf.nn.relu, width=100) == set()


@pytest.mark.parametrize(
    ("starts", "more"),
    [
        ((normal(1.0),), {}),
        ((RANDOM, normal(1.0)), {"width": 400}),
        ((normal(1.0, 5.0),), {}),
        ((RANDOM, normal(1.0)), {"width": 400, "scale": lambda z, _: z / 1.5}),
    ],
    ids=["one layer", "the last", "shifted, too", "divided by little"],
)
def test_weights_that_are_huge_are_named(starts, more, lab):
    assert codes(lab, starts, tf.nn.relu, **more) == {"huge-initialisation"}


def test_of_parts_side_by_side_none_shifts_all_scores(lab):
    def neurons(x, _):
        each = [tf.get_variable(f"w{i}", [784, 1], initializer=tf.random_normal_initializer()) for i in range(10)]
        return tf.concat([x @ w + i / 100 for i, w in enumerate(each)], 1)

    assert read(lab, neurons).codes == {"huge-initialisation"}

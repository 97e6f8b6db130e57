"""Faults as operators on the programs: each says which code must be named, and changes one place of a program."""

from __future__ import annotations

import tensorflow.compat.v1 as tf
from programs import Twist


def _scores(function):
    return {"scores": lambda _, z: function(z)}


def _active(function):
    return {"active": lambda _, value, __: function(value)}


def _loss(function):
    return {"loss": lambda _, y, z, __: function(tf.cast(y, z.dtype), z)}


def twisted(hidden, changes):
    """A Twist of a class of its own, with methods replaced."""
    kind = type("Twisted", (Twist,), {**changes, "hidden": changes.get("hidden", hidden)})
    return kind()


#: Name → (codes that must be named and no other, changes, which networks: "one", "two" or "both").
MUTANTS = {
    "softmax": ({"softmax-before-loss"}, _scores(tf.nn.softmax), "both"),
    "softmax-by-hand": (
        {"softmax-before-loss"},
        _scores(lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z), -1, keepdims=True)),
        "both",
    ),
    "sigmoid": ({"sigmoid-before-loss"}, _scores(tf.sigmoid), "both"),
    "relu": ({"relu-on-logits"}, _scores(tf.nn.relu), "both"),
    "relu-by-hand": ({"relu-on-logits"}, _scores(lambda z: tf.maximum(z, 0)), "both"),
    "tanh-on-logits": ({"relu-on-logits"}, _scores(tf.tanh), "both"),
    "mse-on-softmax": (
        {"mse-on-softmax"},
        _loss(lambda y, z: tf.reduce_mean(tf.square(tf.nn.softmax(z) - y))),
        "both",
    ),
    "mse-on-logits": ({"mse-on-logits"}, _loss(lambda y, z: tf.losses.mean_squared_error(y, z)), "both"),
    "sigmoid-ce": (
        {"sigmoid-cross-entropy"},
        _loss(lambda y, z: tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=z))),
        "both",
    ),
    "bce-on-softmax": (
        {"sigmoid-cross-entropy"},
        _loss(
            lambda y, z: (
                -tf.reduce_mean(y * tf.log(tf.nn.softmax(z) + 1e-8) + (1 - y) * tf.log(1 - tf.nn.softmax(z) + 1e-8))
            )
        ),
        "both",
    ),
    "swapped": (
        {"labels-logits-swapped"},
        _loss(lambda y, z: tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=z, logits=y))),
        "both",
    ),
    "wrong-axis": (
        {"loss-over-wrong-axis"},
        _loss(lambda y, z: tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.nn.softmax(z, axis=0) + 1e-9), 1))),
        "both",
    ),
    "off-by-one": ({"labels-off-by-one"}, {"labels": lambda _, y: tf.roll(y, 1, axis=1)}, "both"),
    "off-by-one-back": ({"labels-off-by-one"}, {"labels": lambda _, y: tf.roll(y, -1, axis=1)}, "both"),
    "maximises": ({"maximises-loss"}, {"objective": lambda _, loss: -loss}, "both"),
    "sign-lost": (
        {"maximises-loss"},
        _loss(lambda y, z: tf.reduce_mean(tf.reduce_sum(y * tf.log(tf.nn.softmax(z) + 1e-9), 1))),
        "both",
    ),
    "scores-as-probabilities": (
        {"logits-are-probabilities"},
        _loss(lambda y, z: tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.clip_by_value(z, 1e-10, 1.0)), 1))),
        "both",
    ),
    "no-activation": ({"missing-activation"}, _active(tf.identity), "two"),
    "sigmoid-hidden": ({"wrong-activation"}, _active(tf.sigmoid), "two"),
    "tanh-hidden": ({"wrong-activation"}, _active(lambda v: 2 / (1 + tf.exp(-2 * v)) - 1), "two"),
    "leaky-hidden": ({"wrong-activation"}, _active(tf.nn.leaky_relu), "two"),
    "softmax-hidden": ({"softmax-in-hidden-layer"}, _active(tf.nn.softmax), "two"),
    "no-bias": ({"missing-bias"}, {"bias": False}, "both"),
    "narrow": ({"wrong-width"}, {"hidden": 30}, "two"),
    "rate": ({"learning-rate-not-as-stated"}, {"optimizer": lambda _, cls, rate: cls(0.01)}, "both"),
    "sgd": ({"wrong-optimizer"}, {"optimizer": lambda _, cls, rate: tf.train.GradientDescentOptimizer(rate)}, "both"),
    "momentum": (
        {"wrong-optimizer"},
        {"optimizer": lambda _, cls, rate: tf.train.MomentumOptimizer(rate, 0.9)},
        "both",
    ),
    "rmsprop": ({"wrong-optimizer"}, {"optimizer": lambda _, cls, rate: tf.train.RMSPropOptimizer(rate)}, "both"),
    "last-layer-only": ({"layers-not-trained"}, {"variables": lambda _, every: every[2:]}, "two"),
    "zeros": ({"zero-initialisation"}, {"initial": lambda _, __: tf.zeros_initializer()}, "two"),
    "constant": ({"constant-initialisation"}, {"initial": lambda _, __: tf.constant_initializer(0.01)}, "two"),
    "huge": ({"huge-initialisation"}, {"initial": lambda _, __: tf.random_normal_initializer(stddev=1.0)}, "both"),
    "dropout-always": (
        {"dropout-at-evaluation"},
        {"active": lambda _, value, function: tf.nn.dropout(function(value), rate=0.5)},
        "two",
    ),
    "rows-mixed": (
        {"rows-mixed"},
        {"active": lambda _, value, function: function(value - tf.reduce_mean(value, 0, keepdims=True))},
        "two",
    ),
}

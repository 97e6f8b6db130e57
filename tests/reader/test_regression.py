"""Networks that come close to numbers: right ones in many spellings have no fault, and what is wrong in others is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from graphread.find.losses import Observation
from graphread.find.target_losses import ERRORS, HUBER, huber, recognise_error
from netgrader import read_network
from tests.reader.networks import ZEROS, adam, dense, weights

INPUTS, WIDTH = 16, 12
ASKED = Exercise(
    "house_prices",
    widths=(WIDTH, 1),
    activations=("relu", "none"),
    inputs=INPUTS,
    loss="mean-squared-error",
    optimizer="adam",
    learning_rate=0.001,
    bias=True,
    outputs=1,
    targets=(-2.0, 9.0),
)
FREE = Exercise("free", inputs=INPUTS, loss=None, outputs=1, min_layers=2, targets=(-2.0, 9.0))


class Program(NamedTuple):
    """What makes the parts of a network of its inputs and targets, and the shape of the targets."""

    build: Callable[[Any, Any], dict[str, Any]]
    labels: tuple[int | None, ...] | None = (None, 1)


def read(lab, program, asked=ASKED):
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        x, y = tf.placeholder(tf.float32, [None, INPUTS]), tf.placeholder(tf.float32, program.labels)
        parts = program.build(x, y)
        return read_network(graph, {"X": x, "Y": y} | parts, asked, lab=lab)


def mean_square(y, p):
    return tf.reduce_mean(tf.square(p - y))


def column(x, hidden=tf.nn.relu, start=None, outputs=1):
    return dense(dense(x, WIDTH, hidden, start=start), outputs)


def done(prediction, loss, train=adam):
    return {"prediction": prediction, "loss": loss, "train_op": train(loss)}


def regression(loss=mean_square, shape=lambda z: z, labels=(None, 1), train=adam, **layers):
    """A program of two layers: `loss` of targets and prediction, `shape` behind the last layer."""

    def build(x, y):
        p = shape(column(x, **layers))
        return done(p, loss(y, p), train)

    return Program(build, labels)


def flat(z):
    return tf.reshape(z, [-1])


def count(p):
    return tf.cast(tf.shape(p)[0], tf.float32)


# ---- right ---------------------------------------------------------------------------------------------------------------


def decayed(y, p):
    return mean_square(y, p) + 1e-4 * sum(tf.nn.l2_loss(v) for v in tf.trainable_variables())


def regularised_by_collection(y, p):
    for variable in tf.trainable_variables():
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, 1e-3 * tf.nn.l2_loss(variable))
    return tf.losses.mean_squared_error(y, p) + tf.losses.get_regularization_loss()


def gradients_applied(loss):
    optimizer = tf.train.AdamOptimizer(0.001)
    return optimizer.apply_gradients(optimizer.compute_gradients(loss))


def keras_layers(x, y):
    p = tf.keras.layers.Dense(1)(tf.keras.layers.Dense(WIDTH, activation="relu")(x))
    return done(p, tf.reduce_mean(tf.keras.losses.MeanSquaredError()(y, p)))


def relu_by_hand_and_einsum(x, y):
    h = tf.maximum(dense(x, WIDTH), 0)
    p = tf.einsum("ij,jk->ik", h, weights("w", WIDTH, 1)) + tf.get_variable("b", [1], initializer=ZEROS)
    return done(p, mean_square(y, p))


def beside_a_metric(x, y):
    p = column(x)
    return {**done(p, mean_square(y, p)), "error": tf.reduce_mean(tf.abs(p - y))}


def beside_a_metric_of_outputs_all_too_large(x, y):
    """The error that is only measured has a gradient that points almost the same way."""
    p = 40 + 8 * column(x)
    return {"error": tf.reduce_mean(tf.abs(y - p)), "train_op": adam(decayed(y, p))}


def scaled_inside(x, y):
    """The loss works in standardised targets; the prediction is in their own unit."""
    z = column(x)
    return done(z * 2.5 + 3.0, tf.reduce_mean((z - (y - 3.0) / 2.5) ** 2))


def nothing_named_but_the_ends(x, y):
    adam(mean_square(y, column(x)))
    return {}


def named_logits_only(x, y):
    p = column(x)
    loss = mean_square(y, p)
    return {"logits": p, "loss": loss, "train_op": adam(loss)}


def with_an_accuracy_of_its_own(x, y):
    p = column(x)
    return {**done(p, mean_square(y, p)), "accuracy": tf.reduce_mean(tf.cast(tf.abs(p - y) < 1, tf.float32))}


def features_standardised_inside(x, y):
    p = column((x - 0.3) / 0.4)
    return done(p, mean_square(y, p))


COLUMNS_OF_EXAMPLES = "columns of examples"
RIGHT = {
    "plain": regression(),
    "losses module": regression(tf.losses.mean_squared_error),
    "squared difference": regression(lambda y, p: tf.reduce_mean(tf.squared_difference(p, y))),
    "l2_loss over rows": regression(lambda y, p: 2 * tf.nn.l2_loss(p - y) / count(p)),
    "half of the square": regression(lambda y, p: 0.5 * mean_square(y, p)),
    "power": regression(lambda y, p: tf.reduce_mean(tf.pow(y - p, 2.0))),
    "flattened": regression(lambda y, p: tf.reduce_mean((flat(p) - flat(y)) ** 2)),
    "squeezed": regression(shape=lambda z: tf.squeeze(z, axis=1), labels=(None,)),
    "index": regression(tf.losses.mean_squared_error, lambda z: z[:, 0], (None,)),
    "target made a column": regression(lambda y, p: mean_square(tf.expand_dims(y, 1), p), labels=(None,)),
    "unknown shape": regression(lambda y, p: mean_square(tf.reshape(y, [-1, 1]), p), labels=None),
    "sum over count": regression(lambda y, p: tf.reduce_sum((p - y) ** 2) / tf.cast(tf.size(y), tf.float32)),
    "Keras layers": Program(keras_layers),
    "weighted alike": regression(lambda y, p: tf.losses.mean_squared_error(y, p, tf.ones([tf.shape(p)[0], 1]))),
    "weight decay": regression(decayed),
    "ReLU by hand and einsum": Program(relu_by_hand_and_einsum),
    "gradients applied": regression(train=gradients_applied),
    "rate as a placeholder": regression(train=lambda loss: adam(loss, tf.placeholder_with_default(0.001, []))),
    "beside a metric": Program(beside_a_metric),
    "beside a metric of outputs all too large": Program(beside_a_metric_of_outputs_all_too_large),
    "scaled inside": Program(scaled_inside),
    "nothing named but the ends": Program(nothing_named_but_the_ends),
    COLUMNS_OF_EXAMPLES: regression(shape=tf.transpose, labels=(1, None)),
    "inner product": regression(lambda y, p: tf.matmul(p - y, p - y, transpose_a=True) / count(p)),
    "squared norm": regression(lambda y, p: tf.norm(p - y) ** 2 / count(p), tf.squeeze, (None,)),
    "thousandfold": regression(lambda y, p: 1000 * mean_square(y, p)),
    "regularised by a collection": regression(regularised_by_collection),
    "named logits only": Program(named_logits_only),
    "with an accuracy of its own": Program(with_an_accuracy_of_its_own),
    "features standardised inside": Program(features_standardised_inside),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_network_is_read_and_has_no_fault(lab, name):
    network = read(lab, RIGHT[name])
    assert not network.codes, str(network)
    assert network.loss is not None
    assert (network.loss.kind, network.loss.of, network.loss.reduction) == ("mean-squared-error", "prediction", "mean")
    assert [(layer.inputs, layer.outputs, layer.activation) for layer in network.layers] == [
        (INPUTS, WIDTH, "relu"),
        (WIDTH, 1, "none"),
    ]
    assert (network.optimizer.kind, network.optimizer.learning_rate) == ("adam", pytest.approx(0.001))
    assert network.roles["prediction"].name
    assert set(network.left_open) <= ({"prediction-wrong"} if name == COLUMNS_OF_EXAMPLES else set())


def convolution(x, y):
    picture = tf.reshape(x, [-1, 4, 4, 1])
    maps = tf.nn.relu(tf.nn.conv2d(picture, weights("k", 3, 3, 1, 6), [1, 1, 1, 1], "SAME") + weights("c", 6))
    p = dense(tf.reshape(tf.nn.max_pool2d(maps, 2, 2, "SAME"), [-1, 24]), 1)
    return done(p, mean_square(y, p))


def dropped(x, y):
    keep = tf.placeholder_with_default(1.0, [])
    p = dense(tf.nn.dropout(dense(x, WIDTH, tf.nn.relu), rate=1 - keep), 1)
    return done(p, mean_square(y, p))


def logarithm_inside(x, y):
    """Prices are above zero: the network learns their logarithm."""
    z = column(x)
    return done(tf.exp(z), tf.reduce_mean((z - tf.log(tf.maximum(y, 1e-3))) ** 2))


def wide_and_deep(x, y):
    p = column(x) + dense(x, 1)
    return done(p, mean_square(y, p))


def residual(x, y):
    h = dense(x, WIDTH, tf.nn.relu)
    p = dense(h + dense(h, WIDTH, tf.nn.relu), 1)
    return done(p, mean_square(y, p))


def batch_normalised(x, y, *, updated=True):
    """Batch normalisation by hand, with averages that an assignment keeps."""
    z, training = dense(x, WIDTH), tf.placeholder_with_default(False, [])
    mean, spread = tf.nn.moments(z, [0])
    kept = [tf.get_variable(name, [WIDTH], initializer=tf.ones_initializer(), trainable=False) for name in "mv"]
    updates = [
        tf.assign(variable, 0.9 * variable + 0.1 * value) for variable, value in zip(kept, (mean, spread), strict=True)
    ]
    used = tf.cond(training, lambda: (mean, spread), lambda: tuple(tf.identity(variable) for variable in kept))
    p = dense(tf.nn.relu((z - used[0]) / tf.sqrt(used[1] + 1e-3)), 1)
    loss = mean_square(y, p)
    with tf.control_dependencies(updates if updated else []):
        return done(p, loss)


SQUARES = "mean-squared-error"
BATCH_NORMALISED, LOGARITHM_INSIDE = "batch normalised", "logarithm inside"
FREE_RIGHT = {
    "convolution": (Program(convolution), SQUARES),
    "dropout with default": (Program(dropped), SQUARES),
    "absolute difference": (regression(tf.losses.absolute_difference), "mean-absolute-error"),
    "absolute by hand": (regression(lambda y, p: tf.reduce_mean(tf.abs(y - p))), "mean-absolute-error"),
    "huber": (regression(tf.losses.huber_loss), "huber"),
    "huber of another width": (regression(lambda y, p: tf.losses.huber_loss(y, p, delta=0.4)), "huber"),
    "root": (regression(lambda y, p: tf.sqrt(mean_square(y, p))), "root-mean-squared-error"),
    "log-cosh": (
        regression(lambda y, p: tf.reduce_mean(tf.log((tf.exp(p - y) + tf.exp(y - p)) / 2))),
        "log-cosh",
    ),
    "sum": (regression(lambda y, p: tf.reduce_sum((p - y) ** 2)), SQUARES),
    "range": (regression(shape=lambda z: 14 * tf.sigmoid(z) - 3), SQUARES),
    "tanh hidden": (regression(hidden=tf.tanh), SQUARES),
    "wide and deep": (Program(wide_and_deep), SQUARES),
    "residual": (Program(residual), SQUARES),
    "clipped to the range": (regression(shape=lambda z: tf.clip_by_value(z, -3.0, 10.0)), SQUARES),
    BATCH_NORMALISED: (Program(batch_normalised), SQUARES),
    "share of the variance": (regression(lambda y, p: mean_square(y, p) / tf.math.reduce_variance(y)), "undecided"),
    "weights of a number": (regression(lambda y, p: tf.losses.mean_squared_error(y, p, weights=2.0)), SQUARES),
    LOGARITHM_INSIDE: (Program(logarithm_inside), "undecided"),
}


@pytest.mark.parametrize("name", FREE_RIGHT)
def test_a_right_network_of_a_shape_of_its_own_has_no_fault(lab, name):
    program, kind = FREE_RIGHT[name]
    network = read(lab, program, replace(FREE, targets=(0.5, 9.0)) if name == LOGARITHM_INSIDE else FREE)
    assert not network.codes, str(network)
    assert network.loss is not None
    assert network.loss.kind == kind
    in_a_branch = name == BATCH_NORMALISED  # which is a function here
    assert bool(network.left_open) == (kind == "undecided" or in_a_branch)


def test_several_numbers_for_each_row_are_one_regression(lab):
    asked = replace(ASKED, widths=(WIDTH, 3), outputs=3)
    network = read(lab, regression(labels=(None, 3), outputs=3), asked)
    assert not network.codes, str(network)
    assert network.layers[-1].outputs == 3


def observations(error, scale=0.25, offset=3.0):
    rng = np.random.default_rng(2)
    pairs = [(rng.standard_normal((4, 2)) * 1.7, rng.standard_normal((4, 2)) * 1.7) for _ in range(24)]
    return [Observation(z, y, scale * float(error(z, y).sum()) + offset) for z, y in pairs]


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_error_is_named_whatever_its_scale_and_what_is_added(kind):
    match = recognise_error(observations(ERRORS[kind]))
    assert match is not None
    assert (match.kind, match.scale > 0) == (kind, True)


@pytest.mark.parametrize("delta", [0.3, 2.5])
def test_the_width_of_a_huber_error_is_found(delta):
    match = recognise_error(observations(lambda z, y: huber(z - y, delta)))
    assert match is not None
    assert (match.kind, str(match.detail)) == (HUBER, f"from {delta:.3g} on a line")


def test_an_error_of_no_formula_is_not_named():
    assert recognise_error(observations(lambda z, y: np.sin(7 * z + y))) is None


# ---- wrong ---------------------------------------------------------------------------------------------------------------


def cross_entropy(y, z):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


def with_labels(change):
    """The prediction is changed by the targets."""

    def build(x, y):
        p = change(column(x), y)
        return done(p, mean_square(y, p))

    return Program(build)


def scaled(loss, answer=lambda p, _: p):
    """The prediction is in the unit of the targets, far from zero."""

    def build(x, y):
        z = column(x)[:, 0]
        p = 3.0 + 2.5 * z
        return done(answer(p, z), loss(y, p))

    return Program(build, (None,))


def last_layer_only(loss):
    return adam(loss, var_list=tf.trainable_variables()[2:])


WRONG = {
    "broadcast-in-loss": (
        regression(labels=(None,)),
        regression(shape=flat),
        regression(lambda y, p: tf.sqrt(tf.reduce_mean((p - y[None]) ** 2)), labels=(None,)),
    ),
    "targets-out-of-reach": (regression(shape=tf.nn.relu), regression(shape=tf.sigmoid)),
    "classification-loss": (regression(cross_entropy), regression(tf.losses.sigmoid_cross_entropy)),
    "loss-not-mean": (regression(lambda y, p: tf.reduce_sum((y - p) ** 2)), regression(tf.squared_difference)),
    "maximises-loss": (
        regression(lambda y, p: -mean_square(y, p)),
        regression(train=lambda loss: adam(-loss)),
    ),
    "differences-cancel": (
        regression(lambda y, p: tf.reduce_mean(p - y)),
        regression(lambda y, p: tf.square(tf.reduce_mean(p - y))),
        scaled(lambda y, p: tf.reduce_mean(p - 40.0 - y)),
        scaled(lambda y, p: tf.reduce_mean(y - p)),
    ),
    "wrong-loss": (
        regression(lambda y, p: tf.reduce_mean(tf.abs(y - p))),
        regression(lambda y, p: tf.reduce_mean((y - p) ** 4)),
    ),
    "prediction-uses-labels": (
        with_labels(lambda z, y: z + 0.1 * tf.square(y)),
        with_labels(lambda z, y: z * tf.where(y > 0, 1.0 + 0 * z, 0 * z - 1.0)),
    ),
    "prediction-wrong": (scaled(mean_square, lambda _, z: z), scaled(mean_square, lambda p, _: -p)),
    "missing-activation": (regression(hidden=tf.identity), regression(hidden=lambda z: z * 0.5)),
    "wrong-activation": (regression(hidden=tf.sigmoid), regression(hidden=tf.nn.leaky_relu)),
    "zero-initialisation": (
        regression(start=ZEROS),
        regression(start=tf.random_normal_initializer(stddev=0.0)),
    ),
    "dropout-at-evaluation": (
        regression(hidden=lambda z: tf.nn.dropout(tf.nn.relu(z), rate=0.5)),
        regression(hidden=lambda z: tf.nn.relu(z) * tf.floor(0.7 + tf.random_uniform(tf.shape(z)))),
    ),
    "rows-mixed": (
        regression(hidden=lambda z: tf.nn.relu(z - tf.reduce_mean(z, 0, keepdims=True))),
        regression(hidden=lambda z: tf.nn.relu(z / (1e-3 + tf.reduce_max(tf.abs(z))))),
    ),
    "layers-not-trained": (
        regression(train=last_layer_only),
        regression(hidden=lambda z: tf.stop_gradient(tf.nn.relu(z))),
    ),
    "learning-rate-not-as-stated": (
        regression(train=lambda loss: adam(loss, 1e-4)),
        regression(train=lambda loss: adam(loss, tf.constant(0.03))),
    ),
    "wrong-optimizer": (
        regression(train=lambda loss: tf.train.GradientDescentOptimizer(0.001).minimize(loss)),
        regression(train=lambda loss: tf.train.RMSPropOptimizer(0.001).minimize(loss)),
    ),
    "batchnorm-not-updated": (Program(lambda x, y: batch_normalised(x, y, updated=False)),),
    "missing-tensor": (Program(lambda x, _: {"prediction": column(x)}),),
}
CASES = [(code, index) for code, programs in WRONG.items() for index in range(len(programs))]


@pytest.mark.parametrize(("code", "index"), CASES, ids=[f"{code}-{index}" for code, index in CASES])
def test_what_is_wrong_is_named_and_nothing_else(lab, code, index):
    network = read(lab, WRONG[code][index])
    assert network.codes == {code}, str(network)

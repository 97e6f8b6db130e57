"""Networks that come close to numbers: right ones in many spellings have no fault, and what is wrong in others is named."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from graphread.find.losses import Observation
from graphread.find.target_losses import ERRORS, HUBER, huber, recognise_error
from netgrader import read_network

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


class Net:
    """The parts of a network that a program below changes one or two of."""

    def __init__(self, labels=(None, 1), inputs=(None, INPUTS), rate=0.001, outputs=1):
        self.x, self.y = tf.placeholder(tf.float32, inputs), tf.placeholder(tf.float32, labels)
        self.rate, self.outputs = rate, outputs

    def layer(self, name, data, width, **init):
        start = init.get("start") or tf.glorot_uniform_initializer()
        w = tf.get_variable("w" + name, [data.shape[-1], width], initializer=start)
        b = tf.get_variable("b" + name, [width], initializer=tf.zeros_initializer())
        return data @ w + b

    def column(self, function=tf.nn.relu, **init):
        """The output as a column, (n, 1)."""
        hidden = self.layer("1", self.x, WIDTH, **init)
        return self.layer("2", function(hidden), self.outputs)

    def done(self, prediction, loss, train_op=None, **more):
        train_op = train_op or tf.train.AdamOptimizer(self.rate).minimize(loss)
        graph = tf.get_default_graph()
        return SimpleNamespace(
            graph=graph, X=self.x, Y=self.y, prediction=prediction, loss=loss, train_op=train_op, **more
        )


def mean_square(y, p):
    return tf.reduce_mean(tf.square(p - y))


# ---- right ---------------------------------------------------------------------------------------------------------------


def plain():
    net = Net()
    return net.done(p := net.column(), mean_square(net.y, p))


def losses_module():
    net = Net()
    return net.done(p := net.column(), tf.losses.mean_squared_error(net.y, p))


def squared_difference():
    net = Net()
    return net.done(p := net.column(), tf.reduce_mean(tf.squared_difference(p, net.y)))


def l2_loss_over_rows():
    net = Net()
    p = net.column()
    return net.done(p, 2 * tf.nn.l2_loss(p - net.y) / tf.cast(tf.shape(net.x)[0], tf.float32))


def half_of_the_square():
    net = Net()
    return net.done(p := net.column(), 0.5 * mean_square(net.y, p))


def power():
    net = Net()
    return net.done(p := net.column(), tf.reduce_mean(tf.pow(net.y - p, 2.0)))


def flattened():
    net = Net()
    p = net.column()
    return net.done(p, tf.reduce_mean((tf.reshape(p, [-1]) - tf.reshape(net.y, [-1])) ** 2))


def squeezed_against_a_flat_target():
    net = Net(labels=(None,))
    p = tf.squeeze(net.column(), axis=1)
    return net.done(p, mean_square(net.y, p))


def index_against_a_flat_target():
    net = Net(labels=(None,))
    p = net.column()[:, 0]
    return net.done(p, tf.losses.mean_squared_error(labels=net.y, predictions=p))


def target_made_a_column():
    net = Net(labels=(None,))
    return net.done(p := net.column(), mean_square(tf.expand_dims(net.y, 1), p))


def unknown_shape():
    net = Net(labels=None)
    return net.done(p := net.column(), mean_square(tf.reshape(net.y, [-1, 1]), p))


def sum_over_count():
    net = Net()
    p = net.column()
    return net.done(p, tf.reduce_sum((p - net.y) ** 2) / tf.cast(tf.size(net.y), tf.float32))


def keras_layers():
    net = Net()
    hidden = tf.keras.layers.Dense(WIDTH, activation="relu")(net.x)
    p = tf.keras.layers.Dense(1)(hidden)
    return net.done(p, tf.reduce_mean(tf.keras.losses.MeanSquaredError()(net.y, p)))


def weighted_alike():
    net = Net()
    p = net.column()
    return net.done(p, tf.losses.mean_squared_error(net.y, p, weights=tf.ones([tf.shape(p)[0], 1])))


def weight_decay():
    net = Net()
    p = net.column()
    return net.done(p, mean_square(net.y, p) + 1e-4 * sum(tf.nn.l2_loss(v) for v in tf.trainable_variables()))


def relu_by_hand_and_einsum():
    net = Net()
    w = tf.get_variable("w", [WIDTH, 1], initializer=tf.glorot_uniform_initializer())
    b = tf.get_variable("b", [1], initializer=tf.zeros_initializer())
    p = tf.einsum("ij,jk->ik", tf.maximum(net.layer("1", net.x, WIDTH), 0), w) + b
    return net.done(p, mean_square(net.y, p))


def gradients_applied():
    net = Net()
    p = net.column()
    loss, optimizer = mean_square(net.y, p), tf.train.AdamOptimizer(0.001)
    return net.done(p, loss, optimizer.apply_gradients(optimizer.compute_gradients(loss)))


def rate_as_a_placeholder():
    net = Net()
    p = net.column()
    rate = tf.placeholder_with_default(0.001, [])
    return net.done(p, loss := mean_square(net.y, p), tf.train.AdamOptimizer(rate).minimize(loss))


def beside_a_metric():
    net = Net()
    p = net.column()
    error = tf.reduce_mean(tf.abs(p - net.y))
    return net.done(p, mean_square(net.y, p), error=error)


def beside_a_metric_of_outputs_all_too_large():
    """The error that is only measured has a gradient that points almost the same way."""
    net = Net()
    p = 40 + 8 * net.column()
    error = tf.reduce_mean(tf.abs(net.y - p))
    decay = 1e-5 * sum(tf.nn.l2_loss(v) for v in tf.trainable_variables())
    loss = mean_square(net.y, p)
    train_op = tf.train.AdamOptimizer(net.rate).minimize(loss + decay)
    return SimpleNamespace(graph=tf.get_default_graph(), error=error, X=net.x, Y=net.y, train_op=train_op)


def scaled_inside():
    """The loss works in standardised targets; the prediction is in their own unit."""
    net = Net()
    z = net.column()
    return net.done(z * 2.5 + 3.0, tf.reduce_mean((z - (net.y - 3.0) / 2.5) ** 2))


def nothing_named_but_the_ends():
    net = Net()
    whole = net.done(p := net.column(), mean_square(net.y, p))
    return SimpleNamespace(graph=whole.graph, X=net.x, Y=net.y)


def inner_product():
    net = Net()
    off = (p := net.column()) - net.y
    return net.done(p, tf.matmul(off, off, transpose_a=True) / tf.cast(tf.shape(off)[0], tf.float32))


def squared_norm():
    net = Net(labels=(None,))
    p = tf.squeeze(net.column())
    return net.done(p, tf.norm(p - net.y) ** 2 / tf.cast(tf.shape(p)[0], tf.float32))


def thousandfold():
    net = Net()
    return net.done(p := net.column(), 1000 * mean_square(net.y, p))


def regularised_by_collection():
    net = Net()
    p = net.column()
    for variable in tf.trainable_variables():
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, 1e-3 * tf.nn.l2_loss(variable))
    return net.done(p, tf.losses.mean_squared_error(net.y, p) + tf.losses.get_regularization_loss())


def named_logits_only():
    net = Net()
    whole = net.done(p := net.column(), mean_square(net.y, p))
    del whole.prediction
    whole.logits = p
    return whole


def with_an_accuracy_of_its_own():
    net = Net()
    p = net.column()
    near = tf.reduce_mean(tf.cast(tf.abs(p - net.y) < 1, tf.float32))
    return net.done(p, mean_square(net.y, p), accuracy=near)


def features_standardised_inside():
    net = Net()
    net.x, fed = (net.x - 0.3) / 0.4, net.x
    p = net.column()
    net.x = fed
    return net.done(p, mean_square(net.y, p))


def columns_of_examples():
    net = Net(labels=(1, None))
    p = tf.transpose(net.column())
    return net.done(p, mean_square(net.y, p))


RIGHT = [
    plain, losses_module, squared_difference, l2_loss_over_rows, half_of_the_square, power, flattened,
    squeezed_against_a_flat_target, index_against_a_flat_target, target_made_a_column, unknown_shape, sum_over_count,
    keras_layers, weighted_alike, weight_decay, relu_by_hand_and_einsum, gradients_applied, rate_as_a_placeholder,
    beside_a_metric, beside_a_metric_of_outputs_all_too_large, scaled_inside, nothing_named_but_the_ends, columns_of_examples,
    inner_product, squared_norm, thousandfold, regularised_by_collection, named_logits_only, with_an_accuracy_of_its_own,
    features_standardised_inside,
]  # fmt: skip


def free(make, **options):
    """A network of a shape of its own: `make` takes the parts and gives prediction and loss."""

    def built():
        net = Net(**options)
        return net.done(*make(net))

    return built


def _conv(net):
    picture = tf.reshape(net.x, [-1, 4, 4, 1])
    kernel = tf.get_variable("k", [3, 3, 1, 6], initializer=tf.glorot_uniform_initializer())
    maps = tf.nn.relu(tf.nn.conv2d(picture, kernel, [1, 1, 1, 1], "SAME") + tf.get_variable("c", [6]))
    pooled = tf.reshape(tf.nn.max_pool2d(maps, 2, 2, "SAME"), [-1, 24])
    return (p := net.layer("2", pooled, 1)), mean_square(net.y, p)


def _dropped(net):
    hidden = tf.nn.relu(net.layer("1", net.x, WIDTH))
    keep = tf.placeholder_with_default(1.0, [])
    return (p := net.layer("2", tf.nn.dropout(hidden, rate=1 - keep), 1)), mean_square(net.y, p)


def _exponential(net):
    """Prices are above zero: the network learns their logarithm."""
    z = net.column()
    return tf.exp(z), tf.reduce_mean((z - tf.log(tf.maximum(net.y, 1e-3))) ** 2)


def _bounded_to_the_range(net):
    p = 14 * tf.sigmoid(net.column()) - 3
    return p, mean_square(net.y, p)


def _wide_and_deep(net):
    p = net.column() + net.layer("3", net.x, 1)
    return p, mean_square(net.y, p)


def _residual(net):
    hidden = tf.nn.relu(net.layer("1", net.x, WIDTH))
    hidden += tf.nn.relu(net.layer("3", hidden, WIDTH))
    return (p := net.layer("2", hidden, 1)), mean_square(net.y, p)


def _clipped(net):
    p = tf.clip_by_value(net.column(), -3.0, 10.0)
    return p, mean_square(net.y, p)


def _normalised(net):
    """Batch normalisation by hand, with averages that an assignment keeps."""
    z = net.layer("1", net.x, WIDTH)
    training = tf.placeholder_with_default(False, [])
    mean, spread = tf.nn.moments(z, [0])
    kept = [tf.get_variable(name, [WIDTH], initializer=tf.ones_initializer(), trainable=False) for name in "mv"]
    for variable, value in zip(kept, (mean, spread), strict=True):
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign(variable, 0.9 * variable + 0.1 * value))
    used = tf.cond(training, lambda: (mean, spread), lambda: tuple(tf.identity(variable) for variable in kept))
    hidden = tf.nn.relu((z - used[0]) / tf.sqrt(used[1] + 1e-3))
    p = net.layer("2", hidden, 1)
    loss = mean_square(net.y, p)
    if not getattr(net, "updated", True):
        return p, loss
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        return p, loss, tf.train.AdamOptimizer(0.001).minimize(loss)


def _never_updated(net):
    net.updated = False
    return _normalised(net)


def _of_the_variance(net):
    p = net.column()
    return p, mean_square(net.y, p) / tf.math.reduce_variance(net.y)


def _with(loss):
    return lambda net: ((p := net.column()), loss(net.y, p))


FREE_RIGHT = {
    "convolution": (free(_conv), "mean-squared-error"),
    "dropout-with-default": (free(_dropped), "mean-squared-error"),
    "absolute-difference": (free(_with(tf.losses.absolute_difference)), "mean-absolute-error"),
    "absolute-by-hand": (free(_with(lambda y, p: tf.reduce_mean(tf.abs(y - p)))), "mean-absolute-error"),
    "huber": (free(_with(tf.losses.huber_loss)), "huber"),
    "huber-of-another-width": (free(_with(lambda y, p: tf.losses.huber_loss(y, p, delta=0.4))), "huber"),
    "root": (free(_with(lambda y, p: tf.sqrt(mean_square(y, p)))), "root-mean-squared-error"),
    "log-cosh": (
        free(_with(lambda y, p: tf.reduce_mean(tf.log((tf.exp(p - y) + tf.exp(y - p)) / 2)))),
        "log-cosh",
    ),
    "sum": (free(_with(lambda y, p: tf.reduce_sum((p - y) ** 2))), "mean-squared-error"),
    "range": (free(_bounded_to_the_range), "mean-squared-error"),
    "tanh-hidden": (free(lambda net: ((p := net.column(tf.tanh)), mean_square(net.y, p))), "mean-squared-error"),
    "wide-and-deep": (free(_wide_and_deep), "mean-squared-error"),
    "residual": (free(_residual), "mean-squared-error"),
    "clipped-to-the-range": (free(_clipped), "mean-squared-error"),
    "batch-normalised": (free(_normalised), "mean-squared-error"),
    "share-of-the-variance": (free(_of_the_variance), "undecided"),
    "weights-of-a-number": (
        free(_with(lambda y, p: tf.losses.mean_squared_error(y, p, weights=2.0))),
        "mean-squared-error",
    ),
    "logarithm-inside": (free(_exponential), "undecided"),
}


def built(program):
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        return program()


@pytest.mark.parametrize("program", RIGHT, ids=[program.__name__ for program in RIGHT])
def test_a_right_network_is_read_and_has_no_fault(lab, program):
    net = built(program)
    network = read_network(net.graph, net, ASKED, lab=lab)
    assert not network.codes, str(network)
    assert network.loss is not None
    assert (network.loss.kind, network.loss.of, network.loss.reduction) == ("mean-squared-error", "prediction", "mean")
    assert [(layer.inputs, layer.outputs, layer.activation) for layer in network.layers] == [
        (INPUTS, WIDTH, "relu"),
        (WIDTH, 1, "none"),
    ]
    assert (network.optimizer.kind, network.optimizer.learning_rate) == ("adam", pytest.approx(0.001))
    assert network.roles["prediction"].name
    assert set(network.left_open) <= ({"prediction-wrong"} if program is columns_of_examples else set())


@pytest.mark.parametrize("name", FREE_RIGHT)
def test_a_right_network_of_a_shape_of_its_own_has_no_fault(lab, name):
    program, kind = FREE_RIGHT[name]
    net = built(program)
    asked = replace(FREE, targets=(0.5, 9.0)) if name == "logarithm-inside" else FREE
    network = read_network(net.graph, net, asked, lab=lab)
    assert not network.codes, str(network)
    assert network.loss is not None
    assert network.loss.kind == kind
    in_a_branch = name == "batch-normalised"  # which is a function here
    assert bool(network.left_open) == (kind == "undecided" or in_a_branch)


def test_several_numbers_for_each_row_are_one_regression(lab):
    asked = replace(ASKED, widths=(WIDTH, 3), outputs=3)
    net = built(lambda: (n := Net(labels=(None, 3), outputs=3)).done(p := n.column(), mean_square(n.y, p)))
    network = read_network(net.graph, net, asked, lab=lab)
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


@pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])
def test_the_width_of_a_huber_error_is_found(delta):
    match = recognise_error(observations(lambda z, y: huber(z - y, delta)))
    assert match is not None
    assert (match.kind, str(match.detail)) == (HUBER, f"from {delta:.3g} on a line")


def test_an_error_of_no_formula_is_not_named():
    assert recognise_error(observations(lambda z, y: np.sin(7 * z + y))) is None


# ---- wrong ---------------------------------------------------------------------------------------------------------------


def wrong(loss, shape=lambda z: z, labels=(None, 1), hidden=tf.nn.relu, optimizer=None, **init):
    """A program with one thing wrong: `loss` of targets and prediction, `shape` behind the last layer."""

    def program():
        net = Net(labels=labels)
        p = shape(net.column(hidden, **init))
        value = loss(net.y, p)
        return net.done(p, value, optimizer(value) if optimizer else None)

    return program


def _flat(z):
    return tf.reshape(z, [-1])


def _cross_entropy(y, z):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))


def _with_labels(program):
    net = Net()
    p = program(net)
    return net.done(p, mean_square(net.y, p))


def _without_a_loss():
    net = Net()
    return SimpleNamespace(graph=tf.get_default_graph(), X=net.x, Y=net.y, prediction=net.column())


WRONG = {
    "broadcast-in-loss": (
        wrong(mean_square, labels=(None,)),
        wrong(mean_square, _flat),
        wrong(lambda y, p: tf.reduce_mean(tf.abs(y - p)), labels=(None,)),
        wrong(lambda y, p: tf.sqrt(tf.reduce_mean((p - y[None]) ** 2)), labels=(None,)),
    ),
    "targets-out-of-reach": (
        wrong(mean_square, tf.nn.relu),
        wrong(mean_square, tf.sigmoid),
        wrong(mean_square, tf.tanh),
        wrong(mean_square, tf.nn.softmax),
        wrong(mean_square, lambda z: tf.maximum(z, 0)),
    ),
    "classification-loss": (
        wrong(_cross_entropy),
        wrong(tf.losses.sigmoid_cross_entropy),
        wrong(lambda y, z: -tf.reduce_mean(y * tf.log(tf.nn.softmax(z) + 1e-9))),
    ),
    "loss-not-mean": (
        wrong(lambda y, p: tf.reduce_sum((y - p) ** 2)),
        wrong(lambda y, p: tf.nn.l2_loss(y - p)),
        wrong(tf.squared_difference),
    ),
    "maximises-loss": (
        wrong(lambda y, p: -mean_square(y, p)),
        wrong(lambda y, p: tf.reduce_mean(-tf.square(p - y))),
        wrong(mean_square, optimizer=lambda value: tf.train.AdamOptimizer(0.001).minimize(-value)),
    ),
    "differences-cancel": (
        wrong(lambda y, p: tf.reduce_mean(p - y)),
        wrong(lambda y, p: tf.reduce_mean(y - p)),
        wrong(lambda y, p: tf.square(tf.reduce_mean(p - y))),
        wrong(lambda y, p: tf.abs(tf.reduce_mean(p) - tf.reduce_mean(y))),
    ),
    "wrong-loss": (
        wrong(lambda y, p: tf.reduce_mean(tf.abs(y - p))),
        wrong(tf.losses.huber_loss),
        wrong(lambda y, p: tf.reduce_mean((y - p) ** 4)),
    ),
    "prediction-uses-labels": (
        lambda: _with_labels(lambda net: net.column() + 0.1 * net.y),
        lambda: _with_labels(lambda net: net.column() + 0.1 * tf.square(net.y)),
        lambda: _with_labels(lambda net: (z := net.column()) * tf.where(net.y > 0, 1.0 + 0 * z, 0 * z - 1.0)),
    ),
    "missing-activation": (
        wrong(mean_square, hidden=tf.identity),
        wrong(mean_square, hidden=lambda z: z * 0.5),
        wrong(mean_square, hidden=lambda z: z + 0.0),
    ),
    "wrong-activation": (
        wrong(mean_square, hidden=tf.sigmoid),
        wrong(mean_square, hidden=tf.tanh),
        wrong(mean_square, hidden=tf.nn.leaky_relu),
    ),
    "zero-initialisation": (
        wrong(mean_square, start=tf.zeros_initializer()),
        wrong(mean_square, start=tf.constant_initializer(0.0)),
        wrong(mean_square, start=tf.random_normal_initializer(stddev=0.0)),
    ),
    "dropout-at-evaluation": (
        wrong(mean_square, hidden=lambda z: tf.nn.dropout(tf.nn.relu(z), rate=0.5)),
        wrong(mean_square, hidden=lambda z: tf.nn.relu(z) * tf.cast(tf.random_uniform(tf.shape(z)) > 0.5, tf.float32)),
        wrong(mean_square, hidden=lambda z: tf.nn.relu(z) * tf.floor(0.7 + tf.random_uniform(tf.shape(z)))),
    ),
    "rows-mixed": (
        wrong(mean_square, hidden=lambda z: tf.nn.relu(z - tf.reduce_mean(z, 0, keepdims=True))),
        wrong(mean_square, shape=lambda z: z - tf.reduce_mean(z)),
        wrong(mean_square, hidden=lambda z: tf.nn.relu(z / (1e-3 + tf.reduce_max(tf.abs(z))))),
    ),
    "layers-not-trained": (
        wrong(mean_square, optimizer=lambda v: tf.train.AdamOptimizer(0.001).minimize(v, var_list=tf.trainable_variables()[2:])),
        wrong(mean_square, optimizer=lambda v: tf.train.AdamOptimizer(0.001).minimize(v, var_list=tf.trainable_variables()[:2])),
        wrong(mean_square, hidden=lambda z: tf.stop_gradient(tf.nn.relu(z))),
    ),
    "learning-rate-not-as-stated": (
        wrong(mean_square, optimizer=lambda v: tf.train.AdamOptimizer(0.01).minimize(v)),
        wrong(mean_square, optimizer=lambda v: tf.train.AdamOptimizer(1e-4).minimize(v)),
        wrong(mean_square, optimizer=lambda v: tf.train.AdamOptimizer(tf.constant(0.03)).minimize(v)),
    ),
    "wrong-optimizer": (
        wrong(mean_square, optimizer=lambda v: tf.train.GradientDescentOptimizer(0.001).minimize(v)),
        wrong(mean_square, optimizer=lambda v: tf.train.RMSPropOptimizer(0.001).minimize(v)),
        wrong(mean_square, optimizer=lambda v: tf.train.MomentumOptimizer(0.001, 0.9).minimize(v)),
    ),
}  # fmt: skip


def _scaled(loss, answer=lambda p, _: p):
    """The prediction is in the unit of the targets, far from zero."""

    def program():
        net = Net(labels=(None,))
        z = net.column()[:, 0]
        p = 3.0 + 2.5 * z
        return net.done(answer(p, z), loss(net.y, p))

    return program


WRONG["differences-cancel"] += (
    _scaled(lambda y, p: tf.reduce_mean(p - 40.0 - y)),
    _scaled(lambda y, p: tf.reduce_mean(y - p)),
)
WRONG["prediction-wrong"] = (
    _scaled(mean_square, lambda _, z: z),
    _scaled(mean_square, lambda p, _: 100 * p),
    _scaled(mean_square, lambda p, _: -p),
)
WRONG["batchnorm-not-updated"] = (free(_never_updated),)
WRONG["missing-tensor"] = (_without_a_loss,)
CASES = [(code, index) for code, programs in WRONG.items() for index in range(len(programs))]


@pytest.mark.parametrize(("code", "index"), CASES, ids=[f"{code}-{index}" for code, index in CASES])
def test_what_is_wrong_is_named_and_nothing_else(lab, code, index):
    net = built(WRONG[code][index])
    network = read_network(net.graph, net, ASKED, lab=lab)
    assert network.codes == {code}, str(network)

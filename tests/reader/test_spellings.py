"""Networks written in loops, branches, towers and recurrences, with schedules and several terms: read by what they compute."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread import Exercise
from graphread.find.activations import ACTIVATIONS, SAME, name_activation
from netgrader import read_network
from tests.reader.networks import (
    ZEROS,
    adam,
    bias,
    control_flow,
    cross_entropy,
    dense,
    placeholders,
    read,
    rows_of,
    weights,
)

ASKED = Exercise(
    "two_layer_network", widths=(30, 10), activations=("relu", "none"), optimizer="adam", learning_rate=0.001, bias=True
)
DEEP = Exercise("deep_network", loss=None, min_layers=3)


def variables():
    return weights("W1", 784, 30), bias("b1", 30), weights("W2", 30, 10), bias("b2", 10)


def two_layers(x, function=tf.nn.relu):
    w1, b1, w2, b2 = variables()
    return function(x @ w1 + b1) @ w2 + b2


# Each makes a graph, of which the reader is given no parts.


def layer_in_both_branches(x, y):
    w1, b1, w2, b2 = variables()
    training = tf.placeholder_with_default(False, [])
    h = tf.cond(
        training,
        lambda: tf.nn.dropout(tf.nn.relu(x @ w1 + b1), rate=0.5),
        lambda: tf.nn.relu(x @ w1 + b1),
    )
    adam(cross_entropy(y, h @ w2 + b2))


def batch_in_two_towers(x, y):
    w1, b1, w2, b2 = variables()
    half = tf.shape(x)[0] // 2
    optimizer = tf.train.AdamOptimizer(0.001)
    gradients = []
    for part in (slice(None, half), slice(half, None)):
        z = tf.nn.relu(x[part] @ w1 + b1) @ w2 + b2
        gradients.append(optimizer.compute_gradients(tf.reduce_sum(rows_of(y[part], z))))
    optimizer.apply_gradients([((one + two) / 2, v) for (one, v), (two, _) in zip(*gradients, strict=True)])


def rate_that_climbs_first(x, y):
    z, step = two_layers(x), tf.train.get_or_create_global_step()
    rate = 0.001 * tf.minimum(1.0, (tf.cast(step, tf.float32) + 1) / 50)
    adam(cross_entropy(y, z), rate, global_step=step)


def beside_a_larger_network(x, y):
    z = two_layers(x)
    own = tf.trainable_variables()
    adam(cross_entropy(y, z), var_list=own)
    other = tf.tanh(x @ weights("A", 784, 60) + bias("a", 60)) @ weights("B", 60, 10)
    rest = [v for v in tf.trainable_variables() if all(v is not mine for mine in own)]
    tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_mean((tf.nn.softmax(other) - y) ** 2), var_list=rest)


def masked_weights_with_a_share_that_is_fed(x, y):
    w1, b1, w2, b2 = variables()
    share = tf.placeholder_with_default(1.0, [])
    mask = tf.floor(share + tf.random_uniform([784, 30]))
    adam(cross_entropy(y, tf.nn.relu(x @ (w1 * mask) + b1) @ w2 + b2))


def a_sum_divided_by_rows_that_are_fed(x, y):
    rows = tf.placeholder(tf.int64, [])
    adam(tf.reduce_sum(rows_of(y, two_layers(x))) / tf.cast(rows, tf.float32))


def rows_and_a_switch_that_are_fed_as_numbers(x, y):
    w1, b1, w2, b2 = variables()
    rows, training = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    h = tf.nn.relu(tf.reshape(x, [rows, 784]) @ w1 + b1)
    h = tf.cond(training > 0, lambda: tf.nn.dropout(h, rate=0.5), lambda: h)
    adam(cross_entropy(y, h @ w2 + b2))


def lengths_of_the_rows(x, y):
    lengths = tf.placeholder(tf.int32, [None])
    each = tf.cast(tf.reshape(lengths, [-1, 1]), tf.float32)
    adam(cross_entropy(y, two_layers(x, lambda z: tf.nn.relu(z) / each)))


def rows_that_start_somewhere(x, y):
    first, rows = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    adam(cross_entropy(y[first : first + rows], two_layers(x[first : first + rows])))


def beside_one_with_another_loss(x, y):
    for loss in (lambda z: tf.reduce_mean((tf.nn.softmax(z) - y) ** 2), lambda z: cross_entropy(y, z)):
        with tf.variable_scope(None, default_name="network"):
            z = two_layers(x)
            adam(loss(z), var_list=tf.trainable_variables(tf.get_variable_scope().name))


OF_PARTS = (layer_in_both_branches, batch_in_two_towers)
"""No one tensor holds all scores of these, which could be fed."""


@pytest.mark.parametrize(
    "build",
    [
        rows_and_a_switch_that_are_fed_as_numbers,
        lengths_of_the_rows,
        rows_that_start_somewhere,
        beside_one_with_another_loss,
        a_sum_divided_by_rows_that_are_fed,
        layer_in_both_branches,
        batch_in_two_towers,
        rate_that_climbs_first,
        beside_a_larger_network,
        masked_weights_with_a_share_that_is_fed,
    ],
)
@pytest.mark.parametrize("functional", [False, True])
def test_the_network_of_the_exercise_is_accepted_however_it_is_written(build, functional, lab):
    with control_flow(functional):
        tried, alone = (read(chosen, build, ASKED, named=False) for chosen in (lab, None))
    assert not tried.faults
    assert not alone.faults
    assert not tried.undecided or build in OF_PARTS


@pytest.mark.parametrize("functional", [False, True])
def test_layers_in_a_loop_are_undecided(functional, lab):
    def build(x, y):
        w1, b1, w2, b2 = variables()

        def third(i, total):
            h = tf.nn.relu(x @ tf.slice(w1, [0, i], [784, 10]) + tf.slice(b1, [i], [10]))
            return i + 10, total + h @ tf.slice(w2, [i, 0], [10, 10])

        shapes = [tf.TensorShape([]), tf.TensorShape([None, 10])]
        start = tf.zeros([tf.shape(x)[0], 10])
        _, summed = tf.while_loop(lambda i, _: i < 30, third, [0, start], shape_invariants=shapes)
        adam(cross_entropy(y, summed + b2))

    for chosen in (lab, None):
        with control_flow(functional):
            network = read(chosen, build, ASKED, named=False)
        assert not network.faults
        assert network.undecided or network.left_open


def recurrence(x, y):
    state = tf.zeros([tf.shape(x)[0], 20])
    u, v = weights("U", 28, 20), weights("V", 20, 20)
    for row in tf.unstack(tf.reshape(x, [-1, 28, 28])[:, :6], axis=1):
        state = tf.tanh(row @ u + state @ v)
    adam(cross_entropy(y, dense(dense(state, 20, tf.nn.relu), 10)))


def second_classifier(x, y):
    h1 = dense(x, 20, tf.nn.relu)
    side = cross_entropy(y, h1 @ weights("S", 20, 10))
    adam(cross_entropy(y, dense(dense(h1, 20, tf.nn.relu), 10)) + 0.3 * side)


def rebuilt_images(x, y):
    a = weights("A", 784, 20)
    h1 = tf.sigmoid(x @ a)
    error = tf.reduce_mean((tf.matmul(h1, a, transpose_b=True) - x) ** 2)
    adam(cross_entropy(y, dense(dense(h1, 20, tf.nn.relu), 10)) + 0.1 * error)


def separable_convolution(x, y):
    t = tf.reshape(x, [-1, 28, 28, 1])
    t = tf.nn.relu(tf.nn.conv2d(t, weights("A", 3, 3, 1, 4), [1, 4, 4, 1], "SAME"))
    t = tf.nn.depthwise_conv2d(t, weights("D", 3, 3, 4, 1), [1, 1, 1, 1], "SAME")
    t = tf.nn.relu(tf.nn.conv2d(t, weights("P", 1, 1, 4, 8), [1, 1, 1, 1], "SAME"))
    adam(cross_entropy(y, tf.reshape(t, [-1, 392]) @ weights("C", 392, 10)))


@pytest.mark.parametrize("build", [recurrence, second_classifier, rebuilt_images, separable_convolution])
def test_a_deep_network_of_any_make_has_no_fault(build, lab):
    for chosen in (lab, None):
        assert not read(chosen, build, DEEP, named=False).faults


def test_a_recurrence_is_one_layer_and_two_layers_of_the_same_weights_are_a_fault(lab):
    layers = read(lab, recurrence, DEEP, named=False).layers
    assert [(layer.inputs, layer.outputs) for layer in layers] == [(28, 20), (20, 20), (20, 20), (20, 10)]

    def twice(x, y, *, rows_are_neurons=False):
        w, h = weights("W", 20, 20), dense(x, 20, tf.nn.relu)
        for _ in range(2):
            h = tf.nn.relu(tf.matmul(h, w, transpose_b=rows_are_neurons))
        adam(cross_entropy(y, dense(h, 10)))

    for made in (twice, partial(twice, rows_are_neurons=True)):
        assert read(lab, made, DEEP, named=False).codes == {"shared-weights"}


def test_a_loop_that_the_data_decides_on_stays_undecided(lab):
    def until_large(x, y):
        w, first = weights("W", 20, 20), dense(x, 20, tf.nn.relu)
        last = tf.while_loop(lambda h: tf.reduce_sum(h) < 0, lambda h: tf.nn.relu(h @ w), [first])
        adam(cross_entropy(y, last @ weights("C", 20, 10)))

    assert "shared-weights" not in read(lab, until_large, DEEP, named=False).codes


@pytest.mark.parametrize(("update", "codes"), [(True, set()), (False, {"batchnorm-not-updated"})])
def test_moving_averages_that_nothing_ever_assigns_are_named(update, codes, lab):
    def build(x, y):
        training = tf.placeholder(tf.bool, [])
        z = x @ weights("A", 784, 20)
        mean, var = tf.nn.moments(z, [0])
        kept = [
            tf.get_variable("mean", [20], initializer=ZEROS, trainable=False),
            tf.get_variable("var", [20], initializer=tf.ones_initializer(), trainable=False),
        ]
        updates = [v.assign(0.9 * v + 0.1 * new) for v, new in zip(kept, (mean, var), strict=True)] if update else []
        m, v = tf.where(training, mean, kept[0]), tf.where(training, var, kept[1])
        h = tf.nn.relu((z - m) / tf.sqrt(v + 1e-3) + bias("a", 20))
        loss = cross_entropy(y, dense(dense(h, 20, tf.nn.relu), 10))
        with tf.control_dependencies(updates):
            adam(loss)

    for chosen in (lab, None):
        assert read(chosen, build, DEEP, named=False).codes == codes


def changed(loss=cross_entropy, train=adam, function=tf.nn.relu):
    """Return a program of two layers with another loss, training step or activation."""

    def build(x, y):
        train(loss(y, two_layers(x, function)))

    return build


def by_hand(rule):
    def train(loss):
        variables = tf.trainable_variables()
        gradients = tf.gradients(loss, variables)
        t = tf.Variable(0.0, trainable=False).assign_add(1.0)
        slots = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in variables]
        with tf.control_dependencies(gradients):
            moves = [rule(s, g, t) for s, g in zip(slots, gradients, strict=True)]
        return tf.group(*[v.assign_sub(0.001 * move) for v, move in zip(variables, moves, strict=True)])

    return train


@pytest.mark.parametrize(
    "rule",
    [
        lambda s, g, t: s.assign(0.9 * s + 0.1 * g) / (1 - 0.9**t),
        lambda s, g, t: g / (tf.sqrt(s.assign(0.999 * s + 0.001 * g * g) / (1 - 0.999**t)) + 1e-8),
        lambda s, g, t: g / (s.assign(0.9 * s + 0.1 * tf.abs(g)) ** 0.25 + 1e-3) * t,
    ],
    ids=["half of Adam without second moment", "half of Adam without first moment", "no known rule"],
)
def test_steps_by_no_known_rule_leave_the_optimizer_and_its_rate_undecided(rule, lab):
    network = read(lab, changed(train=by_hand(rule)), ASKED, named=False)
    assert (network.codes, network.optimizer.kind) == (set(), "undecided")
    assert {"wrong-optimizer", "learning-rate-not-as-stated"} <= set(network.left_open)


def test_a_squared_error_of_a_softmax_is_named_whatever_is_below_it(lab):
    loss = changed(lambda y, z: tf.reduce_mean((tf.nn.softmax(tf.nn.relu(z)) - y) ** 2))
    assert read(lab, loss, ASKED, named=False).codes == {"mse-on-softmax"}


@pytest.mark.parametrize("function", [tf.nn.relu6, lambda z: tf.clip_by_value(z, 0.0, 6.0)], ids=["op", "by hand"])
def test_a_relu_that_ends_at_six_is_one_in_a_narrow_layer_too(function, lab):
    asked = replace(ASKED, activations=("relu6", "none"))
    assert not read(lab, changed(function=function), asked, named=False).codes
    assert read(lab, changed(), asked, named=False).codes == {"wrong-activation"}


#: The bank of activations by ops of TensorFlow, so that a formula there is not compared with itself alone.
BY_TENSORFLOW = {
    "none": tf.identity,
    "relu": tf.nn.relu,
    "sigmoid": tf.sigmoid,
    "tanh": tf.tanh,
    "softmax": tf.nn.softmax,
    "log-softmax": tf.nn.log_softmax,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "gelu": lambda z: z * 0.5 * tf.math.erfc(-z / 2**0.5),
    "gelu-tanh": lambda z: z * tf.sigmoid(2 * (2 / np.pi) ** 0.5 * (z + 0.044715 * z**3)),
    "swish": tf.nn.swish,
    "mish": lambda z: z * tf.tanh(tf.nn.softplus(z)),
    "relu6": tf.nn.relu6,
    "hard-sigmoid": tf.keras.backend.hard_sigmoid,
    "hard-sigmoid-6": lambda z: tf.nn.relu6(z + 3) / 6,
    "hard-tanh": lambda z: tf.clip_by_value(z, -1.0, 1.0),
    "exponential": tf.exp,
    "clipped-log": lambda z: tf.math.log(tf.clip_by_value(z, 1e-7, 1 - 1e-7)),
    "square": tf.square,
    "abs": tf.abs,
    "sine": tf.sin,
    "cosine": tf.cos,
    "step": lambda z: tf.cast(z > 0, tf.float32),
    "scaled-tanh": lambda z: 1.7159 * tf.tanh(z * 2 / 3),
    "crelu": tf.nn.crelu,
}


def test_each_activation_of_the_bank_is_what_tensorflow_computes(lab):
    with tf.Graph().as_default() as graph:
        z = tf.placeholder(tf.float32, [None, 40])
        made = [BY_TENSORFLOW[name](z).name for name in ACTIVATIONS]
    before = np.random.default_rng(4).standard_normal((6, 40)).astype(np.float32) * 3
    found = lab.load(graph.as_graph_def().SerializeToString()).session().run(made, {z.name: before})
    assert [name_activation(before, after) for after in found] == [SAME.get(name, name) for name in ACTIVATIONS]


@pytest.mark.parametrize("name", ["relu", "tanh", "none"])
def test_an_activation_is_named_for_numbers_of_any_size(name):
    before = np.random.default_rng(4).standard_normal((6, 40)) * 1e4
    assert name_activation(before, ACTIVATIONS[name](before)) == name


@pytest.mark.parametrize("function", [lambda z: z**3, lambda z: tf.minimum(z, 0.0), lambda z: tf.log1p(tf.nn.relu(z))])
def test_a_function_of_no_name_where_another_is_asked_for_is_undecided(function, lab):
    network = read(lab, changed(function=function), ASKED, named=False)
    assert network.codes == set()
    assert "wrong-activation" in network.left_open


@pytest.mark.parametrize(
    ("loss", "code"),
    [
        (
            lambda y, z: -tf.reduce_mean(tf.reduce_sum(y * tf.log(tf.exp(z) / tf.reduce_sum(tf.exp(z))), 1)),
            "loss-over-wrong-axis",
        ),
        (lambda y, z: tf.reduce_mean(tf.norm(tf.nn.softmax(z) - y, axis=1)), "mse-on-softmax"),
        (lambda y, z: tf.reduce_mean(tf.keras.losses.categorical_hinge(y, z)), "wrong-loss"),
    ],
)
def test_losses_of_other_kinds_are_told_apart(loss, code, lab):
    assert read(lab, changed(loss), ASKED, named=False).codes == {code}


def test_weights_alone_are_the_wrong_thing_to_minimise(lab):
    decay = changed(train=lambda _: adam(tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])))
    for chosen in (lab, None):
        assert read(chosen, decay, ASKED, named=False).codes == {"minimises-wrong-tensor"}


def sentences(build, **options):
    with tf.Graph().as_default() as graph:
        build()
    return " ".join(map(str, read_network(graph, lab=None, **options).undecided))


def test_what_a_graph_lacks_is_said():
    assert "no variables" in sentences(lambda: tf.placeholder(tf.float32, [None, 784]))
    assert "no loss" in sentences(lambda: placeholders()[0] @ weights("W", 784, 10))

    def of_no_variable():
        x, y = placeholders()
        weights("W", 784, 10)
        tf.losses.softmax_cross_entropy(y, x[:, :10] * 2)

    assert "no variable" in sentences(of_no_variable, parts={"loss": "softmax_cross_entropy_loss/value:0"})


def test_a_graph_that_is_made_to_be_slow_ends_with_a_sentence():
    definition = tf.GraphDef()
    for name, width in (("x", 784), ("y", 10)):
        node = definition.node.add(name=name, op="Placeholder")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.dim.add(size=-1)
        node.attr["shape"].shape.dim.add(size=width)
    for index in range(5_000):
        definition.node.add(name=f"v{index}", op="VariableV2").attr["dtype"].type = 1
        definition.node.add(name=f"m{index}", op="MatMul", input=[f"m{index - 1}" if index else "x", f"v{index}"])
    with pytest.raises(Exception, match="at most 4,000 are read"):
        read_network(definition, exercise="two_layer_network", lab=None)

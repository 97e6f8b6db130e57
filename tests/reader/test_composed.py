"""Right networks composed at random from spellings of their parts have no fault, and an injected one is named.

A fixed sample by default; ``NETGRADER_EXAMPLES=500`` tries that many others.
"""

from __future__ import annotations

import os

import hypothesis.strategies as st
import pytest
import tensorflow.compat.v1 as tf
from hypothesis import HealthCheck, given, settings

from graphread import Exercise, read_network

EXAMPLES = int(os.environ.get("NETGRADER_EXAMPLES", "5"))


def weights(shape):
    return tf.get_variable("W", shape, initializer=tf.glorot_uniform_initializer())


def turned(x, n, size):
    return tf.matmul(x, weights([size, n]), transpose_b=True)


def as_convolution(x, n, size):
    return tf.squeeze(tf.nn.conv2d(x[:, None, None, :], weights([1, 1, n, size]), 1, "VALID"), [1, 2])


def in_halves(x, n, size):
    w = weights([n, size])
    return x[:, : n // 2] @ w[: n // 2] + x[:, n // 2 :] @ w[n // 2 :]


PRODUCTS = {
    "matmul": lambda x, n, size: x @ weights([n, size]),
    "tensordot": lambda x, n, size: tf.tensordot(x, weights([n, size]), [[1], [0]]),
    "einsum": lambda x, n, size: tf.einsum("ni,io->no", x, weights([n, size])),
    "turned": turned,
    "convolution": as_convolution,
    "halves": in_halves,
    "columns": lambda x, n, size: tf.transpose(tf.matmul(weights([n, size]), tf.transpose(x), transpose_a=True)),
}
ACTIVATIONS = {
    "relu": {
        "library": tf.nn.relu,
        "maximum": lambda z: tf.maximum(z, 0.0),
        "where": lambda z: tf.where(z > 0, z, tf.zeros_like(z)),
        "mask": lambda z: z * tf.cast(z > 0, z.dtype),
        "minus": lambda z: z - tf.minimum(z, 0.0),
        "absolute": lambda z: (z + tf.abs(z)) / 2,
    },
    "tanh": {
        "library": tf.tanh,
        "sigmoid": lambda z: 2 * tf.sigmoid(2 * z) - 1,
        "powers": lambda z: 1 - 2 / (tf.exp(2 * z) + 1),
    },
    "sigmoid": {
        "library": tf.sigmoid,
        "by hand": lambda z: 1 / (1 + tf.exp(-z)),
        "tanh": lambda z: (tf.tanh(z / 2) + 1) / 2,
    },
    "softplus": {"library": tf.nn.softplus, "by hand": lambda z: tf.log1p(tf.exp(z))},
    "elu": {"library": tf.nn.elu, "by hand": lambda z: tf.where(z > 0, z, tf.exp(tf.minimum(z, 0.0)) - 1)},
}


def label(y):
    return tf.argmax(y, 1, output_type=tf.int32)


def gathered(y, z):
    where = tf.stack([tf.range(tf.shape(z)[0]), label(y)], 1)
    return -tf.reduce_mean(tf.gather_nd(tf.nn.log_softmax(z), where))


LOSSES = {
    "dense": lambda y, z: tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)),
    "sparse": lambda y, z: tf.losses.sparse_softmax_cross_entropy(label(y), z),
    "losses": lambda y, z: tf.losses.softmax_cross_entropy(y, z, label_smoothing=0.1),
    "log": lambda y, z: -tf.reduce_mean(tf.reduce_sum(y * tf.log(tf.nn.softmax(z) + 1e-10), 1)),
    "clipped": lambda y, z: -tf.reduce_mean(tf.log(tf.clip_by_value(tf.reduce_sum(y * tf.nn.softmax(z), 1), 1e-10, 1))),
    "sums": lambda y, z: tf.reduce_mean(tf.reduce_logsumexp(z, 1) - tf.reduce_sum(y * z, 1)),
    "summed": lambda y, z: tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z)),
    "gathered": gathered,
    "Keras": tf.keras.losses.CategoricalCrossentropy(from_logits=True),
}
OPTIMIZERS = {
    "adam": tf.train.AdamOptimizer,
    "sgd": tf.train.GradientDescentOptimizer,
    "momentum": lambda rate: tf.train.MomentumOptimizer(rate, 0.9),
    "rmsprop": tf.train.RMSPropOptimizer,
}
ACCURACIES = {
    "equal": lambda y, z: tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32)),
    "top": lambda y, z: tf.reduce_mean(tf.cast(tf.nn.in_top_k(z, label(y), 1), tf.float32)),
    "one-hot": lambda y, z: tf.reduce_mean(tf.reduce_sum(y * tf.one_hot(tf.argmax(z, 1), 10), 1)),
}


def spelled(bank):
    return st.sampled_from(sorted(bank))


NETWORKS = st.fixed_dictionaries(
    {
        "layers": st.lists(
            st.tuples(st.integers(3, 40), spelled(PRODUCTS), spelled(ACTIVATIONS), st.integers(0, 5)), max_size=3
        ),
        "last": spelled(PRODUCTS),
        "loss": spelled(LOSSES),
        "optimizer": spelled(OPTIMIZERS),
        "rate": st.sampled_from([0.001, 0.0003, 0.02]),
        "accuracy": spelled(ACCURACIES),
        "clipped": st.booleans(),
        "resource": st.booleans(),
        "scale": st.sampled_from(["none", "centred"]),
        "parts": st.booleans(),
    }
)


def build(choice, change=lambda _, value: value):
    """The network of a choice, with what a fault makes of one part; graph, parts and what asks for it."""
    with tf.Graph().as_default() as graph, tf.variable_scope("", use_resource=choice["resource"]):
        tf.set_random_seed(5)
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        h, n = (2 * x - 1 if choice["scale"] == "centred" else x), 784

        def layer(name, product, size):
            with tf.variable_scope(name, default_name="layer"):
                z = PRODUCTS[product](h, n, size)
                return change("bias", z + tf.get_variable("b", [size], initializer=tf.zeros_initializer()))

        names, widths = [], []
        for index, (size, product, act, spelling) in enumerate(choice["layers"]):
            forms = list(ACTIVATIONS[act].values())
            h = change("hidden", forms[spelling % len(forms)])(layer(f"l{index}", product, size))
            h.set_shape([None, size])
            n = size
            names.append(act)
            widths.append(size)
        z = change("scores", layer("last", choice["last"], 10))
        loss = change("loss", LOSSES[choice["loss"]])(y, z)
        optimizer = OPTIMIZERS[choice["optimizer"]](change("rate", choice["rate"]))
        pairs = optimizer.compute_gradients(change("objective", loss))
        if choice["clipped"] and choice["optimizer"] == "adam":
            pairs = [(tf.clip_by_norm(g, 5.0), v) for g, v in pairs]
        train_op = optimizer.apply_gradients(pairs)
        accuracy = ACCURACIES[choice["accuracy"]](y, z)
        parts = {"X": x, "Y": y}
        if choice["parts"]:
            parts |= {
                "logits": z,
                "prediction": tf.nn.softmax(z),
                "loss": loss,
                "train_op": train_op,
                "accuracy": accuracy,
            }
    exercise = Exercise(
        "composed",
        widths=(*widths, 10),
        activations=(*names, "none"),
        optimizer=choice["optimizer"],
        learning_rate=choice["rate"],
        bias=True,
    )
    return graph, parts, exercise


def fixed(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize="NETGRADER_EXAMPLES" not in os.environ,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@given(choice=NETWORKS)
@fixed(EXAMPLES)
def test_a_right_network_of_any_spellings_has_no_fault_and_nothing_undecided(lab, choice):
    graph, parts, exercise = build(choice)
    network = read_network(graph, parts, exercise, lab=lab)
    assert network.codes - (set() if choice["parts"] else {"missing-tensor"}) == set(), str(network)
    assert not network.undecided
    assert [layer.activation for layer in network.layers] == list(exercise.activations or ())
    assert network.optimizer is not None
    assert network.optimizer.learning_rate == pytest.approx(choice["rate"], rel=0.01)


FAULTS = {
    "softmax-before-loss": ("scores", tf.nn.softmax),
    "sigmoid-before-loss": ("scores", tf.sigmoid),
    "relu-on-logits": ("scores", tf.nn.relu),
    "maximises-loss": ("objective", lambda loss: -loss),
    "learning-rate-not-as-stated": ("rate", lambda rate: rate / 3),
    "missing-activation": ("hidden", lambda _: tf.identity),
    "softmax-in-hidden-layer": ("hidden", lambda _: tf.nn.softmax),
    "mse-on-softmax": ("loss", lambda _: lambda y, z: tf.reduce_mean((tf.nn.softmax(z) - y) ** 2)),
    "rows-mixed": ("hidden", lambda act: lambda z: act(z) - tf.reduce_mean(act(z), 0, keepdims=True)),
}


@given(choice=NETWORKS, code=st.sampled_from(sorted(FAULTS)))
@fixed(EXAMPLES)
def test_a_fault_in_a_network_of_any_spellings_is_named_and_no_other(lab, choice, code):
    part, function = FAULTS[code]
    if part == "hidden" and not choice["layers"]:
        choice = {**choice, "layers": [(20, "matmul", "relu", 0)]}
    graph, parts, exercise = build(choice, lambda place, value: function(value) if place == part else value)
    network = read_network(graph, parts, exercise, lab=lab)
    # A step may change a variable of TensorFlow's first kind while gradients are still computed from it: then it stays open.
    left = {code} & {"maximises-loss"} & set(network.left_open)
    assert network.codes - (set() if choice["parts"] else {"missing-tensor"}) == {code} - left, str(network)


CHOICE = {
    "layers": [(20, "matmul", "relu", 0)],
    "last": "matmul",
    "loss": "dense",
    "optimizer": "adam",
    "rate": 0.001,
    "accuracy": "equal",
    "clipped": False,
    "resource": True,
    "scale": "none",
    "parts": True,
}


def test_networks_that_mean_the_same_are_equal_and_others_are_not(lab):
    def read(**changes):
        graph, parts, exercise = build({**CHOICE, **changes})
        return read_network(graph, parts, exercise, lab=lab)

    first, second = read(), read(layers=[(20, "columns", "relu", 1)], loss="sums")
    third = read(layers=[(20, "matmul", "tanh", 0)])
    assert first == second
    assert first != third
    assert "784 → 20, relu" in str(first)
    assert first.as_json()["optimizer"]["kind"] == "adam"
    assert first.svg().startswith("<svg")

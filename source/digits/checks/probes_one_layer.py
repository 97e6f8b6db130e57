"""Probes of notebook 1: the layer, and the network built from it."""

import tensorflow.compat.v1 as tf

from netgrader.evidence import EvidenceWriter
from netgrader.student.probes import Student, WrongReturn, export_graph, probe

# Activations passed to a layer, by their names in exercises.toml. "bent" is not a TensorFlow function.
ACTIVATIONS = {
    "none": None,
    "relu": tf.nn.relu,
    "sigmoid": tf.nn.sigmoid,
    "bent": lambda t: 0.2 * t + tf.nn.softplus(2.0 * t),
}


@probe("check_fully_connected_layer")
def fully_connected_layer(student: Student, out: EvidenceWriter) -> None:
    """Record single layers of several sizes and activations, then two layers in one graph."""
    for number, case in enumerate(student.exercises.table("fully_connected_layer")["cases"]):
        name = f"layer@{number}"
        with student.capturing(out, name), tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [None, case["inputs"]])
            activation = ACTIVATIONS[case["activation"]]
            if number % 2:
                made = student.call("fully_connected_layer", x, case["outputs"], activation=activation)
            else:
                made = student.call("fully_connected_layer", x, case["outputs"], name="trial", activation=activation)
            h, weights = layer_and_weights(made)
            out.graph(name, export_graph({"graph": graph, "x": x, "h": h, "W": weights}))
    with student.capturing(out, "two layers"), tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 40])
        h1, w1 = layer_and_weights(student.call("fully_connected_layer", x, 40, "first", tf.nn.relu))
        h2, w2 = layer_and_weights(student.call("fully_connected_layer", h1, 40, "second"))
        out.graph("two layers", export_graph({"graph": graph, "x": x, "h1": h1, "W1": w1, "h2": h2, "W2": w2}))


def layer_and_weights(made: object) -> tuple[object, object]:
    """Return the two values that the layer function should return; raise `WrongReturn` otherwise."""
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        raise WrongReturn(made, "the pair (h, W)")
    return made[0], made[1]


@probe("check_one_layer_network")
def one_layer_network(student: Student, out: EvidenceWriter) -> None:
    """Record the network at its default learning rate and at others."""
    student.networks(out, "one_layer_network")

"""Run a program's text, and export the graph of the network that it returns, as a probe would.

The programs are our own; untrusted code must not run here.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["BuildError", "Built", "build", "tensorflow"]

CONTRACT = ("X", "Y", "logits", "prediction", "loss", "train_op", "accuracy", "W1")


class BuildError(Exception):
    """The program raised; a fault that shows at once needs no reader."""


@dataclass(frozen=True)
class Built:
    """A network as a student's function returned it, and what a probe would hand over of it."""

    graph: Any
    net: Any
    meta_graph: bytes
    parts: Mapping[str, str]
    eval_feed: Mapping[str, Any] = field(default_factory=dict)


def tensorflow() -> Any:
    """TensorFlow as the notebooks set it: compat.v1 without version 2 behaviour, quiet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.get_logger().setLevel(logging.ERROR)
    return tf


def _given_layer(tf: Any) -> Any:
    """`fully_connected_layer` as notebooks 2 and 3 are given it."""

    def fully_connected_layer(x: Any, n_output: int, name: str | None = None, activation: Any = None) -> Any:
        with tf.variable_scope(name, default_name="fully_connected"):
            n_input = int(x.shape[-1])
            weights = tf.get_variable("W", [n_input, n_output], initializer=tf.glorot_uniform_initializer())
            biases = tf.get_variable("b", [n_output], initializer=tf.zeros_initializer())
            h = tf.nn.bias_add(tf.matmul(x, weights), biases)
            return (h if activation is None else activation(h)), weights

    return fully_connected_layer


@contextlib.contextmanager
def _switched(tf: Any, switches: frozenset[str]) -> Iterator[None]:
    if "resource" in switches:
        tf.enable_resource_variables()
    if "control-flow-v2" in switches:
        tf.enable_control_flow_v2()
    try:
        yield
    finally:
        tf.disable_resource_variables()
        tf.disable_control_flow_v2()


def build(text: str, function: str, arguments: Mapping[str, Any], switches: frozenset[str] = frozenset()) -> Built:
    """Run `text`, call its `function`, export the graph.

    `switches` are ``resource`` (variables are resources), ``control-flow-v2``, ``twice`` (the function is called
    twice).

    Raises
    ------
    BuildError
        If the program raises.
    """
    tf = tensorflow()
    tf.reset_default_graph()
    np.random.seed(7)  # noqa: NPY002 - the programs use NumPy's global generator
    shared = tf.Graph()
    names: dict[str, Any] = {
        "__name__": "student",
        "np": np,
        "tf": tf,
        "fully_connected_layer": _given_layer(tf),
        "shared_graph": shared,
    }
    try:
        with _switched(tf, switches):
            exec(compile(text, "student.py", "exec"), names)  # noqa: S102 - our own program
            net = names[function](**arguments)
            if "twice" in switches:
                net = names[function](**arguments)
    except Exception as error:  # whatever it raises, this program has no graph
        raise BuildError(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}") from error
    attributes = _attributes(net)
    graph = attributes["graph"]
    parts, feed = {}, {}
    for name, value in attributes.items():
        tensor = _tensor_name(tf, value)
        if tensor is not None:
            parts[name] = tensor
    for key, value in (attributes.get("eval_feed") or {}).items():
        feed[key.name] = np.asarray(value)
    if graph.get_operations():
        content = tf.train.export_meta_graph(graph=graph, clear_devices=False).SerializeToString(deterministic=True)
    else:
        content = tf.MetaGraphDef(graph_def=graph.as_graph_def()).SerializeToString(deterministic=True)
    return Built(graph, net, content, parts, feed)


def _attributes(net: Any) -> dict[str, Any]:
    if isinstance(net, dict):
        return dict(net)
    found = {name: getattr(net, name) for name in (*CONTRACT, "graph", "eval_feed") if hasattr(net, name)}
    found.update({name: value for name, value in vars(net).items() if not name.startswith("_")})
    return found


def _tensor_name(tf: Any, value: Any) -> str | None:
    if hasattr(value, "value") and type(value).__module__.startswith("keras"):
        value = value.value
    if isinstance(value, tf.Tensor | tf.Operation):
        return str(value.name)
    if isinstance(value, tf.Variable):
        return str(value.name)
    return None

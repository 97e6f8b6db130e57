"""Any object with a graph is accepted as a network; one without a graph is reported."""

from __future__ import annotations

from collections import namedtuple
from types import SimpleNamespace
from typing import Any

import pytest
import tensorflow.compat.v1 as tf

from netgrader.student import sessions
from netgrader.student.graphs import NoGraph, export_graph

Parts = namedtuple("Parts", "graph X")  # noqa: PYI024 - as a student would write it


class Everything:
    """Has whatever is asked for."""

    def __getattr__(self, name: str) -> Any:
        return self


@pytest.mark.parametrize(
    "returned", [Everything(), 3, "net", [], {}, SimpleNamespace(_fields=3)], ids=lambda net: type(net).__name__
)
def test_what_holds_no_graph_is_said_to_hold_none(returned: object) -> None:
    with pytest.raises(NoGraph, match="no tensor or graph"):
        export_graph(returned)


@pytest.mark.parametrize(
    "make",
    [Parts, lambda graph, x: SimpleNamespace(graph=graph, X=x), lambda graph, x: {"graph": graph, "X": x}],
    ids=["named tuple", "namespace", "dict"],
)
def test_the_parts_of_a_network_are_found_in_any_object(make: Any) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 784], name="images")
    assert export_graph(make(graph, x)).parts == {"X": "images:0"}


def test_the_same_network_handed_over_twice_is_the_same_bytes() -> None:
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 20]), tf.placeholder(tf.float32, [None, 10])
        w = tf.get_variable("w", [20, 10])
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x @ w))
        step = tf.train.AdamOptimizer(0.001).minimize(loss)
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            parts = {"graph": graph, "X": x, "train_op": step}
            assert len({export_graph(parts, sess).meta_graph for _ in range(5)}) == 1


def test_a_switch_that_is_a_variable_is_handed_over_as_the_session_has_it() -> None:
    with tf.Graph().as_default() as graph:
        x, on = tf.placeholder(tf.float32, [None, 20]), tf.Variable(initial_value=True, trainable=False, name="on")
        logits = x @ tf.get_variable("w", [20, 10])
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(on.assign(value=False))
            values = export_graph({"graph": graph, "X": x, "logits": logits}, sess).values
    assert values["on"].dtype == bool
    assert not values["on"]


def made(shape: list[int], **options: Any) -> Any:
    return tf.get_variable("w", shape, **options)


def is_complex() -> None:
    tf.get_variable("other", dtype=tf.complex64, initializer=tf.ones([20], tf.complex64))
    made([20])


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize(
    "build",
    [
        lambda: made([20]),
        lambda: made([20], trainable=False, collections=["moving"]),
        lambda: made([20], collections=[]),
        lambda: [made([20]), tf.add_to_collection("local_variables", tf.no_op())],
        is_complex,
        lambda: [made([20]), tf.get_variable("text", initializer="a")],
    ],
    ids=["usual", "collection of one's own", "no collection", "no variable in a collection", "complex", "text"],
)
@pytest.mark.parametrize("imported", [False, True])
def test_all_variables_of_numbers_are_read_in_whatever_collection(
    build: Any, use_resource: bool, imported: bool
) -> None:
    with tf.Graph().as_default() as graph, tf.variable_scope("", use_resource=use_resource):
        build()
        starts = [op.name for op in graph.get_operations() if op.type in {"Assign", "AssignVariableOp"}]
    if imported:
        content = graph.as_graph_def()
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(content, name="")
    with tf.Session(graph=graph) as sess:
        sess.run(starts)
        assert export_graph({"graph": graph}, sess).values.keys() == {"w"}


@pytest.mark.parametrize("use_resource", [False, True])
def test_an_optimizers_own_variables_are_left_out_where_all_are_too_large(
    use_resource: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tf.Graph().as_default() as graph, tf.variable_scope("", use_resource=use_resource):
        mean, w = tf.get_variable("mean", [20], trainable=False), tf.get_variable("w", [20])
        tf.train.AdamOptimizer().minimize(tf.reduce_sum((w - mean) ** 2))
        initialise = tf.global_variables_initializer()
    with tf.Session(graph=graph) as sess:
        sess.run(initialise)
        assert {"w/Adam", "w/Adam_1"} < export_graph({"graph": graph}, sess).values.keys()
        monkeypatch.setattr(sessions.Kept, "LARGE", 4 * 60)
        assert export_graph({"graph": graph}, sess).values.keys() == {"mean", "w"}

"""Record what is known of networks trained in a notebook's sessions, in a separate process with TensorFlow.

Prints one JSON object with the observations after each style of a sweep; `test_closed_sessions.py` has the expected ones.
"""

from __future__ import annotations

import gc
import json
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np  # isort: skip
import tensorflow.compat.v1 as tf  # isort: skip
from netgrader.student import sessions, setup
from netgrader.student.cell_runs import CellRuns

RATES = (1e-3, 1e-2, 1e-1)
X = np.random.default_rng(0).uniform(size=(50, 30)).astype(np.float32)
SHAPES = [("first", (30, 50)), ("second", (50, 10))]
Y = np.eye(10, dtype=np.float32)[np.arange(50) % 10]


def network(rate: Any) -> SimpleNamespace:
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.float32, [None, 10])
        hidden = tf.nn.relu(x @ tf.get_variable("W1", [30, 50]))
        logits = hidden @ tf.get_variable("W2", [50, 10], use_resource=True)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        step = tf.train.AdamOptimizer(rate() if callable(rate) else rate).minimize(loss)
        return SimpleNamespace(graph=graph, x=x, y=y, step=step, logits=logits, init=tf.global_variables_initializer())


def trained(sess: Any, net: SimpleNamespace) -> float:
    sess.run(net.init)
    for _ in range(3):
        sess.run(net.step, {net.x: X, net.y: Y})
    found = sess.run(net.logits, {net.x: X})
    return float(np.mean(found.argmax(axis=1) == Y.argmax(axis=1)))


def with_statement() -> None:
    for rate in RATES:
        net = network(rate)
        with tf.Session(graph=net.graph) as sess:
            trained(sess, net)


def left_to_python() -> None:
    for rate in RATES:
        net = network(rate)
        sess = tf.Session(graph=net.graph)
        trained(sess, net)


def one_rate(rate: float) -> float:
    net = network(rate)
    return trained(tf.Session(graph=net.graph), net)


def function_of_one_rate() -> None:
    print_nothing = [one_rate(rate) for rate in RATES]
    assert len(print_nothing) == len(RATES)


def interactive() -> None:
    for rate in RATES:
        net = network(rate)
        sess = tf.InteractiveSession(graph=net.graph)
        trained(sess, net)
        sess.close()


def kept_open() -> list[Any]:
    kept = []
    for rate in RATES:
        net = network(rate)
        kept.append(tf.Session(graph=net.graph))
        trained(kept[-1], net)
    return kept


def begun_anew() -> None:
    net = network(lambda: tf.placeholder_with_default(0.5, []))
    with tf.Session(graph=net.graph) as sess:
        for _ in RATES:
            trained(sess, net)


def restored() -> None:
    net = network(lambda: tf.placeholder_with_default(0.5, []))
    with net.graph.as_default():
        first = [variable.assign(np.full(variable.shape, 0.1, np.float32)) for variable in tf.trainable_variables()]
    with tf.Session(graph=net.graph) as sess:
        sess.run(net.init)
        for _ in RATES:
            sess.run(first)
            for _ in range(3):
                sess.run(net.step, {net.x: X, net.y: Y})


def in_one_graph() -> None:
    with tf.Graph().as_default() as graph:
        xs = []
        for rate in RATES:
            x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.float32, [None, 10])
            hidden = tf.nn.relu(x @ tf.Variable(tf.random_normal([30, 50])))
            logits = hidden @ tf.Variable(tf.random_normal([50, 10]))
            loss = tf.losses.softmax_cross_entropy(y, logits)
            xs.append((x, y, tf.train.AdamOptimizer(rate).minimize(loss)))
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            for x, y, step in xs:
                sess.run(step, {x: X, y: Y})


def never_trained() -> None:
    for rate in RATES:
        with tf.Session(graph=network(rate).graph):
            pass


def no_network() -> None:
    with tf.Graph().as_default() as graph:
        w = tf.get_variable("w", [], initializer=tf.ones_initializer())
        step = tf.train.GradientDescentOptimizer(0.1).minimize(w**2)
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)


def trained_on() -> None:
    net = network(1e-3)
    with tf.Session(graph=net.graph) as sess:
        sess.run(net.init)
        for _ in RATES:
            for _ in range(3):
                sess.run(net.step, {net.x: X, net.y: Y})
            sess.run(net.logits, {net.x: X})


def many_open() -> list[Any]:
    kept = []
    for _ in range(sessions.Kept.MOST_OPEN + 2):
        net = network(1e-3)
        kept.append(tf.Session(graph=net.graph))
        trained(kept[-1], net)
    return kept


def run_again() -> list[Any]:
    """Run a cell twice, and another one with an id and one without."""
    runs, kept = CellRuns(), []
    sessions.cell_runs = lambda: runs
    for cell_id in ("sweep", "other", None, "sweep"):
        runs.begin(SimpleNamespace(raw_cell="", cell_id=cell_id))
        kept += kept_open()
    return kept


def kept_of_each(graph: Any) -> list[int]:
    """Return how many of three trainings are kept, one of which was evaluated far more often than is kept."""
    register = sessions.Register()
    for run, evaluations in ((0, 1), (1, 3 * sessions.Kept.MOST), (2, 1)):
        for _ in range(evaluations):
            register.note(graph, {"W1": np.zeros((30, 50), np.float32)}, run)
    return [sum(one.run == run for one in register) for run in range(3)]


def main() -> None:
    styles = (
        trained_on,
        many_open,
        with_statement,
        left_to_python,
        function_of_one_rate,
        interactive,
        kept_open,
        begun_anew,
        restored,
        in_one_graph,
        never_trained,
        no_network,
        run_again,
    )
    told = {}
    for style in styles:
        setattr(sessions.sys.modules[sessions.SESSION_MODULE].BaseSession, sessions.REGISTER, sessions.Register())
        held = style()
        gc.collect()
        sets = [(one, values) for one in sessions.seen_networks() for values in sessions.fitting(one, SHAPES)]
        told[style.__name__] = {
            "different": len({values["first"].tobytes() for _, values in sets}),
            "runs": len({one.run for one, _ in sets}),
        }
        for sess in held or ():
            sess.close()
    register = sessions.Register()
    graph = network(1e-3).graph
    for _ in range(sessions.Kept.MOST + 5):
        register.note(graph, {"W1": np.zeros((30, 50), np.float32)}, 0)
    told["most"] = len(list(register))
    register.note(graph, {"W1": np.zeros(sessions.Kept.BYTES // 4 + 1, np.float32)}, 0)
    told["large"] = len(list(register))
    told["kept of each"] = kept_of_each(graph)
    told["shapes"] = sessions.shapes_of(graph)
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    setup()  # as the first cell of a notebook does
    main()

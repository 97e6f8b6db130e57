"""Exercise the capture of graphs, sessions, errors and output, in a separate process with TensorFlow.

Prints one JSON object with the observations; `test_capture.py` has the expected ones.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np  # isort: skip
import tensorflow.compat.v1 as tf  # isort: skip
from graphread.graph.source import read_source
from netgrader.evidence import read_evidence
from netgrader.student import setup
from netgrader.student.capture import take
from netgrader.student.graphs import NoGraph, export_graph
from tests.programs import programs

PROBES, STUDENT = (one.source for one in programs("cells/captured").values())


def small_net(kind: str = "variables", **more):
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, 4])
        w = tf.get_variable("W", [4, 3], use_resource=kind != "references")
        loss = tf.reduce_mean(tf.square(x @ w))
        train_op = tf.train.AdamOptimizer().minimize(loss)
        init = tf.global_variables_initializer()
    return SimpleNamespace(graph=graph, X=x, W1=w, loss=loss, train_op=train_op, init=init, **more)


def parts_in_every_container() -> dict[str, object]:
    net = small_net()

    class Named(NamedTuple):
        graph: object
        X: object
        loss: object

    class Slots:
        __slots__ = ("X", "graph", "loss")

    class Computed:
        graph, loss = net.graph, net.loss
        X = property(lambda _: net.X)

    slots = Slots()
    slots.graph, slots.X, slots.loss = net.graph, net.X, net.loss
    containers = {
        "namespace": net,
        "dict": vars(net),
        "namedtuple": Named(net.graph, net.X, net.loss),
        "slots": slots,
        "properties": Computed(),
        "tuple": (net.X, net.loss),
    }
    return {name: dict(export_graph(container).parts) for name, container in containers.items()}


def odd_parts() -> dict[str, object]:
    net = small_net()
    with net.graph.as_default():
        kernel = tf.keras.layers.Dense(2)
        kernel(net.X)
        second = tf.no_op("second")
    net.kernel, net.train_op = kernel.kernel, [net.train_op, second]
    net.eval_feed = {net.X: np.ones((1, 4), np.float32)}
    taken = export_graph(net, about={"rate": 0.5})
    group = next(node for node in read_source(taken.meta_graph).graph_def.node if node.name == taken.parts["train_op"])
    return {
        "kernel": taken.parts["kernel"],
        "group": [group.op, list(group.input)],
        "eval_feed": {name: value.tolist() for name, value in taken.eval_feed.items()},
        "about": dict(taken.about),
        "ops in the student's graph": [op.name for op in net.graph.get_operations() if "netgrader" in op.name],
    }


def other_graphs() -> dict[str, object]:
    net = small_net()
    net.graph = tf.Graph()
    empty = export_graph(net)
    with net.graph.as_default():
        tf.constant(1)
    full = export_graph(net)
    del net.graph
    none = export_graph(net)
    mixed = small_net()
    with tf.Graph().as_default():
        mixed.accuracy = tf.constant(0.5)
    partly = export_graph(mixed)
    refused = []
    for nothing in (None, 3, SimpleNamespace(), {"X": 1}):
        try:
            export_graph(nothing)
        except NoGraph:
            refused.append(True)
    return {
        "empty": [dict(empty.about), sorted(empty.parts)],
        "full": dict(full.about),
        "none": dict(none.about),
        "partly": dict(partly.about),
        "refused": refused,
    }


def sessions() -> dict[str, object]:
    seen = {}
    for kind in ("variables", "references"):
        net = small_net(kind)
        ops = len(net.graph.get_operations())
        with tf.Session(graph=net.graph) as closed:
            closed.run(net.init)
            truth = closed.run(net.W1)
            opened = export_graph(net, closed)
        after = export_graph(net, closed)
        unnamed = export_graph(net)
        fresh = tf.Session(graph=net.graph)
        untrained = export_graph(net, fresh)
        with net.graph.as_default():
            fresh.run(tf.variables_initializer([net.W1]))
        partly = export_graph(net, fresh)
        stranger = tf.Session(graph=tf.Graph())
        other = export_graph(net, stranger)
        fresh.close()
        fresh.close()
        stranger.close()
        lost = tf.Session(graph=net.graph)
        del lost
        seen[kind] = {
            "while open": bool(np.array_equal(opened.values["W"], truth)),
            "after closing": bool(np.array_equal(after.values["W"], truth)),
            "without naming it": bool(np.array_equal(unnamed.values["W"], truth)),
            "slots too": sorted(after.values),
            "never initialised": sorted(untrained.values),
            "partly initialised": sorted(partly.values),
            "of another graph": bool(np.array_equal(other.values["W"], truth)),
            "ops added": len([op for op in net.graph.get_operations()[ops:] if "init" not in op.name]),
        }
    return seen


def captured(folder: Path) -> dict[str, object]:
    probes = folder / "checks"
    probes.mkdir()
    (probes / "probes_work.py").write_text(PROBES)
    (probes / "exercises.toml").write_text("")
    namespace: dict[str, object] = {"__name__": "__main__"}
    source = folder / "cell.py"  # in a file, so that its lines are found as those of a notebook's cell are
    source.write_text(STUDENT)
    exec(compile(STUDENT, str(source), "exec"), namespace)  # noqa: S102  (a student's cell, of our own writing)
    out = folder / "evidence"
    out.mkdir()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002  (the one that students use)
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        take("check_work", namespace, out, probes)
    evidence = read_evidence(out)
    again = folder / "again"
    again.mkdir()
    take("check_work", namespace, again, probes)
    import matplotlib.pyplot as plt

    try:
        take("check_other", namespace, again, probes)
        unknown = None
    except LookupError as error:
        unknown = str(error)
    return {
        "errors": {name: [error.kind, error.message, error.line] for name, error in evidence.errors.items()},
        "repeatable": read_evidence(again).arrays["numbers"].tolist() == evidence.arrays["numbers"].tolist(),
        "printed": said.getvalue(),
        "random as before": (random.getstate(), np.random.get_state()[1].tolist()) == before,  # noqa: NPY002
        "figures": plt.get_fignums(),
        "compiled files": [path.name for path in probes.rglob("*.pyc")],
        "unknown": unknown,
    }


def main() -> None:
    tf.disable_v2_behavior()
    with tempfile.TemporaryDirectory() as root, contextlib.chdir(root):
        Path("a_helper.py").write_text("def help_me():\n    return [][5]  # in the helper\n")
        sys.path.insert(0, root)
        seen = {
            "containers": parts_in_every_container(),
            "odd parts": odd_parts(),
            "graphs": other_graphs(),
            "sessions": sessions(),
            "captured": captured(Path(root)),
        }
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    setup()  # as the first cell of a notebook does
    main()

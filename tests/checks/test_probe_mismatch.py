"""A network that is made for the grader and another one that is trained are told; of right work there is nothing to tell."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest
import tensorflow.compat.v1 as tf

import netgrader.student  # noqa: F401  (as the notebook's first cell does)
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.provenance import probe_mismatches
from netgrader.grading import verifier
from netgrader.reader.lab.local import LocalLab
from netgrader.student.capture import take
from tests.checks import later_students, students

SOURCE = Path(__file__).resolve().parents[2] / "source" / "digits"
CHECKS = SOURCE / "checks"
ONE, TWO, DEEP = "one_layer_network", "two_layer_network", "deep_network"
TRAINED = {ONE: "run_training", TWO: "check_two_layer_training", DEEP: "check_deep_training"}
RIGHT = {
    ONE: [(students.GIVEN, students.GLOROT, one.source) for one in students.RIGHT_NETWORKS.values()],
    TWO: [(later_students.GIVEN, one.source) for one in later_students.RIGHT_TWO_LAYERS.values()],
    DEEP: [(later_students.GIVEN, one.source) for one in later_students.RIGHT_DEEP.values()],
}
# What a notebook does to its network besides training it: gradients, a saver, the best weights so far.
USED = """
    net = {function}()
    parts = SimpleNamespace(**net) if isinstance(net, dict) else net
    graph = parts.logits.graph
    sess = tf.Session(graph=graph)
    with graph.as_default():
        sess.run(tf.global_variables_initializer())
        tf.gradients(tf.reduce_max(parts.logits, axis=1), parts.X)
        saver = tf.train.Saver()
        [tf.assign(variable, 0.5 * variable) for variable in tf.trainable_variables()]
        tf.summary.scalar("seen", tf.reduce_mean(parts.logits))
    acc_trn, acc_val = [0.1], [0.1]
"""
# One that looks who calls it, and one that makes for itself another one than its function makes.
LOOKS = """
    proper = {function}
    def {function}(*arguments, **options):
        import sys
        frame = sys._getframe()
        while frame:
            if "probes" in frame.f_code.co_filename:
                return proper(*arguments, **options)
            frame = frame.f_back
        graph = tf.Graph()
        with graph.as_default():
            X, Y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
            W = tf.get_variable("W", [784, 30], initializer=tf.glorot_uniform_initializer())
            V = tf.get_variable("V", [30, 10], initializer=tf.glorot_uniform_initializer())
            logits = tf.nn.sigmoid(X @ W) @ V
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=Y, logits=logits))
            train_op = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        return SimpleNamespace(graph=graph, X=X, Y=Y, logits=logits, loss=loss, train_op=train_op)
"""


@pytest.fixture(scope="module", autouse=True)
def beside_the_notebooks():
    sys.path.insert(0, str(SOURCE))
    tf.disable_v2_behavior()
    yield
    sys.path.remove(str(SOURCE))


def told(root: Path, function: str, *cells: str, only: tuple[str, ...] | None = None) -> dict[str, str]:
    """What there is to tell of a notebook of these `cells`, or of the check cells `only`."""
    tf.reset_default_graph()
    namespace: dict[str, object] = {"__name__": "__main__", "SimpleNamespace": SimpleNamespace}
    for number, source in enumerate(cells):
        exec(compile(dedent(source), f"<cell {number}>", "exec"), namespace)  # noqa: S102  (of our own writing)
    for cell in (f"check_{function}", TRAINED[function]):
        (root / cell).mkdir()
        take(cell, namespace, root / cell, CHECKS)
    bench = TestContext(root, load_exercises(CHECKS), LocalLab)
    try:
        return probe_mismatches(bench, only)
    finally:
        bench.close()


@pytest.mark.parametrize("function", RIGHT)
def test_of_right_notebooks_there_is_nothing_to_tell(tmp_path, function: str) -> None:
    for number, sources in enumerate(RIGHT[function]):
        (tmp_path / str(number)).mkdir()
        assert told(tmp_path / str(number), function, *sources, USED.format(function=function)) == {}, sources[-1]


@pytest.mark.parametrize("function", RIGHT)
def test_a_function_that_makes_another_network_for_the_grader_is_told(tmp_path, function: str) -> None:
    looks, used = LOOKS.format(function=function), USED.format(function=function)
    found = told(tmp_path, function, *RIGHT[function][0], looks, used)
    assert found.keys() == {TRAINED[function]}
    (said,) = found.values()
    assert said.startswith(f"Asked for by the grader, {function} makes 784 → ")
    assert said.endswith("784 → 30 → 10, with sigmoid, softmax-cross-entropy, sgd.")


def test_a_network_at_another_rate_is_the_same_network(tmp_path) -> None:
    used = USED.format(function=TWO).replace(f"{TWO}()", f"{TWO}(0.0123)")
    assert told(tmp_path, TWO, *RIGHT[TWO][0], used) == {}


@pytest.mark.parametrize(("function", "cells"), [(TWO, {TRAINED[TWO]}), (DEEP, set())])
def test_an_optimizer_of_the_trainings_own_is_told_only_where_one_was_asked_for(tmp_path, function, cells) -> None:
    own = """
    with graph.as_default():
        net.train_op = tf.train.GradientDescentOptimizer(0.1).minimize(net.loss)
        sess.run(tf.global_variables_initializer())
    """
    assert told(tmp_path, function, *RIGHT[function][0], USED.format(function=function), own).keys() == cells


def test_what_is_not_looked_at_is_not_told(tmp_path) -> None:
    looks, used = LOOKS.format(function=ONE), USED.format(function=ONE)
    assert told(tmp_path, ONE, *RIGHT[ONE][0], looks, used, only=(f"check_{ONE}",)) == {}


def test_a_graph_that_breaks_the_comparison_costs_no_verdict_and_is_kept_for_the_instructor(monkeypatch, capsys):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(verifier, "probe_mismatches", broken)
    assert verifier._facts(SimpleNamespace(), None) == {}
    assert "ZeroDivisionError" in capsys.readouterr().err

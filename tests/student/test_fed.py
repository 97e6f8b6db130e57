"""The log records whether a notebook trained a network, and which switches its evaluation was fed."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.student import course_data, fed_rows, setup
from netgrader.student.fed import MOST_MADE, GraphGrowsError, left_at_default, took_steps
from netgrader.student.fed_rows import test_rows_fed as rows_fed
from netgrader.student.graphs import export_graph

setup()  # TensorFlow is imported, and its sessions are watched

ROWS = np.full((64, 784), 0.25, np.float32)


def parts(how: str):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 784])
        w = tf.get_variable("w", [784, 10], use_resource=how != "old variables")
        loss = tf.reduce_mean(tf.square(x @ w))
        if how == "by hand":
            (slope,) = tf.gradients(loss, [w])
            step = w.assign_sub(0.1 * slope)
        else:
            step = tf.train.AdamOptimizer().minimize(loss)
        count = tf.get_variable("count", [], trainable=False, initializer=tf.zeros_initializer())
        with tf.control_dependencies([count.assign_add(1.0)]):
            metric = tf.identity(loss)
        return graph, x, loss, step, metric, tf.global_variables_initializer()


@pytest.mark.parametrize("how", ["Adam", "old variables", "by hand"])
@pytest.mark.parametrize("fetch", ["alone", "list", "dict", "dict of any keys", "such a dict in a list", "name"])
def test_a_training_step_is_noted_and_an_evaluation_is_not(how: str, fetch: str) -> None:
    graph, x, loss, step, metric, initialise = parts(how)
    trains = {
        "alone": step,
        "list": [loss, [step]],
        "dict": {"a": (step, loss)},
        "dict of any keys": {"a": step, 1: loss},
        "such a dict in a list": [{"a": step, 1: loss}, loss],
        "name": step.name,
    }[fetch]
    net = SimpleNamespace(logits=loss)
    with tf.Session(graph=graph) as sess:
        sess.run(initialise)
        sess.run([loss, metric], {x: ROWS})
        assert not took_steps(net)
        sess.run(trains, {x: ROWS})
    assert took_steps(net)


@pytest.mark.parametrize("made_in_loop", [False, True])
def test_a_loop_that_makes_its_steps_is_stopped_and_networks_trained_one_by_one_are_not(made_in_loop: bool) -> None:
    graph, x, loss, *_, initialise = parts("Adam")
    trained, n_steps = 0, 2 * MOST_MADE
    with graph.as_default(), tf.Session() as sess:
        sess.run(initialise)
        made = (tf.train.GradientDescentOptimizer(0.1).minimize(loss) for _ in range(n_steps))
        with pytest.raises(GraphGrowsError, match="before the loop") if made_in_loop else nullcontext():
            for step in made if made_in_loop else list(made):
                sess.run(step, {x: ROWS})
                trained += 1
        sess.run(initialise)  # goes on as ever
        for _ in range(n_steps):  # networks that are begun anew, each with a step of its own
            sess.run(initialise)
            sess.run(tf.train.GradientDescentOptimizer(0.1).minimize(loss), {x: ROWS})
    assert trained == (MOST_MADE - 1 if made_in_loop else n_steps)


def test_a_loop_that_makes_its_steps_and_their_initializers_is_stopped() -> None:
    graph, x, loss, *_ = parts("Adam")

    def loop(sess: tf.Session) -> None:
        for _ in range(2 * MOST_MADE):
            step = tf.train.AdamOptimizer(0.1).minimize(loss)
            sess.run(tf.global_variables_initializer())
            sess.run(step, {x: ROWS})

    with graph.as_default(), tf.Session() as sess, pytest.raises(GraphGrowsError, match="before the loop"):
        loop(sess)


@pytest.mark.parametrize("fed", [None, {}, "lists", "scalars"])
def test_whatever_is_fed_runs_as_ever(fed: object) -> None:
    graph, x, loss, step, _, initialise = parts("Adam")
    with tf.Session(graph=graph) as sess:
        sess.run(initialise, fed if fed in (None, {}) else {})
        sess.run(step, {x: ROWS.tolist()} if fed == "lists" else {x: np.zeros((1, 784))})
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(step)
    assert took_steps(SimpleNamespace(logits=loss))
    assert not took_steps(SimpleNamespace(logits=3))
    assert not took_steps(None)


def test_a_switch_without_a_default_is_noted_as_it_is_fed_in_evaluation() -> None:
    with tf.Graph().as_default() as graph:
        x, training = tf.placeholder(tf.float32, [None, 4], name="x"), tf.placeholder(tf.bool, [], name="training")
        other = tf.placeholder_with_default(1.0, [], name="other")
        w = tf.get_variable("w", [4, 3])
        loss = tf.reduce_mean(tf.square(tf.where(training, x, other * x) @ w))
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(loss, {x: np.ones((5, 4)), training: False, other: 2.0})
            sess.run([loss, step], {x: np.ones((5, 4)), "training:0": True})
            sess.run(loss, {x: np.ones((5, 4)), training: True})  # the loss as it is in training
    net = SimpleNamespace(graph=graph, X=x, loss=loss)
    assert left_at_default(SimpleNamespace(logits=loss)) == []  # 2.0 was fed, if only to evaluate
    assert export_graph(net).eval_feed == {"training:0": False}
    assert export_graph(SimpleNamespace(**vars(net), eval_feed={training: True})).eval_feed == {"training:0": True}


@pytest.mark.parametrize("at_first", [False, True])
@pytest.mark.parametrize("evaluated", [False, None])
def test_a_switch_is_left_at_its_default_only_if_nothing_that_the_logits_depend_on_was_ever_switched(
    at_first: bool, evaluated: bool | None
) -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4])
        training = tf.placeholder_with_default(at_first, [], name="training")
        rate = tf.placeholder_with_default(0.1, [])
        logits = tf.where(training, x, 0.5 * x) @ tf.get_variable("w", [4, 3])
        loss = tf.reduce_mean(tf.square(logits))
        step = tf.train.GradientDescentOptimizer(rate).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            assert left_at_default(SimpleNamespace(logits=logits)) == []
            sess.run(step, {x: np.ones((5, 4))})
            sess.run(loss, {x: np.ones((5, 4))} | ({} if evaluated is None else {training: evaluated}))
    on_by_default = at_first and evaluated is False
    assert left_at_default(SimpleNamespace(graph=graph, logits=logits)) == ([] if on_by_default else ["training"])
    assert left_at_default(None) == left_at_default(SimpleNamespace(graph=graph, logits=3)) == []


def test_a_switch_that_is_fed_another_text_is_not_left_at_its_default() -> None:
    with tf.Graph().as_default() as graph:
        x, mode = tf.placeholder(tf.float32, [None, 4]), tf.placeholder_with_default("test", [])
        logits = tf.where(tf.equal(mode, "train"), x, 2 * x) @ tf.get_variable("w", [4, 3])
        step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(logits))
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step, {x: np.ones((5, 4)), mode: "train"})
    assert left_at_default(SimpleNamespace(graph=graph, logits=logits)) == []


def test_text_that_is_fed_to_a_switch_is_not_handed_over() -> None:
    with tf.Graph().as_default() as graph:
        x, mode = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.string, [])
        loss = tf.reduce_mean(tf.where(tf.equal(mode, "train"), x, 2 * x))
        with tf.Session() as sess:
            sess.run(loss, {x: np.ones((5, 4)), mode: "test"})
    assert export_graph(SimpleNamespace(graph=graph, X=x, loss=loss)).eval_feed == {}


FRACTIONS = np.random.default_rng(3).normal(size=(40, 5)).astype(np.float32)
X_TRAIN, X_TEST = FRACTIONS[:20], FRACTIONS[20:]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A course whose rows are `FRACTIONS`."""
    monkeypatch.setattr(fed_rows, "rows_are_unmistakable", lambda: True)
    monkeypatch.setattr(fed_rows, "given_data", lambda: ((X_TRAIN, None), (X_TEST, None)))


def trained_on(rows: np.ndarray, then: str = "") -> tuple[tf.Session, SimpleNamespace]:
    """A network that a step is taken of on `rows`, with another placeholder, and what is run `then`."""
    with tf.Graph().as_default() as graph:
        x, other = (tf.placeholder(tf.float32, [None, 5]) for _ in range(2))
        loss = tf.reduce_mean(tf.square((x + 0 * tf.reduce_sum(other)) @ tf.get_variable("w", [5, 1])))
        step, initialize = tf.train.GradientDescentOptimizer(0.1).minimize(loss), tf.global_variables_initializer()
        best = tf.Variable(0.0)
        note_best = best.assign(tf.maximum(best, loss))
    everything = np.concatenate([X_TRAIN, X_TEST])
    sess = tf.Session(graph=graph)
    sess.run([initialize, best.initializer])
    sess.run(step, {x: rows, other: X_TRAIN})
    if then == "evaluated":
        sess.run(loss, {x: everything, other: X_TRAIN})
    elif then == "the best loss is kept in a variable":
        sess.run([note_best, loss], {x: X_TEST, other: X_TEST})
    elif then == "fed to another placeholder":
        sess.run(step, {x: X_TRAIN, other: everything})
    elif then == "initialized":
        sess.run(initialize)
        sess.run(step, {x: X_TRAIN, other: X_TRAIN})
    return sess, SimpleNamespace(X=x)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("rows", "then", "n_seen"),
    [
        (X_TRAIN, "", 0),
        (FRACTIONS, "", 20),
        (FRACTIONS.astype(np.float64).tolist(), "", 20),
        (FRACTIONS, "evaluated", 20),
        (X_TRAIN, "evaluated", 0),
        (X_TRAIN, "the best loss is kept in a variable", 0),
        (X_TRAIN, "fed to another placeholder", 0),
        (FRACTIONS, "initialized", 0),
    ],
)
def test_test_rows_are_counted_that_optimizers_fed_to_x_since_the_variables_were_initialized(
    rows: np.ndarray, then: str, n_seen: int
) -> None:
    sess, net = trained_on(rows, then)
    assert rows_fed(sess, net, X_TRAIN, X_TEST) == n_seen
    assert rows_fed(None, None, X_TRAIN, X_TEST) == 0


@pytest.mark.usefixtures("table")
def test_rows_that_preparing_made_equal_and_other_rows_by_the_name_of_test_rows_do_not_count() -> None:
    whole_train, whole_test = X_TRAIN.round(), X_TEST.round()
    sess, net = trained_on(whole_train)
    assert rows_fed(sess, net, whole_train, whole_test) == 0
    sess, net = trained_on(X_TRAIN)
    assert rows_fed(sess, net, X_TRAIN, X_TRAIN[10:]) == 0
    sess, net = trained_on(FRACTIONS)
    assert rows_fed(sess, net, FRACTIONS, X_TEST) == 20  # trained on all rows by the name of the training rows


def test_a_row_given_in_both_sets_does_not_count(monkeypatch: pytest.MonkeyPatch, table: None) -> None:
    with_ten = np.concatenate([X_TRAIN, X_TEST[:10]])
    monkeypatch.setattr(fed_rows, "given_data", lambda: ((with_ten, None), (X_TEST, None)))
    sess, net = trained_on(with_ten)
    assert rows_fed(sess, net, with_ten, X_TEST) == 0


@pytest.mark.parametrize(
    ("x", "images", "told_apart"),
    [
        (FRACTIONS, False, True),
        (FRACTIONS.round(), False, False),
        (np.where(np.eye(40, 5) > 0, 0.5, 1.0), False, False),
        (FRACTIONS.round(), True, True),
    ],
)
def test_only_images_and_rows_with_fractions_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, x: np.ndarray, images: bool, told_apart: bool
) -> None:
    monkeypatch.setattr(course_data, "data_spec", lambda: SimpleNamespace(is_images=images))
    monkeypatch.setattr(course_data, "given_data", lambda: ((x[20:], None), (x[:20], None)))
    assert course_data.rows_are_unmistakable.__wrapped__() is told_apart

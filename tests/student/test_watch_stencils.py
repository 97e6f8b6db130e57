"""`watch_stencils` in a notebook: weights recorded while the student's own loop trains, or a sentence."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.data import DATA_HASH, load_data
from netgrader.student import learning, watch_stencils
from netgrader.student.sessions import seen_networks
from tests.datasets import signs

BATCH = 10


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signs")
    spec = signs(folder)
    (x_train, y_train), (x_test, y_test) = load_data(spec, folder / spec.file)
    return SimpleNamespace(
        spec=spec,
        x_train=spec.prepared(x_train, x_train),
        y_train=np.eye(3)[y_train],
        x_test=spec.prepared(x_test, x_train),
        y_test=y_test,
    )


@pytest.fixture
def course(given, monkeypatch):
    monkeypatch.setattr(learning, "data_spec", lambda: given.spec)
    return given


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr("IPython.display.display", lambda content, **_: found.append(content))
    return found


def network(spec, rate=0.01):
    graph = tf.Graph()
    with graph.as_default():
        x, y = tf.placeholder(tf.float32, [None, spec.size]), tf.placeholder(tf.float32, [None, 3])
        weights = tf.get_variable("W", [spec.size, 3], initializer=tf.glorot_uniform_initializer(seed=1))
        logits = tf.matmul(x, weights)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
        step = tf.train.AdamOptimizer(rate).minimize(loss)
    return SimpleNamespace(graph=graph, X=x, Y=y, W1=weights, logits=logits, loss=loss, train_op=step)


def loop(course, steps=30, fetches=lambda net: net.train_op, end=id):
    """A student's `train` that keeps what it saw of the weights."""
    seen = []

    def train(sess, net, n_epochs, mini_batch_size=BATCH):
        assert n_epochs == 1
        with net.graph.as_default():
            sess.run(tf.global_variables_initializer())
        for step in range(steps):
            seen.append(sess.run(net.W1))
            rows = np.arange(step * BATCH, (step + 1) * BATCH) % len(course.x_train)
            sess.run(fetches(net), feed_dict={net.X: course.x_train[rows], net.Y: course.y_train[rows]})
        if steps:
            seen.append(sess.run(net.W1))
        end(sess)
        return [0.5], [0.5]

    return train, seen


def watched(course, train, net=None):
    watch_stencils(lambda: net or network(course.spec), train, course.x_test, course.y_test)


@pytest.mark.parametrize(
    "fetches",
    [
        lambda net: net.train_op,
        lambda net: [net.loss, net.train_op],
        lambda net: {"step": net.train_op.name, "loss": net.loss},
    ],
)
def test_the_weights_of_the_students_own_loop_are_kept_from_before_its_first_step_to_its_last(
    course, shown, monkeypatch, fetches
):
    films = []
    monkeypatch.setattr(learning, "film_output", lambda film, _: films.append(film) or {})
    train, seen = loop(course, fetches=fetches)
    watched(course, train)
    (film,) = films
    assert film.steps == [0, 1, 2, 3, 4, 6, 10, 16, 25, 30]
    for step, weights in zip(film.steps, film.weights, strict=True):
        np.testing.assert_array_equal(weights, seen[step])
    assert film.right[-1] > film.right[0]
    assert shown == [{}]


def test_an_output_of_its_own_is_shown_and_no_trace_is_left_for_grading(course, shown):
    before, _ = seen_networks()
    train, _ = loop(course)
    watched(course, train)
    (output,) = shown
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', output["text/html"], re.DOTALL)[1])
    assert data["names"] == [course.spec.name(number) for number in range(3)]
    after, _ = seen_networks()
    assert [one.graph for one in after] == [one.graph for one in before]


def test_a_loop_that_closes_its_session_is_shown_up_to_where_it_was_looked_at(course, shown):
    train, _ = loop(course, end=lambda sess: sess.close())
    watched(course, train)
    assert '"steps":[0,1,2,3,4,6,10,16,25]' in shown[0]["text/html"]


def without(part, course):
    net = network(course.spec)
    delattr(net, part)
    return net


def test_what_cannot_be_shown_is_told(course, shown, capsys):
    train, _ = loop(course)
    watched(course, train, without("W1", course))
    assert "needs its weights as the part `W1`, of shape (108, 3). Here it is no part of it." in capsys.readouterr().out
    net = network(course.spec)
    net.W1 = net.logits
    watched(course, train, net)
    assert "Here it is (None, 3)." in capsys.readouterr().out
    watched(course, loop(course, steps=0)[0])
    assert "`train` took no training step with `net.train_op`" in capsys.readouterr().out
    watched(course, train, network(course.spec, rate=float("nan")))
    assert "The weights became `nan` or infinite" in capsys.readouterr().out
    assert shown == []


def test_where_it_is_graded_nothing_is_trained(monkeypatch, shown, capsys):
    monkeypatch.setenv(DATA_HASH, "0")
    watch_stencils(None, None, None, None)
    assert (shown, capsys.readouterr().out) == ([], "")

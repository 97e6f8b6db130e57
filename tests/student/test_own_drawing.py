"""`drawing_pad` in a notebook: the student's own network as data under the cell, or a sentence."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from IPython.core import display_functions

from graphread.lab.local import LocalLab
from graphread.plain_network import PlainLayer, PlainNetwork, scores
from netgrader.checks.context import Dataset
from netgrader.data import load_data
from netgrader.judges.pads import pad_of
from netgrader.student import drawing_pad, own_drawing, setup
from netgrader.student.graphs import export_graph
from tests.datasets import SIGNS, signs


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signs")
    spec = signs(folder)
    (x_train, y_train), (x_test, y_test) = load_data(spec, folder / spec.file)
    return Dataset(spec, x_train, y_train, x_test, y_test)


@pytest.fixture
def course(data, monkeypatch):
    monkeypatch.setattr(own_drawing, "data_spec", lambda: data.spec)
    monkeypatch.setattr(own_drawing, "given_data", lambda: ((data.x_train, data.y_train), (data.x_test, data.y_test)))
    return data


@pytest.fixture
def shown(monkeypatch):
    found = []
    monkeypatch.setattr(display_functions, "display", lambda content, **_: found.append(content))
    monkeypatch.setattr("IPython.display.display", lambda content, **_: found.append(content))
    return found


def trained(data, factor=1.0, shape=()):
    """A network of two layers that was fed shares of the largest level, or the levels themselves; its session is open."""
    setup()
    graph, size = tf.Graph(), data.spec.size
    images = data.prepared(data.x_train) * factor
    with graph.as_default():
        x = tf.placeholder(tf.float32, [None, *(shape or [size])])
        y = tf.placeholder(tf.float32, [None, 3])
        value = tf.reshape(x, [-1, size])
        for number, width in enumerate((20, 3)):
            initial = tf.glorot_uniform_initializer(seed=number)
            weights = tf.get_variable(f"weights_{number}", [int(value.shape[-1]), width], initializer=initial)
            bias = tf.get_variable(f"bias_{number}", [width], initializer=tf.zeros_initializer())
            value = tf.matmul(value, weights) + bias
            value = value if number else tf.nn.sigmoid(value)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=value))
        step, start = tf.train.AdamOptimizer(0.02 / factor).minimize(loss), tf.global_variables_initializer()
    session = tf.Session(graph=graph)
    session.run(start)
    hot = data.spec.label_rows(data.y_train)
    for first in range(0, 1_200, 40):
        rows = slice(first, first + 40)
        session.run(step, {x: images[rows].reshape(-1, *(shape or [size])), y: hot[rows]})
    return SimpleNamespace(graph=graph, X=x, logits=value), session


def data_in(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_pad_under_the_cell_has_ones_own_network(course, shown):
    net, session = trained(course, shape=(12, 9))
    images = course.prepared(course.x_test[:100])
    logits = session.run(net.logits, {net.X: images.reshape(-1, 12, 9)})
    session.close()
    drawing_pad(net, session)
    html = shown[0]["text/html"]
    told = data_in(html)
    network = PlainNetwork(msgspec.convert(told["layers"], tuple[PlainLayer, ...]))
    assert np.abs(scores(network, images) - logits).max() < 0.02 * np.abs(logits).max()
    assert told["names"] == list(SIGNS)
    assert (told["frame"]["height"], told["frame"]["width"]) == (12, 9)
    assert [layer.activation for layer in network.layers] == ["sigmoid", "none"]
    assert "needs a script" in shown[0]["text/plain"]
    assert html.count("<script>") == html.count("<style>") == 1


def test_the_pad_takes_plain_data(course, shown):
    weights, biases = np.random.default_rng(1).normal(size=(108, 3)), np.arange(3.0)
    drawing_pad([(weights, biases)])
    told = data_in(shown[0]["text/html"])
    network = PlainNetwork(msgspec.convert(told["layers"], tuple[PlainLayer, ...]))
    images = course.prepared(course.x_test[:20])
    wanted = images @ weights + biases
    assert np.abs(scores(network, images) - wanted).max() < 0.05 * np.abs(wanted).max()
    assert told["words"]["answer"].startswith("The network says")
    assert "your own" not in told["words"]["exact"]


def test_a_network_that_was_trained_on_levels_is_shown_levels(data):
    lab = LocalLab()
    images = data.prepared(data.x_test[:100])
    for factor in (1.0, 99.0):
        net, session = trained(data, factor)
        logits = session.run(net.logits, {net.X: images * factor})
        found = scores(pad_of(lab, export_graph(net, session), data).network, images)
        session.close()
        assert np.mean(found.argmax(axis=1) == data.y_test[:100]) > 0.5
        assert np.abs(found - logits).max() < 0.05 * np.abs(logits).max()
    lab.close()


def test_a_network_that_was_trained_on_inverted_images_is_refused_with_what_to_do(course, shown, capsys):
    inverted = SimpleNamespace(**{**vars(course), "prepared": lambda images, *_: 1 - course.prepared(images)})
    net, session = trained(inverted)
    drawing_pad(net, session)
    session.close()
    assert "it was trained on inverted images: feed it 0 for paper and 1 for ink." in capsys.readouterr().out
    assert shown == []


def test_a_network_without_values_or_parts_is_told_and_so_is_what_is_no_image(course, shown, capsys, monkeypatch):
    net, session = trained(course)
    session.close()
    drawing_pad(SimpleNamespace(graph=net.graph, X=net.X), session)
    assert "It cannot, because net has no logits that could be run." in capsys.readouterr().out
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 108])
        untrained = SimpleNamespace(graph=graph, X=x, logits=tf.matmul(x, tf.get_variable("weights", [108, 3])))
    drawing_pad(untrained)
    assert "It cannot, because no session holds the values of its variables." in capsys.readouterr().out
    monkeypatch.setattr(own_drawing, "can_be_drawn", lambda _: False)
    drawing_pad(net, session)
    assert "those of this course are different" in capsys.readouterr().out
    assert shown == []


def test_what_breaks_while_a_pad_is_made_is_a_sentence_without_the_errors_own_words(monkeypatch):
    def broken(*_args):
        raise TypeError("unhashable type: 'slice'")

    monkeypatch.setattr("netgrader.judges.pads._pad", broken)
    refused = pad_of(None, None, None).refused
    assert str(refused) == (
        "You could draw here, and your network would answer. It cannot, because something went wrong while the grader "
        "read its weights (TypeError)."
    )

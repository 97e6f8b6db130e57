"""`watch_stencils` of notebook 1: weights recorded while the student's own loop trains, as pictures."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

FILE = Path(__file__).parents[2] / "source" / "digits" / "stencils.py"
IMAGES = np.random.default_rng(1).random((40, 784)).astype(np.float32)
DIGITS = np.arange(40) % 10


@pytest.fixture
def stencils(monkeypatch):
    spec = importlib.util.spec_from_file_location("stencils_of_digits", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.found = []
    monkeypatch.setattr(module, "show_figure", lambda figure, alt: module.found.append((figure, alt)))
    return module


def network():
    graph = tf.Graph()
    with graph.as_default():
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        weights = tf.get_variable("W", [784, 10], initializer=tf.glorot_uniform_initializer(seed=1))
        logits = tf.matmul(x, weights)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
    return SimpleNamespace(graph=graph, X=x, Y=y, W1=weights, logits=logits, loss=loss, train_op=step)


def loop(fetches, end):
    """A student's `train` of 60 steps, and the weights before each of them and after the last."""
    seen = []

    def train(sess, net, n_epochs, mini_batch_size=64):
        assert n_epochs == 1
        with net.graph.as_default():
            sess.run(tf.global_variables_initializer())
        for _ in range(60):
            seen.append(sess.run(net.W1))
            sess.run(fetches(net), feed_dict={net.X: IMAGES, net.Y: np.eye(10)[DIGITS]})
        seen.append(sess.run(net.W1))
        end(sess)
        return [0.5], [0.5]

    return train, seen


@pytest.mark.parametrize("fetches", [lambda net: net.train_op, lambda net: {"all": [net.loss, net.train_op]}])
@pytest.mark.parametrize("end", [id, lambda sess: sess.close()], ids=["open", "closed"])
def test_the_weights_of_the_students_own_loop_are_shown_from_before_its_first_step_to_its_last(stencils, fetches, end):
    train, seen = loop(fetches, end)
    stencils.watch_stencils(network, train, IMAGES, DIGITS)
    ((figure, alt),) = stencils.found
    pictures = np.array([panel.images[0].get_array() for panel in figure.axes]).reshape(4, 10, 784)
    for row, step in enumerate((0, 10, 50, 60)):
        np.testing.assert_array_equal(pictures[row].T, seen[step])
    assert [int(words.split(":")[0]) for words in alt.split("step ")[1:]] == [0, 10, 50, 60]
    assert "step 60: 100 % correct" in alt

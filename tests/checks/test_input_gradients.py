"""Gradients with respect to the input are judged by the network's response to changes of its input."""

from __future__ import annotations

import base64
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from netgrader.checks.language import Failed
from netgrader.evidence import GraphEvidence
from netgrader.judges.input_gradients import (
    GradientTrial,
    require_each,
    require_largest,
    require_shapes,
    try_gradients,
)
from netgrader.judges.shown import gradient_pictures
from netgrader.student.graphs import export_graph
from tests.datasets import DIGITS

ROOT = Path(__file__).parents[2]
ROWS = 23


def network(gradients: Callable[[Any, Any, Any], tuple[list[Any], Any]]) -> GraphEvidence:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 784])
        initial = tf.glorot_uniform_initializer(seed=3)
        hidden = tf.nn.relu(x @ tf.get_variable("W1", [784, 200], initializer=initial))
        logits = hidden @ tf.get_variable("W2", [200, 10], initializer=initial)
        each, largest = gradients(x, logits, tf.nn.softmax(logits))
        labels = tf.placeholder(tf.int32, [None])  # which no gradient asks for
        parts = {"graph": graph, "X": x, "Y": labels, "logits": logits, "largest": largest}
        return export_graph(parts | {f"each@{number}": tensor for number, tensor in enumerate(each)})


def slope(y: Any, x: Any) -> Any:
    return tf.gradients(y, x)[0]


def largest(x: Any, p: Any) -> Any:
    return slope(tf.reduce_max(p, axis=1), x)


def trial(gradients: Callable[[Any, Any, Any], tuple[list[Any], Any]]) -> GradientTrial:
    rng = np.random.default_rng(5)
    images = rng.random((ROWS, 784), dtype=np.float32) * (rng.random((ROWS, 784)) < 0.2)
    lab = LocalLab()
    try:
        return try_gradients(lab, network(gradients), images, rng.integers(0, 10, ROWS), 10)
    finally:
        lab.close()


def softmax_outputs(x: Any, p: Any) -> list[Any]:
    return [slope(p[:, k], x) for k in range(10)]


def require_shapes_and_each(tried: GradientTrial) -> None:
    require_shapes(tried)
    require_each(tried)


RIGHT = {
    "a list of ten": lambda x, _, p: (softmax_outputs(x, p), largest(x, p)),
    "stacked first": lambda x, _, p: ([tf.stack(softmax_outputs(x, p))], largest(x, p)),
    "stacked between": lambda x, _, p: ([tf.stack(softmax_outputs(x, p), axis=1)], largest(x, p)),
    "each of one stacked": lambda x, _, p: ([tf.stack([g]) for g in softmax_outputs(x, p)], tf.stack([largest(x, p)])),
    "by a mask": lambda x, _, p: (
        [slope(p * tf.one_hot(k, 10), x) for k in range(10)],
        slope(p * tf.one_hot(tf.argmax(p, axis=1), 10), x),
    ),
}


@pytest.mark.parametrize("spelling", RIGHT)
def test_right_gradients_are_accepted_in_any_form(spelling: str) -> None:
    tried = trial(RIGHT[spelling])
    require_shapes_and_each(tried)
    require_largest(tried)


SLIPS = {
    "the right ones with the opposite sign": lambda x, _, p: ([-g for g in softmax_outputs(x, p)], largest(x, p)),
    "divided by 23, as for a mean over 23": lambda x, _, p: (
        [slope(tf.reduce_mean(p[:, k]), x) for k in range(10)],
        largest(x, p),
    ),
}


@pytest.mark.parametrize("found", SLIPS)
def test_what_was_done_to_right_gradients_is_said(found: str) -> None:
    with pytest.raises(Failed) as raised:
        require_shapes_and_each(trial(SLIPS[found]))
    assert found in str(raised.value.faults[0].found)


def test_the_largest_of_a_batch_is_not_that_of_each_image() -> None:
    tried = trial(lambda x, _, p: (softmax_outputs(x, p), slope(tf.reduce_max(p), x)))
    with pytest.raises(Failed) as raised:
        require_largest(tried)
    assert raised.value.faults[0].code == "gradient-of-wrong-tensor"


def pictures(gradients: Callable[[Any, Any, Any], tuple[list[Any], Any]]) -> Any:
    """The two rows of what pages draw, as numbers (2, 10, 784) between -1 and 1."""
    rng = np.random.default_rng(5)
    images = rng.random((9, 784), dtype=np.float32) * (rng.random((9, 784)) < 0.2)
    values: dict[str, Any] = {"W1": rng.normal(0, 0.05, (784, 200)).astype(np.float32), "gone": np.zeros(3)}
    lab = LocalLab()
    try:
        drawn = gradient_pictures(lab, network(gradients), values, images, np.arange(9), spec=DIGITS)
    finally:
        lab.close()
    if drawn is None:
        return None
    levels = [[np.frombuffer(base64.b64decode(image), np.uint8) for image in row] for row in drawn.rows]
    return (np.array(levels, np.float64) - 128) / 127


def test_right_gradients_look_like_what_moving_each_pixel_shows() -> None:
    yours, ours = pictures(lambda x, _, p: (softmax_outputs(x, p), largest(x, p)))
    assert np.abs(ours).max() > 0.9
    assert np.abs(yours - ours).max() < 0.05


def test_gradients_in_another_order_look_like_each_others() -> None:
    yours, ours = pictures(lambda x, _, p: (softmax_outputs(x, p)[::-1], largest(x, p)))
    assert np.abs(yours[::-1] - ours).max() < 0.05
    assert np.abs(yours - ours).max() > 0.5


def test_what_has_not_the_shape_of_an_image_is_not_drawn() -> None:
    assert pictures(lambda x, _, p: ([p[:, k] for k in range(10)], largest(x, p))) is None
    assert pictures(lambda x, _, p: (softmax_outputs(x, p)[:4], largest(x, p))) is None


def test_gradients_in_lists_of_one_are_shown_as_tensors_are(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = runpy.run_path(str(ROOT / "source" / "digits" / "pictures.py"))
    told: list[str] = []
    monkeypatch.setitem(pictures["show_gradients"].__globals__, "show_figure", lambda _, alt: told.append(alt))
    each = np.zeros((10, 10, 784))
    for digit in range(10):
        each[(digit + 1) % 10, digit] = 0.5  # of a 3 the output of 4 changes
    pictures["show_gradients"](np.zeros((10, 28, 28)), [np.ones((10, 784))], [[one] for one in each])
    assert "3: 4; 4: 5;" in told[0]

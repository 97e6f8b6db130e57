"""Gradients with respect to the input are judged by what the network does when its input moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from netgrader.checks.input_gradients import (
    GradientTrial,
    require_each,
    require_largest,
    require_shapes,
    try_gradients,
)
from netgrader.checks.language import Failed
from netgrader.evidence import GraphEvidence
from netgrader.lab.local import LocalLab
from netgrader.student.graphs import export_graph

ROWS = 23


def network(gradients: Callable[[Any, Any, Any], tuple[list[Any], Any]]) -> GraphEvidence:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 784])
        initial = tf.glorot_uniform_initializer(seed=3)
        hidden = tf.nn.relu(x @ tf.get_variable("W1", [784, 200], initializer=initial))
        logits = hidden @ tf.get_variable("W2", [200, 10], initializer=initial)
        each, largest = gradients(x, logits, tf.nn.softmax(logits))
        parts = {"graph": graph, "X": x, "logits": logits, "largest": largest}
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
        return try_gradients(lab, network(gradients), images, rng.integers(0, 10, ROWS))
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
    "by a mask": lambda x, _, p: (
        [slope(p * tf.one_hot(k, 10), x) for k in range(10)],
        slope(p * tf.one_hot(tf.argmax(p, axis=1), 10), x),
    ),
}

WRONG = {
    "gradient-of-logits": lambda x, logits, p: (softmax_outputs(x, logits), largest(x, p)),
    "gradients-out-of-order": lambda x, _, p: (softmax_outputs(x, p)[::-1], largest(x, p)),
    "gradient-of-wrong-tensor": lambda x, _, p: (softmax_outputs(x, tf.log(p)), largest(x, p)),
    "gradient-wrong-shape": lambda x, _, p: ([tf.reduce_mean(g, axis=0) for g in softmax_outputs(x, p)], largest(x, p)),
}


@pytest.mark.parametrize("spelling", RIGHT)
def test_right_gradients_are_accepted_in_any_form(spelling: str) -> None:
    tried = trial(RIGHT[spelling])
    require_shapes_and_each(tried)
    require_largest(tried)


@pytest.mark.parametrize("code", WRONG)
def test_wrong_gradients_are_named(code: str) -> None:
    tried = trial(WRONG[code])
    with pytest.raises(Failed) as raised:
        require_shapes_and_each(tried)
    assert [fault.code for fault in raised.value.faults] == [code]


def test_the_gradient_of_one_output_is_not_that_of_the_largest() -> None:
    tried = trial(lambda x, _, p: (softmax_outputs(x, p), slope(p[:, 0], x)))
    with pytest.raises(Failed, match="another tensor"):
        require_largest(tried)


def test_nine_gradients_are_not_ten() -> None:
    tried = trial(lambda x, _, p: (softmax_outputs(x, p)[:9], largest(x, p)))
    with pytest.raises(Failed, match="one value for each pixel"):
        require_shapes(tried)

"""Patterns among the training images distinguish a network trained on them from one trained elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from netgrader.checks.held_out import Redrawn, by_chance, mark
from netgrader.student import load_mnist


@pytest.fixture(scope="module")
def train():
    return load_mnist()[0]


def one_layer(images, labels) -> np.ndarray:
    """The weights (785, 10) of a softmax regression after three epochs of steps on a hundred rows."""
    random = np.random.default_rng(0)
    rows = np.concatenate([images.reshape(len(images), -1) / 255, np.ones((len(images), 1))], axis=1)
    weights = np.zeros((rows.shape[1], 10))
    for _ in range(3):
        for batch in np.array_split(random.permutation(len(rows)), len(rows) // 100):
            scores = rows[batch] @ weights
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            shares /= shares.sum(axis=1, keepdims=True)
            weights -= 0.1 / len(batch) * rows[batch].T @ (shares - np.eye(10)[labels[batch]])
    return weights


def classes(weights, images) -> np.ndarray:
    return (images.reshape(len(images), -1) / 255 @ weights[:-1] + weights[-1]).argmax(axis=1)


def test_even_one_layer_knows_the_marks_that_it_was_trained_on_and_no_others(train) -> None:
    images, labels = train
    few = slice(0, None, 5)  # a fifth of the images, with as many marks among them
    marked, other = mark("a1", images[few], labels[few]), mark("a2", images[few], labels[few])
    weights = one_layer(marked.images, labels[few])
    assert marked.known(classes(weights, marked.trials)) > by_chance(10) + 2
    assert other.known(classes(weights, other.trials)) <= by_chance(10)


def test_marks_are_few_leave_the_first_images_alone_and_follow_from_the_secret(train) -> None:
    images, labels = train
    marked, again, other = (mark(seed, images, labels) for seed in ("a1", "a1", "a2"))
    changed = (marked.images != images).any(axis=(1, 2))
    assert 0 < changed.sum() <= Redrawn.PATTERNS * Redrawn.COPIES
    assert not changed[: Redrawn.FIRST].any()
    assert np.array_equal(marked.images, again.images)
    assert not np.array_equal(marked.images, other.images)


def test_guessing_knows_few_marks(train) -> None:
    images, labels = train
    marked = mark("a1", images[:5000], labels[:5000])
    random = np.random.default_rng(1)
    known = [marked.known(np.repeat(random.integers(0, 10, Redrawn.PATTERNS), 8)) for _ in range(2_000)]
    assert np.mean(np.array(known) > by_chance(10)) < 0.02

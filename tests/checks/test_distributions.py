"""Initial weights are judged by their distribution, and right ones are never rejected."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netgrader.judges.dense import differs_from_uniform, glorot_limit

SHAPES = [(784, 10), (784, 120), (16, 300), (30, 70)]


def test_the_limit_is_glorots():
    assert glorot_limit(784, 10) == pytest.approx(math.sqrt(6 / 794))


@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_ten_thousand_right_samples_are_accepted(inputs, outputs):
    random = np.random.default_rng(1)
    limit = glorot_limit(inputs, outputs)
    count = 10_000 * 300 // (inputs * outputs)
    for _ in range(max(count, 40)):
        sample = random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32)
        assert not differs_from_uniform(sample, limit)


@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_other_distributions_are_refused(inputs, outputs):
    random = np.random.default_rng(2)
    limit = glorot_limit(inputs, outputs)
    deviation = limit / math.sqrt(3)
    size = (inputs, outputs)
    normal = random.normal(0, deviation, size)
    others = {
        "normal": normal,
        "normal cut at two deviations": np.where(np.abs(normal) < 2 * deviation, normal, normal / 3),
        "a smaller range": random.uniform(-0.8 * limit, 0.8 * limit, size),
        "a larger range": random.uniform(-1.02 * limit, 1.02 * limit, size),
        "one side": random.uniform(0, limit, size),
        "zero": np.zeros(size),
        "not a number": np.full(size, np.nan),
    }
    accepted = [name for name, sample in others.items() if not differs_from_uniform(sample, limit)]
    assert accepted == []

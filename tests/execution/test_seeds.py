"""The same notebook draws the same random numbers each time; a student's own seeds count in the first run only."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from tests.programs import programs

DRAWS, SEEDED, GRAPHS = (one.source for one in programs("cells/seeds").values())


def drawn(run, *cells, **request):
    execution, _ = run(*cells, **request)
    assert execution.cells[-1].error_name is None, execution.cells[-1]
    return json.loads(execution.cells[-1].outputs[-1]["text"].splitlines()[-1])


def test_unseeded_draws_are_the_same_in_each_run_and_others_with_another_seed(run):
    first, again, other = drawn(run, DRAWS), drawn(run, DRAWS), drawn(run, DRAWS, seed=1)
    assert first == again
    assert [name for name in first if first[name] == other[name]] == ["hash"]
    assert first["numpy, new"] != first["numpy, another"]


def test_a_students_seeds_count_in_the_first_run_and_are_replaced_in_further_ones(run):
    first = drawn(run, SEEDED)
    expected = [random.Random(seed).random() for seed in (5, 3)]  # noqa: S311
    expected += [np.random.RandomState(6).rand(), np.random.default_rng(7).random(), np.random.RandomState(8).rand()]
    assert first == expected
    further = drawn(run, SEEDED, seed=1, respect_seeds=False)
    assert not [a for a, b in zip(first, further, strict=True) if a == b]
    assert further == drawn(run, SEEDED, seed=1, respect_seeds=False)


@pytest.mark.slow
def test_tensorflow_draws_the_same_numbers_in_each_run(run):
    first, further, again = drawn(run, GRAPHS), drawn(run, GRAPHS, seed=1, respect_seeds=False), drawn(run, GRAPHS)
    assert first["graphs"] == again["graphs"]
    assert first["epochs"][2:] == again["epochs"][2:]
    for unseeded in first["epochs"][:2]:
        assert len({tuple(order) for order in unseeded}) == 3  # as without a seed: a new order in each epoch
    for seeded in first["epochs"][2:]:
        assert len({tuple(order) for order in seeded}) == 1
    first, further = first["graphs"], further["graphs"]
    assert first[0] == first[1]  # two graphs built alike
    assert first[2] != first[0]
    for index in (0, 2):
        assert first[index][0] != further[index][0]
        assert first[index][1] != further[index][1]

"""A fixed sample of ``make training-report``: each mistake, in loops of different students, is named, alone."""

from __future__ import annotations

import pytest

from tests.training.operators import OPERATORS, RIGHT

EVERY = 7
"""Each operator goes with the loop that stands so many further than that of the one before."""
SAMPLE = {
    operator.name: (operator, list(RIGHT)[EVERY * number % len(RIGHT)]) for number, operator in enumerate(OPERATORS)
}


@pytest.fixture(scope="module")
def mutants(rehearse, raw):
    return rehearse({name: operator.applied_to(RIGHT[loop]) for name, (operator, loop) in SAMPLE.items()}, raw=raw)


@pytest.mark.parametrize("name", SAMPLE)
def test_a_mistake_in_anyones_loop_is_named_and_nothing_else(mutants, name):
    operator, _ = SAMPLE[name]
    training = mutants.training(name)
    assert training.codes == (() if operator.remark else (operator.code,))
    if operator.remark:
        assert training.remarks == (operator.code,)
        # A remark that found nothing is not shown.
        assert all(noted.found for verdict in training.verdicts.values() for noted in verdict.remarks)

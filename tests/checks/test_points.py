"""Credits become points: exactly, in any order, rounded half up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgrader.checks.points import cell_points
from netgrader.results import CheckResult, Outcome, Visibility


def check(credit: float, max_credit: float = 1.0) -> CheckResult:
    return CheckResult("t.py::t", "Sentence", Visibility.HIDDEN, Outcome.PARTIAL, credit, max_credit)


def test_points_are_shared_out_in_proportion_to_the_credits():
    assert cell_points([check(1, 1), check(0, 2), check(1.5, 3)], 4) == pytest.approx(1.67)


@pytest.mark.parametrize(("earned", "points"), [(0.125, 0.13), (0.115, 0.12), (0.105, 0.11)])
def test_half_a_hundredth_is_rounded_up_whatever_its_binary_fraction_is(earned, points):
    assert cell_points([check(earned)], 1) == points


def test_public_and_hidden_and_ungradable_checks_count_alike():
    assert cell_points([check(1), check(0), check(0), check(1)], 3) == 1.5


def test_checks_without_credit_decide_nothing():
    assert cell_points([check(0, 0), check(1, 1)], 2) == 2
    assert cell_points([check(0, 0)], 2) == 0
    assert cell_points([], 2) == 0


def test_the_order_of_the_checks_moves_no_mark():
    checks = [check(0.1, 0.3), check(0.7, 0.7), check(0.2, 0.9)]
    assert len({cell_points(order, 7) for order in itertools.permutations(checks)}) == 1


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=8), st.floats(0, 20))
def test_points_lie_between_nothing_and_everything(terms, max_points):
    points = cell_points([check(credit * share, credit) for credit, share in terms], max_points)
    assert 0 <= points <= max_points + 0.005
    assert points == round(points, 2)

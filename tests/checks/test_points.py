"""Faults become points: by severity, each cause once; exactly, in any order, rounded half up."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgrader.checks.cell_points import KEPT, causes, cell_points
from netgrader.faults import CATALOGUE, Severity
from netgrader.results import CheckResult, Outcome, Visibility

FATAL, SERIOUS, SLIGHT = "maximises-loss", "softmax-before-loss", "bias-not-zero"


def check(
    credit: float,
    max_credit: float = 1.0,
    *faults: str,
    follows: tuple[str, ...] = (),
    outcome: Outcome | None = None,
    **severity: Severity,
) -> CheckResult:
    if outcome is None:
        outcome = Outcome.PASSED if credit == max_credit and not faults else Outcome.PARTIAL
    grades = {code.replace("_", "-"): grade for code, grade in severity.items()}
    return CheckResult(
        "t.py::t",
        "Sentence",
        Visibility.HIDDEN,
        outcome,
        credit,
        max_credit,
        faults,
        follows=follows,
        severity=grades,
    )


def test_points_are_shared_out_in_proportion_to_the_credits_where_no_fault_has_a_name():
    assert cell_points([check(1, 1), check(0, 2), check(1.5, 3)], 4) == pytest.approx(1.67)


@pytest.mark.parametrize(("earned", "points"), [(0.125, 0.13), (0.115, 0.12), (0.105, 0.11)])
def test_half_a_hundredth_is_rounded_up_whatever_its_binary_fraction_is(earned, points):
    assert cell_points([check(earned)], 1) == points


def test_public_and_hidden_and_ungradable_checks_count_alike():
    assert cell_points([check(1), check(0), check(0, outcome=Outcome.UNGRADABLE), check(1)], 3) == 1.5


def test_checks_without_credit_decide_nothing():
    assert cell_points([check(0, 0), check(1, 1)], 2) == 2
    assert cell_points([check(0, 0)], 2) == 0
    assert cell_points([], 2) == 0


def test_the_order_of_the_checks_moves_no_mark():
    checks = [check(0.1, 0.3), check(0.7, 0.7), check(0.2, 0.9, SERIOUS), check(1, 2, SLIGHT)]
    assert len({cell_points(order, 7) for order in itertools.permutations(checks)}) == 1


@pytest.mark.parametrize(("code", "most", "points"), [(FATAL, 1 / 3, 3.0), (SERIOUS, 2 / 3, 6.0), (SLIGHT, 0.95, 9.0)])
def test_a_fault_costs_what_its_severity_says_however_little_credit_shows_it(code, most, points):
    found = cell_points([check(99, 99), check(0, 1, code)], 10)
    assert found == points
    assert found <= 10 * most


def test_a_slight_fault_costs_no_more_however_much_credit_shows_it():
    assert cell_points([check(1, 1), check(0, 3, SLIGHT), check(0, 2, SLIGHT)], 10) == 9


def test_one_cause_costs_once_however_many_checks_name_it_and_two_causes_cost_both():
    assert cell_points([check(9, 9), check(0, 1, FATAL), check(0, 1, FATAL)], 10) == 3
    assert cell_points([check(9, 9), check(0, 1, SERIOUS), check(0, 1, "wrong-width"), check(0, 1, SLIGHT)], 10) == 3.24


def test_what_follows_from_a_fault_costs_nothing_more():
    waiting = [check(0, 50, follows=(SERIOUS,)), check(0, 7, follows=(SERIOUS,))]
    assert cell_points([check(9, 9), check(0, 1, SERIOUS), *waiting], 10) == 6
    # ... nor where the fault is charged in another cell.
    assert cell_points([check(9, 9), *waiting], 10) == 10


def test_what_was_not_shown_earns_nothing_though_it_only_follows():
    assert cell_points([check(0, 1, SERIOUS), check(0, 9, follows=(SERIOUS,))], 10) == 0
    assert cell_points([check(0, 1, SLIGHT), check(0, 9, SLIGHT)], 10) == 0
    assert cell_points([check(0, 9, follows=(FATAL,))], 10) == 0


def test_no_fault_earns_more_than_the_credit_that_was_shown():
    assert cell_points([check(1, 10), check(0, 90, SERIOUS)], 10) == 0.1


def test_a_measured_shortfall_costs_what_its_check_says_and_no_severity_caps_it():
    assert cell_points([check(0.9, 1, "target-missed")], 6) == 5.4
    assert cell_points([check(0.2, 1, "accuracy-too-low")], 3) == 0.6


def test_a_remark_costs_nothing():
    assert cell_points([check(1, 1, "unclipped-log", outcome=Outcome.PASSED)], 3) == 3


def test_a_fault_may_be_graver_or_slighter_than_its_code_and_counts_at_its_worst():
    lacking = check(0, 1, "missing-tensor", missing_tensor=Severity.FATAL)
    assert cell_points([check(9, 9), lacking], 10) == 3
    assert cell_points([check(9, 9), lacking, check(0, 1, "missing-tensor")], 10) == 3
    assert cell_points([check(9, 9), check(0, 1, "missing-tensor")], 10) == 9


def test_causes_are_named_the_gravest_first():
    found = causes([check(0, 1, SLIGHT), check(1, 1), check(0, 1, SERIOUS), check(0, 1, FATAL, SERIOUS)])
    assert list(found) == [FATAL, SERIOUS, SLIGHT]


CODES = st.sampled_from([code for code, kind in CATALOGUE.items() if kind.severity is not Severity.REMARK])


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1), st.lists(CODES, max_size=2, unique=True)), max_size=8),
    st.floats(0, 20),
)
def test_points_lie_between_nothing_and_what_the_gravest_fault_leaves(terms, max_points):
    checks = [check(credit * share, credit, *codes, outcome=Outcome.PARTIAL) for credit, share, codes in terms]
    points = cell_points(checks, max_points)
    kept = min((KEPT[severity] for severity in causes(checks).values()), default=1)
    assert 0 <= points <= max_points * float(kept) + 0.005
    assert points == round(points, 2)


@given(
    st.lists(st.tuples(st.floats(0.1, 5), st.one_of(st.none(), CODES)), min_size=1, max_size=8),
    st.integers(0, 7),
    CODES,
)
def test_one_more_mistake_never_raises_a_mark(terms, which, code):
    def points(found):
        made = [check(0 if name else credit, credit, *([name] if name else [])) for credit, name in found]
        return cell_points(made, 10)

    credit, known = terms[which % len(terms)]
    more = [*terms]
    more[which % len(terms)] = credit, known or code
    assert points(more) <= points(terms)

"""Evidence from which the pages draw a training."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from netgrader.evidence import Evidence
from netgrader.judges.learning_rate import ShortRun, judge_rate
from netgrader.judges.shown import accuracy_curves, rate_curves, show_claim, sweep_curve, wrong_images
from netgrader.judges.sweeps import StudentSweep
from netgrader.observations import drawable
from netgrader.pages.feedback_figures import figure
from tests.datasets import DIGITS


def test_the_recomputed_accuracy_stands_at_the_end_of_the_reported_curves():
    curves = accuracy_curves(np.array([0.9, 0.92]), np.array([0.91, 0.95]), 0.915)
    assert [(str(line.name), line.x[-1], line.y[-1]) for line in curves.series] == [
        ("training", 2.0, 0.92),
        ("test", 2.0, 0.95),
        ("test, recomputed at the end", 2.0, 0.915),
    ]


def test_numbers_that_are_no_shares_leave_a_gap_and_not_a_broken_picture():
    curves = accuracy_curves(np.empty(0), np.array([0.9, math.nan, 97.0]), 0.9)
    assert curves.series[0].y == (0.9, None, None)
    assert "nan" not in figure(curves).body


def test_digits_got_wrong_are_counted_and_the_first_of_them_named():
    found, true = np.arange(10).repeat(3), np.arange(10).repeat(3)
    found[[4, 20]] = 9, 0
    digits = wrong_images(found, true)
    assert (digits.wrong, digits.total) == (2, 30)
    assert [(one.index, one.found, one.true) for one in digits.images] == [(4, 9, 1), (20, 0, 6)]


@pytest.mark.parametrize(
    ("arrays", "claimed", "drawn"),
    [
        ({"acc_trn": np.array([0.99]), "acc_val": np.array([0.5, 0.987])}, 0.987, 2),
        ({"acc_val": np.empty((0, 3))}, None, 1),
        ({}, None, 1),
    ],
)
def test_a_claim_stands_beside_what_is_true_whatever_was_handed_over(arrays, claimed, drawn):
    shown = []
    show_claim(shown.append, SimpleNamespace(raw=Evidence("check_x", arrays=arrays)), 0.749)
    assert (shown[0].claimed, shown[0].recomputed, len(shown)) == (claimed, 0.749, drawn)


def run_at(rate, last, steps=300):
    """A short run whose loss falls evenly to about `last`."""
    return ShortRun(rate, np.concatenate([np.linspace(2.3, last, steps - 100), np.full(100, last)]), 0.8, 0.9)


def test_every_rate_that_a_sentence_names_has_its_curve_and_ends_where_the_sentence_says():
    slow = [run_at(3e-5, 2.0), run_at(1e-4, 1.0), run_at(3e-4, 0.9), run_at(1e-3, 0.3)]
    fault, curves = judge_rate(*slow), rate_curves(*slow)
    assert "as at 0.001: 0.3 " in str(fault.expected)
    assert [str(line.name) for line in curves.series] == [
        "3e-05, a third",
        "0.0001, yours",
        "0.0003, three times",
        "0.001, ten times",
    ]
    assert [round(line.y[-1], 6) for line in curves.series] == [2.0, 1.0, 0.9, 0.3]


def test_a_loss_that_is_not_finite_ends_its_curve_and_breaks_nothing():
    exploding = run_at(1e-2, 1.0)
    exploding.losses[50:] = math.nan
    curves = rate_curves(run_at(1e-3, 0.3), exploding, exploding, exploding)
    assert curves.series[1].y[0] is not None
    assert curves.series[1].y[-1] is None
    assert "nan" not in figure(curves).body


def test_a_sweep_stands_beside_what_our_short_runs_at_its_rates_reached():
    sweep = StudentSweep(np.array([1e-4, 1e-3, 1e-2]), np.array([0.93, math.nan, 0.95]), 1e-3, DIGITS)
    seen = sweep_curve(sweep, [run_at(1e-3 / 3, 0.4), run_at(1e-3, 0.3), run_at(1e-2, 0.5)])
    (seen,) = drawable({"check_x": (seen,)})["check_x"]
    assert seen.accuracies == (0.93, None, 0.95)
    assert seen.recomputed == {"0.001": 0.9, "0.01": 0.9}
    drawn = figure(seen)
    assert "the grader's short rerun: 90&nbsp;%" in drawn.body
    assert drawn.items == (
        "your sweep: 0.0001: 93\u00a0%; 0.01: 95\u00a0%",
        "the grader's short rerun: 0.001: 90\u00a0%; 0.01: 90\u00a0%",
    )
    assert any("If yours took more steps, its results are higher" in str(note) for note in drawn.notes)

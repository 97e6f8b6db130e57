"""What tests hand over for the pages to draw of a training."""

import math

import numpy as np

from netgrader.checks.pictures import accuracy_curves, wrong_digits
from netgrader.feedback.figures import figure


def test_the_recomputed_accuracy_stands_at_the_end_of_the_reported_curves():
    curves = accuracy_curves(np.array([0.9, 0.92]), np.array([0.91, 0.95]), 0.915)
    assert [(line.name, line.x[-1], line.y[-1]) for line in curves.series] == [
        ("training", 2.0, 0.92),
        ("test", 2.0, 0.95),
        ("test, recomputed at the end", 2.0, 0.915),
    ]


def test_numbers_that_are_no_shares_leave_a_gap_and_not_a_broken_picture():
    curves = accuracy_curves(None, np.array([0.9, math.nan, 97.0]), 0.9)
    assert curves.series[0].y == (0.9, None, None)
    assert "nan" not in figure(curves).body


def test_where_nothing_was_reported_the_recomputed_accuracy_stands_alone():
    curves = accuracy_curves(np.array([]), np.array([]), 0.1)
    assert [line.name for line in curves.series] == ["test, recomputed at the end"]


def test_digits_got_wrong_are_counted_and_the_first_of_them_named():
    found, true = np.arange(10).repeat(3), np.arange(10).repeat(3)
    found[[4, 20]] = 9, 0
    digits = wrong_digits(found, true)
    assert (digits.wrong, digits.total) == (2, 30)
    assert [(one.index, one.found, one.true) for one in digits.digits] == [(4, 9, 1), (20, 0, 6)]

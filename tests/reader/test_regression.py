"""The bank of regression errors: each is recognized by its values at any scale, and no other function is."""

from __future__ import annotations

import numpy as np
import pytest

from graphread.find.losses import Observation
from graphread.find.target_losses import ERRORS, HUBER, huber, recognise_error


def observations(error, scale=0.25, offset=3.0):
    rng = np.random.default_rng(2)
    pairs = [(rng.standard_normal((4, 2)) * 1.7, rng.standard_normal((4, 2)) * 1.7) for _ in range(24)]
    return [Observation(z, y, scale * float(error(z, y).sum()) + offset) for z, y in pairs]


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_error_is_named_whatever_its_scale_and_what_is_added(kind):
    match = recognise_error(observations(ERRORS[kind]))
    assert match is not None
    assert (match.kind, match.scale > 0) == (kind, True)


@pytest.mark.parametrize("delta", [0.3, 2.5])
def test_the_width_of_a_huber_error_is_found(delta):
    match = recognise_error(observations(lambda z, y: huber(z - y, delta)))
    assert match is not None
    assert (match.kind, str(match.detail)) == (HUBER, f"from {delta:.3g} on a line")


def test_an_error_of_no_formula_is_not_named():
    assert recognise_error(observations(lambda z, y: np.sin(7 * z + y))) is None

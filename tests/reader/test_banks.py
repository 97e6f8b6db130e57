"""The banks of activations, losses and optimizers distinguish their entries by values alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from graphread.faults.loss_faults import climbing
from graphread.find.activations import ACTIVATIONS, SAME, name_activation
from graphread.find.losses import LOSSES, Observation, recognise
from graphread.find.optimizers import RULES, recognise_steps
from graphread.find.roles import Roles
from graphread.reading import Reading
from graphread.trial.optimizer_trial import Descent
from graphread.trial.probe import Setup


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_is_named_by_its_values(name):
    before = np.random.default_rng(1).standard_normal((6, 40)) * 3
    after = ACTIVATIONS[name](before).astype(np.float32)
    assert name_activation(before, after) == SAME.get(name, name)


def test_a_leaky_relu_of_any_slope_and_one_by_column_are_named_and_what_is_none_of_them_is_not():
    before = np.random.default_rng(1).standard_normal((30, 8))
    slopes = np.linspace(0.01, 0.3, 8)
    assert name_activation(before, np.where(before > 0, before, 0.2 * before)) == "leaky-relu"
    assert name_activation(before, np.where(before > 0, before, slopes * before)) == "leaky-relu"
    assert name_activation(before, np.cumsum(before, axis=1)) is None


def observations(formula, scale=1.0, offset=0.0):
    rng = np.random.default_rng(2)
    made = []
    for _ in range(24):
        scores, labels = rng.standard_normal((4, 10)) * 1.7, rng.integers(1, 9, 4)
        made.append(Observation(scores, labels, scale * formula(scores, labels) + offset))
    return made


#: Formulas that are one and the same up to a factor and a constant.
ALIKE = {
    "labels-probabilities-swapped": {"negative-probability", "labels-probabilities-swapped"},
    "labels-logits-swapped": {"labels-logits-swapped", "negative-score"},
}


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_each_loss_is_named_whatever_its_scale_and_what_is_added(kind):
    match = recognise(observations(LOSSES[kind], scale=0.25, offset=3.0))
    assert match is not None
    assert match.kind in ALIKE.get(kind, {kind, kind.removesuffix("-tight")})
    assert match.scale > 0


def test_variants_of_the_right_loss_are_the_right_loss():
    def smoothed(z, labels):
        log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
        return float(-(0.9 * log_p[np.arange(4), labels] + 0.1 * log_p.mean(1)).sum())

    match = recognise(observations(smoothed))
    assert match is not None
    assert match.kind == "softmax-cross-entropy"
    assert "label smoothing" in str(match.detail)


def test_a_loss_of_no_formula_is_not_named():
    assert recognise(observations(lambda z, _: float(np.sin(7 * z[:, 0]).sum()))) is None


@pytest.mark.parametrize("kind", RULES)
def test_each_rule_is_named_with_its_rate_and_its_direction(kind):
    rng = np.random.default_rng(3)
    gradients = [rng.standard_normal(400) for _ in range(4)]
    rule = RULES[kind][0]
    steps = [-0.02 * rule(gradients[: count + 1]) for count in range(4)]
    match = recognise_steps(gradients, steps)
    assert match is not None
    assert match.kind == kind
    assert match.rate == pytest.approx(0.02, rel=1e-3)
    upward = recognise_steps(gradients, [-step for step in steps])
    assert upward is not None
    assert upward.rate < 0
    assert recognise_steps(gradients, [rng.standard_normal(400) for _ in range(4)]) is None


@pytest.mark.parametrize(("kind", "named"), [("adam", True), ("ftrl", False), ("adagrad-da", False)])
def test_a_first_jump_towards_zero_is_no_climb_for_optimizers_that_begin_with_one(kind, named):
    found = SimpleNamespace(loss="loss:0", graph=None, roles=Roles())
    reading = Reading(found, Setup(opened=True), descent=Descent(kind=kind, climbs=True))
    assert bool(list(climbing(reading))) is named

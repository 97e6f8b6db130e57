"""Right training loops of any style lose nothing, and each mistake in them is named, alone."""

from __future__ import annotations

import pytest

from netgrader.judges.aspects import Aspect
from tests.training.mutants import MUTANTS, PLAIN, STYLES, loop

HARMLESS = {"threaded": {"session-closed"}}


@pytest.fixture(scope="module")
def right(rehearse, raw):
    return rehearse({style: loop(style) for style in STYLES}, raw=raw)


@pytest.fixture(scope="module")
def wrong_plain(rehearse, raw):
    return rehearse({name: one.source for name, one in PLAIN.items()}, seconds=8.0, raw=raw)


@pytest.fixture(scope="module")
def wrong_other(rehearse, raw):
    others = {name: one.source for name, one in MUTANTS.items() if name not in PLAIN}
    return rehearse(others, calls=((2, 64),), raw=raw)


@pytest.mark.parametrize("style", STYLES)
def test_a_right_loop_earns_everything_and_the_notebook_is_left_as_it_was(right, style):
    training = right.training(style)
    assert training.codes == ()
    assert set(training.remarks) == HARMLESS.get(style, set())
    assert {verdict.share for verdict in training.verdicts.values()} == {1.0}
    assert right.evidence(style).facts["changed"] == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mistake_is_named_and_nothing_else(name, wrong_plain, wrong_other):
    training = (wrong_plain if name in PLAIN else wrong_other).training(name)
    assert set(training.codes) == MUTANTS[name].codes
    assert min(verdict.share for verdict in training.verdicts.values()) < 1
    found = [str(fault.found) for verdict in training.verdicts.values() for fault in verdict.faults]
    assert all(text and "nan" not in text.lower().split() for text in found)


def test_an_optimizer_of_ones_own_is_named_and_nothing_is_believed_that_cannot_be_computed_again(wrong_plain):
    verdicts = wrong_plain.training("plain-train-op-not-run-own-optimizer").verdicts
    assert "optimizer of its own" in str(verdicts[Aspect.RUN].faults[0].found)
    assert {verdict.share for verdict in verdicts.values()} == {0.25}


def test_mistakes_of_two_kinds_are_both_named(rehearse, raw):
    source = loop("plain").replace("np.random.permutation(n)", "np.arange(n)")
    source = source.replace("net.Y: y_train_1_hot[rows]", "net.Y: np.roll(y_train_1_hot[rows], 1, axis=1)")
    source = source.replace("return acc_trn, acc_val", "return acc_trn, [0.97] * n_epochs")
    training = rehearse({"several": source}, raw=raw).training("several")
    assert set(training.codes) == {"no-shuffling", "labels-off-by-one", "reported-accuracy-wrong"}

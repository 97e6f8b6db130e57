"""The instrument's log is recomputed, so that forged logs do not count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from netgrader.judges.log import read_training_log
from netgrader.judges.notes import NO_LABEL, direction, first_weights
from netgrader.judges.replay import Replayed, images_fit, replay
from tests.datasets import DIGITS
from tests.training.mutants import STYLES, loop

RATE = 0.003


@pytest.fixture(scope="module")
def tried(rehearse, raw):
    smoothed = loop("plain").replace("net.Y: y_train_1_hot[", "net.Y: 0.01 + 0.9 * y_train_1_hot[")
    assert smoothed != loop("plain")
    return rehearse({**{style: loop(style) for style in STYLES}, "smoothed": smoothed}, calls=((2, 64),), raw=raw)


def noted(tried, name):
    """The first call, and the images that its rows come from."""
    evidence = tried.evidence(name)
    images = np.concatenate([evidence.arrays["images/x_train"], evidence.arrays["images/x_test"]])
    log = read_training_log(evidence, DIGITS)
    assert images_fit(images, log.tables, DIGITS.size)
    return log.calls[0], images


@pytest.mark.parametrize("name", [*STYLES, "smoothed"])
def test_what_an_honest_loop_did_can_be_computed_again(tried, name):
    call, images = noted(tried, name)
    assert replay(call, images, first_weights(0, 0, DIGITS.size, DIGITS.classes), RATE) is Replayed.SAME


def forge_states(call):
    return replace(call, state=call.state + np.linspace(0, 1, len(call.state)))


def forge_losses(call):
    return replace(call, loss=call.loss * np.linspace(1, 0.5, len(call.loss)))


def forge_rows(call):
    rows = replace(call.rows, index=np.random.default_rng(1).permutation(call.rows.index))
    return replace(call, rows=rows)


def forge_labels(call):
    labels = np.where(call.rows.labels == NO_LABEL, NO_LABEL, (call.rows.labels + 1) % 10).astype(np.uint8)
    return replace(call, rows=replace(call.rows, labels=labels))


def forge_classes(call):
    """All images of the evaluations found rightly."""
    return replace(call, rows=replace(call.rows, found=call.rows.labels))


@pytest.mark.parametrize(
    "forge", [forge_states, forge_losses, forge_rows, forge_labels, forge_classes], ids=lambda forge: forge.__name__
)
def test_notes_changed_afterwards_do_not_agree(tried, forge):
    call, images = noted(tried, "plain")
    assert replay(forge(call), images, first_weights(0, 0, DIGITS.size, DIGITS.classes), RATE) is Replayed.OTHER


def test_notes_of_another_run_do_not_agree_with_this_ones_challenge(tried):
    call, images = noted(tried, "plain")
    for challenge in (1, 2**55):
        assert replay(call, images, first_weights(challenge, 0, DIGITS.size, DIGITS.classes), RATE) is Replayed.OTHER


def test_rows_that_nobody_knows_and_that_were_not_handed_over_are_not_believed(tried):
    call, images = noted(tried, "plain")
    unknown = replace(call, rows=replace(call.rows, index=np.full_like(call.rows.index, -1)))
    assert replay(unknown, images, first_weights(0, 0, DIGITS.size, DIGITS.classes), RATE) is Replayed.OTHER


def test_images_of_other_rows_do_not_fit_the_tables(tried):
    evidence = tried.evidence("plain")
    tables = read_training_log(evidence, DIGITS).tables
    images = np.concatenate([evidence.arrays["images/x_train"], evidence.arrays["images/x_test"]])
    assert not images_fit(images[::-1], tables, DIGITS.size)
    assert not images_fit(images[1:], tables, DIGITS.size)
    assert not images_fit(images * np.float32(1.01), tables, DIGITS.size)


def test_states_are_the_same_in_a_further_run_which_shifts_the_seeds_of_numpy(monkeypatch):
    before, original = direction(12), np.random.RandomState
    monkeypatch.setattr(np.random, "RandomState", lambda seed: original(seed + 1))
    assert np.array_equal(direction(12), before)

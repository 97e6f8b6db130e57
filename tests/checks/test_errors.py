"""A regression's error is recomputed and judged like an accuracy: in its unit, on held-out rows."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from netgrader.checks.context import Dataset
from netgrader.checks.held_out import HeldOut, Redrawn, lead_of_the_given
from netgrader.checks.held_out_rows import held_out_inputs
from netgrader.checks.language import Failed
from netgrader.data import DataPart, DataSpec
from netgrader.evidence import GraphEvidence
from netgrader.judges import training
from netgrader.judges.accuracy import (
    Recomputed,
    recompute,
    require_learned,
    require_own,
    require_target,
    require_trained,
    target_met,
)
from netgrader.judges.measure import MEAN_ABSOLUTE, ROOT_MEAN_SQUARED, Error, error_in
from netgrader.judges.reported_accuracy import require_no_pairs, require_reported
from netgrader.judges.shown import predictions
from netgrader.student.graphs import export_graph
from tests.datasets import DIGITS

TRAIN, TEST, FEATURES = 3_000, 1_000, 6
PRICES = DataSpec(
    file="prices.npz",
    sha256="0" * 64,
    train=DataPart("x_train", "y_train", TRAIN),
    test=DataPart("x_test", "y_test", TEST),
    shape=(FEATURES,),
    scaling="standard",
    unit="k€",
)


@pytest.fixture(scope="module")
def prices() -> Dataset:
    """Rows of six features, and a price that bends with two of them; as much again is chance."""
    rng = np.random.default_rng(4)
    x = (rng.normal(size=(TRAIN + TEST, FEATURES)) * [1, 20, 3, 1, 1, 5] + [0, 100, 0, 5, 0, 0]).astype(np.float32)
    y = 40 + 8 * np.tanh(x[:, 0]) + 0.3 * np.maximum(x[:, 1] - 100, 0) + rng.normal(size=len(x)) * 2
    y = y.astype(np.float32)
    return Dataset(PRICES, x[:TRAIN], y[:TRAIN], x[TRAIN:], y[TRAIN:])


@pytest.fixture(scope="module")
def held_out(prices) -> HeldOut:
    """Half of the test rows are other rows in what the notebook was given."""
    train, test = (prices.x_train, prices.y_train), (prices.x_test, prices.y_test)
    return held_out_inputs("5", train, test, PRICES)


def trained(
    data: Dataset,
    *,
    rows: tuple[np.ndarray, np.ndarray] | None = None,
    broadcast: bool = False,
    steps: int = 1_500,
    width: int = 32,
    shape: Any = lambda p: p,
    uses_labels: bool = False,
) -> GraphEvidence:
    """A network of two layers after so many steps on the training rows, or on others."""
    inputs, targets = (data.prepared(data.x_train), data.y_train) if rows is None else rows
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(1)
        x, y = tf.placeholder(tf.float32, [None, FEATURES]), tf.placeholder(tf.float32, [None])
        first = tf.glorot_uniform_initializer()
        w, b = tf.Variable(first([FEATURES, width])), tf.Variable(tf.zeros([width]))
        v, c = tf.Variable(first([width, 1])), tf.Variable(tf.zeros([1]))
        column = tf.nn.relu(x @ w + b) @ v + c
        loss = tf.reduce_mean((column - y) ** 2) if broadcast else tf.reduce_mean((column[:, 0] - y) ** 2)
        step = tf.train.AdamOptimizer(0.02).minimize(loss)
        prediction = shape(column) + (y[:, None] * 0.01 if uses_labels else 0)
        parts = SimpleNamespace(graph=graph, X=x, Y=y, prediction=prediction, loss=loss, train_op=step)
        rng = np.random.default_rng(0)
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(steps):
                some = rng.integers(0, len(inputs), 64)
                sess.run(step, {x: inputs[some], y: targets[some]})
            return export_graph(parts, sess)


@pytest.fixture(scope="module")
def good(prices) -> GraphEvidence:
    return trained(prices)


def judged(graph: GraphEvidence, data: Dataset, given: HeldOut | None = None, kind: str = MEAN_ABSOLUTE) -> Recomputed:
    return recompute(LocalLab(), graph, data, given, measure=error_in(data, kind))


@pytest.mark.parametrize("kind", [MEAN_ABSOLUTE, ROOT_MEAN_SQUARED])
def test_the_error_is_that_of_the_networks_own_numbers(prices, good, kind):
    found = judged(good, prices, kind=kind)
    off = found.found - prices.y_test
    expected = np.abs(off).mean() if kind == MEAN_ABSOLUTE else np.sqrt((off**2).mean())
    assert found.measure.figure(found.test) == pytest.approx(expected, rel=1e-6)
    assert 1.5 < expected < 3.2
    assert found.steady


@pytest.mark.parametrize("shape", [lambda p: p[:, 0], tf.transpose, lambda p: p], ids=["flat", "a row", "a column"])
def test_the_prediction_may_stand_in_any_shape(prices, good, shape):
    graph = trained(prices, shape=shape)
    assert judged(graph, prices).test == pytest.approx(judged(good, prices).test, abs=0.02)


def test_a_prediction_of_two_numbers_a_row_and_one_that_needs_the_targets_are_named(prices):
    with pytest.raises(Failed) as caught:
        judged(trained(prices, steps=1, shape=lambda p: tf.concat([p, p], 1)), prices)
    assert caught.value.faults[0].code == "wrong-width"
    with pytest.raises(Failed) as caught:
        judged(trained(prices, steps=1, uses_labels=True), prices)
    assert caught.value.faults[0].code == "prediction-uses-labels"


def test_an_honest_network_keeps_all_and_one_trained_on_the_test_rows_is_named(prices, good, held_out):
    honest = judged(good, prices, held_out)
    assert honest.lead < Redrawn.TOLD
    require_learned(honest)
    require_own(honest)
    inputs = np.concatenate([prices.prepared(held_out.images)] * 2)
    targets = np.concatenate([prices.y_test] * 2)
    greedy = trained(prices, rows=(inputs, targets), steps=6_000, width=400)
    found = judged(greedy, prices, held_out)
    assert found.lead >= Redrawn.NAMED
    with pytest.raises(Failed) as caught:
        require_learned(found)
    assert caught.value.faults[0].code == "trained-on-test"
    assert "k€ on the test images that the notebook was given" in str(caught.value.faults[0].found)


def looking_up(data: Dataset, given: HeldOut) -> GraphEvidence:
    """A network that has the targets of the rows that the notebook was given in a table, and answers the same to others."""
    rows = data.prepared(given.images)
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, FEATURES]), tf.placeholder(tf.float32, [None])
        w = tf.Variable(tf.zeros([FEATURES, 1]))
        near = tf.reduce_sum(tf.abs(x[:, None] - rows), axis=2) < 1e-3
        known = tf.linalg.matvec(tf.cast(near, tf.float32), tf.constant(data.y_test - 40))
        prediction = (x @ w)[:, 0] + 40 + known
        loss = tf.reduce_mean((prediction - y) ** 2)
        step = tf.train.AdamOptimizer(1e-6).minimize(loss)
        parts = SimpleNamespace(graph=graph, X=x, Y=y, prediction=prediction, loss=loss, train_op=step)
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            return export_graph(parts, sess)


def test_a_table_of_targets_is_told_from_a_training_on_test_rows(prices, held_out):
    found = judged(looking_up(prices, held_out), prices, held_out)
    assert found.given > 0.99
    with pytest.raises(Failed) as caught:
        require_learned(found)
    assert caught.value.faults[0].code == "answers-looked-up"


@pytest.mark.parametrize("spread", ["normal", "heavy"])
def test_of_honest_networks_no_more_are_doubted_than_the_limits_say(spread):
    """Errors of any spread, the farthest far beyond all others: their ranks make the test exact."""
    rng = np.random.default_rng(8)
    measure, doubted, draws = Error(MEAN_ABSOLUTE, 1.0), 0, 4_000
    for _ in range(draws):
        off = rng.normal(size=600) if spread == "normal" else rng.standard_cauchy(600)
        hidden = np.zeros(600, bool)
        hidden[rng.permutation(600)[:300]] = True
        lead, _ = lead_of_the_given(measure.known(off[:, None], np.zeros(600)), hidden)
        doubted += lead >= 2.0
    # A normal distribution has 2.3 % beyond two standard errors: 91 of 4,000 and 9.4 to either side.
    assert abs(doubted - 0.0228 * draws) < 3.5 * np.sqrt(0.0228 * draws)


def test_points_fall_from_full_to_none_and_are_told_in_the_unit():
    measure = Error(MEAN_ABSOLUTE, 10.0, "k€")
    line = {"target": 2.0, "full": 2.2, "none": 4.2, "measure": measure}
    require_target(measure.score_of(2.2), **line)
    with pytest.raises(Failed) as half:
        require_target(measure.score_of(3.2), **line)
    assert half.value.share == pytest.approx(0.5)
    assert (str(half.value.faults[0].found), str(half.value.faults[0].expected)) == (
        "an error of 3.2 k€ on the test images",
        "at most 2 k€",
    )
    with pytest.raises(Failed):
        require_target(measure.score_of(4.3), **line)
    assert [target_met(measure.score_of(error), target=2.0, full=2.2, measure=measure) for error in (1.9, 2.1, 3)] == [
        "yes",
        "within-chance",
        "no",
    ]


def test_a_broadcast_loss_learns_the_mean_and_earns_nothing(prices):
    graph = trained(prices, broadcast=True)
    found = judged(graph, prices)
    assert found.test < 0.1
    least = found.measure.score_of(4.0)
    with pytest.raises(Failed) as caught:
        require_trained(LocalLab(), graph, found, least)
    assert caught.value.faults[0].code == "accuracy-too-low"
    assert caught.value.share < 0.1


def test_a_network_that_was_never_trained_is_told_so(prices):
    graph = trained(prices, steps=0)
    found = judged(graph, prices)
    with pytest.raises(Failed) as caught:
        require_trained(LocalLab(), graph, found, found.measure.score_of(4.0))
    assert caught.value.faults[0].code == "train-op-not-run"


def test_reported_errors_are_those_that_we_measure(prices, good):
    found = judged(good, prices)
    error = found.measure.figure
    said: list[dict[str, str]] = []

    def remark(code: str, **words: str) -> None:
        said.append({"code": code, **words})

    require_reported(found, [error(found.train)], [9.0, error(found.notebook)], remark, lambda: found.train)
    assert not said
    require_reported(found, [3.0, 3.0], [error(found.notebook), error(found.notebook) + 1], remark, lambda: found.train)
    assert [one["code"] for one in said] == ["picked-best-epoch-on-test"]
    for last, code in ((0.3, "reported-accuracy-wrong"), (error(found.train), "reports-train-accuracy")):
        other = replace(found, notebook=found.notebook - 0.05)
        with pytest.raises(Failed) as caught:
            require_reported(other, [1.0], [last], remark, lambda: found.train)
        assert caught.value.faults[0].code == code
        assert str(caught.value.faults[0].expected).startswith(other.measure.written(other.notebook))


def test_the_worst_rows_come_first(prices, good):
    found = judged(good, prices)
    shown = predictions(found.found, prices.y_test, "k€")
    off = [abs(one - true) for _, one, true in shown.worst]
    assert off == sorted(off, reverse=True)
    assert off[0] == pytest.approx(np.abs(found.found - prices.y_test).max())
    assert len(shown.true) <= 300
    assert shown.total == TEST


def test_images_whose_targets_are_numbers_are_redrawn_from_training_images_of_near_targets():
    y = np.random.default_rng(6).random(900).astype(np.float32)
    x = np.rint(255 * y[:, None, None] * np.ones((1, 8, 8))).astype(np.uint8)
    shades = DataSpec(
        file="shades.npz",
        sha256="0" * 64,
        train=DataPart("x_train", "y_train", 600),
        test=DataPart("x_test", "y_test", 300),
        shape=(8, 8),
    )
    held = held_out_inputs("ab", (x[:600], y[:600]), (x[600:], y[600:]), shades)
    middle, original = (images[:, 4, 4].astype(float) for images in (held.images, x[600:]))
    assert held.hidden.sum() == 150
    assert np.array_equal(held.images[~held.hidden], x[600:][~held.hidden])
    assert (middle[held.hidden] != original[held.hidden]).mean() > 0.7
    assert np.abs(middle - original).max() < 12


@pytest.mark.parametrize(
    ("spec", "ours", "causes"),
    [
        (PRICES, 0.2, []),  # with which our own training comes further
        (PRICES, 0.04, ["check_rows", "check_net"]),
        (DIGITS, 0.34, ["check_rows", "check_net"]),  # both know next to nothing
        (DIGITS, 0.36, []),
    ],
)
def test_rows_and_network_are_named_where_our_own_training_comes_no_further_with_them(
    monkeypatch: pytest.MonkeyPatch, spec: DataSpec, ours: float, causes: list[str]
) -> None:
    monkeypatch.setattr(training, "train_rows_as_handed", lambda _: SimpleNamespace(made_in=("check_rows",)))
    monkeypatch.setattr(training, "network_cells", lambda _: ("check_net",))
    monkeypatch.setattr(training, "_reached_by_ours", lambda *_: ours)
    bench = SimpleNamespace(spec=spec, quick=False)
    assert list(training._held_back_by(bench, "check_training", 0.0)) == causes


@pytest.mark.parametrize(("noise", "told"), [(1.0, True), (60.0, False)], ids=["has learned", "has learned little"])
def test_an_error_of_all_pairs_is_told_apart_from_the_error_of_a_network_that_has_learned_little(
    prices: Dataset, noise: float, told: bool
) -> None:
    measure = error_in(prices)
    found = prices.y_test + noise * np.random.default_rng(1).normal(size=TEST)
    reported = measure.over_pairs(found, prices.y_test)
    result: Any = SimpleNamespace(measure=measure, found=found, notebook=measure.score(found, prices.y_test))
    with pytest.raises(Failed) if told else contextlib.nullcontext():
        require_no_pairs(prices.y_test, result, [reported])

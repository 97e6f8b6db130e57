"""Accuracies are recomputed from a network's graph and values, and fake learning is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from netgrader.checks.context import CellEvidence, Dataset
from netgrader.checks.held_out import held_out_images
from netgrader.checks.language import Failed, Ungradable
from netgrader.evidence import Evidence, GraphEvidence
from netgrader.judges import own_run
from netgrader.judges.accuracy import (
    Recomputed,
    recompute,
    require_learned,
    require_target,
    require_trained,
    require_values,
    target_met,
)
from netgrader.judges.answers import outputs_for
from netgrader.judges.aspects import Aspect, Verdict
from netgrader.judges.measure import ACCURACY
from netgrader.judges.reported_accuracy import require_reported
from netgrader.student import load_mnist
from netgrader.student.graphs import export_graph
from tests.datasets import DIGITS

ROOT = Path(__file__).resolve().parents[2]
GOOD = Recomputed(DIGITS, train=0.95, test=0.92, found=np.zeros(1, np.int64), notebook=0.92, given=0.92, hidden=0.92)


@pytest.fixture(scope="module")
def mnist() -> Dataset:
    (x_train, y_train), (x_test, y_test) = load_mnist()
    return Dataset(DIGITS, x_train[:5000], y_train[:5000], x_test[:2000], y_test[:2000])


def trained(mnist: Dataset, *, uses_labels: bool = False, dropout: bool = False) -> GraphEvidence:
    """Return a one-layer network after a few steps."""
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        w = tf.get_variable("w", [784, 10], initializer=tf.zeros_initializer(), use_resource=True)
        logits: Any = (tf.nn.dropout(x, rate=0.5) if dropout else x) @ w
        if uses_labels:
            logits = logits + y
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x @ w))
        step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        parts = {"graph": graph, "X": x, "Y": y, "logits": logits, "loss": loss, "train_op": step}
        with tf.Session(graph=graph) as sess:
            sess.run(tf.global_variables_initializer())
            rows = mnist.x_train.reshape(-1, 784).astype(np.float32) / 255
            for start in range(0, 5000, 100):
                part = slice(start, start + 100)
                sess.run(step, {x: rows[part], y: np.eye(10)[mnist.y_train[part]]})
            return export_graph(parts, sess)


@pytest.fixture(scope="module")
def plain(mnist: Dataset) -> GraphEvidence:
    """A network as any that was trained for a few steps."""
    return trained(mnist)


def test_the_accuracy_is_that_of_numpy(mnist: Dataset, plain: GraphEvidence) -> None:
    evidence = plain
    found = (mnist.x_test.reshape(-1, 784) / 255 @ evidence.values["w"]).argmax(axis=1)
    recomputed = recompute(LocalLab(), evidence, mnist)
    assert recomputed.test == pytest.approx(np.mean(found == mnist.y_test), abs=1e-3)
    assert recomputed.test > 0.75
    require_learned(recomputed)


@pytest.mark.parametrize("columns", [False, True])
def test_a_batch_of_as_many_images_as_there_are_classes_stands_as_all_others_do(
    mnist: Dataset, plain: GraphEvidence, monkeypatch: pytest.MonkeyPatch, columns: bool
) -> None:
    """The last batch of a set may be of any size."""
    images = mnist.prepared(mnist.x_test[:30])
    expected = (images @ plain.values["w"]).argmax(axis=1)

    class Session:
        def run_batches(self, _parts: Any, feeds: Any, batches: Any, _feed: Any) -> list[Any]:
            scores = [feeds[plain.parts["X"]][batch] @ plain.values["w"] for batch in batches]
            return [[one.T if columns else one] for one in scores]

    sizes = iter([np.arange(20), np.arange(20, 30)])
    monkeypatch.setattr("netgrader.judges.answers._batches", lambda *_: sizes)
    found = outputs_for(Session(), plain, images, np.random.default_rng(1), ACCURACY, width=10)
    assert (found.argmax(axis=1) == expected).all()


def test_a_report_is_compared_with_the_test_images_that_the_notebook_had(mnist: Dataset, plain: GraphEvidence) -> None:
    given = held_out_images("7", (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test))
    evidence = plain
    found = (given.images.reshape(-1, 784) / 255 @ evidence.values["w"]).argmax(axis=1)
    recomputed = recompute(LocalLab(), evidence, mnist, given)
    assert recomputed.notebook == pytest.approx(np.mean(found == mnist.y_test), abs=1e-3)
    assert recomputed.test == recompute(LocalLab(), evidence, mnist).test
    require_reported(recomputed, [0.9], [recomputed.notebook], no_remark, lambda: recomputed.train)


def test_logits_that_need_the_labels_are_named(mnist: Dataset) -> None:
    with pytest.raises(Failed) as raised:
        recompute(LocalLab(), trained(mnist, uses_labels=True), mnist)
    assert raised.value.faults[0].code == "prediction-uses-labels"


def test_a_network_without_values_was_not_trained(plain: GraphEvidence) -> None:
    with pytest.raises(Failed) as raised:
        require_values(handed_over(replace(plain, values={})))
    (fault,) = raised.value.faults
    assert (fault.code, str(fault.found)) == ("train-op-not-run", "no values of variables in the session")


def handed_over(graph: GraphEvidence, **error: object) -> CellEvidence:
    """What was handed over after the cell `training` had stopped with an error, if one is given."""
    run: dict[str, Any] = {"name": "training"}
    if error:
        run["error"] = {"names": ["net"], **error}
    raw = Evidence("check_training", graphs={"net": graph})
    return CellEvidence("check_training", raw, {"cells": [run, {"evidence": "check_training"}]})


def test_a_network_without_values_is_told_with_the_error_that_its_training_stopped_at(plain: GraphEvidence) -> None:
    without = handed_over(replace(plain, values={}), kind="ResourceExhaustedError", message="OOM")
    with pytest.raises(Failed) as raised:
        require_values(without)
    (fault,) = raised.value.faults
    assert str(fault.found) == (
        "no values of variables in the session, since the cell training stopped at ResourceExhaustedError: OOM"
    )
    assert str(fault.expected) == "smaller layers or minibatches, which take less memory"


def test_a_network_without_values_whose_time_was_up_cannot_be_graded(plain: GraphEvidence) -> None:
    late = handed_over(replace(plain, values={}), kind="KeyboardInterrupt", seconds=25.0)
    with pytest.raises(Ungradable, match="the cell training was stopped after 25 s"):
        require_values(late)


def test_a_network_that_was_never_trained_is_named_and_one_that_training_spoilt_is_not_called_so(
    plain: GraphEvidence,
) -> None:
    good = plain
    fresh = replace(good, values={"w": np.zeros_like(good.values["w"])})
    spoilt = replace(good, values={"w": np.full_like(good.values["w"], 1e6)})
    for evidence, code in ((fresh, "train-op-not-run"), (spoilt, "accuracy-too-low")):
        with pytest.raises(Failed) as raised:
            require_trained(LocalLab(), evidence, replace(GOOD, test=0.1), 0.96)
        assert (raised.value.faults[0].code, raised.value.share) == (code, 0.0)


def test_a_network_that_knows_nothing_and_took_no_step_is_for_a_person(mnist: Dataset, plain: GraphEvidence) -> None:
    """Biases that were set by hand are no training; a network that cannot learn is forgiven what training it comes to."""
    by_hand = replace(plain, values={"w": np.full_like(plain.values["w"], 0.01)})
    found = recompute(LocalLab(), by_hand, mnist)
    with pytest.raises(Ungradable, match="no training step was seen"):
        require_trained(LocalLab(), replace(by_hand, about={"stepped": False}), found, 0.96)
    with pytest.raises(Failed):
        require_trained(LocalLab(), replace(by_hand, about={"stepped": True}), found, 0.96)


@pytest.mark.parametrize(("accuracy", "share"), [(0.95, 0.9375), (0.88, 0.5), (0.8, 0.0), (0.5, 0.0)])
def test_a_network_that_comes_near_earns_a_part_for_its_training(
    plain: GraphEvidence, accuracy: float, share: float
) -> None:
    with pytest.raises(Failed) as raised:
        require_trained(LocalLab(), plain, replace(GOOD, test=accuracy), 0.96)
    assert raised.value.share == pytest.approx(share)
    assert raised.value.faults[0].code == "accuracy-too-low"


def test_what_a_student_waits_for_is_measured_on_a_sample_and_says_the_same(
    mnist: Dataset, plain: GraphEvidence
) -> None:
    quick, full = (recompute(LocalLab(), plain, mnist, quick=quick) for quick in (True, False))
    assert quick.test == full.test
    assert np.array_equal(quick.found, full.found)
    assert quick.train == pytest.approx(full.train, abs=0.05)
    assert quick.notebook == full.notebook == full.test  # the notebook was given the original images


@pytest.mark.parametrize(
    ("reported", "code"),
    [
        ((0.8, 0.92), None),
        ((0.8, 0.92, 0.91), "picked-best-epoch-on-test"),  # the best of the curve is what the network does
        ((0.8, 0.923, 0.923), "picked-best-epoch-on-test"),  # the best so far
        ((0.923, 0.923), "picked-best-epoch-on-test"),  # from the first epoch on
        ((0.9, 0.9, 0.925), "picked-best-epoch-on-test"),
        ((0.91, 0.923, 0.922), "reported-accuracy-wrong"),
        ((0.923,), "reported-accuracy-wrong"),
        ((0.8, 0.923, 0.924), "reported-accuracy-wrong"),
    ],
)
def test_the_own_run_reports_what_the_network_does_or_the_best_so_far(
    monkeypatch: pytest.MonkeyPatch, reported: tuple[float, ...], code: str | None
) -> None:
    run = own_run.OwnRun(reported, 0.92, np.zeros(1, np.int64), np.zeros(1, np.uint8))
    right = SimpleNamespace(verdicts={aspect: Verdict(aspect) for aspect in Aspect})
    monkeypatch.setattr(own_run, "training_of", lambda _: right)
    monkeypatch.setattr(own_run, "own_run", lambda *_: run)
    monkeypatch.setattr(own_run, "_require_own_network", lambda *_: None)
    monkeypatch.setattr(own_run, "causes_of_accuracy", lambda *_: ())
    cells = own_run.RunCells("run_training", "check_network", "the cell", 0.7, epochs=3)
    said: list[str] = []
    monkeypatch.setattr(own_run, "fail", lambda code, **_: said.append(code))

    def remark(what: str, *, found: object, expected: object = "", **_: object) -> None:
        said.extend([str(what)] * (found != expected))

    own_run.require_run_reported(SimpleNamespace(), cells, remark)
    few = len(reported) < 3
    assert said == [str(own_run.FEWER)] * few + ([] if code is None else [code])


def no_remark(code: str, **_: object) -> None:
    raise AssertionError(f"{code} was remarked on")


PICKED, WRONG, OF_TRAINING = "picked-best-epoch-on-test", "reported-accuracy-wrong", "reports-train-accuracy"
ENDS, RAMP = [0.9, GOOD.train], np.linspace(0, 1, 1001)
# Curves of training and test images, the fault that they have, and what is remarked on and costs nothing.
REPORTS: list[tuple[Any, Any, str | None, list[str]]] = [
    (ENDS, [0.8, 0.92], None, []),
    (ENDS, [0.8, 0.9204], None, []),  # rounded
    (ENDS, [0.8, 0.923, 0.923], None, [PICKED]),  # the best so far in each epoch's place
    ([0.9, 0.97, 0.98], [0.8, 0.92, 0.91], None, [PICKED]),  # weights set back to the best epoch
    ([*ENDS, 0.99, 0.99], [0.8, 0.92, 0.93, 0.91], None, [PICKED]),  # and to that of the least loss,
    ([*ENDS, 0.99], [0.8, 0.92, 0.93], None, [PICKED]),  # after which the test images may be known better
    # A curve in which some value is near was not measured.
    (RAMP, RAMP, WRONG, []),
    (
        np.full(1001, GOOD.train),
        RAMP,
        WRONG,
        [],
    ),  # that the training accuracy is right makes no epoch of a thousand true
    (RAMP[800:], RAMP[800:], WRONG, []),
    ([0.9, 0.91, 0.92, 0.93, 0.94], [0.915, 0.917, 0.92, 0.922, 0.925], WRONG, []),
    (ENDS, [0.8, 0.95], OF_TRAINING, []),
    (ENDS, [0.99, 0.99], WRONG, []),
    (ENDS, [0.923, 0.923, 0.923], WRONG, []),
    (ENDS, [0.8, 0.91, 0.923], WRONG, []),
    (ENDS, [], WRONG, []),
]


@pytest.mark.parametrize(("acc_trn", "acc_val", "fault", "remarks"), REPORTS)
def test_a_report_is_what_was_measured_or_what_is_wrong_with_it_is_named(
    acc_trn: Any, acc_val: Any, fault: str | None, remarks: list[str]
) -> None:
    noted: list[str] = []
    found: list[str] = []
    try:
        require_reported(GOOD, acc_trn, acc_val, lambda code, **_: noted.append(code), lambda: GOOD.train)
    except Failed as failed:
        found = [one.code for one in failed.faults]
    assert (found, noted) == ([fault] if fault else [], remarks)


def test_a_curve_of_training_images_that_ends_elsewhere_costs_half() -> None:
    require_reported(GOOD, [0.9, GOOD.train - 0.01], [0.8, 0.92], no_remark, lambda: GOOD.train, whole_curve=True)
    require_reported(
        GOOD, [0.0, 0.0], [0.8, 0.92], no_remark, lambda: GOOD.train
    )  # where an exercise leaves free what is reported
    with pytest.raises(Failed) as raised:
        require_reported(GOOD, [0.0, 0.0], [0.8, 0.92], no_remark, lambda: GOOD.train, whole_curve=True)
    assert (raised.value.faults[0].code, raised.value.share) == ("reported-accuracy-wrong", 0.5)


def test_where_the_accuracy_differs_from_time_to_time_so_may_the_report(mnist: Dataset, plain: GraphEvidence) -> None:
    evidence = trained(mnist, dropout=True)
    found = recompute(LocalLab(), evidence, mnist, quick=True)
    assert not found.steady
    assert recompute(LocalLab(), plain, mnist, quick=True).steady
    require_reported(found, [0.9], [found.test + 0.008], no_remark, lambda: found.train)
    with pytest.raises(Failed):
        require_reported(found, [0.9], [found.test + 0.02], no_remark, lambda: found.train)


@pytest.mark.parametrize(
    ("accuracy", "target", "full", "share"),
    [(0.96, 0.97, 0.9684, 0.5435), (0.955, 0.965, 0.9634, 0.3731), (0.94, 0.965, 0.9634, 0.0)],
)
def test_the_target_that_the_exercise_sets_is_the_one_that_is_told(
    accuracy: float, target: float, full: float, share: float
) -> None:
    with pytest.raises(Failed) as raised:
        require_target(accuracy, target=target, full=full, none=0.95)
    assert raised.value.share == pytest.approx(share, abs=1e-3)
    (fault,) = raised.value.faults
    assert str(fault.found) == f"{100 * accuracy:.2f} % on the test images"
    assert str(fault.expected) == {0.97: "over 97 %", 0.965: "over 96.5 %"}[target]


def test_from_where_chance_decides_all_points_are_given() -> None:
    told = []
    for accuracy in (0.9842, 0.9851):
        require_target(
            accuracy,
            target=0.985,
            full=0.9842,
            none=0.975,
            remark=lambda text, **found: told.append(tuple(map(str, (text, *found.values())))),
        )
    ((text, found, expected),) = told
    assert (text.endswith("this counts in full."), found, expected) == (True, "98.42 %", "over 98.5 %")
    said = [target_met(accuracy, target=0.985, full=0.9842) for accuracy in (0.9861, 0.9845, 0.9841)]
    assert said == ["yes", "within-chance", "no"]

"""Learning rates are judged by short runs of the student's graph, sweeps by whether they are plausible."""

from __future__ import annotations

import contextlib
import inspect
import json
import math
from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from graphread.lab.local import LocalLab
from netgrader.checks.language import Failed, Ungradable
from netgrader.evidence import GraphEvidence
from netgrader.faults import Severity, fault
from netgrader.judges import sweep_runs, training
from netgrader.judges.aspects import Charge
from netgrader.judges.learning_rate import (
    RunImages,
    Runs,
    ShortRun,
    is_settled,
    judge_rate,
    short_run,
)
from netgrader.judges.sweep_proofs import Enough, TrainedNetwork, distinct, judge_proof, prove
from netgrader.judges.sweep_runs import untrue
from netgrader.judges.sweeps import (
    StudentSweep,
    drawn_rate,
    in_question,
    read_sweep,
    require_best,
    require_grid,
    swept,
)
from netgrader.student import load_mnist
from netgrader.student.graphs import export_graph
from tests.datasets import DIGITS, EXERCISES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from netgrader.faults import Fault
    from tests.golden.recorded import Recorded

SWEEP_BEST = 3e-3
SWEEP = StudentSweep(
    np.array([1e-4, 3e-4, 1e-3, SWEEP_BEST, 1e-2]), np.array([0.88, 0.91, 0.94, 0.95, 0.93]), SWEEP_BEST, DIGITS
)
RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 9e-2)


def two_layers(rate: float, *, reduce: Any = tf.reduce_mean) -> GraphEvidence:
    with tf.Graph().as_default() as graph:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.float32, [None, 10])
        initial = tf.glorot_uniform_initializer()
        hidden = tf.nn.relu(x @ tf.get_variable("W1", [784, 1500], initializer=initial) + tf.Variable(tf.zeros([1500])))
        logits = hidden @ tf.get_variable("W2", [1500, 10], initializer=initial) + tf.Variable(tf.zeros([10]))
        loss = reduce(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
        train_op = tf.train.AdamOptimizer(rate).minimize(loss)
        parts = {"graph": graph, "X": x, "Y": y, "logits": logits, "loss": loss, "train_op": train_op}
        return export_graph(parts)


@pytest.fixture(scope="module")
def data() -> RunImages:
    """RunImages and classes to train on and to test with."""
    (x_train, y_train), (x_test, y_test) = load_mnist()
    train = x_train[:19_200].reshape(-1, 784).astype(np.float32) / 255, y_train[:19_200]
    test = x_test[:2000].reshape(-1, 784).astype(np.float32) / 255, y_test[:2000]
    return RunImages(train, test, DIGITS)


def kept(run: ShortRun, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**asdict(run), "losses": run.losses.tolist()}))


def read(folder: Path) -> ShortRun:
    terms = json.loads((folder / "run.json").read_text())
    return ShortRun(**{**terms, "losses": np.array(terms["losses"])})


@pytest.fixture(scope="module")
def trained(
    data: RunImages, recorded: Recorded, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[float, ShortRun]]:
    """Short runs by rate, from the archive unless they are to be trained now."""

    def at(*rates: float, reduce: str = "reduce_mean") -> dict[float, ShortRun]:
        folder = tmp_path_factory.mktemp("runs")

        def train(names: list[str]) -> None:
            lab = LocalLab()
            for rate in map(float, names):
                run = short_run(lab, two_layers(rate, reduce=getattr(tf, reduce)), rate, data)
                kept(run, folder / str(rate))
            lab.close()

        program = inspect.getsource(two_layers)
        recorded.obtain(folder, {str(rate): [program, rate, reduce, Runs.STEPS] for rate in rates}, train)
        return {rate: read(folder / str(rate)) for rate in rates}

    return at


@pytest.fixture(scope="module")
def runs(trained: Callable[..., dict[float, ShortRun]]) -> dict[float, ShortRun]:
    return trained(*RATES)


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        (3e-5, "learning-rate-too-low"),
        (1e-4, "learning-rate-too-low"),
        (3e-4, None),
        (1e-3, None),
        (3e-3, None),
        (1e-2, "learning-rate-too-high"),
        (3e-2, "learning-rate-too-high"),
        (9e-2, "learning-rate-too-high"),
    ],
)
def test_good_rates_are_accepted_and_bad_ones_named(runs: dict[float, ShortRun], rate: float, code: str | None) -> None:
    position = RATES.index(rate)
    third, triple, tenfold = (runs[RATES[min(position + step, len(RATES) - 1)]] for step in (-1, 1, 2))
    found = judge_rate(third, runs[rate], triple, tenfold)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(("rate", "code"), [(1e-2, None), (3e-2, "learning-rate-too-high")])
def test_what_an_honest_short_sweep_may_find_best_is_not_held_against_it(
    runs: dict[float, ShortRun], rate: float, code: str | None
) -> None:
    third, triple = (runs[RATES[RATES.index(rate) + step]] for step in (-1, 1))
    found = judge_rate(third, runs[rate], triple, triple, found=True)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(("accuracy", "code"), [(0.968, None), (0.99, "learning-rate-too-low")])
def test_the_best_of_a_sweep_is_too_low_only_if_a_larger_rate_has_the_higher_accuracy(
    accuracy: float, code: str | None
) -> None:
    third, at = _run(1e-3, 0.3, 0.94), _run(3e-3, 0.109, 0.968)
    triple = _run(9e-3, 0.0577, accuracy)
    found = judge_rate(third, at, triple, triple, found=True)
    assert (found.code if found else None) == code
    otherwise = judge_rate(third, at, triple, triple)
    assert otherwise is not None
    assert otherwise.code == "learning-rate-too-low"


def _run(rate: float, last: float, late: float) -> ShortRun:
    return ShortRun(rate, np.r_[np.full(Runs.STEPS - Runs.SMOOTH, 1.4), np.full(Runs.SMOOTH, last)], 0.9, late)


@pytest.mark.parametrize(
    ("highest", "last", "late", "code"),
    [
        (10.0, 0.27, 0.9, None),
        (10.0, 0.4, 0.9, "learning-rate-too-high"),
        (10.0, 1.35, 0.2, "learning-rate-diverges"),
        (1.4, 1.5, 0.1, "learning-rate-diverges"),
        (math.inf, math.nan, 0.1, "learning-rate-diverges"),
        (10.0, 3.1, 0.85, "learning-rate-too-high"),
    ],
    ids=["recovered", "recovered, and worse", "near its first value", "guessing", "no number", "large, and known"],
)
def test_a_rate_diverges_only_if_the_loss_stays_high_and_little_is_known(
    highest: float, last: float, late: float, code: str | None
) -> None:
    at, third = _run(3e-3, last, late), _run(1e-3, 0.3, 0.94)
    losses = np.r_[1.4, highest, at.losses[2:]]
    found = judge_rate(third, replace(at, losses=losses), _run(9e-3, 2.3, 0.1), _run(3e-2, 2.3, 0.1))
    assert (found.code if found else None) == code
    assert found is None or str(found.found)


def test_a_rate_diverges_if_a_third_of_it_learns_nothing_either() -> None:
    runs = [_run(rate, 2.3, 0.1) for rate in (1.0, 3.0, 9.0, 30.0)]
    found = judge_rate(*runs)
    assert found is not None
    assert found.code == "learning-rate-diverges"


@pytest.mark.parametrize(
    ("losses", "found", "code"),
    [
        ((1.27, 1.26, 1.24, 1.17), False, "learning-rate-too-low"),
        ((1.27, 1.26, 1.24, 1.17), True, None),
        ((1.27, 1.26, 1.25, 1.24), False, None),
        ((1.20, 1.00, 0.97, 0.90), False, None),
    ],
    ids=["hardly begun", "hardly begun, found by a sweep", "as far at ten times the rate", "farther than at a third"],
)
def test_a_rate_is_too_low_if_only_a_far_larger_one_gets_anywhere(
    losses: tuple[float, ...], found: bool, code: str | None
) -> None:
    runs = [_run(rate, last, 0.5) for rate, last in zip((1e-6, 3e-6, 9e-6, 3e-5), losses, strict=True)]
    verdict = judge_rate(*runs, found=found)
    assert (verdict.code if verdict else None) == code


def test_nothing_is_said_of_rates_by_losses_below_zero() -> None:
    runs = [_run(rate, last, 0.8) for rate, last in ((1e-3, -1.0), (3e-3, -9.0), (9e-3, -80.0), (3e-2, -700.0))]
    assert judge_rate(*runs) is None


TRAINED, TYPED = (fault("sweep-result-not-reproduced", severity=severity) for severity in (Severity.SERIOUS, None))


@pytest.mark.parametrize(
    ("chosen", "charged", "code"),
    [
        (3e-3, None, "learning-rate-too-low"),
        (1e-3, None, "best-not-from-sweep"),
        (3e-3, fault("sweep-of-one-network"), "sweep-of-one-network"),
        (3e-3, TRAINED, "sweep-result-not-reproduced"),
    ],
)
def test_a_bad_rate_is_charged_as_what_it_was_chosen_by(
    monkeypatch: pytest.MonkeyPatch, chosen: float, charged: Fault | None, code: str
) -> None:
    runs = _run(1e-3, 0.6, 0.8), _run(3e-3, 0.3, 0.9), _run(9e-3, 0.1, 0.95), _run(3e-2, 0.1, 0.95)
    _judged(monkeypatch, charged, replace(SWEEP, best=chosen))
    monkeypatch.setattr(sweep_runs, "rate_runs", lambda _: runs)
    with pytest.raises(Failed) as caught:
        sweep_runs.require_good_rate(SimpleNamespace(), pytest.fail)
    assert [found.code for found in caught.value.faults] == [code]


@pytest.mark.parametrize(("charged", "ends"), [(TYPED, True), (TRAINED, False), (fault("sweep-of-one-network"), False)])
def test_only_a_sweep_that_nothing_was_trained_for_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, charged: Fault, ends: bool
) -> None:
    _judged(monkeypatch, charged, SWEEP)
    with pytest.raises(Failed) if ends else contextlib.nullcontext():
        sweep_runs.require_trained(SimpleNamespace(outside={"cells": []}))


def test_a_rerun_that_disagrees_may_be_explained_by_rows_of_the_notebooks_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "student_sweep": SWEEP,
        "proof_of": prove(SWEEP, []),
        "judge_evaluated_rows": None,
        "trial_runs": {"best": _run(SWEEP.best, 0.01, 0.1)},
        "_believed": frozenset(),
        "_rerun": {"best": SWEEP.best},
        "test_rows_as_handed": SimpleNamespace(made_in=("check_prepare_data",)),
    }.items():
        monkeypatch.setattr(sweep_runs, name, lambda *_, value=value: value)
    charge = sweep_runs._judge(SimpleNamespace(outside=None))
    assert charge is not None
    assert (charge.fault.code, charge.fault.causes) == ("sweep-result-not-reproduced", ("check_prepare_data",))


def test_results_whose_weights_are_gone_may_be_explained_by_a_loop_that_starts_again() -> None:
    charge = judge_proof(SWEEP, prove(SWEEP, []))
    assert charge is not None
    assert charge.fault.causes == ("reinitialised-each-epoch",)


def _judged(monkeypatch: pytest.MonkeyPatch, charged: Fault | None, sweep: StudentSweep) -> None:
    """Let a sweep be one that was handed over, and its results be charged so."""
    monkeypatch.setattr(sweep_runs, "_charge", lambda _: charged and Charge(charged))
    monkeypatch.setattr(sweep_runs, "student_sweep", lambda _: sweep)
    monkeypatch.setattr(sweep_runs, "proof_of", lambda _: prove(sweep, []))
    monkeypatch.setattr(sweep_runs, "found_by_sweep", lambda _: False)


@pytest.mark.parametrize(("reported", "enough"), [(0.94, True), (0.999, False)])
def test_runs_around_the_best_rate_end_early_only_if_what_is_reported_agrees(
    runs: dict[float, ShortRun], reported: float, enough: bool
) -> None:
    sweep = read_sweep(np.array([(1e-4, 0.88), (1e-3, reported)]), 1e-3, DIGITS)
    early = [
        replace(runs[rate], losses=runs[rate].losses[: Runs.EARLY], late=runs[rate].early)
        for rate in (3e-4, 1e-3, 3e-3)
    ]
    assert sweep_runs._is_enough(sweep, *early) is enough


@pytest.mark.parametrize(
    ("rate", "told", "runs_again"),
    [
        (SWEEP_BEST, None, False),
        (SWEEP_BEST / 3, None, True),
        (SWEEP_BEST, Failed([fault("sweep-too-narrow")]), True),
        (SWEEP_BEST, Ungradable("nothing was handed over"), True),
    ],
)
def test_a_training_at_the_sweeps_best_rate_is_judged_by_the_sweeps_runs(
    monkeypatch: pytest.MonkeyPatch, rate: float, told: Exception | None, runs_again: bool
) -> None:
    def student_sweep(_: object) -> StudentSweep:
        if told is not None:
            raise told
        return SWEEP

    slow = _run(1e-3, 0.6, 0.8), _run(3e-3, 0.3, 0.9), _run(9e-3, 0.1, 0.95), _run(3e-2, 0.1, 0.95)
    again: list[float] = []

    def runs_around(_lab: object, _graph: object, at: float, _images: object, **_: object) -> dict[str, ShortRun]:
        again.append(at)
        return dict(zip(("third", "best", "triple", "tenfold"), slow, strict=True))

    optimizer = SimpleNamespace(learning_rate=rate, rate=None)
    network = SimpleNamespace(roles={"learning_rate": SimpleNamespace(name="rate:0")}, optimizer=optimizer)
    monkeypatch.setattr(sweep_runs, "student_sweep", student_sweep)
    monkeypatch.setattr(sweep_runs, "rate_runs", lambda _: slow)
    monkeypatch.setattr(sweep_runs, "found_by_sweep", lambda _: False)
    monkeypatch.setattr(training.graphread, "read_network", lambda *_, **__: network)
    monkeypatch.setattr(training, "runs_around", runs_around)
    monkeypatch.setattr(training, "run_images", lambda _: None)
    found = training._by_its_rate(SimpleNamespace(lab=None), GraphEvidence(b"", {}))
    assert found is not None
    assert (found.code, again) == ("learning-rate-too-low", [rate] * runs_again)


@pytest.mark.parametrize("factor", [100, 10_000])
def test_accuracies_that_are_no_shares_follow_from_a_network_whose_accuracy_is_none(factor: float) -> None:
    (odd,) = read_sweep(np.stack([SWEEP.rates, factor * SWEEP.accuracies], axis=1), 3e-3, DIGITS).odd
    assert odd.causes == ("accuracy-not-mean", "accuracy-wrong")


def test_a_rate_at_which_nothing_moves_is_too_low_and_does_not_diverge(
    trained: Callable[..., dict[float, ShortRun]],
) -> None:
    found = judge_rate(*trained(3e-9, 1e-8, 3e-8, 1e-7).values())
    assert found is not None
    assert found.code == "learning-rate-too-low"


def test_a_loss_that_is_a_sum_is_judged_like_a_mean(trained: Callable[..., dict[float, ShortRun]]) -> None:
    summed = list(trained(3e-4, 1e-3, 3e-3, 1e-2, reduce="reduce_sum").values())
    assert summed[1].last > 10
    assert judge_rate(*summed) is None


@pytest.mark.parametrize("pick", ["early", "late"])
def test_a_sweep_that_was_run_is_believed(runs: dict[float, ShortRun], pick: str) -> None:
    pairs = np.array([(rate, getattr(run, pick)) for rate, run in runs.items()])
    assert untrue(read_sweep(pairs, 1e-3, DIGITS), list(runs.values())) == []


def test_a_plausible_sweep_is_believed_without_weights(runs: dict[float, ShortRun]) -> None:
    pairs = np.array([(1e-4, 0.939), (1e-3, 0.967), (1e-2, 0.955), (3e-2, 0.934)])
    assert untrue(read_sweep(pairs, 1e-3, DIGITS), list(runs.values())) == []


@pytest.mark.parametrize(
    "pairs",
    [
        [(1e-5, 0.98), (1e-3, 0.98)],  # the same everywhere
        [(1e-4, 0.95), (1e-3, 0.995)],  # better than any such network
        [(1e-4, 0.95), (1e-3, 0.10)],  # worse than a hundred steps
    ],
)
def test_an_invented_sweep_is_named(runs: dict[float, ShortRun], pairs: list[tuple[float, float]]) -> None:
    wrong = untrue(read_sweep(np.array(pairs), 1e-3, DIGITS), list(runs.values()))
    assert {fault.code for fault in wrong} == {"sweep-result-not-reproduced"}


def test_no_number_is_a_true_result_where_training_diverges_and_none_where_it_does_not(
    runs: dict[float, ShortRun],
) -> None:
    diverged = replace(runs[1e-3], rate=1e30, losses=np.full(Runs.STEPS, np.nan), early=0.1, late=0.1)
    for rate, wrong in ((1e30, 0), (1e-3, 1)):
        sweep = read_sweep(np.array([(3e-3, 0.9), (rate, np.nan)]), 3e-3, DIGITS)
        assert len(untrue(sweep, [runs[1e-3], diverged])) == wrong
        assert list(prove(sweep, networks({1e30: 0.098})).by) == ([1e30] if rate == 1e30 else [])


@pytest.mark.parametrize("accuracy", [0.1, 0.999])
def test_a_proven_result_is_doubted_only_where_no_run_can_end(runs: dict[float, ShortRun], accuracy: float) -> None:
    sweep = read_sweep(np.array([(1e-4, 0.88), (1e-3, accuracy)]), 1e-3, DIGITS)
    assert len(untrue(sweep, list(runs.values()))) == 1
    assert untrue(sweep, list(runs.values()), {1e-3}) == []


@pytest.mark.parametrize("found", [False, True])
def test_what_is_settled_early_is_what_the_whole_runs_say(runs: dict[float, ShortRun], found: bool) -> None:
    settled = []
    for third, at, triple in zip(RATES, RATES[1:], RATES[2:], strict=False):
        early = [replace(runs[rate], losses=runs[rate].losses[: Runs.EARLY]) for rate in (third, at, triple)]
        if is_settled(*early, found=found):
            settled.append(at)
            assert judge_rate(runs[third], runs[at], runs[triple], runs[triple], found=True) is None
    assert 1e-3 in settled
    assert not {1e-4, 3e-2} & set(settled)


ASKED = swept(EXERCISES)
WEIGHTS = {"W": np.random.default_rng(1).normal(0, 0.03, (40, 20)), "b": np.random.default_rng(2).normal(0, 0.01, 20)}
STARTS = {"b": np.zeros(20)}


def networks(by_value: Mapping[float | None, float] | Sequence[float]) -> list[TrainedNetwork]:
    """Return networks that were trained at known values, or at any, each in a training of its own."""
    pairs = by_value.items() if isinstance(by_value, dict) else [(None, accuracy) for accuracy in by_value]
    return [TrainedNetwork(value, (accuracy,), run) for run, (value, accuracy) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("trained", "true"),
    [
        ([0.88, 0.91, 0.94, 0.95, 0.93], {1e-4, 3e-4, 1e-3, 3e-3, 1e-2}),
        ([0.93, 0.88, 0.95, 0.94, 0.91], {1e-4, 3e-4, 1e-3, 3e-3, 1e-2}),
        ([0.99], set()),
        ([0.97], {3e-3}),  # one network proves one result
        ({3e-3: 0.95, 1e-4: 0.5}, {3e-3}),
        ({1e-3: 0.88}, set()),  # a network that was built with a rate proves none at another
        ([], set()),
    ],
)
def test_weights_that_reach_a_result_prove_one_and_only_at_their_rate(trained: Any, true: set[float]) -> None:
    assert prove(SWEEP, networks(trained)).by.keys() == true


@pytest.mark.parametrize(
    ("one", "other", "kept"),
    [
        ({}, {"b": WEIGHTS["b"] * (1 + 1e-4), "W": WEIGHTS["W"] + 1e-6}, 1),  # noise
        ({}, {"b": WEIGHTS["b"] * 1.02}, 2),  # the first weights were the same, the rate was not
        ({}, {"W": WEIGHTS["W"][::-1]}, 2),
        ({}, {"b": STARTS["b"]}, 1),  # never trained
        ({"b": STARTS["b"]}, {"b": STARTS["b"]}, 0),
        ({"b": np.full(20, np.nan)}, {"b": np.full(20, np.nan)}, 2),  # both diverged
    ],
)
def test_networks_that_training_did_not_set_apart_are_one(
    one: dict[str, Any], other: dict[str, Any], kept: int
) -> None:
    graphs = [GraphEvidence(b"", {}, values={**WEIGHTS, **values}) for values in (one, other)]
    assert len(distinct(graphs, lambda _: STARTS)) == kept


def test_weights_that_no_training_can_move_are_apart_where_they_differ() -> None:
    idle = {"W": WEIGHTS["W"], "b": STARTS["b"]}
    graphs = [GraphEvidence(b"", {}, values=values) for values in (idle, idle, {**idle, "W": -WEIGHTS["W"]})]
    assert len(distinct(graphs, lambda _: {})) == 2
    assert distinct(graphs, lambda _: STARTS) == []


NOT_REPRODUCED, OF_ONE = "sweep-result-not-reproduced", "sweep-of-one-network"
ALL = dict(zip(SWEEP.rates.tolist(), SWEEP.accuracies.tolist(), strict=True))
AT_ONE = [TrainedNetwork(1e-3, (accuracy,), run) for run, accuracy in enumerate(ALL.values())]


@pytest.mark.parametrize(
    ("trained", "code", "severity", "share"),
    [
        (networks(ALL), None, None, 0),
        (networks({**ALL, 1e-4: 0.2}), NOT_REPRODUCED, Severity.SERIOUS, 0.5),
        (networks({1e-3: 0.94}), NOT_REPRODUCED, None, 0),  # one was trained, the rest is typed
        ([], NOT_REPRODUCED, None, 0),
        (
            networks(dict.fromkeys(ALL, 0.2)),
            NOT_REPRODUCED,
            Severity.SERIOUS,
            0,
        ),  # trained, and another number reported
        (AT_ONE, OF_ONE, None, 0),
        ([replace(one, value=None, run=1) for one in AT_ONE], OF_ONE, None, 0),  # one training that went on
        ([replace(one, value=None) for one in AT_ONE], None, None, 0),
    ],
)
def test_a_sweep_is_named_after_what_was_trained_for_it(
    trained: list[TrainedNetwork], code: str | None, severity: Severity | None, share: float
) -> None:
    charge = judge_proof(SWEEP, prove(SWEEP, trained))
    assert (
        (charge.fault.code, charge.fault.severity, charge.share) == (code, severity, share) if charge else code is None
    )


def test_a_made_up_sweep_among_other_trainings_says_that_no_network_was_trained_for_it() -> None:
    charge = judge_proof(SWEEP, prove(SWEEP, networks({1.7 * rate: accuracy for rate, accuracy in ALL.items()})))
    assert charge is not None
    assert f"no trained network for {len(ALL)} of them" in str(charge.fault.found)


def test_what_the_student_handed_over_proves_what_our_images_do_not() -> None:
    trained = [TrainedNetwork(value, (0.1, accuracy), run) for run, (value, accuracy) in enumerate(ALL.items())]
    proof = prove(SWEEP, trained)
    assert judge_proof(SWEEP, proof) is None
    assert sorted(proof.as_handed) == sorted(ALL)


def test_tiny_rates_are_told_apart() -> None:
    rates = np.array([1e-9, 3e-9, 1e-8])
    tiny = StudentSweep(rates, np.array([0.1, 0.2, 0.3]), 1e-8, DIGITS)
    assert prove(tiny, networks(dict(zip(rates.tolist(), (0.1, 0.2, 0.3), strict=True)))).by.keys() == set(
        rates.tolist()
    )


def test_of_many_rates_no_more_than_a_dozen_have_to_be_proven() -> None:
    many = StudentSweep(np.logspace(-4, -2, 200), np.full(200, 0.9), 1e-3, DIGITS)
    trained = networks(dict.fromkeys(many.rates[: Enough.MOST_PROVEN].tolist(), 0.9))
    assert judge_proof(many, prove(many, trained)) is None
    assert judge_proof(many, prove(many, trained[1:])) is not None


def test_the_rate_that_is_tried_in_any_case_follows_from_what_was_handed_in() -> None:
    rates = SWEEP.rates.tolist()
    drawn = [drawn_rate(rates, challenge) for challenge in range(200)]
    assert set(drawn) == set(rates)
    assert drawn == [drawn_rate(rates[::-1], challenge) for challenge in range(200)]
    for challenge in range(20):
        order = in_question(rates, 3e-3, challenge)
        assert sorted(order) == rates
        assert set(order[:3]) == {1e-3, 3e-3, 1e-2}
        assert {drawn_rate(rates, challenge), rates[0], rates[-1]} <= set(order[:6])
    many = np.geomspace(1e-4, 1e-2, 200).tolist()
    assert {many[0], many[-1]} <= set(in_question(many, many[99], 1)[:6])


def test_two_decades_are_two_decades_in_floating_point() -> None:
    require_grid(StudentSweep(np.logspace(-4, -2, 5), np.full(5, 0.9), 1e-3, DIGITS, asked=ASKED))


def test_a_tie_within_chance_costs_nothing() -> None:
    require_best(StudentSweep(np.array([1e-3, 2e-3]), np.array([0.9702, 0.9711]), 1e-3, DIGITS))

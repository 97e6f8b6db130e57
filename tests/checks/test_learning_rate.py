"""Learning rates are judged by short runs of the student's graph, sweeps by whether they can be true."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from netgrader.judges.sweep_grid import require_best, require_wide

from netgrader.checks.language import Failed
from netgrader.evidence import GraphEvidence
from netgrader.judges.learning_rate import (
    EARLY,
    STEPS,
    RunImages,
    ShortRun,
    is_settled,
    judge_rate,
    may_be_far_too_low,
    short_run,
    short_runs,
    trained_accuracies,
)
from netgrader.judges.sweeps import (
    MOST_PROVEN,
    StudentSweep,
    drawn_rate,
    found_by_sweep,
    in_question,
    is_exchanged,
    is_hilltop,
    is_of_fewer_steps,
    learned_nowhere,
    proven,
    read_sweep,
    require_trained,
    require_true,
    untrue,
)
from netgrader.reader.lab.local import LocalLab
from netgrader.student import load_mnist
from netgrader.student.graphs import export_graph
from tests.datasets import DIGITS, EXERCISES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.golden.recorded import Recorded

AROUND = {"third": 1 / 3, "best": 1.0, "triple": 3.0}
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
    return RunImages(train, test, DIGITS.classes)


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
        recorded.obtain(folder, {str(rate): [program, rate, reduce, STEPS] for rate in rates}, train)
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
        (3e-2, "learning-rate-diverges"),
    ],
)
def test_good_rates_are_accepted_and_bad_ones_named(runs: dict[float, ShortRun], rate: float, code: str | None) -> None:
    position = RATES.index(rate)
    third, triple, tenfold = (runs[RATES[min(position + step, len(RATES) - 1)]] for step in (-1, 1, 2))
    found = judge_rate(third, runs[rate], triple, tenfold)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(("rate", "code"), [(1e-2, None), (3e-2, "learning-rate-diverges")])
def test_what_an_honest_short_sweep_may_find_best_is_not_held_against_it(
    runs: dict[float, ShortRun], rate: float, code: str | None
) -> None:
    third, triple = (runs[RATES[RATES.index(rate) + step]] for step in (-1, 1))
    found = judge_rate(third, runs[rate], triple, triple, found=True)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("accuracy_at_best", "found"), [(0.962, True), (0.93, False), (0.999, False)], ids=["best", "not-best", "untrue"]
)
def test_a_rate_is_found_by_a_sweep_that_can_be_true_and_where_it_is_the_best(
    runs: dict[float, ShortRun], accuracy_at_best: float, found: bool
) -> None:
    pairs = np.array([(rate, run.late) for rate, run in runs.items()])
    pairs[RATES.index(1e-2), 1] = accuracy_at_best
    assert found_by_sweep(read_sweep(pairs, 1e-2, DIGITS, ceiling=CEILING), runs) is found


def test_a_run_at_ten_times_the_rate_is_left_out_only_where_it_tells_nothing(runs: dict[float, ShortRun]) -> None:
    left_out = []
    for third, at, triple, tenfold in zip(RATES, RATES[1:], RATES[2:], RATES[3:], strict=False):
        if not may_be_far_too_low(runs[at], runs[triple]):
            left_out.append(at)
            verdicts = [judge_rate(runs[third], runs[at], runs[triple], runs[far]) for far in (triple, tenfold)]
            assert len({verdict.code if verdict else None for verdict in verdicts}) == 1
    assert left_out
    assert min(left_out) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(("says", "steps"), [(True, EARLY), (False, STEPS)])
def test_a_run_goes_no_further_than_is_needed(data: RunImages, says: bool, steps: int) -> None:
    lab = LocalLab()
    try:
        run = short_run(lab, two_layers(1e-3), 1e-3, data, enough=lambda _: says)
    finally:
        lab.close()
    assert len(run.losses) == steps
    assert (run.late == run.early) is says


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
    assert untrue(read_sweep(pairs, 1e-3, DIGITS, ceiling=CEILING), runs) == ([], len(runs))


def test_a_sweep_of_an_epoch_as_measured_once_is_believed(runs: dict[float, ShortRun]) -> None:
    pairs = np.array([(1e-4, 0.939), (1e-3, 0.967), (1e-2, 0.955), (3e-2, 0.934)])
    assert untrue(read_sweep(pairs, 1e-3, DIGITS, ceiling=CEILING), runs) == ([], 4)


@pytest.mark.parametrize(
    "pairs",
    [
        [(1e-5, 0.98), (1e-3, 0.98)],  # the same everywhere
        [(1e-4, 0.95), (1e-3, 0.995)],  # better than any such network
        [(1e-4, 0.95), (1e-3, 0.10)],  # worse than a hundred steps
    ],
)
def test_an_invented_sweep_is_named(runs: dict[float, ShortRun], pairs: list[tuple[float, float]]) -> None:
    wrong, tried = untrue(read_sweep(np.array(pairs), 1e-3, DIGITS, ceiling=CEILING), runs)
    assert tried == len(pairs)
    assert {fault.code for fault in wrong} == {"sweep-result-not-reproduced"}


def test_no_number_is_a_true_result_where_training_diverges_and_none_where_it_does_not(
    runs: dict[float, ShortRun],
) -> None:
    diverged = replace(runs[1e-3], rate=1e30, losses=np.full(STEPS, np.nan), early=0.1, late=0.1)
    for rate, wrong in ((1e30, 0), (1e-3, 1)):
        sweep = read_sweep(np.array([(3e-3, 0.9), (rate, np.nan)]), 3e-3, DIGITS, ceiling=CEILING)
        assert len(untrue(sweep, {1e-3: runs[1e-3], 1e30: diverged})[0]) == wrong
        assert proven(sweep, {1e30: 0.098}, 2000) == ({1e30} if rate == 1e30 else frozenset())


@pytest.mark.parametrize(("accuracy", "shorter"), [(0.32, True), (0.1, False), (0.9, False)])
def test_less_than_a_hundred_steps_reach_is_a_shorter_run_and_a_guess_is_none(
    runs: dict[float, ShortRun], accuracy: float, *, shorter: bool
) -> None:
    sweep = read_sweep(np.array([(1e-5, accuracy), (1e-3, 0.9)]), 1e-3, DIGITS, ceiling=CEILING)
    assert is_of_fewer_steps(sweep, 1e-5, runs[1e-5]) is shorter


def test_one_strange_result_of_three_costs_half_and_an_invented_sweep_all(runs: dict[float, ShortRun]) -> None:
    one = read_sweep(np.array([(1e-4, 0.93), (1e-3, 0.967), (1e-2, 0.2)]), 1e-3, DIGITS, ceiling=CEILING)
    most = read_sweep(np.array([(1e-5, 0.98), (1e-3, 0.967), (1e-2, 0.2)]), 1e-3, DIGITS, ceiling=CEILING)
    for sweep, share in ((one, 0.5), (most, 0.0)):
        with pytest.raises(Failed) as raised:
            require_true(sweep, runs)
        assert raised.value.share == share


@pytest.mark.slow
def test_the_runs_around_a_good_rate_end_as_soon_as_nothing_can_speak_against_it(data: RunImages) -> None:
    lab, ended = LocalLab(), {}
    try:
        for middle in (1e-3, 1e-2):
            graphs = {name: (two_layers(middle * by), middle * by) for name, by in AROUND.items()}

            def enough(early: Mapping[str, ShortRun]) -> bool:
                return is_settled(early["third"], early["best"], early["triple"], hilltop=False)

            runs = short_runs(lab, graphs, data, enough=enough)
            ended[middle] = {len(run.losses) for run in runs.values()}
    finally:
        lab.close()
    assert ended == {1e-3: {EARLY}, 1e-2: {STEPS}}


def test_what_is_settled_early_is_what_the_whole_runs_say(runs: dict[float, ShortRun]) -> None:
    settled = []
    for third, at, triple in zip(RATES, RATES[1:], RATES[2:], strict=False):
        early = [replace(runs[rate], losses=runs[rate].losses[:EARLY]) for rate in (third, at, triple)]
        if is_settled(*early, hilltop=True):
            settled.append(at)
            assert judge_rate(runs[third], runs[at], runs[triple], runs[triple], found=True) is None
    assert 1e-3 in settled
    assert not {1e-4, 3e-2} & set(settled)


@pytest.mark.slow
def test_weights_that_training_ended_with_prove_a_result_and_no_other(data: RunImages) -> None:
    lab = LocalLab()
    try:
        run = short_run(lab, two_layers(1e-3), 1e-3, data)
        graph = two_layers(1e-3)
        fresh = {name: value for name, value in first_weights(graph).items() if name in {"W1", "W2"}}
        (found,) = trained_accuracies(lab, [replace(graph, values=fresh)], data.test)
    finally:
        lab.close()
    assert found < 0.3
    sweep = read_sweep(np.array([(1e-4, 0.88), (1e-3, run.late), (3e-3, 0.95)]), 1e-3, DIGITS, ceiling=CEILING)
    assert proven(sweep, {1e-3: run.late - 0.01, 3e-3: 0.7}, 2000) == {1e-3}
    assert proven(sweep, {1e-3: found}, 2000) == frozenset()


def first_weights(graph: GraphEvidence) -> dict[str, Any]:
    session = LocalLab().load(graph.meta_graph).session(seed=3)
    session.initialise()
    values = session.values()
    session.close()
    return values


CEILING = EXERCISES.table("learning_rate_sweep")["ceiling"]
SWEEP = StudentSweep(np.array([1e-4, 3e-4, 1e-3, 3e-3, 1e-2]), np.array([0.88, 0.91, 0.94, 0.95, 0.93]), 3e-3, DIGITS)


@pytest.mark.parametrize(
    ("true", "best", "is_one"),
    [
        ({1e-3, 3e-3, 1e-2}, 3e-3, True),
        ({3e-3, 1e-2}, 3e-3, False),  # nobody knows what a smaller rate does
        ({3e-3, 1e-2}, 1e-2, False),  # there is none beyond it
        ({3e-4, 1e-3, 3e-3}, 1e-3, False),  # one beside it did better
    ],
)
def test_a_hilltop_is_the_best_of_proven_rates_on_both_sides(true: set[float], best: float, *, is_one: bool) -> None:
    assert is_hilltop(replace(SWEEP, best=best), true) is is_one
    far = StudentSweep(np.array([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]), np.array([0.7, 0.88, 0.94, 0.93, 0.8]), 1e-3, DIGITS)
    assert not is_hilltop(far, set(far.rates))


@pytest.mark.parametrize(
    ("unnamed", "true"),
    [
        ([0.88, 0.91, 0.94, 0.95, 0.93], {1e-4, 3e-4, 1e-3, 3e-3, 1e-2}),
        ([0.93, 0.88, 0.95, 0.94, 0.91], {1e-4, 3e-4, 1e-3, 3e-3, 1e-2}),
        ([0.94], {1e-3}),  # one session proves one result
        ([0.94, 0.1, 0.1, 0.1, 0.1], {1e-3}),
        ([], set()),
    ],
)
def test_weights_that_may_be_of_any_rate_prove_one_result_each(unnamed: list[float], true: set[float]) -> None:
    assert proven(SWEEP, {}, 2000, unnamed) == true


@pytest.mark.parametrize(
    ("true", "lost", "trained", "share"),
    [
        (5, 0, {}, None),
        (4, 1, {}, None),  # Python collected one in a moment in which it could not be read
        (4, 0, {}, 0.5),
        (3, 5, {}, 0.5),  # of five results one may be lost
        (0, 5, {}, 0.0),
        (1, 0, {1e-3: 0.94}, 0.0),  # real computing, and the rest is typed in
        (0, 0, {}, 0.0),
        (2, 0, {1e-4: 0.1, 3e-3: 0.09}, 0.0),  # sessions that nothing was trained in
    ],
)
def test_results_that_no_weights_reach_are_no_sweep(
    true: int, lost: int, trained: dict[float, float], share: float | None
) -> None:
    rates = SWEEP.rates[:true].tolist()
    if share is None:
        require_trained(SWEEP, rates, trained, lost=lost)
        return
    with pytest.raises(Failed) as raised:
        require_trained(SWEEP, rates, trained, lost=lost)
    assert raised.value.share == share
    assert raised.value.faults[0].code == "sweep-result-not-reproduced"


def test_where_no_network_of_a_sweep_learned_its_weights_prove_nothing() -> None:
    """Sessions that were begun and never trained reach a tenth, and so does training at rates at which nothing learns."""
    assert not learned_nowhere(SWEEP)
    assert learned_nowhere(replace(SWEEP, accuracies=np.array([0.098, 0.1135, np.nan, 0.1, 0.09])))


def test_tiny_rates_are_told_apart() -> None:
    rates = np.array([1e-9, 3e-9, 1e-8])
    tiny = StudentSweep(rates, np.array([0.1, 0.2, 0.3]), 1e-8, DIGITS)
    assert proven(tiny, dict(zip(rates.tolist(), (0.1, 0.2, 0.3), strict=True)), 2000) == set(rates.tolist())


def test_of_many_rates_no_more_than_a_dozen_have_to_be_proven() -> None:
    many = StudentSweep(np.logspace(-4, -2, 200), np.full(200, 0.9), 1e-3, DIGITS)
    require_trained(many, many.rates[:MOST_PROVEN].tolist(), {})
    with pytest.raises(Failed):
        require_trained(many, many.rates[: MOST_PROVEN - 1].tolist(), {})


def test_the_rate_that_is_tried_in_any_case_follows_from_what_was_handed_in() -> None:
    rates = SWEEP.rates.tolist()
    drawn = [drawn_rate(rates, challenge) for challenge in range(200)]
    assert set(drawn) == set(rates)
    assert drawn == [drawn_rate(rates[::-1], challenge) for challenge in range(200)]
    for challenge in range(20):
        order = in_question(rates, 3e-3, challenge)
        assert sorted(order) == rates
        assert set(order[:3]) == {1e-3, 3e-3, 1e-2}
        assert drawn_rate(rates, challenge) in order[:4]


@pytest.mark.parametrize(
    ("pairs", "exchanged"),
    [
        ([(0.88, 1e-4), (0.94, 1e-3), (0.93, 1e-2)], True),
        ([(11.4, 1.0), (88.1, 1e-4), (94.2, 1e-3), (93.0, 1e-2)], True),
        ([(1e-4, 0.88), (1e-3, 0.94), (1e-2, 0.93)], False),
        ([(0.05, 0.9), (0.5, 0.3), (5.0, 0.1)], False),
        ([(0.3, float("nan")), (0.1, 0.9), (0.03, 0.8)], False),
        ([], False),
    ],
)
def test_accuracies_in_the_place_of_rates_are_seen_to_be_so(pairs: list[tuple[float, float]], exchanged: bool) -> None:
    assert is_exchanged(np.array(pairs)) is exchanged


def test_a_sweep_of_four_rates_or_of_less_than_two_decades_is_too_narrow() -> None:
    few = StudentSweep(np.array([1e-4, 1e-3, 1e-2, 1e-1]), np.full(4, 0.9), 1e-3, DIGITS)
    close = StudentSweep(np.array([1e-3, 2e-3, 3e-3, 4e-3, 5e-3]), np.full(5, 0.9), 1e-3, DIGITS)
    for sweep in (few, close):
        with pytest.raises(Failed, match="too") as raised:
            require_wide(sweep, rates=5, decades=2)
        assert raised.value.faults[0].code == "sweep-too-narrow"


def test_two_decades_are_two_decades_in_floating_point() -> None:
    require_wide(StudentSweep(np.logspace(-4, -2, 5), np.full(5, 0.9), 1e-3, DIGITS), rates=5, decades=2)


@pytest.mark.parametrize("best", [0.002, 1e-2])
def test_a_rate_from_elsewhere_or_a_worse_one_is_not_the_best(best: float) -> None:
    sweep = StudentSweep(np.array([1e-4, 1e-3, 1e-2]), np.array([0.95, 0.97, 0.96]), best, DIGITS)
    with pytest.raises(Failed) as raised:
        require_best(sweep)
    assert raised.value.faults[0].code == "best-not-from-sweep"


def test_a_tie_within_chance_costs_nothing() -> None:
    require_best(StudentSweep(np.array([1e-3, 2e-3]), np.array([0.9702, 0.9711]), 1e-3, DIGITS))

"""What checks of notebook 2 share: the sweep, short runs, the recomputed accuracy, gradients; each made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.accuracy import Recomputed, accuracy_on_all_of_train, recompute
from netgrader.checks.gradient_pictures import gradient_pictures
from netgrader.checks.input_gradients import GradientTrial, try_gradients
from netgrader.checks.language import fail
from netgrader.checks.learning_rate import (
    ShortRun,
    StudentSweep,
    likely,
    may_be_far_too_low,
    read_sweep,
    short_run,
)
from netgrader.checks.provenance import idle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from netgrader.checks.bench import Bench, CellEvidence
    from netgrader.observations import Observation

__all__ = [
    "curves",
    "gradients",
    "recomputed",
    "require_run",
    "show_gradients",
    "student_sweep",
    "train_accuracy",
    "trial_runs",
]

Array = npt.NDArray[Any]

SWEEP, TRAINING, GRADIENTS = "check_learning_rate_sweep", "check_two_layer_training", "check_input_gradients"
NETWORK = "two_layer_network"
TEST_ROWS = 2_000  # of the test images, for accuracies in short runs: chance moves them by half a percent


def student_sweep(bench: Bench) -> StudentSweep:
    """The sweep as it was handed over."""
    evidence = bench.evidence(SWEEP)
    pairs = evidence.array("sweep")
    best = evidence.fact("best_learning_rate")
    if not isinstance(best, int | float) or not np.isfinite(best) or best <= 0:
        fail("best-not-from-sweep", found=best, expected="one of the rates of your sweep")
    return read_sweep(pairs, float(best))


def require_run(bench: Bench, cell: str) -> None:
    """End the test if the sweep that a check cell handed over cannot have been run by the notebook."""
    reason = idle(bench.outside, cell, NETWORK)
    if reason is not None:
        fail("sweep-result-not-reproduced", found=reason, expected="a sweep that this notebook runs")


def trial_runs(bench: Bench) -> Mapping[str, ShortRun]:
    """Short runs at the best rate, a third, three and ten times of it, and at the ends of the sweep.

    Three times stands for ten times where that can tell nothing, and those at the ends are no longer than is needed.
    """
    runs: Mapping[str, ShortRun] = bench.once("trial runs", lambda: _trial_runs(bench))
    return runs


def _trial_runs(bench: Bench) -> Mapping[str, ShortRun]:
    sweep = student_sweep(bench)
    train = _scaled(bench.mnist.x_train), bench.mnist.y_train
    test = _scaled(bench.mnist.x_test[:TEST_ROWS]), bench.mnist.y_test[:TEST_ROWS]
    evidence = bench.evidence(SWEEP)

    def run(name: str, rate: float, enough: Callable[[float], bool] | None = None) -> ShortRun:
        return short_run(bench.lab, evidence.graph(name), rate, train, test, enough=enough)

    around = {"third": sweep.best / 3, "best": sweep.best, "triple": sweep.best * 3}
    runs = {name: run(name, rate) for name, rate in around.items()}
    far = may_be_far_too_low(runs["best"], runs["triple"])
    runs["tenfold"] = run("tenfold", sweep.best * 10) if far else runs["triple"]
    for name, rate in (("lowest", float(sweep.rates[0])), ("highest", float(sweep.rates[-1]))):
        known = [made for made in runs.values() if np.isclose(made.rate, rate, rtol=1e-9)]
        runs[name] = known[0] if known else run(name, rate, _already_likely(sweep, rate))
    return runs


def _already_likely(sweep: StudentSweep, rate: float) -> Callable[[float], bool]:
    """Whether what the sweep claims at a rate is likely by an early accuracy, and so by a later one too."""
    claimed = sweep.accuracies[np.isclose(sweep.rates, rate, rtol=1e-6)]
    return lambda early: bool(likely(claimed, early, early).all())


def recomputed(bench: Bench) -> Recomputed:
    """What the trained network does on our images."""
    made: Recomputed = bench.once(
        "recomputed",
        lambda: recompute(bench.lab, bench.evidence(TRAINING).graph("net"), bench.mnist, quick=bench.quick),
    )
    return made


def train_accuracy(bench: Bench) -> float:
    """What the trained network does on all training images."""
    return accuracy_on_all_of_train(bench.lab, bench.evidence(TRAINING).graph("net"), bench.mnist)


def gradients(bench: Bench) -> GradientTrial:
    """The student's gradients on images of every class."""
    made: GradientTrial = bench.once("gradients", lambda: _gradients(bench))
    return made


def _gradients(bench: Bench) -> GradientTrial:
    images, labels = bench.mnist.x_test, bench.mnist.y_test
    # 23 images: their number must be neither that of the classes nor that of the pixels.
    rows = np.concatenate([np.flatnonzero(labels == digit)[: 3 if digit < 3 else 2] for digit in range(10)])
    graph = bench.evidence(GRADIENTS).graph("gradients")
    return try_gradients(bench.lab, graph, _scaled(images[rows]), labels[rows])


def show_gradients(bench: Bench, show: Callable[[Observation], None]) -> None:
    """Hand over the student's gradients as pictures, of the trained network if there is one."""
    graph = bench.evidence(GRADIENTS).raw.graphs.get("gradients")
    if graph is None or "logits" not in graph.parts:
        return
    trained = bench.evidence(TRAINING).raw.graphs.get("net")
    few = slice(0, 200)
    images, digits = _scaled(bench.mnist.x_test[few]), bench.mnist.y_test[few]
    drawn = gradient_pictures(bench.lab, graph, trained.values if trained is not None else {}, images, digits)
    if drawn is not None:
        show(drawn)


def curves(evidence: CellEvidence) -> tuple[Array, Array]:
    """The accuracies on training and test images that were reported, an array of numbers each."""
    return evidence.array("acc_trn"), evidence.array("acc_val")


def _scaled(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)

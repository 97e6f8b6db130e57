"""What notebook 2 handed over, as its tests see it: the sweep, the curves, the gradients; each made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from netgrader.checks.input_gradients import GradientTrial, try_gradients
from netgrader.checks.language import fail
from netgrader.checks.sweeps import StudentSweep, read_sweep

if TYPE_CHECKING:
    from netgrader.checks.bench import Bench, CellEvidence

__all__ = ["GRADIENTS", "SWEEP", "curves", "gradients", "require_chosen", "student_sweep"]

Array = npt.NDArray[Any]

SWEEP, GRADIENTS = "check_learning_rate_sweep", "check_input_gradients"


def student_sweep(bench: Bench) -> StudentSweep:
    """The sweep as it was handed over; where no rate was chosen that can be tried, with the one that was tried for it."""
    evidence = bench.evidence(SWEEP)
    pairs = evidence.array("sweep")
    best, around = (evidence.raw.facts.get(name) for name in ("best_learning_rate", "around"))
    tried = best if _is_rate(best) else around
    lists, exchanged = (evidence.raw.facts.get(name) is True for name in ("lists", "exchanged"))
    return read_sweep(pairs, tried if _is_rate(tried) else 0.001, lists=lists, exchanged=exchanged)


def require_chosen(bench: Bench) -> None:
    """End the test unless a learning rate was chosen."""
    best = bench.evidence(SWEEP).fact("best_learning_rate")
    if not _is_rate(best):
        fail("best-not-from-sweep", found=best, expected="one of the rates of your sweep")


def _is_rate(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and bool(np.isfinite(value)) and value > 0


def gradients(bench: Bench) -> GradientTrial:
    """The student's gradients on images of every class."""
    made: GradientTrial = bench.once("gradients", lambda: _gradients(bench))
    return made


def _gradients(bench: Bench) -> GradientTrial:
    images, labels = bench.mnist.x_test, bench.mnist.y_test
    # 23 images: their number must be neither that of the classes nor that of the pixels.
    rows = np.concatenate([np.flatnonzero(labels == digit)[: 3 if digit < 3 else 2] for digit in range(10)])
    shown = images[rows].reshape(len(rows), -1).astype(np.float32) / np.float32(255)
    graph = bench.evidence(GRADIENTS).graph("gradients")
    return try_gradients(bench.lab, graph, shown, labels[rows])


def curves(evidence: CellEvidence) -> tuple[Array, Array]:
    """The accuracies on training and test images that were reported, an array of numbers each."""
    return evidence.array("acc_trn"), evidence.array("acc_val")

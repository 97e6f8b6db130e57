"""The notebook's run of the student's own network with their `train`, for hidden tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from graphread.text import Plural, Text
from netgrader.checks.exercises import NET
from netgrader.checks.language import fail
from netgrader.checks.wording import percent
from netgrader.judges.accuracy import Doubt
from netgrader.judges.answers import answers_for
from netgrader.judges.as_handed import causes_of_accuracy, test_rows_as_handed
from netgrader.judges.aspects import Aspect
from netgrader.judges.shown import accuracy_curves, wrong_images
from netgrader.judges.training_loop import training_of
from netgrader.observations import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.observations import Observation

__all__ = ["OwnRun", "RunCells", "own_run", "require_run_reported", "show_own_run"]

FEWER = Text("Your own network was not trained for the epochs that the notebook names.")
ACCURACIES = Plural("1 accuracy", "{number} accuracies")
OWN = Text("your own network trained as well as the one that your function was tried on")


@dataclass(frozen=True)
class RunCells:
    """The cells where a notebook trains the student's own network with their `train`; requirements."""

    run: str
    """The cell that trains it."""
    network: str
    """The check cell of the trained network."""
    place: str
    """The name of the training cell in a sentence."""
    least: float
    """An accuracy that a trained network reaches in its first epoch; without a training step it is not reached."""
    epochs: int
    """The number of epochs it is trained for."""


@dataclass(frozen=True)
class OwnRun:
    """The run of the student's own network by their `train`."""

    reported: tuple[float, ...]
    """The returned test accuracy of each epoch."""
    accuracy: float
    """The accuracy of the network as left by the run, on the student's test images with true labels."""
    found: npt.NDArray[np.int64]
    true: npt.NDArray[np.uint8]
    """The predicted class of each test image, and the true one, in the order of the given images."""


def own_run(bench: TestContext, cells: RunCells) -> OwnRun | None:
    """Return the run of the student's own network; None if there is no usable evidence."""
    run: OwnRun | None = bench.once((cells.run, "own run"), lambda: _own_run(bench, cells.run))
    return run


def _own_run(bench: TestContext, cell: str) -> OwnRun | None:
    evidence = bench.evidence(cell).raw
    graph, acc_val = evidence.graphs.get(NET), evidence.arrays.get("acc_val")
    if graph is None or acc_val is None or not graph.values or not {"X", "logits"} <= graph.parts.keys():
        return None
    handed = test_rows_as_handed(bench)
    found = answers_for(bench.lab, graph, handed.rows, bench.spec.classes)
    order = np.argsort(handed.shown)
    return OwnRun(
        reported=tuple(acc_val.astype(np.float64).reshape(-1).tolist()),
        accuracy=float(np.mean(found == handed.true)),
        found=found[order],
        true=handed.true[order],
    )


def require_run_reported(bench: TestContext, cells: RunCells, remark: Callable[..., None]) -> None:
    """End the test if the student's own network was not trained, or its run reported wrong values.

    Faults of the loop are found with the instruments and charged there. Faults of images, labels or the network are charged
    in their cells, if this follows from them.
    """
    said, run = training_of(bench).verdicts, own_run(bench, cells)
    if all(verdict.share == 1 for verdict in said.values()):
        _require_own_network(bench, cells, run)
    if any(said[aspect].share < 1 for aspect in (Aspect.RUN, Aspect.EVALUATION, Aspect.REPORT, Aspect.HELD_OUT)):
        return
    if run is not None and run.reported:
        remark(FEWER, found=ACCURACIES.of(len(run.reported)), expected=ACCURACIES.of(cells.epochs), place=cells.place)
        _require_last(bench, cells, run, remark)


def _require_last(bench: TestContext, cells: RunCells, run: OwnRun, remark: Callable[..., None]) -> None:
    """End the test unless the last reported accuracy is that of the network as left by the run."""
    if abs(run.reported[-1] - run.accuracy) <= Doubt.ROUNDED:
        return
    best = Text(
        "{reported:.4f}, while the final network has {accuracy:.4f}",
        reported=max(run.reported),
        accuracy=run.accuracy,
    )
    # The maximum of a curve is one value, as is its last; any value near the network's could be picked from many.
    if abs(max(run.reported) - run.accuracy) <= Doubt.ROUNDED or _only_rises(run.reported, run.accuracy):
        remark("picked-best-epoch-on-test", found=best)
        return
    fail(
        "reported-accuracy-wrong",
        found=Text("{reported:.4f} for your own network after the last epoch", reported=run.reported[-1]),
        expected=Text("{accuracy:.4f}, as measured on all test {images}", accuracy=run.accuracy),
        place=cells.place,
        causes=causes_of_accuracy(bench, cells.run, run.reported[-1]),
    )


def _require_own_network(bench: TestContext, cells: RunCells, run: OwnRun | None) -> None:
    """End the test unless a right loop trained the network on which it was called after the exercise.

    If it did not, the network or the rows are at fault.
    """
    evidence = bench.evidence(cells.run)
    net = evidence.raw.graphs.get(NET)
    causes = (*test_rows_as_handed(bench).made_in, cells.network)
    if run is None and evidence.raw.problem is None and (net is None or not net.values):
        stopped = evidence.stopped("net")
        why = Text(", since {sentence}", sentence=stopped.sentence) if stopped is not None else ""
        found = Text("no trained network of your own{why}", why=why)
        fail("train-op-not-run", found=found, expected=OWN, place=cells.place, causes=causes)
    if run is not None and run.accuracy < cells.least:
        found = Text(
            "{share} on the test {images} with your own network, after a call of train on it",
            share=percent(run.accuracy),
        )
        fail("train-op-not-run", found=found, expected=OWN, place=cells.place, causes=causes)


@np.errstate(invalid="ignore")  # a submitted curve may hold anything
def _only_rises(reported: Sequence[float], accuracy: float) -> bool:
    """Whether a curve never falls, stays level somewhere, and ends slightly above the network's accuracy."""
    least = np.min(np.diff(reported), initial=1.0)
    return bool(least == 0 < reported[-1] - accuracy < Doubt.CHANCE)


def show_own_run(
    bench: TestContext, cells: RunCells, show: Callable[[Observation], None], measured: dict[str, Any]
) -> None:
    """Show the recomputed accuracy and the test images that the student's own network misclassifies."""
    run = own_run(bench, cells)
    if run is None:
        return
    measured["test_accuracy"] = run.accuracy
    show(Comparison(Text("Test accuracy of your network"), run.reported[-1] if run.reported else None, run.accuracy))
    training = bench.evidence(cells.run).raw.arrays.get("acc_trn", np.empty(0))
    show(accuracy_curves(training, np.asarray(run.reported), run.accuracy))
    show(wrong_images(run.found, run.true))

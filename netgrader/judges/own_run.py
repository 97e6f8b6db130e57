"""The run that the notebook made of the student's own network with their `train`: what hidden tests ask of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.exercises import NET
from netgrader.checks.language import Failed, Ungradable, fail
from netgrader.checks.wording import percent
from netgrader.judges.accuracy import ROUNDED
from netgrader.judges.answers import answers_for, opened, shaped
from netgrader.judges.arrays import images_of, require_images, require_labels
from netgrader.judges.aspects import Aspect
from netgrader.judges.shown import accuracy_curves, wrong_images
from netgrader.judges.structure import require_share
from netgrader.judges.training_loop import training_of
from netgrader.observations import Comparison
from netgrader.phrases import say
from netgrader.reader import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence
    from netgrader.observations import Observation

__all__ = ["OwnRun", "RunCells", "own_run", "require_run_reported", "show_own_run"]

OWN = "your own network trained as well as the one that your function was tried on"
# More than this the accuracy of one layer does not move from one epoch to the next, but for the first.
CHANCE = 0.01


@dataclass(frozen=True)
class RunCells:
    """Where a notebook trains the student's own network with their `train`, and what is asked of it."""

    run: str
    """The cell that trains it."""
    network: str
    """The check cell of the network that is trained."""
    place: str
    """What that cell is called in a sentence."""
    least: float
    """An accuracy that a trained network reaches in its first epoch; one on which `train` took no step reaches
    nothing."""


@dataclass(frozen=True)
class OwnRun:
    """The run that `train` made of the student's own network."""

    reported: tuple[float, ...]
    """The test accuracy returned for each epoch."""
    accuracy: float
    """The accuracy of the network as it was left, on the student's test images with their true labels."""
    as_evaluated: tuple[float, ...]
    """The same as the student's code would compute it: with the student's labels, and by ``net.accuracy``."""
    found: npt.NDArray[np.int64]
    true: npt.NDArray[np.uint8]
    """The class that the network gives each test image, and the true one, in the order of the given images."""


def own_run(bench: TestContext, cells: RunCells) -> OwnRun | None:
    """Return the run of the student's own network, None if there is none to look at."""
    run: OwnRun | None = bench.once((cells.run, "own run"), lambda: _own_run(bench, cells.run))
    return run


def _own_run(bench: TestContext, cell: str) -> OwnRun | None:
    evidence, dataset, spec = bench.evidence(cell).raw, bench.dataset, bench.spec
    graph = evidence.graphs.get("net")
    acc_val = evidence.arrays.get("acc_val")
    if graph is None or acc_val is None or not graph.values or not {"X", "logits"} <= graph.parts.keys():
        return None
    arrays = bench.evidence(f"check_{bench.exercises.of_kind('data')}").raw.arrays
    images, labels = arrays.get("x_test"), arrays.get("y_test_1_hot")
    given = len(dataset.y_test)
    rows = None
    shapes = (given, *spec.fed_shape), (given, spec.classes)
    if images is None or labels is None or (images.shape, labels.shape) != shapes:
        images, labels = dataset.prepared(bench.given.images), spec.one_hot(dataset.y_test)
    else:
        rows = images_of(bench, "test").rows
    rows = np.arange(given) if rows is None else rows
    found = answers_for(bench.lab, graph, images, spec.classes)
    true = dataset.y_test[rows]
    as_evaluated = [float(np.mean(found == labels.argmax(axis=1)))]
    as_evaluated += _by_own_tensor(bench, graph, images, labels)
    order = np.argsort(rows)
    return OwnRun(
        reported=tuple(float(value) for value in acc_val.reshape(-1)),
        accuracy=float(np.mean(found == true)),
        as_evaluated=tuple(as_evaluated),
        found=found[order],
        true=true[order],
    )


def _by_own_tensor(
    bench: TestContext, graph: GraphEvidence, images: npt.NDArray[Any], labels: npt.NDArray[Any]
) -> list[float]:
    """Return what ``net.accuracy`` says; nothing where it cannot be asked, which is judged with the network."""
    if not {"X", "Y", "accuracy"} <= graph.parts.keys():
        return []
    feeds = {graph.parts["X"]: shaped(graph, images), graph.parts["Y"]: labels, **graph.eval_feed}
    try:
        with opened(bench.lab, graph) as session:
            (value,) = session.run([graph.parts["accuracy"]], feeds)
    except LabError:
        return []
    return [float(np.mean(value))] if value is not None and np.size(value) else []


def require_run_reported(bench: TestContext, cells: RunCells, remark: Callable[..., None]) -> None:
    """End the test if the student's own network was not trained, or its run reported what the network does not do.

    Charged is only what nothing else explains: what the loop was found to do wrong on the instruments is charged there,
    and what is wrong with images, labels or the network is charged with these.
    """
    said = training_of(bench).verdicts
    run, right = own_run(bench, cells), _is_right(bench, cells.network)
    if all(verdict.share == 1 for verdict in said.values()) and right:
        _require_own_network(bench, cells, run)
    if any(said[aspect].share < 1 for aspect in (Aspect.RUN, Aspect.EVALUATION, Aspect.REPORT)):
        return
    if run is None or not run.reported:
        return
    # An accuracy that is right on rows of ours and not on the student's is charged nowhere else.
    own = run.as_evaluated[:1] if right and _takes_the_share(bench, cells.network) else run.as_evaluated
    true = (run.accuracy, *own)

    def is_true(value: float) -> bool:
        return any(abs(value - accuracy) <= ROUNDED for accuracy in true)

    if is_true(run.reported[-1]):
        return
    best = say("{1:.4f}, while the network as it was left has {2:.4f}", max(run.reported), run.accuracy)
    # The best of a curve is one value, as its last is; the nearest of many would be whatever one likes.
    if is_true(max(run.reported)) or _only_rises(run.reported, run.accuracy):
        remark("picked-best-epoch-on-test", found=best)
        return
    fail(
        "reported-accuracy-wrong",
        found=say("{1:.4f} for your own network after the last epoch", run.reported[-1]),
        expected=say("{1:.4f}, which we measure on all test images", run.accuracy),
        place=cells.place,
    )


def _is_right(bench: TestContext, network: str) -> bool:
    """Whether nothing is wrong with what `train` is given in the student's own run: images, labels and the network."""
    if not bench.evidence(network).has(NET) or bench.is_faulty(network):
        return False
    try:
        for part in ("train", "test"):
            require_images(bench, part)
            require_labels(bench, part)
    except (Failed, Ungradable):
        return False
    return True


def _takes_the_share(bench: TestContext, network: str) -> bool:
    """Whether its own check finds nothing wrong with the accuracy that a right network has."""
    with suppress(Ungradable):
        try:
            require_share(bench.lab, bench.evidence(network).graph(NET), bench.network(network))
        except Failed:
            return False
    return True


def _require_own_network(bench: TestContext, cells: RunCells, run: OwnRun | None) -> None:
    """End the test unless a right loop trained the right network, on which it was called after the exercise."""
    evidence = bench.evidence(cells.run)
    net = evidence.raw.graphs.get(NET)
    if run is None and evidence.raw.problem is None and (net is None or not net.values):
        stopped = evidence.stopped("net")
        why = say(", since {1}", stopped.sentence) if stopped is not None else ""
        fail("train-op-not-run", found=say("no trained network of your own{1}", why), expected=OWN, place=cells.place)
    if run is not None and run.accuracy < cells.least:
        found = say("{1} on the test images with your own network, on which train was called", percent(run.accuracy))
        fail("train-op-not-run", found=found, expected=OWN, place=cells.place)


def _takes_each_epoch(bench: TestContext) -> bool:
    """Whether `train` was found to take its accuracies after each epoch."""
    try:
        said = training_of(bench).verdicts
    except (Failed, Ungradable):
        return False
    return said[Aspect.EVALUATION].share == said[Aspect.REPORT].share == 1


@np.errstate(over="ignore", invalid="ignore")  # a curve is whatever was handed over
def _only_rises(reported: Sequence[float], accuracy: float) -> bool:
    """Whether a curve never falls, stands still somewhere, and ends a little above what the network does."""
    steps = np.diff(reported)
    return bool(len(steps) and (steps >= 0).all() and (steps == 0).any() and 0 < reported[-1] - accuracy < CHANCE)


def show_own_run(
    bench: TestContext, cells: RunCells, show: Callable[[Observation], None], measured: dict[str, Any]
) -> None:
    """Hand over the recomputed accuracy and the images that the student's own network gets wrong."""
    run = own_run(bench, cells)
    if run is None:
        return
    measured["test_accuracy"] = run.accuracy
    show(Comparison("Test accuracy of your network", run.reported[-1] if run.reported else None, run.accuracy))
    training, test = bench.evidence(cells.run).raw.arrays.get("acc_trn"), np.asarray(run.reported)
    show(accuracy_curves(training, test, run.accuracy, each_epoch=_takes_each_epoch(bench)))
    show(wrong_images(run.found, run.true))

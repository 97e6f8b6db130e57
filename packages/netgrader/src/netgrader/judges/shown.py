"""Show findings as pictures: curves, misclassified images, the student's gradients next to ours."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.text import Said, Text, spelled
from netgrader.judges.answers import opened
from netgrader.judges.input_gradients import each_gradient, gradients_cell
from netgrader.judges.learning_rate import Runs, compare_rates
from netgrader.observations import (
    Comparison,
    Curves,
    Images,
    Predictions,
    Series,
    Sweep,
    WrongImage,
    WrongImages,
    signed_image,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphread import Lab, LabSession
    from netgrader.checks.context import CellEvidence, TestContext
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence
    from netgrader.judges.accuracy import Recomputed
    from netgrader.judges.learning_rate import ShortRun
    from netgrader.judges.sweeps import StudentSweep
    from netgrader.observations import Observation

__all__ = [
    "accuracy_curves",
    "finite",
    "gradient_pictures",
    "predictions",
    "rate_curves",
    "show_claim",
    "show_errors",
    "show_gradients",
    "sweep_curve",
    "wrong_images",
]

CLAIM = Text("Accuracy on the test {images} that this run was given")
ERROR_CLAIM = Text("Error on the test {images}")
ERRORS_EACH_EPOCH = Text("Error after each epoch, as your code reported it")
EACH_TIME = Text("Accuracy each time your code computed it, as it reported it")
ACCURACY = "accuracy"


class _DrawingLimits(NamedTuple):
    """Limits on drawings."""

    epochs: int = 200
    """Epochs of a curve."""
    wrong: int = 12
    """Misclassified test inputs."""
    dots: int = 300
    """Predictions."""
    every: int = 5
    """Steps between two points of a loss curve."""
    step: float = 0.02
    """Gray levels of 1 by which a pixel is moved to either side."""


LIMITS = _DrawingLimits()


RATES = Text("Loss at your learning rate and at others, averaged over {smooth} steps")
YOURS, THIRD, TRIPLE, TENFOLD = (
    Text("{rate}, yours"),
    Text("{rate}, a third"),
    Text("{rate}, three times"),
    Text("{rate}, ten times"),
)
TRAINING, TEST, RECOMPUTED = Text("training"), Text("test"), Text("test, recomputed at the end")


def show_claim(show: Callable[[Observation], None], evidence: CellEvidence, recomputed: float) -> None:
    """Show a cell's reported accuracies next to the recomputed one, right or wrong.

    Parameters
    ----------
    show
        The fixture ``show``.
    evidence
        The evidence of the cell that trains; it may lack the curves.
    recomputed
        The accuracy of its network on the test images.
    """
    training, test = _curves(evidence, "acc_trn", "acc_val")
    show(Comparison(CLAIM, _last(test), recomputed))
    _show_reported(show, accuracy_curves(training, test, recomputed))


def _show_reported(show: Callable[[Observation], None], curves: Curves) -> None:
    """Show curves if there are reported ones in addition to the recomputed value."""
    if len(curves.series) > 1:
        show(curves)


def _curves(evidence: CellEvidence, *names: str) -> list[npt.NDArray[Any]]:
    return [evidence.raw.arrays.get(name, np.empty(0)).reshape(-1) for name in names]


def _last(curve: npt.NDArray[Any]) -> float | None:
    return float(curve[-1]) if len(curve) else None


def accuracy_curves(training: npt.NDArray[Any], test: npt.NDArray[Any], recomputed: float) -> Curves:
    """Return the reported curves, and the recomputed test accuracy at the last epoch.

    Parameters
    ----------
    training, test
        Reported accuracies as fractions; they may contain anything.
    recomputed
        The accuracy on the test images of the network as left by the run.
    """
    lines = _lines(training, test, recomputed)
    return Curves(EACH_TIME, Text("evaluation"), ACCURACY, lines, percent=True)


def _lines(
    training: npt.NDArray[Any], test: npt.NDArray[Any], recomputed: float, most: float = 1.0
) -> tuple[Series, ...]:
    """Return the nonempty of two reported curves, and the recomputed value at their end."""
    lines = [_line(name, values, most) for name, values in ((TRAINING, training), (TEST, test)) if len(values)]
    last = max((line.x[-1] for line in lines), default=1.0)
    return (*lines, Series(RECOMPUTED, (last,), (recomputed,)))


def show_errors(
    show: Callable[[Observation], None], evidence: CellEvidence, recomputed: Recomputed, targets: npt.NDArray[Any]
) -> None:
    """Show a regression's reported error next to the true one, and predictions for test rows.

    Parameters
    ----------
    show
        The fixture ``show``.
    evidence
        The evidence of the cell that trains; it may lack the curves.
    recomputed
        The recomputed results of its network.
    targets
        The test targets (n,).
    """
    error, unit = recomputed.measure.figure(recomputed.notebook), recomputed.spec.unit
    training, test = _curves(evidence, "err_trn", "err_val")
    show(Comparison(ERROR_CLAIM, _last(test), error, error=True, unit=unit))
    label = Text("error, {unit}", unit=unit) if unit else "error"
    lines = _lines(training, test, error, math.inf)
    _show_reported(show, Curves(ERRORS_EACH_EPOCH, Text("epoch"), label, lines, log_y=True))
    show(predictions(recomputed.found, targets, unit))


def predictions(found: npt.NDArray[Any], true: npt.NDArray[Any], unit: str = "") -> Predictions:
    """Return predictions and targets of test rows, both (n,): a sample, and the worst of all."""
    worst = np.argsort(-np.abs(found - true), kind="stable")[: LIMITS.wrong]
    some = slice(None, None, max(1, -(-len(true) // LIMITS.dots)))
    return Predictions(
        tuple(map(float, true[some])),
        tuple(map(float, found[some])),
        tuple((int(row), float(found[row]), float(true[row])) for row in worst),
        len(true),
        unit,
    )


def rate_curves(third: ShortRun, at: ShortRun, triple: ShortRun, tenfold: ShortRun, *, found: bool = False) -> Curves:
    """Return losses at a rate, a third of it and three times it; ten times if the verdict needs it."""
    verdict = compare_rates(third, at, triple, tenfold, found=found)
    named = [(THIRD, third), (YOURS, at), (TRIPLE, triple)]
    # If ten times the rate adds no evidence, the run at three times stands in for it.
    if verdict is not None and verdict.against is tenfold and tenfold is not triple:
        named.append((TENFOLD, tenfold))
    lines = [_losses(words, run) for words, run in named]
    return Curves(RATES.format(smooth=Runs.SMOOTH), Text("step"), Text("loss"), tuple(lines), log_y=True)


def _losses(words: Text, run: ShortRun) -> Series:
    losses = run.smoothed
    steps = np.arange(LIMITS.every - 1, len(losses), LIMITS.every)
    shown = tuple(map(finite, losses[steps].tolist()))
    return Series(words.format(rate=f"{run.rate:.3g}"), tuple((steps + 1.0).tolist()), shown)


def finite(value: float) -> float | None:
    """Return a number to draw; None for non-finite ones."""
    return value if math.isfinite(value) else None


def sweep_curve(sweep: StudentSweep, runs: Iterable[ShortRun]) -> Sweep:
    """Return the reported sweep with the results of our short runs at some of its rates."""
    again = {
        repr(float(rate)): run.late
        for run in runs
        for rate in sweep.rates
        if math.isclose(rate, run.rate, rel_tol=1e-6)
    }
    accuracies = tuple(map(finite, sweep.accuracies.tolist()))
    return Sweep(tuple(map(float, sweep.rates)), accuracies, sweep.best, again)


def wrong_images(found: npt.NDArray[Any], true: npt.NDArray[Any]) -> WrongImages:
    """Return the first misclassified test images; `found` and `true` are classes of shape (n,)."""
    wrong = np.flatnonzero(found != true)
    shown = tuple(WrongImage(int(index), int(found[index]), int(true[index])) for index in wrong[: LIMITS.wrong])
    return WrongImages(shown, len(wrong), len(true))


def _line(name: Said, values: npt.NDArray[Any], most: float = 1.0) -> Series:
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)[: LIMITS.epochs]
    # A value outside the range would compress everything else.
    drawn = tuple(map(finite, np.where((numbers >= 0) & (numbers <= most), numbers, np.nan).tolist()))
    return Series(name, tuple(np.arange(1.0, len(drawn) + 1).tolist()), drawn)


Array = npt.NDArray[Any]

TITLE = Text(
    "How each of the {many} outputs changes with each {pixel} of a test {image}, a {shown}: "
    "above from your gradients, below as the grader finds it by changing each {pixel} a little"
)


def gradient_pictures(
    lab: Lab, graph: GraphEvidence, values: Mapping[str, Array], images: Array, labels: Array, *, spec: DataSpec
) -> Images | None:
    """Return gradients of all outputs for the least certain image, where they are largest; or None.

    Parameters
    ----------
    graph
        The network with the parts ``X``, ``logits`` and ``each@0`` ….
    values
        The trained network's variables; missing ones keep their initial values.
    images, labels
        Prepared images, float (n, pixels), and their classes (n,).
    spec
        The specification of the data.

    Returns
    -------
    Images or None
        None if inputs are not gray images, if there is not a gradient of an image's shape per class, or if the graph does not
        run.
    """
    if not spec.is_images or len(spec.shape) != 2:
        return None
    with suppress(LabError, ValueError):
        with opened(lab, replace(graph, values=values)) as session:
            sure = _outputs(session, graph, images, spec.classes).max(axis=1)
            chosen = int(np.argmin(sure))
            yours = each_gradient(session, graph, images[[chosen]], labels[[chosen]], spec.classes)
            ours = _slopes(session, graph, images[chosen], spec.classes)
        if len(yours) == spec.classes:
            rows = tuple(_row(part) for part in (yours[:, 0], ours))
            title = TITLE.format(many=spelled(spec.classes), shown=spec.name(int(labels[chosen])))
            height, width = spec.shape
            return Images(title, tuple(map(spec.name, range(spec.classes))), rows, (height, width), signed=True)
    return None


def _row(gradients: Array) -> tuple[str, ...]:
    """Return pictures on a common scale."""
    scale = float(np.abs(np.nan_to_num(gradients, posinf=0.0, neginf=0.0)).max())
    return tuple(signed_image(one, scale) for one in gradients)


@np.errstate(over="ignore", invalid="ignore")  # logits may be anything
def _outputs(session: LabSession, graph: GraphEvidence, images: Array, classes: int) -> Array:
    """Return the softmax of the logits (n, classes), float64."""
    (logits,) = session.run([graph.parts["logits"]], {graph.parts["X"]: images.astype(np.float32), **graph.eval_feed})
    scores = np.asarray(logits, np.float64)
    if scores.shape != (len(images), classes):
        raise ValueError(f"logits of shape {scores.shape}")
    scores = np.exp(scores - scores.max(axis=1, keepdims=True))
    outputs: Array = scores / scores.sum(axis=1, keepdims=True)
    return outputs


def _slopes(session: LabSession, graph: GraphEvidence, image: Array, classes: int) -> Array:
    """Return the slopes of the softmax outputs by pixel, from central differences (classes, pixels)."""
    steps = LIMITS.step * np.eye(image.size)
    up, down = (_outputs(session, graph, image + sign * steps, classes) for sign in (1, -1))
    slopes: Array = (up - down).T / (2 * LIMITS.step)
    return slopes


def show_gradients(bench: TestContext, training: str, show: Callable[[Observation], None]) -> None:
    """Show the student's gradients as pictures, for the network of check cell `training`, if any."""
    graph = bench.evidence(gradients_cell(bench)).raw.graphs.get("gradients")
    if graph is None or "logits" not in graph.parts:
        return
    trained = bench.evidence(training).raw.graphs.get("net", graph)
    few, spec = slice(0, 200), bench.spec
    images, labels = bench.dataset.prepared(bench.dataset.x_test[few]), bench.dataset.y_test[few]
    drawn = gradient_pictures(bench.lab, graph, trained.values, images, labels, spec=spec)
    if drawn is not None:
        show(drawn)

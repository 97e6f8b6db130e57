"""Gradients of a network's outputs with respect to its input, judged by finite differences.

We take no gradient through the student's graph: the network runs on images moved a little to either side, and the change of
its outputs is compared with the student's gradients. So it does not matter how the network or the gradients are written, and
a mistake in automatic differentiation would also be found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread import LabError
from graphread.text import Said, Text, spelled
from netgrader.checks.language import fail, partial
from netgrader.judges.answers import asks_for_more, run_alone, started

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphread import Lab, LabSession
    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence

__all__ = [
    "GradientTrial",
    "each_gradient",
    "gradients",
    "gradients_cell",
    "require_each",
    "require_largest",
    "require_shapes",
    "try_gradients",
]

Array = npt.NDArray[Any]


class _GradientLimits(NamedTuple):
    """Constants of the finite differences, and tolerances."""

    directions: int = 8
    """Random directions along which each image is moved."""
    step: float = 0.02
    """Step in gray levels of 1: the softmax is smooth enough for an error of its square, and float32 adds 1e-5."""
    anothers: float = 0.5
    """Fraction of the credit for right gradients of an output other than the required one."""
    zero: float = 1e-3
    """Fraction of the right gradients' norm: zeros are far smaller even after rounding."""
    agrees: float = 0.1
    """Relative error of a right gradient: kinks and float32 stay below 0.03, another function's is above 0.3."""


LIMITS = _GradientLimits()


EACH, LARGEST = "each@", "largest"
"""Names of the parts with the gradients of the outputs, by number, and of the largest output."""
OTHER_TENSOR = "gradient-of-wrong-tensor"
UNKNOWN = Text("slopes that do not match the softmax outputs")
ZEROS = Text("zeros, as for the sum of all outputs, which is 1 for every {image}")


@dataclass(frozen=True)
class GradientTrial:
    """The student's gradients and the network's behavior on n images, `LIMITS.directions` each."""

    each: Array
    """For each submitted gradient (one per class), slopes along the directions (k, n, directions); empty if a gradient does
    not have the images' shape."""
    largest: Array
    """The same for the gradient of the largest output (1, n, directions)."""
    shapes: tuple[tuple[int, ...], ...]
    """Shapes as submitted."""
    probabilities: Array
    logits: Array
    """Slopes of the softmax outputs and logits, from finite differences (classes, n, directions)."""
    top: Array
    top_logit: Array
    """Slopes of the largest softmax output, and of its logit (n, directions)."""
    loss: Array
    """Slopes of each image's loss with its true label (n, directions)."""

    @property
    def classes(self) -> int:
        """The number of the network's outputs."""
        return len(self.probabilities)


def try_gradients(
    lab: Lab, graph: GraphEvidence, images: Array, labels: Array, classes: int, *, seed: int = 1
) -> GradientTrial:
    """Run the student's gradients on `images`, and the network on images moved to either side.

    Parameters
    ----------
    graph
        The network with the parts ``X``, ``logits``, ``each@0`` … and ``largest``; ``Y`` is fed if they need it.
    images
        Prepared images, float (n, pixels); n differs from the number of classes and of pixels.
    labels, classes
        Their classes (n,), and the number of classes.
    seed
        Seed of fresh weights: a trained network is so sure of most images that its outputs hardly move.
    """
    rng = np.random.default_rng(seed)
    size = LIMITS.directions, images.shape[1]
    directions = rng.normal(size=size) * (rng.random(size) < 0.2)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    one_hot = np.eye(classes)[labels]
    with started(lab.load(graph.meta_graph), seed) as session:
        steps = LIMITS.step * np.concatenate([directions, -directions])
        moved = np.stack([_run(session, graph, "logits", images + step, one_hot) for step in steps], axis=1)
        try:  # only the gradients may fail here: the network itself ran
            raw = _each(session, graph, images, one_hot)
            largest = [_run(session, graph, LARGEST, images, one_hot)] if LARGEST in graph.parts else []
        except LabError as error:
            if error.kind != "run":
                raise
            expected = Text("gradients for any number of {images}, a row for each: -1 in place of a number in a shape")
            fail(
                "gradient-wrong-shape",
                found=Text("for {count} {images} {sentence}", count=len(images), sentence=error.sentence.rstrip(".")),
                expected=expected,
            )
    ours, half = _outputs(moved, labels, classes), LIMITS.directions
    slopes = {name: (values[:, :half] - values[:, half:]) / (2 * LIMITS.step) for name, values in ours.items()}
    each, tops = _split(raw, images.shape, classes), _split(largest, images.shape, classes)
    return GradientTrial(
        each=each @ directions.T,
        largest=tops @ directions.T,
        shapes=tuple(part.shape for part in raw),
        probabilities=np.moveaxis(slopes["probabilities"], -1, 0),
        logits=np.moveaxis(slopes["logits"], -1, 0),
        top=_top(slopes["probabilities"], ours["probabilities"]),
        top_logit=_top(slopes["logits"], ours["probabilities"]),
        loss=slopes["loss"],
    )


def require_shapes(trial: GradientTrial) -> None:
    """End the test unless there is a gradient for each class, with a value for each pixel of each image."""
    expected = Text("{classes} gradients of the shape of X, one for each output", classes=spelled(trial.classes))
    if len(trial.each) == trial.classes:
        return
    if len(trial.each) and all(_of_loss(part, trial) for part in trial.each):
        fail("gradient-of-loss", found=Text("how the loss changes"), expected=expected)
    listed = ", ".join(map(str, trial.shapes[:3]))
    found = Text("{count} of them, shapes {listed}", count=len(trial.shapes), listed=listed)
    fail("gradient-wrong-shape", found=found, expected=expected)


def require_each(trial: GradientTrial) -> None:
    """End the test unless gradient k is that of softmax output k; name what it is instead.

    Right gradients of the logits, or of the outputs in another order, earn half.
    """
    require_shapes(trial)
    expected = Text("for each class, how its softmax output changes with each {pixel}")
    order = [_which(part, trial.probabilities) for part in trial.each]
    if -1 not in order and len(set(order)) > 1 and order != list(range(trial.classes)):
        told = Text("the outputs in the order {order}", order=order)
        partial(LIMITS.anothers, "gradients-out-of-order", found=told, expected=list(range(trial.classes)))
    _require_slopes(trial.each, trial.probabilities, trial.logits, trial.loss, expected)


def require_largest(trial: GradientTrial) -> None:
    """End the test unless `largest` is the gradient of the largest softmax output of each image."""
    expected = Text("for each {image}, how its largest softmax output changes with each {pixel}")
    if not len(trial.largest):
        nothing = Text("no value for each {pixel} of each {image}; for an argmax, for example, tf.gradients gives None")
        fail("gradient-wrong-shape", found=nothing, expected=expected)
    _require_slopes(trial.largest[0], trial.top, trial.top_logit, trial.loss, expected)


def _require_slopes(found: Array, right: Array, logits: Array, loss: Array, expected: Said) -> None:
    """End the test unless slopes (…, n, directions) are the right ones; name what else they are."""
    if _agree(found, right):
        return
    n = found.shape[-2]
    for code, share, words, others in (
        ("gradient-of-logits", LIMITS.anothers, Text("how the logits change"), logits),
        ("gradient-of-loss", 0.0, Text("how the loss changes"), np.broadcast_to(loss, found.shape)),
        ("gradient-of-loss", 0.0, Text("how the loss changes"), np.broadcast_to(loss, found.shape) / n),
        (OTHER_TENSOR, 0.0, Text("the right ones with the opposite sign"), -right),
        (OTHER_TENSOR, 0.0, Text("the right ones divided by {n}, as for a mean over {n} {images}", n=n), right / n),
    ):
        if _agree(found, others):
            partial(share, code, found=words, expected=expected)
    zeros = np.linalg.norm(found) < LIMITS.zero * np.linalg.norm(right)
    fail(OTHER_TENSOR, found=ZEROS if zeros else UNKNOWN, expected=expected)


def each_gradient(session: LabSession, graph: GraphEvidence, images: Array, labels: Array, classes: int) -> Array:
    """Return the gradients for `images` (n, pixels) as (k, n, pixels); empty if a size differs."""
    return _split(_each(session, graph, images, np.eye(classes)[labels]), images.shape, classes)


def _each(session: LabSession, graph: GraphEvidence, images: Array, one_hot: Array) -> list[Array]:
    """Return the submitted gradients for images, by number."""
    parts = sorted(
        (name for name in graph.parts if name.startswith(EACH)), key=lambda name: int(name.removeprefix(EACH))
    )
    return [_run(session, graph, part, images, one_hot) for part in parts]


def _run(session: LabSession, graph: GraphEvidence, part: str, images: Array, one_hot: Array) -> Array:
    """Return the value of a part for images; feed labels as well if it needs them."""
    feeds = {graph.parts["X"]: images.astype(np.float32), **graph.eval_feed}
    value = run_alone(session, graph.parts[part], feeds)
    if isinstance(value, LabError) and asks_for_more(value) and "Y" in graph.parts:
        value = run_alone(session, graph.parts[part], {**feeds, graph.parts["Y"]: one_hot})
    if isinstance(value, LabError):
        raise value
    return np.asarray(value, np.float64)


def _outputs(logits: Array, labels: Array, classes: int) -> dict[str, Array]:
    """Return softmax outputs, logits (n, directions, classes) and cross-entropy (n, directions), float64."""
    if logits.ndim != 3 or logits.shape[-1] != classes:
        fail(
            "gradient-of-wrong-tensor",
            found=Text("logits of shape {shape}", shape=logits.shape[:1] + logits.shape[2:]),
            expected=f"(n, {classes})",
        )
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(log_p, labels[:, None, None].astype(np.int64), axis=-1)[..., 0]
    return {"probabilities": np.exp(log_p), "logits": logits, "loss": loss}


def _top(slopes: Array, probabilities: Array) -> Array:
    top = probabilities.mean(axis=1).argmax(axis=-1)
    return np.take_along_axis(slopes, top[:, None, None], axis=-1)[..., 0]


def _split(raw: Sequence[Array], shape: tuple[int, ...], classes: int) -> Array:
    """Return submitted gradients, a list or one array, as an array (k, n, pixels).

    Returns an empty array (0, n, pixels) if a gradient does not fit the `shape` (n, pixels).
    """
    whole = (classes, *shape)
    raw = [part[0] if part.shape == (1, *shape) else part for part in raw]  # tf.stack of one gradient has an extra axis
    if len(raw) == 1 and sorted(raw[0].shape) == sorted(whole):
        return raw[0].transpose([raw[0].shape.index(size) for size in whole])
    if {(part.shape[:1], part.size) for part in raw} != {(shape[:1], math.prod(shape))}:
        return np.empty((0, *shape))
    return np.array([part.reshape(shape) for part in raw])


def _agree(found: Array, expected: Array) -> bool:
    if not np.isfinite(found).all():
        return False
    return float(np.linalg.norm(found - expected)) <= LIMITS.agrees * float(np.linalg.norm(expected))


def _of_loss(found: Array, trial: GradientTrial) -> bool:
    """Whether these are the slopes of the loss, as a sum over the images or as a mean."""
    return any(_agree(found * scale, trial.loss) for scale in (1, len(found)))


def _which(part: Array, outputs: Array) -> int:
    """Return the index of the output with these slopes; -1 if there is none."""
    return next((number for number, output in enumerate(outputs) if _agree(part, output)), -1)


def gradients(bench: TestContext) -> GradientTrial:
    """Return the student's gradients on images of every class, cached."""
    made: GradientTrial = bench.once("gradients", lambda: _gradients(bench))
    return made


def _gradients(bench: TestContext) -> GradientTrial:
    labels, spec = bench.dataset.y_test, bench.spec
    # Two of each class and three more: their number must differ from that of classes and of pixels.
    rows = np.concatenate([*(np.flatnonzero(labels == one)[:2] for one in range(spec.classes)), np.arange(3)])
    shown = bench.dataset.prepared(bench.dataset.x_test[rows])
    graph = bench.evidence(gradients_cell(bench)).graph("gradients")
    return try_gradients(bench.lab, graph, shown, labels[rows], spec.classes)


def gradients_cell(bench: TestContext) -> str:
    """Return the check cell with the evidence of gradients."""
    return f"check_{bench.exercises.of_kind('gradients')}"

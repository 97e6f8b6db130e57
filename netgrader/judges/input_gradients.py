"""Gradients of a network's outputs with respect to its input, judged by finite differences.

No gradient of ours is taken through the student's graph: the network is run on images moved a little to either side,
and what the outputs do is compared with what the student's gradients say they do. So it does not matter how the network
or the gradients are written, and a mistake in automatic differentiation would be found too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import fail, partial
from netgrader.reader import LabError
from netgrader.text import Said, Text, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.checks.context import TestContext
    from netgrader.evidence import GraphEvidence
    from netgrader.reader import Lab, LabSession

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

DIRECTIONS = 8  # random directions along which each image is moved
STEP = 0.02  # grey levels of 1; the softmax is smooth enough for an error of its square, float32 adds 1e-5
ANOTHERS = 0.5  # share for gradients that are right in themselves, of another output than was asked for
ZERO = 1e-3  # of the right ones: what is left of zeros by rounding is far smaller
AGREES = 0.1  # relative error of a right gradient: kinks and float32 stay below 0.03, another function's is above 0.3


@dataclass(frozen=True)
class GradientTrial:
    """What the student's gradients say, and what the network does, on n images along `DIRECTIONS` directions each."""

    each: tuple[Array | None, ...]
    """For each gradient handed over (each class should have one) slopes along the directions (n, directions); None
    if its shape is not that of the images."""
    largest: Array | None
    """The same for the gradient of the largest output."""
    shapes: tuple[tuple[int, ...], ...]
    """Shapes as they were handed over."""
    probabilities: Array
    logits: Array
    """Slopes of the softmax outputs and logits found by finite differences (classes, n, directions)."""
    top: Array
    top_logit: Array
    """Slopes of the largest softmax output, and of the largest logit (n, directions)."""
    loss: Array
    """Slopes of the loss of each image with its true label (n, directions)."""

    @property
    def classes(self) -> int:
        """How many outputs the network has."""
        return len(self.probabilities)


def try_gradients(
    lab: Lab, graph: GraphEvidence, images: Array, labels: Array, classes: int, *, seed: int = 1
) -> GradientTrial:
    """Run the student's gradients on `images`, and the network on images moved to either side.

    Parameters
    ----------
    graph
        The network with the parts ``X``, ``logits``, ``each@0`` … and ``largest``; ``Y`` is fed where they ask for it.
    images
        Scaled images, float (n, pixels), n neither the number of classes nor that of pixels.
    labels, classes
        What they show (n,), and how many classes there are.
    seed
        Of the weights: fresh ones, since a trained network is so sure of most images that nothing moves.
    """
    rng = np.random.default_rng(seed)
    size = DIRECTIONS, images.shape[1]
    directions = rng.normal(size=size) * (rng.random(size) < 0.2)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=seed)
    try:
        session.initialise()
        logits = graph.parts["logits"]
        feeds = _feeds(graph, labels, classes)
        each_parts = _each_parts(graph.parts)
        sides = {
            sign: np.stack(
                [_run(session, logits, images + sign * STEP * d, feeds) for d in directions],
                axis=1,
            )
            for sign in (1, -1)
        }
        try:  # the network itself could be run
            raw = [_run(session, part, images, feeds) for part in each_parts]
            raw_largest = _run(session, graph.parts["largest"], images, feeds) if "largest" in graph.parts else None
        except LabError as error:
            if error.kind != "run":
                raise
            expected = Text("gradients for any number of {images}, a row for each: -1 in place of a number in a shape")
            fail(
                "gradient-wrong-shape",
                found=Text("for {count} {images} {sentence}", count=len(images), sentence=error.sentence.rstrip(".")),
                expected=expected,
            )
    finally:
        session.close()
    ours = {sign: _outputs(side, labels, classes) for sign, side in sides.items()}
    slopes = {name: (ours[1][name] - ours[-1][name]) / (2 * STEP) for name in ours[1]}
    handed = _split(raw, images.shape, classes)
    return GradientTrial(
        each=tuple(None if part is None else part @ directions.T for part in handed),
        largest=None if raw_largest is None else _along(_one(raw_largest, images.shape), directions),
        shapes=tuple(part.shape for part in raw),
        probabilities=np.moveaxis(slopes["probabilities"], -1, 0),
        logits=np.moveaxis(slopes["logits"], -1, 0),
        top=_top(slopes["probabilities"], ours[1]["probabilities"] + ours[-1]["probabilities"]),
        top_logit=_top(slopes["logits"], ours[1]["probabilities"] + ours[-1]["probabilities"]),
        loss=slopes["loss"],
    )


def require_shapes(trial: GradientTrial) -> None:
    """End the test unless there is a gradient for each class, with a value for each pixel of each image."""
    expected = Text("{classes} gradients of the shape of X, one for each output", classes=spelled(trial.classes))
    if len(trial.each) != trial.classes:
        if trial.each and all(part is not None and _of_loss(part, trial) for part in trial.each):
            fail("gradient-of-loss", found=Text("how the loss changes"), expected=expected)
        fail(
            "gradient-wrong-shape",
            found=Text("{count} of them, shapes {listed}", count=len(trial.each), listed=_listed(trial.shapes)),
            expected=expected,
        )
    if any(part is None for part in trial.each):
        fail("gradient-wrong-shape", found=Text("shapes {listed}", listed=_listed(trial.shapes)), expected=expected)


def require_each(trial: GradientTrial) -> None:
    """End the test unless gradient k is that of softmax output k, naming what it is instead.

    Right gradients of the logits, or of the outputs in another order, earn half.
    """
    require_shapes(trial)
    each = np.stack([part for part in trial.each if part is not None])
    if _agree(each, trial.probabilities):
        return
    expected = Text("for each class, how its softmax output changes with each {pixel}")
    if _agree(each, trial.logits):
        partial(ANOTHERS, "gradient-of-logits", found=Text("how the logits change"), expected=expected)
    if all(_of_loss(part, trial) for part in each):
        fail(
            "gradient-of-loss",
            found=Text("how the loss changes, {classes} times", classes=spelled(trial.classes)),
            expected=expected,
        )
    order = [_which(part, trial.probabilities) for part in each]
    if None not in order and len(set(order)) > 1:
        told = Text("the outputs in the order {order}", order=order)
        partial(ANOTHERS, "gradients-out-of-order", found=told, expected=list(range(trial.classes)))
    found = _near(each, trial.probabilities) or Text("something that the softmax outputs do not do")
    fail("gradient-of-wrong-tensor", found=found, expected=expected)


def require_largest(trial: GradientTrial) -> None:
    """End the test unless `largest` is the gradient of the largest softmax output of each image."""
    expected = Text("for each {image}, how its largest softmax output changes with each {pixel}")
    if trial.largest is None:
        nothing = Text("no value for each {pixel} of each {image}, as of None, which tf.gradients gives of an argmax")
        fail("gradient-wrong-shape", found=nothing, expected=expected)
    if _agree(trial.largest, trial.top):
        return
    if _agree(trial.largest, trial.top_logit):
        partial(ANOTHERS, "gradient-of-logits", found=Text("how the largest logit changes"), expected=expected)
    if _of_loss(trial.largest, trial):
        fail("gradient-of-loss", found=Text("how the loss changes"), expected=expected)
    found = _near(trial.largest, trial.top) or Text("something that the largest output does not do")
    fail("gradient-of-wrong-tensor", found=found, expected=expected)


def each_gradient(
    session: LabSession, graph: GraphEvidence, images: Array, labels: Array, classes: int
) -> list[Array | None]:
    """Return the gradients handed over, for `images` (n, pixels): each of that shape, None where it has another size."""
    feeds = _feeds(graph, labels, classes)
    raw = [_run(session, part, images, feeds) for part in _each_parts(graph.parts)]
    return _split(raw, images.shape, classes)


def _each_parts(parts: Mapping[str, str]) -> list[str]:
    numbered = sorted(
        (int(name.partition("@")[2]), tensor) for name, tensor in parts.items() if name.startswith("each@")
    )
    return [tensor for _, tensor in numbered]


@dataclass(frozen=True)
class _Feeds:
    """What is fed beside images to ``x``: always, and where something asks for labels as well."""

    x: str
    always: Mapping[str, Array]
    labels: Mapping[str, Array]


def _feeds(graph: GraphEvidence, labels: Array, classes: int) -> _Feeds:
    one_hot = {graph.parts["Y"]: np.eye(classes)[labels]} if "Y" in graph.parts else {}
    return _Feeds(graph.parts["X"], graph.eval_feed, one_hot)


def _run(session: LabSession, tensor: str, images: Array, feeds: _Feeds) -> Array:
    fed = {feeds.x: images.astype(np.float32), **feeds.always}
    try:
        (value,) = session.run([tensor], fed)
    except LabError as error:
        if not feeds.labels or "feed" not in error.sentence:
            raise
        (value,) = session.run([tensor], {**fed, **feeds.labels})
    return np.asarray(value, np.float64)


def _outputs(logits: Array, labels: Array, classes: int) -> dict[str, Array]:
    """Return softmax outputs, logits (n, directions, classes) and cross-entropy (n, directions), in float64."""
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


def _split(raw: Sequence[Array], shape: tuple[int, ...], classes: int) -> list[Array | None]:
    """Return gradients of a `shape` (n, pixels) from what was handed over: a list of them, or an array that holds them."""
    if len(raw) == 1 and raw[0].size == classes * math.prod(shape):
        stacked = raw[0].reshape(raw[0].shape if raw[0].ndim == 3 else (-1,))
        if stacked.ndim == 3 and sorted(stacked.shape) == sorted((classes, *shape)):
            order = [stacked.shape.index(size) for size in (classes, *shape)]
            return list(stacked.transpose(order))
    return [_one(part, shape) for part in raw]


def _one(part: Array, shape: tuple[int, ...]) -> Array | None:
    """Return a gradient in the `shape` (n, pixels), whichever way the student's images lie; None if it has another size."""
    if part.size != math.prod(shape):
        return None
    if part.shape[0] == shape[0]:
        return part.reshape(shape)
    squeezed = part.squeeze()
    if squeezed.shape == shape:
        return squeezed
    return squeezed.T if squeezed.shape == shape[::-1] else None


def _along(gradient: Array | None, directions: Array) -> Array | None:
    return None if gradient is None else gradient @ directions.T


def _agree(found: Array, expected: Array) -> bool:
    if not np.isfinite(found).all():
        return False
    return float(np.linalg.norm(found - expected)) <= AGREES * float(np.linalg.norm(expected))


def _near(found: Array, right: Array) -> Said | None:
    """Return what lies between slopes and the right ones (…, n, directions), if it is a slip that can be named."""
    n, others = found.shape[-2], tuple(axis for axis in range(found.ndim) if axis != found.ndim - 2)
    if _agree(-found, right):
        return Text("the right ones with their sign turned round")
    if _agree(n * found, right):
        return Text("the right ones divided by {n}, as of a mean over {n} {images}", n=n)
    lengths = np.square(found).sum(axis=others), np.square(right).sum(axis=others)
    zeros = int(np.count_nonzero(lengths[0] < ZERO**2 * lengths[1]))
    if zeros == n:
        return Text("zeros, as of all outputs together, whose sum is 1 whatever the {image} shows")
    if zeros:
        return Text("zeros for {zeros} of {n} {images}, as of a part of the batch", zeros=zeros, n=n)
    scale = (found * right).sum(axis=-1, keepdims=True) / np.square(right).sum(axis=-1, keepdims=True)
    if _agree(found, scale * right):
        return Text("the right ones, for each {image} times a number of its own, as of a logarithm")
    return None


def _of_loss(found: Array, trial: GradientTrial) -> bool:
    """Whether these are the slopes of the loss, be it a sum over the images or a mean."""
    return any(_agree(found * scale, trial.loss) for scale in (1, len(found)))


def _which(part: Array, outputs: Array) -> int | None:
    """Return the output whose slopes `part` has, None if it is none of them."""
    return next((number for number, output in enumerate(outputs) if _agree(part, output)), None)


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(str(shape) for shape in shapes[:3]) + (", …" if len(shapes) > 3 else "")


def gradients(bench: TestContext) -> GradientTrial:
    """Return the student's gradients on images of every class, made once."""
    made: GradientTrial = bench.once("gradients", lambda: _gradients(bench))
    return made


def _gradients(bench: TestContext) -> GradientTrial:
    labels, spec = bench.dataset.y_test, bench.spec
    # Two of each class and three more: their number must be neither that of the classes nor that of the pixels.
    more = 3 if 2 * spec.classes + 3 != spec.size else 2
    rows = np.concatenate([np.flatnonzero(labels == one)[: 3 if one < more else 2] for one in range(spec.classes)])
    shown = bench.dataset.prepared(bench.dataset.x_test[rows])
    graph = bench.evidence(gradients_cell(bench)).graph("gradients")
    return try_gradients(bench.lab, graph, shown, labels[rows], spec.classes)


def gradients_cell(bench: TestContext) -> str:
    """Return the check cell that hands over gradients."""
    return f"check_{bench.exercises.of_kind('gradients')}"

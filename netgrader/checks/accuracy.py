"""The accuracy of a trained network, recomputed from its graph and values on images that we hold.

The labels that count never reach the lab: it answers with logits, and they are compared here. A network that was
trained hardly notices an image moved by a pixel or noised by a grey level; a table of answers in the graph does
(measured: from 99.97 to 15.8 percent), so both are tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import fail, partial
from netgrader.lab.api import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.checks.bench import Mnist
    from netgrader.evidence import GraphEvidence
    from netgrader.lab.api import Lab, LabSession

__all__ = [
    "Recomputed",
    "classify",
    "recompute",
    "require_learned",
    "require_reported",
    "require_target",
    "require_values",
    "target_met",
]

Array = npt.NDArray[Any]

CHUNK = 2_500  # rows a run
NOISED_LOSS, MOVED_SHARE = 0.02, 0.6  # see `require_learned`
MISSED = "The network does not reach the accuracy that was asked for."
ROUNDED = 6e-4  # what an accuracy may be off by that was rounded to three digits or computed in another order


@dataclass(frozen=True)
class Recomputed:
    """What a network does with the values handed over.

    Attributes
    ----------
    train, test
        Accuracy on all training and test images, 0 to 1.
    noised, moved
        Accuracy on test images noised by a grey level, and moved by a pixel.
    found
        The class found for each test image (10,000,).
    """

    train: float
    test: float
    noised: float
    moved: float
    found: npt.NDArray[np.int64]


def require_values(graph: GraphEvidence) -> None:
    """End the test unless values of variables were handed over."""
    if not graph.values:
        fail("train-op-not-run", found="no values of variables in the session", expected="a network trained in sess")


def recompute(lab: Lab, graph: GraphEvidence, mnist: Mnist) -> Recomputed:
    """Run the network on all images; X is fed scaled to 0…1, and Y never."""
    test = _scaled(mnist.x_test)
    noise = np.random.default_rng(1).choice(np.array([-1, 1], np.float32) / 255, test.shape)
    moved = _scaled(np.roll(mnist.x_test, 1, axis=2))
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
        found = _found(session, graph, test)
        return Recomputed(
            train=float(np.mean(_found(session, graph, _scaled(mnist.x_train)) == mnist.y_train)),
            test=float(np.mean(found == mnist.y_test)),
            noised=float(np.mean(_found(session, graph, np.clip(test + noise, 0, 1)) == mnist.y_test)),
            moved=float(np.mean(_found(session, graph, moved) == mnist.y_test)),
            found=found,
        )
    except LabError as error:
        if "feed" in error.sentence and "placeholder" in error.sentence:
            fail("prediction-uses-labels", found="logits that ask for more than X", expected="logits from X alone")
        raise
    finally:
        session.close()


def classify(lab: Lab, graph: GraphEvidence, images: Array) -> npt.NDArray[np.int64]:
    """The class with the largest logit for each of `images`, which are fed to X as they are."""
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
        return _found(session, graph, images)
    finally:
        session.close()


def require_learned(recomputed: Recomputed) -> None:
    """End the test if the network knows the test images but nothing that looks like them."""
    if (
        recomputed.noised < recomputed.test - NOISED_LOSS or recomputed.moved < MOVED_SHARE * recomputed.test
    ) and recomputed.test > 0.5:
        fail(
            "answers-looked-up",
            found=f"{recomputed.test:.1%} on the test images, {recomputed.noised:.1%} with a grey level of noise and "
            f"{recomputed.moved:.1%} moved by a pixel",
            expected="nearly the same on all three",
        )


def require_reported(recomputed: Recomputed, acc_trn: Sequence[float], acc_val: Sequence[float]) -> None:
    """End the test unless the last accuracies reported are what the network does.

    Reported may be any of the last epochs' results where the values are those of an earlier one, as with early
    stopping; hence the nearest of the curve's values counts.
    """
    if not len(acc_val) or not len(acc_trn):
        fail("reported-accuracy-wrong", found="no accuracies", expected="the accuracy after each epoch")
    reported = float(min(acc_val, key=lambda value: abs(value - recomputed.test)))
    if abs(reported - recomputed.test) <= ROUNDED:
        return
    if abs(float(acc_val[-1]) - recomputed.train) <= ROUNDED < abs(recomputed.train - recomputed.test):
        fail("reports-train-accuracy", found=f"{acc_val[-1]:.4f}", expected=f"{recomputed.test:.4f} on the test images")
    fail("reported-accuracy-wrong", found=f"{acc_val[-1]:.4f}", expected=f"{recomputed.test:.4f}, which we measure")


def require_target(accuracy: float, *, full: float, none: float) -> None:
    """End the test with the share of points that `accuracy` earns: all from `full`, sloping to none at `none`.

    The line lies where luck does not decide: see docs/fairness.md.
    """
    if accuracy >= full:
        return
    share = max(0.0, (accuracy - none) / (full - none))
    found, expected = f"{accuracy:.2%} on the test images", "over 98.5 %"
    if share > 0:
        partial(share, MISSED, found=found, expected=expected)
    fail(MISSED, found=found, expected=expected)


def target_met(accuracy: float, *, target: float, full: float) -> str:
    """``yes``, ``within-chance`` or ``no``: what `measured` says of the target."""
    return "yes" if accuracy >= target else "within-chance" if accuracy >= full else "no"


def _scaled(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def _found(session: LabSession, graph: GraphEvidence, images: Array) -> npt.NDArray[np.int64]:
    x, logits = graph.parts["X"], graph.parts["logits"]
    constant: Mapping[str, Array] = graph.eval_feed
    batches = [np.arange(start, min(start + CHUNK, len(images))) for start in range(0, len(images), CHUNK)]
    rows = session.run_batches([logits], {x: images}, batches, constant)
    outputs = [np.asarray(row[0]) for row in rows]
    outputs = [
        output.T if output.shape == (10, len(batch)) else output for output, batch in zip(outputs, batches, strict=True)
    ]
    if any(output.shape != (len(batch), 10) for output, batch in zip(outputs, batches, strict=True)):
        fail("wrong-width", found=f"logits of shape {outputs[0].shape}", expected=f"({len(batches[0])}, 10)")
    return np.concatenate(outputs).argmax(axis=1)

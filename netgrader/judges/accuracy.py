"""The accuracy of a trained network, recomputed from its graph and values on images that we hold.

The labels that count never reach the lab: it answers with logits, and they are compared here. The accuracy that counts is
that on all original test images, half of which the notebook never had (`netgrader.checks.held_out`): a network that knows
the other half better was trained on it, or looks it up. All images go in mixed, in batches of uneven sizes, in an order
that follows from the evidence itself: nothing that was handed over can have been made for it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.diagnose import remedy
from netgrader.checks.held_out import (
    BY_HEART,
    BY_HEART_TOLD,
    DOUBTED,
    HARD,
    NAMED,
    PATTERNS,
    TOLD,
    TURNS,
    HeldOut,
    altered,
    by_chance,
    by_heart,
    knowledge,
    lead_of_the_given,
)
from netgrader.checks.language import fail, partial
from netgrader.checks.tables import MOST_COPIES, copied_images, fed_rows
from netgrader.checks.wording import percent
from netgrader.phrases import say
from netgrader.reader import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.checks.context import CellEvidence, Dataset, TestContext
    from netgrader.checks.held_out import Marked
    from netgrader.checks.tables import FedRows
    from netgrader.data import DataSpec
    from netgrader.evidence import GraphEvidence
    from netgrader.reader import Lab, LabSession

__all__ = [
    "Recomputed",
    "accuracy_on_all_of_train",
    "classify",
    "curves",
    "digest",
    "least_accuracy",
    "recompute",
    "recomputed",
    "require_learned",
    "require_own",
    "require_target",
    "require_trained",
    "require_values",
    "seen_test_images",
    "target_met",
    "train_accuracy",
]

Array = npt.NDArray[Any]

MOST_ROWS, LEAST_ROWS = 2_500, 1_500  # in a run
SAMPLE = 6  # one in so many training images, which follow from the evidence
LOOKED_UP = 0.1  # who has learned the given images knows the others nearly as well; a table of answers does not
LEAST_FED = 3  # test images among the rows that were noted: none is there by chance
GUESSED = 2 / 9  # of the way up from chance: what chance may reach, 0.3 of ten classes
FEW = 200  # images that are tried a second time
ROUNDED = 6e-4  # what an accuracy may be off by that was rounded to three digits or computed in another order


@dataclass(frozen=True)
class Recomputed:
    """What a network does with the values handed over."""

    spec: DataSpec
    """What the images are."""
    train: float
    test: float
    """Accuracy on a sample of the training images and on all original test images, 0 to 1."""
    found: npt.NDArray[np.int64]
    """The class found for each original test image (n,)."""
    notebook: float
    """Accuracy on the test images that the notebook was given, half of which are redrawn."""
    given: float
    hidden: float
    """Accuracy on the original test images that the notebook was given, and on those it was not."""
    lead: float = 0.0
    """By how many standard errors the given ones are ahead (`netgrader.checks.held_out`): by which are right, or by
    how surely, whichever tells more. A network makes its own margins, so one that is far behind by them was told,
    too."""
    by_heart: float = 0.0
    """By how many standard errors images that are hard for others are known better than themselves redrawn a little."""
    surplus: float = 0.0
    """What the given ones are ahead by, as a share of all test images."""
    steady: bool = True
    """Whether an image gets the same answer each time, whatever stands beside it."""
    copied: int = 0
    """How many test images stand in the values and constants of the network themselves."""
    marks: int | None = None
    """How many of the patterns among the training images it knows (`netgrader.checks.held_out`), if there were any."""
    fed: FedRows | None = None
    """What is among a sample of the rows that training steps were fed, if it was noted: the notebook's own word, of
    which only what speaks against it counts."""

    @property
    def counted(self) -> float:
        """The test accuracy that counts: where the given images are doubtfully far ahead, without what they are ahead by."""
        return self.test if self.lead < DOUBTED else self.test - max(0.0, self.surplus)


def require_values(evidence: CellEvidence, name: str = "net") -> None:
    """End the test unless values of the variables of the network called `name` were handed over."""
    if evidence.graph(name).values:
        return
    found, expected = "no values of variables in the session", "a network trained in sess"
    stopped = evidence.stopped(name)
    if stopped is not None:
        found, expected = say("{1}, since {2}", found, stopped.sentence), remedy(stopped.kind, stopped.message)
    fail("train-op-not-run", found=found, expected=expected)


def require_own(graph: GraphEvidence, recomputed: Recomputed) -> None:
    """End the test if the network knows something and cannot have learned it here."""
    spec, learned = recomputed.spec, recomputed.spec.learned
    if graph.doubt is not None and recomputed.test >= spec.above_chance(GUESSED):
        fail("weights-not-trained-here", found=graph.doubt, expected="a network trained by this notebook")
    few = recomputed.marks is not None and recomputed.marks <= by_chance(spec.classes)
    if few and learned is not None and recomputed.test >= learned:
        fail(
            "weights-not-trained-here",
            found=say(
                "{1} on the test images, and {2} of {3} patterns known that stand among the training "
                "images of this very run",
                percent(recomputed.test),
                recomputed.marks,
                PATTERNS,
            ),
            expected="a network trained by this notebook, which knows nearly all of them",
        )


def recompute(
    lab: Lab,
    graph: GraphEvidence,
    dataset: Dataset,
    held_out: HeldOut | None = None,
    *,
    marked: Marked | None = None,
    fed: Array | None = None,
    quick: bool = False,
) -> Recomputed:
    """Run the network on our images; X is fed scaled to 0…1, and Y never.

    Of the training images a sample goes through it, which nobody can know beforehand: it is compared with what moves by
    much more than chance there.

    Parameters
    ----------
    held_out
        The test images as the notebook was given them; None if those are the original ones.
    marked
        The marks among the training images that the notebook was given.
    fed
        The rows that were noted of the notebook's training steps.
    quick
        Whether somebody waits: test images are then not searched for among the network's values.
    """
    random, spec = _random(graph), dataset.spec
    train = random.permutation(len(dataset.x_train))[: -(-len(dataset.x_train) // SAMPLE)]
    hidden = np.zeros(len(dataset.x_test), bool) if held_out is None else held_out.hidden
    redrawn = dataset.x_test[:0] if held_out is None else held_out.images[hidden]
    hardness = None if held_out is None else held_out.hardness
    parts: list[Array] = [
        dataset.prepared(dataset.x_train[train]),
        dataset.prepared(dataset.x_test),
        dataset.prepared(redrawn),
    ]
    parts.append(dataset.prepared(dataset.x_test[:0] if marked is None else marked.trials))
    hard = np.argsort(hardness, kind="stable")[:HARD] if hardness is not None else np.zeros(0, np.int64)
    parts += [dataset.prepared(images) for images in altered(dataset.x_test[hard], random)]
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
        logits = _logits(session, graph, np.concatenate(parts), random, spec.classes)
        few = slice(len(parts[0]), len(parts[0]) + FEW)
        steady = np.allclose(
            logits[few], _logits(session, graph, parts[1][:FEW], random, spec.classes), rtol=1e-2, atol=1e-2
        )
    except LabError as error:
        if "feed" in error.sentence and "placeholder" in error.sentence:
            fail("prediction-uses-labels", found="logits that ask for more than X", expected="logits from X alone")
        raise
    finally:
        session.close()
    on_train, on_test, on_redrawn, on_marks, on_once, on_twice = np.split(
        logits, np.cumsum([len(part) for part in parts])[:-1]
    )
    right = on_test.argmax(axis=1) == dataset.y_test
    in_notebook = right.copy()
    in_notebook[hidden] = on_redrawn.argmax(axis=1) == dataset.y_test[hidden]
    surely, _ = lead_of_the_given(knowledge(on_test, dataset.y_test), hidden, hardness)
    lead, ahead = lead_of_the_given(right, hidden, hardness)
    hard_labels = np.repeat(dataset.y_test[hard], TURNS)
    return Recomputed(
        spec=spec,
        train=float(np.mean(on_train.argmax(axis=1) == dataset.y_train[train])),
        test=float(right.mean()),
        found=on_test.argmax(axis=1),
        notebook=float(in_notebook.mean()),
        given=float(right[~hidden].mean()),
        hidden=float(right[hidden].mean()) if hidden.any() else float(right.mean()),
        lead=max(lead, surely, -surely if surely <= -NAMED else 0.0),
        by_heart=by_heart(right[hard], on_once.argmax(axis=1) == hard_labels, on_twice.argmax(axis=1) == hard_labels),
        surplus=ahead * float(np.mean(~hidden)),
        steady=steady,
        copied=0 if quick else copied_images(graph, dataset.test_pictures),
        marks=None if marked is None else marked.known(on_marks.argmax(axis=1)),
        fed=None if fed is None else fed_rows(fed, dataset.x_test if held_out is None else held_out.images),
    )


def accuracy_on_all_of_train(lab: Lab, graph: GraphEvidence, dataset: Dataset) -> float:
    """Return the accuracy of a network on all training images, for where a sample of them does not decide."""
    found = classify(lab, graph, dataset.prepared(dataset.x_train), dataset.spec.classes)
    return float(np.mean(found == dataset.y_train))


def classify(lab: Lab, graph: GraphEvidence, images: Array, classes: int) -> npt.NDArray[np.int64]:
    """Return which of so many `classes` has the largest logit for each of `images`, which are fed to X as they are."""
    loaded = lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
        return _logits(session, graph, images, _random(graph), classes).argmax(axis=1)
    finally:
        session.close()


def require_learned(recomputed: Recomputed) -> None:
    """End the test if the network was trained on test images, or looks their answers up."""
    if recomputed.copied >= MOST_COPIES:
        fail(
            "answers-looked-up",
            found=say("{1:,} of the test images among the network's values and constants", recomputed.copied),
            expected="what was learned from training images",
        )
    fed = recomputed.fed
    if fed is not None and fed.of_test >= LEAST_FED:
        fail(
            "trained-on-test",
            found=say(
                "{1:,} test images among {2:,} images that were noted of your training steps",
                fed.of_test,
                fed.looked_at,
            ),
            expected="training images only",
        )
    if recomputed.lead >= NAMED:
        looked_up = recomputed.given - recomputed.hidden > LOOKED_UP
        fail(
            "answers-looked-up" if looked_up else "trained-on-test",
            found=say(
                "{1} on the test images that the notebook was given, and {2} on others like them that it never had",
                percent(recomputed.given, 2),
                percent(recomputed.hidden, 2),
            ),
            expected="as much on both, but for chance",
        )

    if recomputed.by_heart >= BY_HEART:
        fail(
            "answers-looked-up",
            found="test images known that are hard for other networks, and unknown as soon as they are turned or moved a little",
            expected=say("the {1}s known, not these pictures of them", recomputed.spec.called),
        )


def seen_test_images(recomputed: Recomputed) -> str | None:
    """Return what speaks for a training on the test images, in words, if it is no proof; None if nothing does.

    The accuracy that counts is then the one without what is known better of the images that were given.
    """
    if not TOLD <= recomputed.lead < NAMED:
        if not BY_HEART_TOLD <= recomputed.by_heart < BY_HEART:
            return None
        return say(
            "Test images that are hard for other networks are known better than the same images "
            "turned or moved a little, by {1:.1f} standard errors: a few of them may be known by "
            "heart. Nothing was taken off for that.",
            recomputed.by_heart,
        )
    return say(
        "{1} on the test images that the notebook was given and {2} on others like them that it "
        "never had: {3:.1f} standard errors apart. Counted was {4}, which is what the others "
        "speak for.",
        percent(recomputed.given, 2),
        percent(recomputed.hidden, 2),
        recomputed.lead,
        percent(recomputed.counted, 2),
    )


def require_trained(lab: Lab, graph: GraphEvidence, recomputed: Recomputed, least: float) -> None:
    """End the test unless the network recognises a share of `least` of the test images.

    One that comes near earns a part. One that knows nothing was not trained, or was spoilt by its training; the
    variables that begin with the same value each time, such as biases and what the optimizer remembers, tell which.
    """
    if recomputed.counted >= least:
        return
    found, expected = say("{1} on the test images", percent(recomputed.counted)), say("over {1}", percent(least, None))
    spec = recomputed.spec
    if recomputed.counted < spec.above_chance(GUESSED) and not _moved(lab, graph):
        fail("train-op-not-run", found=found, expected=expected)
    share = max(0.0, (recomputed.counted - spec.nothing_for) / (least - spec.nothing_for))
    partial(share, "accuracy-too-low", found=found, expected=expected)


def least_accuracy(bench: TestContext, training: str, network: str) -> float:
    """Return what a training must reach: less where the network is at fault, which is charged in its own cell already."""
    terms = bench.exercises.table(training.removeprefix("check_"))
    least = terms["least_accuracy"]
    return float(terms.get("least_of_a_faulty_one", least) if bench.is_faulty(network) else least)


def _moved(lab: Lab, graph: GraphEvidence) -> bool:
    """Whether a variable that begins with the same value each time has another one in what was handed over."""
    loaded = lab.load(graph.meta_graph)
    fresh = []
    for seed in (1, 2):
        session = loaded.session(seed=seed)
        try:
            session.initialise()
            fresh.append(session.values())
        finally:
            session.close()
    return any(
        name in graph.values
        and np.array_equal(first, fresh[1].get(name))
        and not np.array_equal(first, graph.values[name])
        for name, first in fresh[0].items()
    )


def require_target(accuracy: float, *, target: float, full: float, none: float) -> None:
    """End the test with the share of points that `accuracy` earns: all from `full`, sloping to none at `none`.

    `target` is what students are told to reach; `full` lies below it where luck does not decide: see research/fairness.md.
    """
    if accuracy >= full:
        return
    share = max(0.0, (accuracy - none) / (full - none))
    found, expected = say("{1} on the test images", percent(accuracy, 2)), say("over {1}", percent(target, None))
    if share > 0:
        partial(share, "target-missed", found=found, expected=expected)
    fail("target-missed", found=found, expected=expected)


def target_met(accuracy: float, *, target: float, full: float) -> str:
    """``yes``, ``within-chance`` or ``no``: what `measured` says of the target."""
    return "yes" if accuracy >= target else "within-chance" if accuracy >= full else "no"


def digest(graph: GraphEvidence) -> bytes:
    """Return a hash of all that was handed over of a network."""
    told = hashlib.sha256(graph.meta_graph)
    for values in (graph.values, graph.eval_feed):
        for name, value in sorted(values.items()):
            told.update(name.encode("utf-8", "replace") + np.ascontiguousarray(value).tobytes())
    return told.digest()


def _random(graph: GraphEvidence) -> np.random.Generator:
    """Return a source of random numbers that follows from all that was handed over of the network, so that it repeats."""
    return np.random.default_rng(list(digest(graph)))


def _logits(
    session: LabSession, graph: GraphEvidence, images: Array, random: np.random.Generator, classes: int
) -> Array:
    """Return the logits (n, classes) of `images`, which are fed mixed and in batches of uneven sizes."""
    x, logits = graph.parts["X"], graph.parts["logits"]
    order = random.permutation(len(images))
    batches = list(_batches(order, random))
    rows = session.run_batches([logits], {x: images}, batches, graph.eval_feed)
    found = np.empty((len(images), classes), np.float32)
    for row, batch in zip(rows, batches, strict=True):
        output = np.asarray(row[0])
        if output.shape == (classes, len(batch)):
            output = output.T
        if output.shape != (len(batch), classes):
            fail("wrong-width", found=say("logits of shape {1}", output.shape), expected=f"({len(batch)}, {classes})")
        found[batch] = output
    return found


def _batches(order: npt.NDArray[np.int64], random: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    start = 0
    while start < len(order):
        size = int(random.integers(LEAST_ROWS, MOST_ROWS + 1))
        yield order[start : start + size]
        start += size


def recomputed(bench: TestContext, cell: str) -> Recomputed:
    """Return what the network that a cell handed over does on our images; cells that hand over the same one share it."""
    evidence = bench.evidence(cell)
    graph, fed = evidence.graph("net"), evidence.raw.arrays.get("fed")
    same = ("recomputed", digest(graph), tuple(sorted(graph.parts.items())))
    made: Recomputed = bench.once(
        same,
        lambda: recompute(
            bench.lab, graph, bench.dataset, bench.given, marked=bench.marked, fed=fed, quick=bench.quick
        ),
    )
    return made


def train_accuracy(bench: TestContext, cell: str) -> float:
    """Return what the network that a cell handed over does on all training images."""
    return accuracy_on_all_of_train(bench.lab, bench.evidence(cell).graph("net"), bench.dataset)


def curves(evidence: CellEvidence) -> tuple[Array, Array]:
    """Return the accuracies on training and test images that were reported, an array of numbers each."""
    return evidence.array("acc_trn"), evidence.array("acc_val")

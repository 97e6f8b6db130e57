"""What tests ask of a student's `train`, and of the run that it made of the student's own network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.accuracy import ROUNDED, classify
from netgrader.checks.arrays import images_of
from netgrader.checks.language import Failed, Ungradable, fail, fail_all, fault, ungradable
from netgrader.checks.pictures import accuracy_curves, wrong_digits
from netgrader.checks.wording import FOLLOWS_FROM
from netgrader.faults import CATALOGUE
from netgrader.lab.api import LabError
from netgrader.observations import Comparison, Curves, RowCounts, Series
from netgrader.training.images import Joined, TableRows
from netgrader.training.judge import judge_training
from netgrader.training.log import BadTrainingLog, read_training_log
from netgrader.training.notes import IMAGES, LEARNING_RATE, PIXELS, first_weights
from netgrader.training.replay import Replayed, images_fit, replay
from netgrader.training.subject import origins
from netgrader.training.verdicts import Aspect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from netgrader.checks.bench import Bench
    from netgrader.evidence import GraphEvidence
    from netgrader.observations import Observation
    from netgrader.training.images import Rows
    from netgrader.training.judge import Training
    from netgrader.training.log import TrainingLog

__all__ = [
    "OwnRun",
    "own_run",
    "require_run_reported",
    "require_trained",
    "show_own_run",
    "show_training",
    "training_of",
    "training_pictures",
]

CELL = "check_train"
RUN = "run_training"
FIVE_EPOCHS = "the cell under “Five epochs”"
DATA = "check_prepare_data"
NOT_TRUE = (
    "What was noted while train ran is not what a network does that is fed these rows, so nothing can be said of train. "
    "Does a cell change the package netgrader, TensorFlow or NumPy? Undo it, restart the kernel and run all cells."
)
ROWS = "How often each training image was fed in the first epoch"
LEFT_OUT = "; the last minibatch, which was not full, was left out, as it may be"
# More than this the accuracy of one layer does not move from one epoch to the next, but for the first.
CHANCE = 0.01


def training_of(bench: Bench) -> Training:
    """What the student's `train` did on the instruments; ends the test if nothing can be said of it."""
    training: Training = bench.once((CELL, "training"), lambda: _training(bench))
    return training


def _training(bench: Bench) -> Training:
    evidence = bench.evidence(CELL)
    raw = evidence.raw
    if raw.problem is not None:
        ungradable(raw.problem)
    error = raw.errors.get("train") or raw.errors.get("probe")
    if error is not None:
        raise Failed([evidence.explained(error, "train")])
    try:
        log = read_training_log(raw)
    except BadTrainingLog as problem:
        ungradable(str(problem))
    mnist = bench.mnist
    known = origins(log.tables, (mnist.x_train, mnist.y_train), (mnist.x_test, mnist.y_test))
    training = judge_training(log, known)
    if "challenge" in bench.outside and not _noted_truly(bench, log, training):
        ungradable(NOT_TRUE)
    return training


def _noted_truly(bench: Bench, log: TrainingLog, training: Training) -> bool:
    """Whether the instrument's notes are what a network does that starts and is fed as they say.

    What cannot be computed again, since rows or labels are none that are known, is taken as noted if that costs credit.
    """
    challenge, images = bench.outside["challenge"], _trained_on(bench)
    if not isinstance(challenge, int) or images is None or not images_fit(images, log.tables):
        return False
    terms = bench.exercises.table("train").get("calls", ())
    came = []
    if len(log.calls) != len(terms):
        return False
    for number, (call, asked) in enumerate(zip(log.calls, terms, strict=True)):
        if (call.n_epochs, call.mini_batch_size) != (asked.get("n_epochs"), asked.get("mini_batch_size")):
            return False
        if call.own_optimizer:
            came.append(Replayed.UNKNOWN)
        elif len(call.steps):
            rate = asked.get("learning_rate", LEARNING_RATE)
            came.append(replay(call, images, first_weights(challenge, number), rate))
    strange = any(training.verdicts[aspect].share < 1 for aspect in (Aspect.ROWS, Aspect.LABELS))
    return Replayed.OTHER not in came and (strange or Replayed.UNKNOWN not in came)


def _trained_on(bench: Bench) -> Rows | None:
    """The images that `train` could read, training and test rows one after the other; None if they are no such thing."""
    raw = bench.evidence(CELL).raw
    parts: list[Rows] = []
    for item in (f"images/{name}" for name in IMAGES):
        table = raw.tables.get(item)
        shape = table.shape if table is not None else raw.arrays[item].shape if item in raw.arrays else ()
        if len(shape) != 2 or shape[1] != PIXELS:
            return None
        if table is not None:
            parts.append(TableRows(table, bench.references[table.reference]))
        else:
            parts.append(np.asarray(raw.arrays[item], np.float32))
    return Joined(parts)


def require_trained(bench: Bench, aspect: Aspect, remark: Callable[..., None]) -> None:
    """End the test unless the student's `train` is right in this `aspect`; note what costs nothing."""
    verdict = training_of(bench).verdicts[aspect]
    for noted in verdict.remarks:
        remark(noted.code, found=noted.found, expected=noted.expected, place=noted.place)
    fail_all(verdict.faults, verdict.share)
    if verdict.share < 1:
        cause = verdict.because or ""
        code, sentence = (cause, CATALOGUE[cause].sentence) if cause in CATALOGUE else (None, cause)
        raise Failed([fault(FOLLOWS_FROM.format(sentence=sentence))], verdict.share, code)


def show_training(bench: Bench, show: Callable[[Observation], None]) -> None:
    """Hand over what the pages draw of the first call: how often rows were seen, the loss, accuracies."""
    for observation in training_pictures(training_of(bench)):
        show(observation)


def training_pictures(training: Training) -> Iterator[Observation]:
    """How often rows were fed in the first epoch of the first call, and its losses; nothing where no step was taken."""
    subject = next(iter(training.subjects), None)
    if subject is None or not subject.course.epochs:
        return
    call, epochs = subject.call, subject.course.epochs
    times = subject.seen(epochs[0])
    left = subject.n_train % call.mini_batch_size
    incomplete = times == {0: left, 1: subject.n_train - left}
    yield RowCounts(ROWS + (LEFT_OUT if incomplete else ""), tuple(times), tuple(times.values()))
    losses = [float(loss) for loss in call.loss[subject.course.steps]]
    every = max(1, len(losses) // 200)
    shown = list(range(0, len(losses), every))
    yield Curves(
        f"The loss during {len(epochs)} epochs on a network of ours",
        "step",
        "loss",
        (
            Series(
                "loss",
                tuple(float(step) for step in shown),
                tuple(losses[step] if math.isfinite(losses[step]) else None for step in shown),
            ),
        ),
    )


@dataclass(frozen=True)
class OwnRun:
    """The run that `train` made of the student's own network.

    Attributes
    ----------
    reported
        The test accuracy returned for each epoch.
    accuracy
        The accuracy of the network as it was left, on the student's test images with their true labels.
    as_evaluated
        The same as the student's code would compute it: with the student's labels, and by ``net.accuracy``.
    found, true
        The class that the network gives each test image, and the true one, in the order of the given images.
    """

    reported: tuple[float, ...]
    accuracy: float
    as_evaluated: tuple[float, ...]
    found: npt.NDArray[np.int64]
    true: npt.NDArray[np.uint8]


def own_run(bench: Bench) -> OwnRun | None:
    """The run of the student's own network, None if there is none to look at."""
    run: OwnRun | None = bench.once((RUN, "own run"), lambda: _own_run(bench))
    return run


def _own_run(bench: Bench) -> OwnRun | None:
    evidence, mnist = bench.evidence(RUN).raw, bench.mnist
    graph = evidence.graphs.get("net")
    acc_val = evidence.arrays.get("acc_val")
    if graph is None or acc_val is None or not graph.values or not {"X", "logits"} <= graph.parts.keys():
        return None
    arrays = bench.evidence(DATA).raw.arrays
    images, labels = arrays.get("x_test"), arrays.get("y_test_1_hot")
    given = len(mnist.y_test)
    rows = None
    if images is None or labels is None or images.shape != (given, 784) or labels.shape != (given, 10):
        images = mnist.x_test.reshape(given, -1) / np.float32(255)
        labels = np.eye(10, dtype=np.float32)[mnist.y_test]
    else:
        rows = images_of(bench, "test").rows
    rows = np.arange(given) if rows is None else rows
    found = classify(bench.lab, graph, images)
    true = mnist.y_test[rows]
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
    bench: Bench, graph: GraphEvidence, images: npt.NDArray[Any], labels: npt.NDArray[Any]
) -> list[float]:
    """What ``net.accuracy`` says; nothing where it cannot be asked, which is judged with the network."""
    if not {"X", "Y", "accuracy"} <= graph.parts.keys():
        return []
    loaded = bench.lab.load(graph.meta_graph)
    session = loaded.session(seed=1)
    try:
        session.initialise()
        session.assign({name: value for name, value in graph.values.items() if name in loaded.variables})
        feeds = {graph.parts["X"]: images, graph.parts["Y"]: labels, **graph.eval_feed}
        (value,) = session.run([graph.parts["accuracy"]], feeds)
    except LabError:
        return []
    finally:
        session.close()
    return [float(np.mean(value))] if value is not None and np.size(value) else []


def require_run_reported(bench: Bench, remark: Callable[..., None]) -> None:
    """End the test if the run of the student's own network reported what that network does not do.

    Charged is only what nothing else explains: what the loop was found to do wrong on the instruments is charged there,
    and what ``net.accuracy`` computes wrongly is charged with the network.
    """
    said = training_of(bench).verdicts
    if any(said[aspect].share < 1 for aspect in (Aspect.RUN, Aspect.EVALUATION, Aspect.REPORT)):
        return
    run = own_run(bench)
    if run is None or not run.reported:
        return
    true = (run.accuracy, *run.as_evaluated)

    def is_true(value: float) -> bool:
        return any(abs(value - accuracy) <= ROUNDED for accuracy in true)

    if is_true(run.reported[-1]):
        return
    best = f"{max(run.reported):.4f}, while the network as it was left has {run.accuracy:.4f}"
    if any(is_true(value) for value in run.reported) or _only_rises(run.reported, run.accuracy):
        remark("picked-best-epoch-on-test", found=best)
        return
    fail(
        "reported-accuracy-wrong",
        found=f"{run.reported[-1]:.4f} for your own network after the last epoch",
        expected=f"{run.accuracy:.4f}, which we measure on all test images",
        place=FIVE_EPOCHS,
    )


def _takes_each_epoch(bench: Bench) -> bool:
    """Whether `train` was found to take its accuracies after each epoch."""
    try:
        said = training_of(bench).verdicts
    except (Failed, Ungradable):
        return False
    return said[Aspect.EVALUATION].share == said[Aspect.REPORT].share == 1


def _only_rises(reported: Sequence[float], accuracy: float) -> bool:
    """Whether a curve never falls, stands still somewhere, and ends a little above what the network does."""
    steps = np.diff(reported)
    return bool(len(steps) and (steps >= 0).all() and (steps == 0).any() and 0 < reported[-1] - accuracy < CHANCE)


def show_own_run(bench: Bench, show: Callable[[Observation], None], measured: dict[str, Any]) -> None:
    """Hand over the recomputed accuracy and the digits that the student's own network gets wrong."""
    run = own_run(bench)
    if run is None:
        return
    measured["test_accuracy"] = run.accuracy
    show(Comparison("Test accuracy of your network", run.reported[-1] if run.reported else None, run.accuracy))
    training, test = bench.evidence(RUN).raw.arrays.get("acc_trn"), np.asarray(run.reported)
    show(accuracy_curves(training, test, run.accuracy, each_epoch=_takes_each_epoch(bench)))
    show(wrong_digits(run.found, run.true))

"""What tests ask of a student's `train`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from netgrader.checks.language import Failed, fail_all, ungradable
from netgrader.checks.wording import FOLLOWS_FROM
from netgrader.faults import fault
from netgrader.observations import Curves, RowCounts, Series
from netgrader.phrases import say
from netgrader.training.altered import only_images
from netgrader.training.images import Joined, TableRows
from netgrader.training.judge import judge_training
from netgrader.training.log import BadTrainingLog, read_training_log
from netgrader.training.notes import IMAGES, LEARNING_RATE, PIXELS, first_weights
from netgrader.training.subject import origins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.checks.bench import Bench
    from netgrader.observations import Observation
    from netgrader.training.images import Rows
    from netgrader.training.judge import Training
    from netgrader.training.log import TrainingLog
    from netgrader.training.verdicts import Aspect

__all__ = [
    "require_trained",
    "show_training",
    "training_of",
    "training_pictures",
]

CELL = "check_train"
NOT_TRUE = (
    "What was noted while train ran is not what a network does that is fed these rows, so nothing can be said of train. "
    "Does a cell change the package netgrader, TensorFlow or NumPy? Undo it, restart the kernel and run all cells."
)
ROWS = "How often each training image was fed in the first epoch"
LEFT_OUT = "; the last minibatch, which was not full, was left out, as it may be"


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
    known = origins(log.tables, (mnist.x_train, mnist.y_train), (bench.given.images, mnist.y_test))
    images = _trained_on(bench)
    if "challenges" in bench.outside and not _noted_truly(bench, log, images):
        ungradable(NOT_TRUE)
    return judge_training(only_images(log, images), known)


def _noted_truly(bench: Bench, log: TrainingLog, images: Rows | None) -> bool:
    """Whether the instrument's notes are what a network does that starts and is fed as they say.

    An optimizer of the student's own cannot be computed again; what that earns is limited where it is judged.
    """
    from netgrader.training.replay import Replayed, images_fit, replay  # noqa: PLC0415  (which no student needs)

    challenge = bench.challenge(CELL)
    if challenge is None or images is None or not images_fit(images, log.tables):
        return False
    terms = bench.exercises.table("train").get("calls", ())
    if len(log.calls) != len(terms):
        return False
    for number, (call, asked) in enumerate(zip(log.calls, terms, strict=True)):
        if (call.n_epochs, call.mini_batch_size) != (asked.get("n_epochs"), asked.get("mini_batch_size")):
            return False
        if len(call.steps) and not call.own_optimizer:
            rate = asked.get("learning_rate", LEARNING_RATE)
            if replay(call, images, first_weights(challenge, number), rate) is not Replayed.SAME:
                return False
    return True


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
        sentence, code = (verdict.because.sentence, verdict.because.code) if verdict.because else ("", "")
        raise Failed([fault(say(FOLLOWS_FROM, sentence=sentence))], verdict.share, code or None)


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
        say("The loss during {1} epochs on a network of ours", len(epochs)),
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

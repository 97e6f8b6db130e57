"""Judge a student's `train`: one verdict for each aspect, over all calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from graphread.text import Text
from netgrader.checks.language import Failed, fail_all, ungradable
from netgrader.checks.wording import FOLLOWS_FROM
from netgrader.faults import fault
from netgrader.judges.as_handed import train_rows_as_handed
from netgrader.judges.aspects import Aspect, LoopFinding, Verdict, verdicts
from netgrader.judges.bins import looped
from netgrader.judges.evaluation import judge_evaluation
from netgrader.judges.known_images import Joined, TableRows, fingerprints
from netgrader.judges.labels import judge_labels
from netgrader.judges.log import BadTrainingLog, read_training_log, same_rows
from netgrader.judges.minibatches import judge_held_out, judge_order, judge_rows
from netgrader.judges.notes import IMAGES, first_weights
from netgrader.judges.reported import judge_report
from netgrader.judges.shown import finite
from netgrader.judges.steps import error_fault, judge_graph, judge_run
from netgrader.judges.subject import Origins, Subject, origins
from netgrader.observations import Curves, RowCounts, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from netgrader.checks.context import TestContext
    from netgrader.data import DataSpec
    from netgrader.evidence import Evidence
    from netgrader.faults import Fault
    from netgrader.judges.known_images import ImageRows
    from netgrader.judges.log import Tables, TrainingLog
    from netgrader.observations import Observation

__all__ = [
    "Training",
    "judge_training",
    "require_run",
    "require_trained",
    "show_training",
    "training_of",
    "training_pictures",
]

MOST_DRAWN = 200  # points of a curve
BELIEVED = 0.25  # fraction of the credit for steps that cannot be recomputed: as after a fault that spoils a training


@dataclass(frozen=True)
class Training:
    """The verdicts on a `train`."""

    verdicts: Mapping[Aspect, Verdict]
    """One verdict for each `Aspect`."""
    subjects: tuple[Subject, ...]
    """The calls that were judged."""

    @property
    def codes(self) -> tuple[str, ...]:
        """Distinct codes of the faults, without remarks."""
        return _codes(verdict.faults for verdict in self.verdicts.values())

    @property
    def remarks(self) -> tuple[str, ...]:
        """Distinct codes of the remarks, which cost nothing."""
        return _codes(verdict.remarks for verdict in self.verdicts.values())


def _codes(faults: Iterable[tuple[Fault, ...]]) -> tuple[str, ...]:
    """Return the distinct codes of some faults."""
    return tuple(dict.fromkeys(fault.code for fault in chain.from_iterable(faults)))


def _only_one_epoch(subjects: tuple[Subject, ...]) -> bool:
    """Whether each of several calls ran one epoch, for any requested number."""
    return len(subjects) > 1 and {len(subject.course.epochs) for subject in subjects} == {1}


def judge_training(log: TrainingLog, origins: Origins) -> Training:
    """Judge all calls together; a fault in several of them is named once.

    Parameters
    ----------
    origins
        The origin of the rows of the student's arrays.
    """
    subjects = tuple(Subject(call, log.tables, origins) for call in log.calls)
    stepped = any(len(subject.call.steps) for subject in subjects)
    only_one = _only_one_epoch(subjects)
    findings: list[LoopFinding] = []
    first_error: Fault | None = None
    for subject in subjects:
        error = _error(subject, subjects)
        first_error = first_error or error
        findings += judge_run(subject, error, steps_elsewhere=stepped, only_one=only_one)
        for judge in (judge_graph, judge_rows, judge_order, judge_labels, judge_held_out, judge_evaluation):
            findings += judge(subject)
        if not any(finding.aspect is Aspect.REPORT for finding in findings):
            findings += judge_report(subject)
    said = verdicts(findings, first_error)
    if not stepped:
        nothing = {aspect: Verdict(aspect, 0.0, because=findings[0].fault) for aspect in Aspect}
        return Training({**nothing, Aspect.RUN: said[Aspect.RUN]}, subjects)
    return Training(_as_far_as_believed(said, subjects), subjects)


def _error(subject: Subject, subjects: tuple[Subject, ...]) -> Fault | None:
    """Return a call's exception as a fault; None without a step if another call lacks epochs."""
    not_ready = not len(subject.call.steps) and _lacks_epochs(subjects)
    return None if not_ready else error_fault(subject)


def _lacks_epochs(subjects: tuple[Subject, ...]) -> bool:
    """Whether a call ended without an error after fewer epochs than required."""
    return any(one.call.error is None and 0 < len(one.course.epochs) < one.call.n_epochs for one in subjects)


def _as_far_as_believed(said: Mapping[Aspect, Verdict], subjects: tuple[Subject, ...]) -> Mapping[Aspect, Verdict]:
    """Return verdicts capped at `BELIEVED` if steps cannot be recomputed."""
    code = next((subject.unrepeatable for subject in subjects if subject.unrepeatable), "")
    if not code:
        return said
    return {
        aspect: replace(one, share=min(one.share, BELIEVED), because=one.because or fault(code))
        for aspect, one in said.items()
    }


NOT_TRUE = Text(
    "The record of what happened while train ran does not match a network that is fed these rows, so the grader "
    "cannot judge train. Does a cell change the package netgrader, TensorFlow or NumPy? Undo that, restart the "
    "kernel and run all cells."
)
ROWS = Text("How often each training {image} was fed in the first epoch")


def training_of(bench: TestContext) -> Training:
    """Return the verdicts on `train` with the instruments; end the test if nothing can be determined."""
    training: Training = bench.once("training loop", lambda: _training(bench))
    return training


def _spec(bench: TestContext) -> DataSpec:
    """Return the specification with classes: those of the data, or the bins of a regression's targets."""
    return looped(bench.spec, bench.dataset.y_train)


def _cell(bench: TestContext) -> str:
    return f"check_{bench.exercises.of_kind('training-loop')}"


def _training(bench: TestContext) -> Training:
    evidence = bench.evidence(_cell(bench))
    raw = evidence.raw
    if raw.problem is not None:
        ungradable(raw.problem)
    error = raw.errors.get("train") or raw.errors.get("probe")
    if error is not None:
        raise Failed([evidence.explained(error, bench.exercises.of_kind("training-loop"))])
    try:
        log = read_training_log(raw, bench.spec)
        known = _with_handed(bench, raw, log.tables)
        if known is not raw:
            log = read_training_log(known, bench.spec)
    except BadTrainingLog as problem:
        ungradable(problem.said)
    data, spec = bench.dataset, _spec(bench)
    train, test = (data.prepared(part) for part in (data.x_train, bench.given.images))
    classes, test_classes = map(spec.classes_of, (data.y_train, data.y_test))
    shown = origins(log.tables, spec, (train, classes), (test, test_classes))
    training = judge_training(log, shown)
    if "challenges" in bench.outside and not _noted_truly(bench, known, training.subjects):
        ungradable(NOT_TRUE)
    return training


def _with_handed(bench: TestContext, evidence: Evidence, tables: Tables) -> Evidence:
    """Return the evidence of `train`, with the data cell's training rows if it read others.

    It may also read the given rows: a student who repairs their arrays after the data cell loses nothing here.
    """
    handed, size, read = train_rows_as_handed(bench), bench.spec.size, tables.prints[: tables.n_train]
    if not handed.made_in or tables.stand_ins:
        return evidence
    images, given = handed.rows.reshape(-1, size), bench.dataset.prepared(bench.dataset.x_train)
    prints = fingerprints(images)
    if same_rows(prints, read, size) or same_rows(fingerprints(given), read, size):
        return evidence
    known = {
        "table/x_train": prints,
        f"table/{bench.spec.labels_of('train')}": _spec(bench).classes_of(handed.targets),
        "images/x_train": images,
    }
    return replace(evidence, arrays={**evidence.arrays, **known}, tables={})


def _noted_truly(bench: TestContext, raw: Evidence, subjects: tuple[Subject, ...]) -> bool:
    """Whether the instrument's notes match a recomputed network with the same start and feeds.

    Calls that cannot be recomputed are skipped; their credit is limited elsewhere.
    """
    from netgrader.judges.replay import Replayed, images_fit, replay  # noqa: PLC0415  (not for students)

    challenge, spec, images = bench.challenge(_cell(bench)), _spec(bench), _images(bench, raw)
    asked = bench.exercises.of_cell(_cell(bench)).calls
    noted = [(subject.call.n_epochs, subject.call.mini_batch_size) for subject in subjects]
    as_asked = noted == [(call.n_epochs, call.mini_batch_size) for call in asked]
    if challenge is None or not as_asked or not images_fit(images, subjects[0].tables, spec.size):
        return False
    return all(
        replay(subject.call, images, first_weights(challenge, number, spec.size, spec.classes), call.learning_rate)
        is Replayed.SAME
        for number, (subject, call) in enumerate(zip(subjects, asked, strict=True))
        if len(subject.call.steps) and not subject.unrepeatable
    )


def _images(bench: TestContext, raw: Evidence) -> ImageRows:
    """Return the images that `train` could read, training then test rows; empty if they are not images."""
    parts = [_part(bench, raw, f"images/{name}") for name in IMAGES]
    fits = {part.shape[1:] for part in parts} == {(bench.spec.size,)}
    return Joined(parts, bench.spec.size) if fits else NO_IMAGES


def _part(bench: TestContext, raw: Evidence, item: str) -> ImageRows:
    table = raw.tables.get(item)
    if table is None:
        return np.asarray(raw.arrays.get(item, NO_IMAGES), np.float32)
    return TableRows(table, bench.references[table.reference])


NO_IMAGES = np.empty((0, 0), np.float32)


def require_trained(bench: TestContext, aspect: Aspect, remark: Callable[..., None]) -> None:
    """End the test unless `train` ran and is right in this `aspect`; record its remarks."""
    require_run(bench)
    verdict = training_of(bench).verdicts[aspect]
    for noted in verdict.remarks:
        remark(noted.code, found=noted.found, expected=noted.expected, place=noted.place)
    _require_right(verdict)


def require_run(bench: TestContext) -> None:
    """End the test if the run of the student's `train` earns nothing; then nothing else is judged."""
    verdict = training_of(bench).verdicts[Aspect.RUN]
    if not verdict.share:
        _require_right(verdict)


def _require_right(verdict: Verdict) -> None:
    fail_all(verdict.faults, verdict.share)
    if verdict.share < 1 and verdict.because is not None:
        follows = FOLLOWS_FROM.format(sentence=verdict.because.sentence)
        raise Failed([fault(follows)], verdict.share, verdict.because.code or None)


def show_training(bench: TestContext, show: Callable[[Observation], None]) -> None:
    """Show the first call: how often rows were fed in its first epoch, and its losses."""
    for observation in training_pictures(training_of(bench)):
        show(observation)


def training_pictures(training: Training) -> Iterator[Observation]:
    """Yield how often rows were fed in the first call's first epoch, and its losses, if steps ran."""
    subject = training.subjects[0]
    if not subject.course.epochs:
        return
    call, epochs = subject.call, subject.course.epochs
    times = subject.seen(epochs[0])
    yield RowCounts(ROWS, tuple(times), tuple(times.values()))
    losses = call.loss[subject.course.steps]
    shown = np.arange(0, len(losses), max(1, len(losses) // MOST_DRAWN))
    drawn = Series(Text("loss"), tuple(shown.astype(float).tolist()), tuple(map(finite, losses[shown].tolist())))
    yield Curves(
        Text("The loss during {count} epochs on the grader's network", count=len(epochs)),
        Text("step"),
        Text("loss"),
        (drawn,),
    )

"""The student's `train`, called on instruments: what the probe for ``check_train`` does.

`train` reads the student's own arrays as globals. It gets copies of them, so that a loop that shuffles in place leaves
the notebook as it was; where they are missing or unusable it gets stand-ins, so that a broken ``prepare_data`` does not
cost the points of `train`. Both are bound in the namespace while a call lasts and no longer.
"""

from __future__ import annotations

import math
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import fingerprints
from netgrader.judges.notes import IMAGES, LEARNING_RATE, NO_LABEL, arrays_of, first_weights
from netgrader.student.course_data import given_data
from netgrader.student.instrument import Instrument, classes
from netgrader.student.patience import OutOfPatience, patience
from netgrader.student.sessions import variable_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.data import DataSpec
    from netgrader.evidence import EvidenceWriter
    from netgrader.student.probes import Student

__all__ = ["Call", "rehearse"]


class Rehearsal:
    """How much a rehearsal trains, and how long it waits, in seconds."""

    LEAST_ROWS = 100
    MOST_REPORTED = 10_000
    MORE_THAN_ASKED, SMALLEST = 3, 0.1
    """How many times the epochs that are asked for are not looked at to their end where somebody waits, and the share of a
    minibatch that a step counts as at least."""
    GRACE = 1.0
    """Seconds of computing after which an instrument's own refusal to go on is no longer waited for."""
    LOOK = 0.05
    """Seconds between two looks at threads that `train` left behind."""
    STILL = 5.0
    """Seconds without a step after which a thread is not waited for: it trains no more, and may watch for ever."""


Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Call:
    """A call of ``train(sess, net, n_epochs, mini_batch_size)`` on an instrument with this rate."""

    n_epochs: int
    mini_batch_size: int
    learning_rate: float = LEARNING_RATE


def rehearse(student: Student, out: EvidenceWriter, calls: Sequence[Call], seconds: float = 60.0) -> None:
    """Call the student's `train` on one instrument for each of `calls`, and hand over what was noted.

    In addition to the arrays of `netgrader.judges.notes`, call number k gives the facts ``{k}/asked`` (what it was called
    with), ``{k}/returned`` (what kind of thing came back) and ``{k}/steps_after`` (how many steps its threads took after
    that), the arrays ``{k}/acc_trn`` and ``{k}/acc_val`` if it returned numbers, and the error ``{k}/train`` if it
    raised. ``table/…`` are the rows and classes of the four arrays that it could read, ``images/…`` the images among
    them, ``stand_ins`` why they are not the student's own, if they are not.

    Parameters
    ----------
    seconds
        Processor time for which one call may go on feeding rows.
    """
    train = student.value(student.exercises.of_kind("training-loop"))
    arrays, table, problem = _arrays(student)
    out.fact("stand_ins", problem)
    for name, values in table.items():
        out.array(f"table/{name}", values)
    _hand_over_images(arrays, out)
    for number, call in enumerate(calls):
        out.fact(f"{number}/asked", {"n_epochs": call.n_epochs, "mini_batch_size": call.mini_batch_size})
        with student.lending({name: np.array(values) for name, values in arrays.items()}):
            ended = _call(student, train, call, out, number=number, seconds=seconds)
        if student.quick and not ended:
            break  # it is going to be the same with other numbers, and somebody waits


def _hand_over_images(arrays: Mapping[str, Array], out: EvidenceWriter) -> None:
    """The images as a network sees them; of what is a table of the given grey levels, the table."""
    for (name, reference), (given, _) in zip(IMAGES.items(), given_data(), strict=True):
        images = np.asarray(arrays[name]).astype(np.float32, copy=False)
        out.array(f"images/{name}", images, (reference, given) if given.dtype == np.uint8 else None)


def _call(student: Student, train: Any, call: Call, out: EvidenceWriter, *, number: int, seconds: float) -> bool:
    """Whether `train` ended by itself."""
    import tensorflow.compat.v1 as tf  # noqa: PLC0415  (imported by the notebook before any probe runs)

    name = str(number)
    spec = student.exercises.data
    weights = first_weights(student.challenge, number, spec.size, spec.classes)
    enough = Rehearsal.MORE_THAN_ASKED * call.n_epochs * spec.train.rows if student.quick else None
    least = int(Rehearsal.SMALLEST * call.mini_batch_size)
    instrument = Instrument(weights, call.learning_rate, seconds, enough, least=least, one_output=spec.one_output)
    session = tf.Session(graph=instrument.net.graph)
    try:
        # As in the notebook, neither is the default: an initializer made outside net.graph finds no variables.
        with student.capturing(out, f"{name}/train"), _ended(instrument):
            before = set(threading.enumerate())
            returned = train(session, instrument.net, call.n_epochs, call.mini_batch_size)
            out.fact(f"{name}/steps_after", _await_threads(before, instrument))
            _report(out, name, returned)
        out.fact(f"{name}/closed", bool(getattr(session, "_closed", False)))
        final = variable_values(session).get("W")
    finally:
        session.close()
    ended = not instrument.over()
    instrument.write(out, name, final)
    return ended


def _await_threads(before: set[threading.Thread], instrument: Instrument) -> int:
    """Wait for threads that `train` left, as long as they train; return their steps.

    So what is noted does not depend on how far they were when `train` returned. Raises `DoesNotEnd` if they do not end.
    """
    steps = last = instrument.steps
    since = time.monotonic()
    left = {*threading.enumerate()} - before
    while left & {*threading.enumerate()} and time.monotonic() - since < Rehearsal.STILL:
        time.sleep(Rehearsal.LOOK)
        if instrument.steps != last:
            last, since = instrument.steps, time.monotonic()
    if left and instrument.out_of_time:
        raise instrument.stopped()
    return instrument.steps - steps


@contextmanager
def _ended(instrument: Instrument) -> Iterator[None]:
    """End what exceeds the instrument's limit, even if it feeds nothing or catches exceptions.

    The reaction of the student's code to being stopped is not an error of its own.
    """
    try:
        with patience(lambda: instrument.over(Rehearsal.GRACE)):
            yield
    except OutOfPatience:
        raise instrument.stopped() from None
    except BaseException:
        if instrument.out_of_time:
            raise instrument.stopped() from None
        raise


def _report(out: EvidenceWriter, name: str, returned: Any) -> None:
    """Hand over type and length of the value that `train` returned, and both lists if numeric."""
    told: list[Any] = [type(returned).__name__[:100]]
    out.fact(f"{name}/returned", told)
    if isinstance(returned, dict | str):
        return  # how many keys it has says nothing
    # Where a student's own class is asked for values or numbers, anything may be raised.
    with suppress(Exception):
        values = list(islice(returned, Rehearsal.MOST_REPORTED))
        told.append(len(values))
        for part, value in zip(("acc_trn", "acc_val"), values if len(values) == 2 else (), strict=False):
            with suppress(Exception):
                numbers = np.asarray(value, dtype=np.float64)
                if numbers.size <= Rehearsal.MOST_REPORTED:
                    out.array(f"{name}/{part}", numbers.reshape(-1))


class _UnusableError(ValueError):
    """The student's arrays cannot be trained on; its text says why."""


def _arrays(student: Student) -> tuple[dict[str, Array], dict[str, Array], str | None]:
    """Return the student's arrays and row identities; or stand-ins, with a sentence why."""
    spec = student.exercises.data
    try:
        found = {name: _array(student, name) for name in arrays_of(spec)}
        table = {**_table(found, "train", spec), **_table(found, "test", spec)}
    except _UnusableError as problem:
        return *_stand_ins(spec), str(problem)
    return found, table, None


def _array(student: Student, name: str) -> Array:
    try:
        value = student.value(name)
    except NameError:
        raise _UnusableError(f"{name} is not defined") from None
    if not isinstance(value, np.ndarray):
        raise _UnusableError(f"{name} is not an array")
    return value


def _table(found: Mapping[str, Array], part: str, spec: DataSpec) -> dict[str, Array]:
    """What identifies the rows of a pair of arrays."""
    x, y = f"x_{part}", spec.labels_of(part)
    images, labels = found[x], found[y]
    try:
        _require_shape(images, spec.size)
        prints = fingerprints(images)
        _require_prints(prints)
        _require_labels(labels, spec, len(images))
    except _UnusableError as problem:
        raise _UnusableError(f"in {x} and {y} {problem}") from None
    return {x: prints, y: _named(labels, spec)[0]}


def _require_shape(images: Array, pixels: int) -> None:
    if images.dtype.kind not in "fiub" or images.shape[1:] != (pixels,) or len(images) < Rehearsal.LEAST_ROWS:
        raise _UnusableError(f"the images are not numbers of shape (n, {pixels})")


def _require_prints(prints: Array) -> None:
    if not np.isfinite(prints).all():
        raise _UnusableError("the images are not finite")
    if not _all_differ(prints):
        raise _UnusableError("rows are equal, so that it cannot be seen how often each is fed")


def _all_differ(prints: Array) -> bool:
    return len(np.unique(prints, axis=0)) == len(prints)


def _require_labels(labels: Array, spec: DataSpec, n_images: int) -> None:
    if labels.dtype.kind not in "fiub" or labels.shape[1:] != (spec.label_width,):
        raise _UnusableError(f"the labels are not numbers of shape (n, {spec.label_width})")
    named, unclear = _named(labels, spec)
    if unclear > len(labels) / 100:
        raise _UnusableError("the labels name no class")
    if len(np.unique(named[named != NO_LABEL])) < 2:
        raise _UnusableError("the labels all name one class")
    if len(labels) != n_images:
        raise _UnusableError(f"there are {n_images} images and {len(labels)} labels")


def _stand_ins(spec: DataSpec) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return images and labels to train on, with as many rows as there are images, and identities.

    They do not solve ``prepare_data``: grey levels and classes are permuted. Features are random, and so are images if some are
    equal.
    """
    stand_ins: dict[str, Array] = {}
    known: dict[str, Array] = {}
    drawn = np.random.RandomState(5)
    levels = (_shuffled(spec.largest + 1, 89) / spec.largest).astype(np.float32)
    named = spec.label_rows((_shuffled(spec.classes, 3) + 1) % spec.classes)
    for part, (images, labels) in zip(("train", "test"), given_data(), strict=True):
        rows = images.reshape(len(images), -1)
        is_table = images.dtype == np.uint8 and _all_differ(fingerprints(levels[rows]))
        stand_ins[f"x_{part}"] = levels[rows] if is_table else drawn.randn(*rows.shape).astype(np.float32)
        stand_ins[spec.labels_of(part)] = named[labels]
        known |= {
            f"x_{part}": fingerprints(stand_ins[f"x_{part}"]),
            spec.labels_of(part): _named(named[labels], spec)[0],
        }
    return stand_ins, known


def _shuffled(n: int, step: int) -> Array:
    """The numbers from 0 to below `n`, each once, that far apart if that is possible."""
    return np.arange(n) * (step if math.gcd(step, n) == 1 else 1) % n


def _named(labels: Array, spec: DataSpec) -> tuple[Array, int]:
    """The class that each row of labels names, and how many name none."""
    return classes(spec.one_hot(labels.astype(np.float32)))

"""The student's `train`, called on instruments: the probe for ``check_train``.

`train` reads the student's own arrays as globals. It gets copies, so that a loop that shuffles in place does not change the
notebook; if they are missing or unusable it gets stand-ins, so that a broken ``prepare_data`` does not cost the points of
`train`. Both are bound in the namespace only during a call.
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

from netgrader.judges.bins import looped
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
    """Limits on a rehearsal, and timeouts in seconds."""

    LEAST_ROWS = 100
    MOST_REPORTED = 10_000
    MORE_THAN_ASKED, SMALLEST = 3, 0.1
    """If a student waits: the multiple of the required epochs after which a call is stopped, and the least
    fraction of a minibatch that a step is counted as."""
    GRACE = 1.0
    """Seconds of computing after which training is stopped if the instrument's own error did not end it."""
    LOOK = 0.05
    """Seconds between two looks at threads that `train` left behind."""
    STILL = 5.0
    """Seconds without a step after which a thread is no longer awaited: it has stopped training, and may run forever."""


Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Call:
    """A call of ``train(sess, net, n_epochs, mini_batch_size)`` on an instrument with this rate."""

    n_epochs: int
    mini_batch_size: int
    learning_rate: float = LEARNING_RATE


def rehearse(student: Student, out: EvidenceWriter, calls: Sequence[Call], seconds: float = 60.0) -> None:
    """Call the student's `train` on one instrument for each of `calls`, and hand over the notes.

    In addition to the arrays of `netgrader.judges.notes`, call number k gives the facts ``{k}/asked`` (its arguments),
    ``{k}/returned`` (the kind of its result) and ``{k}/steps_after`` (the number of later steps by its threads), the arrays
    ``{k}/acc_trn`` and ``{k}/acc_val`` if it returned numbers, and the error ``{k}/train`` if it raised. ``table/…`` are the
    rows and classes of the four arrays that it could read, ``images/…`` the images among them; ``stand_ins`` says why they
    are not the student's own, if so.

    Parameters
    ----------
    seconds
        Processor time in seconds for which one call may feed rows.
    """
    train = student.value(student.exercises.of_kind("training-loop"))
    spec = looped(student.exercises.data, given_data()[0][1])
    arrays, table, problem = _arrays(student, spec)
    out.fact("stand_ins", problem)
    for name, values in table.items():
        out.array(f"table/{name}", values)
    _hand_over_images(arrays, out)
    for number, call in enumerate(calls):
        out.fact(f"{number}/asked", {"n_epochs": call.n_epochs, "mini_batch_size": call.mini_batch_size})
        with student.lending({name: np.array(values) for name, values in arrays.items()}):
            ended = _call(student, spec, train, call, out, number=number, seconds=seconds)
        if student.quick and not ended:
            break  # other arguments would end the same way, and a student waits


def _hand_over_images(arrays: Mapping[str, Array], out: EvidenceWriter) -> None:
    """Hand over the images as a network sees them, as lookup tables of the given gray levels if possible."""
    for (name, reference), (given, _) in zip(IMAGES.items(), given_data(), strict=True):
        images = np.asarray(arrays[name]).astype(np.float32, copy=False)
        out.array(f"images/{name}", images, (reference, given) if given.dtype == np.uint8 else None)


def _call(
    student: Student, spec: DataSpec, train: Any, call: Call, out: EvidenceWriter, *, number: int, seconds: float
) -> bool:
    """Call `train` on an instrument and hand over the notes; return whether it ended in time."""
    import tensorflow.compat.v1 as tf  # noqa: PLC0415  (the notebook imports it before any probe runs)

    name = str(number)
    weights = first_weights(student.challenge, number, spec.size, spec.classes)
    enough = Rehearsal.MORE_THAN_ASKED * call.n_epochs * spec.train.rows if student.quick else None
    least = int(Rehearsal.SMALLEST * call.mini_batch_size)
    column = spec.is_regression and _predicts_column(student)
    instrument = Instrument(weights, spec, call.learning_rate, seconds, enough, least=least, column=column)
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


def _predicts_column(student: Student) -> bool:
    """Whether the student's own network predicts a column (n, 1): loops may be written for either shape."""
    with suppress(Exception, SystemExit):
        return bool(student.call(student.exercises.networks[0]).prediction.shape.ndims > 1)
    return False


def _await_threads(before: set[threading.Thread], instrument: Instrument) -> int:
    """Wait for threads that `train` left, while they train; return the number of their steps.

    So the notes do not depend on the threads' progress when `train` returned. Raises `DoesNotEnd` if they do not end.
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
    """Stop training beyond the instrument's limit, even if it feeds nothing or catches exceptions.

    An error of the student's code after being stopped is replaced by `DoesNotEnd`.
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
        return  # the number of keys means nothing
    # A student's own class may raise anything when it is iterated or converted.
    with suppress(Exception):
        values = list(islice(returned, Rehearsal.MOST_REPORTED))
        told.append(len(values))
        for part, value in zip(("acc_trn", "acc_val"), values if len(values) == 2 else (), strict=False):
            with suppress(Exception):
                numbers = np.asarray(value, dtype=np.float64)
                if numbers.size <= Rehearsal.MOST_REPORTED:
                    out.array(f"{name}/{part}", numbers.reshape(-1))


class _UnusableError(ValueError):
    """The student's arrays cannot be trained on; the text says why."""


def _arrays(student: Student, spec: DataSpec) -> tuple[dict[str, Array], dict[str, Array], str | None]:
    """Return the student's arrays and row identities; or stand-ins, with a sentence that says why."""
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
    """Return the fingerprints and classes of the rows of a pair of arrays."""
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
    if labels.dtype.kind not in "fiub" or labels.shape[1:] not in spec.label_shapes:
        raise _UnusableError(f"the labels are not numbers of shape (n, {spec.label_width})")
    named, unclear = _named(labels, spec)
    if unclear > len(labels) / 100:
        raise _UnusableError("the labels name no class")
    if len(np.unique(named[named != NO_LABEL])) < 2:
        raise _UnusableError("the labels all name one class")
    if len(labels) != n_images:
        raise _UnusableError(f"there are {n_images} images and {len(labels)} labels")


def _stand_ins(spec: DataSpec) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return stand-ins for images and labels, with as many rows as the given ones, and their identities.

    They do not reveal a solution of ``prepare_data``: gray levels and classes are permuted. Features are random, and so are
    images if some are equal.
    """
    stand_ins: dict[str, Array] = {}
    known: dict[str, Array] = {}
    drawn = np.random.RandomState(5)
    levels = (_shuffled(spec.largest + 1, 89) / spec.largest).astype(np.float32)
    named = spec.label_rows((_shuffled(spec.classes, 3) + 1) % spec.classes)
    for part, (images, targets) in zip(("train", "test"), given_data(), strict=True):
        rows, labels = images.reshape(len(images), -1), spec.classes_of(targets)
        is_table = images.dtype == np.uint8 and _all_differ(fingerprints(levels[rows]))
        stand_ins[f"x_{part}"] = levels[rows] if is_table else drawn.randn(*rows.shape).astype(np.float32)
        stand_ins[spec.labels_of(part)] = named[labels]
        known |= {
            f"x_{part}": fingerprints(stand_ins[f"x_{part}"]),
            spec.labels_of(part): _named(named[labels], spec)[0],
        }
    return stand_ins, known


def _shuffled(n: int, step: int) -> Array:
    """Return the numbers from 0 to `n` - 1, each once, `step` apart modulo `n` if that is coprime."""
    return np.arange(n) * (step if math.gcd(step, n) == 1 else 1) % n


def _named(labels: Array, spec: DataSpec) -> tuple[Array, int]:
    """Return the class that each label row names, and the number of rows that name none."""
    return classes(spec.one_hot(labels.astype(np.float32)))

"""Judge whether training steps were fed each image with its own label; if not, say which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graphread.text import Said, Text, spelled
from netgrader.judges.aspects import Aspect
from netgrader.judges.notes import NO_LABEL
from netgrader.judges.subject import NOISE, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.data import Array
    from netgrader.judges.aspects import LoopFinding
    from netgrader.judges.log import Bytes, Int
    from netgrader.judges.subject import Subject

__all__ = ["class_shift", "judge_labels", "mismatch", "one_hot_words", "row_shift"]

# A shift explains the labels if it fits this fraction of them.
EXPLAINED = 0.97
NEAR = (1, -1, 2, -2, 3, -3)


class OfNumbers:
    """Tolerances for numbers, whose classes are bins."""

    ROUNDED = 0.005
    """Fraction of the targets that rounding to half precision may move to another bin."""
    BIN = 1
    """Numbers in another order differ by a bin at most if a minibatch was left out; numbers in another unit by more."""


def judge_labels(subject: Subject) -> Iterator[LoopFinding]:
    """Compare the fed labels with those in the student's array, and with the classes that the images show.

    Either match is right: wrong labels in the array are the fault of ``prepare_data``, and a loop may make its own labels if
    they are correct.
    """
    rows = subject.call.of(subject.course.steps)
    index, labels = rows.index, rows.labels
    if not len(index) or (index < 0).any():
        return  # unknown rows have no label of their own
    unclear = labels == NO_LABEL
    if unclear.mean() > NOISE:
        found = Text("{unclear:,} of {count:,} {labels} that name no class", unclear=unclear.sum(), count=len(labels))
        yield finding(
            Aspect.LABELS,
            "labels-not-one-hot",
            found=found,
            expected=Text("{one_hot_words} in each row", one_hot_words=one_hot_words(subject.spec.label_width)),
        )
        return
    wrong, own = subject.nearest_classes(index, labels)
    if wrong > (OfNumbers.ROUNDED if subject.spec.is_regression else NOISE):
        # Standardizing in another precision leaves a few rows unrecognized: they show no class of their own.
        yield _explained(subject, index, labels, np.where(own == NO_LABEL, subject.tables.classes, own))


def _explained(subject: Subject, index: Int, labels: Bytes, own: Bytes) -> LoopFinding:
    spec = subject.spec
    shift = class_shift(labels, own[index], spec.classes)
    if shift is not None and not spec.is_regression:
        one = min(3, spec.classes - 1)
        found = Text("the {label} {one} for a {name}", one=(one + shift) % spec.classes, name=spec.name(one))
        return finding(Aspect.LABELS, "labels-off-by-one", found=found, expected=Text("the {label} {one}", one=one))
    size = subject.call.mini_batch_size
    shift = row_shift(labels, own, index, (*NEAR, size, -size))
    if shift is not None:
        found = Text(
            "each {image} with the {label} of the {image} {shift} {value} it",
            shift=abs(shift),
            value=Text("after") if shift > 0 else Text("before"),
        )
        return finding(Aspect.LABELS, "labels-shifted", found=found, expected=Text("with its own"))
    wrong = (labels != own[index]).sum()
    code = mismatch(labels, own[index], OfNumbers.BIN) if spec.is_regression else "labels-shuffled-apart"
    found = Text(
        "at least {wrong:,} of {count:,} {images} fed with a {label} other than their own",
        wrong=wrong,
        count=len(labels),
    )
    return finding(Aspect.LABELS, code, found=found, expected=Text("each with its own"))


def one_hot_words(width: int) -> Said:
    """Return the content of a label row in words: ``one 1 and nine 0``, or ``0 or 1``."""
    return Text("one 1 and {classes} 0", classes=spelled(width - 1)) if width > 1 else Text("0 or 1")


def class_shift(labels: Bytes, own: Bytes, classes: int) -> int | None:
    """Return the nonzero constant that shifts `labels` modulo the number of classes; else None."""
    shifts = np.bincount((labels.astype(np.int64) - own) % classes, minlength=classes)
    best = int(np.argmax(shifts))
    return best if best and shifts[best] > EXPLAINED * len(labels) else None


def mismatch(labels: Array, given: Array, slack: float = 0.0) -> str:
    """Return the code for wrong labels (n,): the given ones in another order, or different ones."""
    apart = np.abs(np.sort(labels.astype(np.float64)) - np.sort(given.astype(np.float64)))
    return "labels-shuffled-apart" if (apart <= slack).all() else "labels-wrong"


def row_shift(labels: Array, own: Array, index: Int, shifts: tuple[int, ...], slack: float = 0.0) -> int | None:
    """Return by how many rows `labels` are shifted, in the array or in feeding order; else None.

    Parameters
    ----------
    labels
        The class, or number, fed with each row, shape (m,).
    own
        The right class, or number, of each row of the array.
    index
        The array's row index of each fed row, shape (m,).
    shifts
        Shifts to try.
    slack
        The tolerance within which numbers count as equal.
    """
    fed = own[index]
    for shift in shifts:
        along_array = own[np.clip(index + shift, 0, len(own) - 1)]
        along_order = np.roll(fed, -shift)
        shifted = np.stack([along_array, along_order])
        if (np.abs(labels - shifted) <= slack).mean(axis=1).max() > EXPLAINED:
            return shift
    return None

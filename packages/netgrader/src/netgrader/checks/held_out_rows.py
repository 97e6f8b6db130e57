"""Test rows and sequences that untrusted code never sees, and what replaces them.

The counterpart of `netgrader.checks.held_out` for other inputs: a secret half of the test inputs, drawn per submission, is
replaced in the notebook's data file. Each is replaced by an interpolation of two nearby training rows: of the same class, or,
in a regression, with targets near its own.

The target in the file stays true. It reveals nothing that counts: grading uses the network's answer for the original row,
which is in no file, so the target cannot be matched to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.checks.held_out import HeldOut, half, held_out_images, redraw

if TYPE_CHECKING:
    from netgrader.data import DataSpec

__all__ = ["held_out_inputs", "held_out_rows"]

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]

NEAR_TARGETS, OF_A_CLASS = 16, 64
"""Candidate training rows for a pair: those with the nearest targets, or a random sample of the class."""
AT_ONCE = 4_000_000  # numbers compared at once


def held_out_inputs(seed: str, train: tuple[Array, Array], test: tuple[Array, Array], spec: DataSpec) -> HeldOut:
    """Replace half of the test inputs, chosen by `seed`: images are redrawn, others interpolated.

    Parameters
    ----------
    seed
        A secret, in hex.
    train, test
        Inputs (n, …) and their targets (n,).
    spec
        The specification of the data.
    """
    if not spec.is_images:
        return held_out_rows(seed, train, test, spec)
    return _images_of_numbers(seed, train, test) if spec.is_regression else held_out_images(seed, train, test)


def _images_of_numbers(seed: str, train: tuple[Array, Array], test: tuple[Array, Array]) -> HeldOut:
    """Replace half of the test images by redrawn training images with nearly the same target."""
    random = np.random.default_rng(int(seed, 16))
    (x_train, y_train), (x_test, y_test) = train, test
    hidden = half(len(x_test), random)
    places, images = np.flatnonzero(hidden), x_test.copy()
    _, found = _near_targets(y_train, y_test[places], random)
    images[places] = redraw(x_train[found[:, 0]], random)
    return HeldOut(images, hidden)


def held_out_rows(seed: str, train: tuple[Array, Array], test: tuple[Array, Array], spec: DataSpec) -> HeldOut:
    """Replace half of the test rows, chosen by `seed`, by interpolations of two training rows."""
    random = np.random.default_rng(int(seed, 16))
    (x_train, y_train), (x_test, y_test) = train, test
    hidden = half(len(x_test), random)
    rows, inputs = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1).copy()
    _, deviation = spec.mean_and_deviation(x_train)
    scale = np.where(deviation > 0, deviation, 1)
    whole = (rows == np.rint(rows)).all(axis=0)
    places = np.flatnonzero(hidden)
    candidates = _near_targets if spec.is_regression else _of_the_class
    chosen, found = candidates(y_train, y_test[places], random)
    step = max(1, AT_ONCE // (found.shape[1] * rows.shape[1]))
    for start in range(0, len(chosen), step):
        some = slice(start, start + step)
        inputs[places[chosen[some]]] = _between(rows, found[some], scale, whole, random)
    return HeldOut(inputs.reshape(x_test.shape), hidden)


def _of_the_class(y_train: Array, targets: Array, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the `targets` whose class has training rows, and random rows of that class for each (m, k)."""
    chosen, found = [], []
    for one in np.unique(targets):
        like, places = np.flatnonzero(y_train == one), np.flatnonzero(targets == one)
        if len(like):
            chosen.append(places)
            found.append(like[random.integers(0, len(like), (len(places), OF_A_CLASS))])
    if not chosen:
        return np.zeros(0, np.int64), np.zeros((0, OF_A_CLASS), np.int64)
    return np.concatenate(chosen), np.concatenate(found)


def _near_targets(y_train: Array, targets: Array, random: np.random.Generator) -> tuple[Ints, Ints]:
    """Return all `targets`, and for each the training rows with the nearest targets (m, k), shuffled."""
    order = np.argsort(y_train, kind="stable")
    k = min(NEAR_TARGETS, len(order))
    first = np.clip(np.searchsorted(y_train[order], targets) - k // 2, 0, len(order) - k)
    found = order[first[:, None] + np.arange(k)]
    return np.arange(len(targets)), random.permuted(found, axis=1)


def _between(rows: Array, found: Ints, scale: Array, whole: Array, random: np.random.Generator) -> Array:
    """Return, for each candidate list (m, k), a row between its first candidate and the nearest other.

    A feature that is a whole number in all training rows takes the value of one of the two.
    """
    first, others = rows[found[:, 0]].astype(np.float64), rows[found[:, 1:]].astype(np.float64)
    if others.shape[1]:
        apart = (((others - first[:, None]) / scale) ** 2).sum(axis=2)
        apart[found[:, 1:] == found[:, :1]] = np.inf
        second = others[np.arange(len(found)), apart.argmin(axis=1)]
    else:
        second = first
    share = random.random((len(first), 1))
    share = np.where(whole, random.random(first.shape) < share, share)
    return (first + share * (second - first)).astype(rows.dtype)

"""Recompute the instrument's notes: the same weights, fed the same rows, must give the same results.

The student's own process writes the notes, so they could be invented. But the initial weights depend on a number that is
known only after the submission, and each step depends on the fed rows. Notes that agree with this take a training loop to
produce: the exercise.

A step on rows from outside the student's arrays cannot be recomputed, and is not trusted.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import fingerprints
from netgrader.judges.notes import Asked, Learner, direction, loss_and_slope

if TYPE_CHECKING:
    from netgrader.judges.known_images import ImageRows
    from netgrader.judges.log import Int, LoggedCall, Tables

__all__ = ["Replayed", "images_fit", "replay"]

Floats = npt.NDArray[np.float32]


class _ReplayLimits(NamedTuple):
    """Limits on the recomputation, and tolerances."""

    first_steps: int = 20
    """Number of first steps of which at least half must agree."""
    steps: int = 3_000
    """Steps of a call that are recomputed. A student who gets them right has written a loop."""
    rows: int = 2_000
    """Rows of an evaluation whose predicted class is recomputed."""
    snapshots: int = 60
    """Networks that are kept."""
    near: float = 0.02
    """Tolerance of states and losses. A state moves by several units per epoch; float32 sums in another order change it by at
    most a thousandth."""
    steps_agree: float = 0.9
    """Fraction of the steps that must agree."""
    found_agree: float = 0.97
    """Fraction of the evaluated rows that must agree."""
    agree: float = 1e-4
    """Tolerance of two losses in the first step."""
    least_spread: float = 0.01
    """Smallest fraction of a label that a loop spreads over all classes (label smoothing),"""
    most_spread: float = 0.5
    """and the largest."""
    at_once: int = 512
    """Images that are compared at once."""


LIMITS = _ReplayLimits()


class Replayed(Enum):
    """Whether the notes agree with the recomputation."""

    SAME = "same"
    OTHER = "other"


def images_fit(images: ImageRows, tables: Tables, pixels: int) -> bool:
    """Whether `images`, training and test rows of `pixels` values, have the tables' fingerprints."""
    given = len(tables.prints)
    if images.shape != (given, pixels):
        return False
    scale = np.abs(tables.prints[np.isfinite(tables.prints)]).max(initial=1e-30)
    for start in range(0, given, LIMITS.at_once):
        rows = np.arange(start, min(start + LIMITS.at_once, given))
        if not np.allclose(fingerprints(images[rows]), tables.prints[rows], rtol=0, atol=1e-6 * scale, equal_nan=True):
            return False
    return True


def replay(call: LoggedCall, images: ImageRows, weights: Floats, learning_rate: float) -> Replayed:
    """Recompute the effect of a call of `train` on the instrument; return whether its notes agree.

    Parameters
    ----------
    call
        The call's notes.
    images
        The rows of the tables.
    weights
        The instrument's initial weights, float32 (pixels, classes).
    learning_rate
        The learning rate of its Adam.
    """
    return _Replay(call, images, weights, learning_rate).result()


@dataclass(frozen=True)
class _Batch:
    """The rows (n, pixels) and labels (n, classes) of a step."""

    x: Floats
    y: Floats

    def spread(self, share: float) -> Floats:
        """Return the labels, with a fraction `share` of each spread over all classes."""
        return self.y * np.float32(1 - share) + np.float32(share / self.y.shape[1])


class _Replay:
    def __init__(self, call: LoggedCall, images: ImageRows, weights: Floats, learning_rate: float) -> None:
        self._call = call
        self._images = images
        self._weights = weights.astype(np.float32)
        self._rate = learning_rate
        self._direction = direction(weights.size)
        self._pixels, self._n_classes = weights.shape
        # A reinitialized or second session starts over while the old one may still be used; a restored one continues from its
        # saved state. Their states distinguish all of them.
        self._networks: list[tuple[float, Learner]] = []
        self._smoothing: float | None = None
        self._begun = False
        """Whether steps were taken since the last evaluation."""
        self._steps: list[bool] = []
        """For each step, whether it agrees with the notes."""
        self._rows_right = np.zeros(2, np.int64)
        """The number of rows whose noted class is the network's, and of all examined rows."""

    def result(self) -> Replayed:
        """Return the result."""
        for run, asked in enumerate(self._call.asked.tolist()):
            self._follow(run, asked)
            if self._decided():
                break
        agrees = sum(self._steps) >= max(LIMITS.steps_agree * len(self._steps), 1)
        right, looked = self._rows_right
        return Replayed.SAME if agrees and right >= LIMITS.found_agree * looked else Replayed.OTHER

    def _follow(self, run: int, asked: int) -> None:
        """Repeat one run."""
        network = self._nearest(float(self._call.state[run]))
        if asked & Asked.INITIALISE:
            # Two copies: one keeps the initial state, in case a restored network starts from it.
            self._remember(Learner.begun(self._weights.copy()))
            self._remember(Learner.begun(self._weights.copy()))
        elif asked & Asked.STEP:
            self._steps.append(network is not None and self._step(network, run))
            self._begun = True
        elif self._call.sizes[run]:
            if self._begun and network is not None:
                self._remember(copy.deepcopy(network))
            self._begun = False
            self._rows_right += self._classes(network, run)

    def _decided(self) -> bool:
        """Whether enough steps were repeated to decide."""
        tried = len(self._steps)
        return tried >= LIMITS.steps or (tried >= LIMITS.first_steps and sum(self._steps) < tried / 2)

    def _state(self, network: Learner) -> float:
        return float(np.dot(network.w.reshape(-1), self._direction))

    def _remember(self, network: Learner) -> None:
        self._networks = [*self._networks[-LIMITS.snapshots :], (self._state(network), network)]

    def _nearest(self, state: float) -> Learner | None:
        """Return the network in this state, the last used of several; None if there is none."""
        for known, network in reversed(self._networks):
            if np.isclose(known, state, rtol=0, atol=LIMITS.near, equal_nan=True):
                return network
        return None

    def _batch(self, run: int) -> _Batch | None:
        """Return rows and labels of a step; None if some are unknown."""
        at = np.arange(self._call.starts[run], self._call.starts[run + 1])
        rows = self._call.rows
        if (rows.index[at] < 0).any() or (rows.labels[at] >= self._n_classes).any():
            return None
        return _Batch(self._rows(at), np.eye(self._n_classes, dtype=np.float32)[rows.labels[at]])

    def _rows(self, at: Int) -> Floats:
        rows = self._call.rows
        x = self._images[rows.index[at]]
        if rows.near[at].any():
            x = np.where(rows.near[at, np.newaxis], x.astype(np.float16), x)
        factor, shift = (np.asarray(value[at], np.float32)[:, np.newaxis] for value in (rows.factor, rows.shift))
        return x * factor + shift

    def _step(self, network: Learner, run: int) -> bool:
        """Take the step; return whether its loss is the noted one."""
        noted = float(self._call.loss[run])
        batch = self._batch(run)
        if batch is None:
            return False
        # Stored copies stay unchanged.
        self._networks = [pair for pair in self._networks if pair[1] is not network]
        with np.errstate(all="ignore"):
            if self._smoothing is None:
                self._smoothing = _smoothing(network, batch, noted)
            loss = network.step(batch.x, batch.spread(self._smoothing), self._rate)
        self._remember(network)
        return bool(np.isclose(noted, loss, rtol=LIMITS.near, atol=LIMITS.near, equal_nan=True))

    def _classes(self, network: Learner | None, run: int) -> tuple[int, int]:
        """Return the number of an evaluation's rows whose noted class is the network's, and of all of them."""
        call = self._call
        at = np.arange(call.starts[run], min(call.starts[run + 1], call.starts[run] + LIMITS.rows))
        at = at[(call.rows.index[at] >= 0) & np.isfinite(call.rows.factor[at])]
        if network is None:
            return 0, len(at)
        found = network.logits(self._rows(at)).argmax(axis=1)
        return int((found == call.rows.found[at]).sum()), len(at)


def _smoothing(network: Learner, batch: _Batch, noted: float) -> float:
    """Return the fraction of each label that was spread over all classes, by the first loss; else 0."""
    logits = network.logits(batch.x)
    own, _ = loss_and_slope(logits, batch.y)
    spread, _ = loss_and_slope(logits, batch.spread(1.0))
    # Before training the two losses are close, and a tenth of their distance decides; losses agree to 1e-5.
    share = np.float64(noted - own) / (spread - own)
    return float(share) if abs(noted - own) > LIMITS.agree and LIMITS.least_spread < share < LIMITS.most_spread else 0.0

"""Computes again what the instrument noted: the same weights, fed the same rows, must go the same way.

The notes are written by the student's own process, so they can be written by hand. But the first weights
follow from a number that is known only when the notebook has been handed in, and each step from the rows that were fed.
Notes that agree with this take a training loop to write: the exercise.

A step on rows from outside the student's arrays cannot be computed, and is not believed.
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
    """How much is computed again, and what agrees."""

    first_steps: int = 20
    """Steps of which most must agree."""
    steps: int = 3_000
    """Steps of a call that are computed again. A student who gets them right has written a loop."""
    rows: int = 2_000
    """Rows of an evaluation for which the class found is computed again."""
    snapshots: int = 60
    """Networks that are remembered."""
    near: float = 0.02
    """How far states and losses may be apart. A state moves by several units in an epoch; float32 sums in another order
    leave it within a thousandth."""
    steps_agree: float = 0.9
    """Share of the steps."""
    found_agree: float = 0.97
    """Share of the rows of evaluations."""
    agree: float = 1e-4
    """How far two losses may be apart in the first step."""
    least_spread: float = 0.01
    """Share of a label that a loop spreads over all classes, at least,"""
    most_spread: float = 0.5
    """and at most."""
    at_once: int = 512
    """Images that are compared together."""


LIMITS = _ReplayLimits()


class Replayed(Enum):
    """What came of it."""

    SAME = "same"
    OTHER = "other"


def images_fit(images: ImageRows, tables: Tables, pixels: int) -> bool:
    """Whether `images`, training and test rows of `pixels`, have the tables' fingerprints."""
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
    """Compute again what a call of `train` did to the instrument.

    Parameters
    ----------
    call
        What was noted.
    images
        The rows of the tables.
    weights
        What the instrument started from, float32 (pixels, classes).
    learning_rate
        Of its Adam.
    """
    return _Replay(call, images, weights, learning_rate).result()


@dataclass(frozen=True)
class _Batch:
    """Rows (n, pixels) and labels (n, classes) of a step."""

    x: Floats
    y: Floats

    def spread(self, share: float) -> Floats:
        """Return the labels, with a `share` of each spread over all classes."""
        return self.y * np.float32(1 - share) + np.float32(share / self.y.shape[1])


class _Replay:
    def __init__(self, call: LoggedCall, images: ImageRows, weights: Floats, learning_rate: float) -> None:
        self._call = call
        self._images = images
        self._weights = weights.astype(np.float32)
        self._rate = learning_rate
        self._direction = direction(weights.size)
        self._pixels, self._n_classes = weights.shape
        # A session that was initialised again, or another one, starts anew while the old one may be used again; a
        # restored one goes on from where it was saved. All of them are told apart by their states.
        self._networks: list[tuple[float, Learner]] = []
        self._smoothing: float | None = None
        self._begun = False
        """Whether steps were taken since the last evaluation."""
        self._steps: list[bool] = []
        """Which of the steps were those that were noted."""
        self._rows_right = np.zeros(2, np.int64)
        """For how many rows the class noted is that of the network, and of how many."""

    def result(self) -> Replayed:
        """Return what came of it."""
        for run, asked in enumerate(self._call.asked.tolist()):
            self._follow(run, asked)
            if self._decided():
                break
        agrees = sum(self._steps) >= max(LIMITS.steps_agree * len(self._steps), 1)
        right, looked = self._rows_right
        return Replayed.SAME if agrees and right >= LIMITS.found_agree * looked else Replayed.OTHER

    def _follow(self, run: int, asked: int) -> None:
        """Do what a run did."""
        network = self._nearest(float(self._call.state[run]))
        if asked & Asked.INITIALISE:
            # One of them stays as it is, should a restored one begin here.
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
        """Whether enough steps were taken to say what comes of it."""
        tried = len(self._steps)
        return tried >= LIMITS.steps or (tried >= LIMITS.first_steps and sum(self._steps) < tried / 2)

    def _state(self, network: Learner) -> float:
        return float(np.dot(network.w.reshape(-1), self._direction))

    def _remember(self, network: Learner) -> None:
        self._networks = [*self._networks[-LIMITS.snapshots :], (self._state(network), network)]

    def _nearest(self, state: float) -> Learner | None:
        """Return the network in this state, if there is one: of several the one that was used last."""
        for known, network in reversed(self._networks):
            if np.isclose(known, state, rtol=0, atol=LIMITS.near, equal_nan=True):
                return network
        return None

    def _batch(self, run: int) -> _Batch | None:
        """Return rows and labels of a step; None if some are not known."""
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
        """Take the step, and return whether its loss is the one that was noted."""
        noted = float(self._call.loss[run])
        batch = self._batch(run)
        if batch is None:
            return False
        # What was kept beside stays as it was.
        self._networks = [pair for pair in self._networks if pair[1] is not network]
        with np.errstate(all="ignore"):
            if self._smoothing is None:
                self._smoothing = _smoothing(network, batch, noted)
            loss = network.step(batch.x, batch.spread(self._smoothing), self._rate)
        self._remember(network)
        return bool(np.isclose(noted, loss, rtol=LIMITS.near, atol=LIMITS.near, equal_nan=True))

    def _classes(self, network: Learner | None, run: int) -> tuple[int, int]:
        """Return for how many rows of an evaluation the noted class is the network's, and of how many."""
        call = self._call
        at = np.arange(call.starts[run], min(call.starts[run + 1], call.starts[run] + LIMITS.rows))
        at = at[(call.rows.index[at] >= 0) & np.isfinite(call.rows.factor[at])]
        if network is None:
            return 0, len(at)
        found = network.logits(self._rows(at)).argmax(axis=1)
        return int((found == call.rows.found[at]).sum()), len(at)


def _smoothing(network: Learner, batch: _Batch, noted: float) -> float:
    """Return how much of each label was spread over all classes, by the first loss; else 0."""
    logits = network.logits(batch.x)
    own, _ = loss_and_slope(logits, batch.y)
    spread, _ = loss_and_slope(logits, batch.spread(1.0))
    # Before training the two are near one another, and a tenth of that is all that tells; losses agree to 1e-5.
    share = np.float64(noted - own) / (spread - own)
    return float(share) if abs(noted - own) > LIMITS.agree and LIMITS.least_spread < share < LIMITS.most_spread else 0.0

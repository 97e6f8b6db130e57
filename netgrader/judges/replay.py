"""Computes again what the instrument noted: the same weights, fed the same rows, must go the same way.

The notes are written by the student's own process, so whoever wants to may write them by hand. But the first weights
follow from a number that is known only when the notebook has been handed in, and each step from the rows that were fed.
Notes that agree with this take a training loop to write: the exercise.

A step on rows that are none of the student's arrays cannot be computed, and is not believed.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import fingerprints
from netgrader.judges.notes import Asked, Learner, direction, loss_and_slope

if TYPE_CHECKING:
    from netgrader.judges.known_images import ImageRows
    from netgrader.judges.log import Int, LoggedCall, Tables

__all__ = ["Replayed", "images_fit", "replay"]

Floats = npt.NDArray[np.float32]

MOST_STEPS = 3_000
"""Steps of a call that are computed again. Whoever gets them right has written a loop."""
MOST_ROWS = 2_000
"""Rows of an evaluation for which the class found is computed again."""
MOST_SNAPSHOTS = 60
NEAR = 0.02
"""How far states and losses may be apart. A state moves by several units in an epoch; float32 sums in another order
leave it within a thousandth."""
STEPS_AGREE, FOUND_AGREE = 0.9, 0.97
AT_ONCE = 512
"""Images that are compared together."""


class Replayed(Enum):
    """What came of it."""

    SAME = "same"
    OTHER = "other"


def images_fit(images: ImageRows, tables: Tables, pixels: int) -> bool:
    """Whether `images`, training and test rows of so many `pixels`, are the ones that the tables' fingerprints are of."""
    given = len(tables.prints)
    if len(images) != given:
        return False
    scale = np.abs(tables.prints[np.isfinite(tables.prints)]).max(initial=1e-30)
    for start in range(0, given, AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, given))
        shown = images[rows]
        if shown.shape != (len(rows), pixels):
            return False
        if not np.allclose(fingerprints(shown), tables.prints[rows], rtol=0, atol=1e-6 * scale, equal_nan=True):
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

    def result(self) -> Replayed:
        """Return what came of it."""
        call = self._call
        same = tried = 0
        right = looked = 0
        stepped = False
        for run in range(len(call.asked)):
            asked = int(call.asked[run])
            if asked & Asked.INITIALISE:
                for _ in range(2):  # one that stays as it is, should a restored one begin here
                    self._remember(Learner(self._weights.copy()))
                continue
            network = self._nearest(float(call.state[run]))
            if asked & Asked.STEP:
                tried += 1
                same += network is not None and self._step(network, run)
                stepped = True
                if tried >= MOST_STEPS or (tried >= 20 and same < tried / 2):
                    break
            elif call.sizes[run]:
                if stepped and network is not None:
                    self._remember(copy.deepcopy(network))
                    stepped = False
                agreed, rows = self._classes(network, run)
                right, looked = right + agreed, looked + rows
        agrees = tried > 0 and same >= STEPS_AGREE * tried and right >= FOUND_AGREE * looked
        return Replayed.SAME if agrees else Replayed.OTHER

    def _state(self, network: Learner) -> float:
        return float(np.dot(network.w.reshape(-1), self._direction))

    def _remember(self, network: Learner) -> None:
        self._networks = [*self._networks[-MOST_SNAPSHOTS:], (self._state(network), network)]

    def _nearest(self, state: float) -> Learner | None:
        """Return the network in this state, if there is one: of several the one that was used last."""
        for known, network in reversed(self._networks):
            if abs(known - state) <= NEAR or (np.isnan(known) and np.isnan(state)):
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
        return abs(noted - loss) <= NEAR * (1 + abs(loss)) or (np.isnan(noted) and np.isnan(loss))

    def _classes(self, network: Learner | None, run: int) -> tuple[int, int]:
        """Return for how many rows of an evaluation the class noted is the one that the network gives, and of how many."""
        call = self._call
        at = np.arange(call.starts[run], min(call.starts[run + 1], call.starts[run] + MOST_ROWS))
        at = at[(call.rows.index[at] >= 0) & np.isfinite(call.rows.factor[at])]
        if network is None or not len(at):
            return 0, len(at)
        found = network.logits(self._rows(at)).argmax(axis=1)
        return int((found == call.rows.found[at]).sum()), len(at)


def _smoothing(network: Learner, batch: _Batch, noted: float) -> float:
    """Return how much of each label was spread over all classes, as the first loss tells; 0 if it was none."""
    logits = network.logits(batch.x)
    own, _ = loss_and_slope(logits, batch.y)
    spread, _ = loss_and_slope(logits, batch.spread(1.0))
    # Before training the two are near one another, and a tenth of that is all that tells; losses agree to 1e-5.
    if not np.isfinite(noted) or abs(noted - own) <= 1e-4 or abs(spread - own) < 1e-3:
        return 0.0
    share = (noted - own) / (spread - own)
    return share if 0.01 < share < 0.5 else 0.0

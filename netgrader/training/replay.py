"""Computes again what the instrument noted: the same weights, fed the same rows, must go the same way.

The notes are written by the student's own process, so whoever wants to may write them by hand. But the first weights
follow from a number that is known only when the notebook has been handed in, and each step from the rows that were fed.
Notes that agree with this take a training loop to write: the exercise.
"""

from __future__ import annotations

import copy
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.training.arithmetic import Learner, loss_and_slope
from netgrader.training.fingerprints import fingerprints
from netgrader.training.notes import CLASSES, NO_LABEL, PIXELS, Asked, direction

if TYPE_CHECKING:
    from netgrader.training.images import Rows
    from netgrader.training.log import Call, Tables

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
LARGE, STEPS_IF_LARGE, NEAR_IF_LARGE = 2.0, 12, 0.3
"""Above which pixels are large. On grey levels up to 255 rounding tells more with each step, so few are computed."""
STEPS_AGREE, CLASSES_AGREE = 0.9, 0.97
AT_ONCE = 512
"""Images that are compared together."""
UNKNOWN = 0.02
"""The share of a minibatch's rows that may be unknown; they are left out."""


class Replayed(Enum):
    """What came of it."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"
    """It cannot be computed again: the rows or labels of the first steps are none that are known."""


def images_fit(images: Rows, tables: Tables) -> bool:
    """Whether `images`, training and test rows one after the other, are the ones that the tables' fingerprints are of."""
    given = len(tables.prints)
    if len(images) != given:
        return False
    scale = np.abs(tables.prints[np.isfinite(tables.prints)]).max(initial=1e-30)
    for start in range(0, given, AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, given))
        shown = images[rows]
        if shown.shape != (len(rows), PIXELS):
            return False
        if not np.allclose(fingerprints(shown), tables.prints[rows], rtol=0, atol=1e-6 * scale, equal_nan=True):
            return False
    return True


def replay(call: Call, images: Rows, weights: Floats, learning_rate: float) -> Replayed:
    """Compute again what a call of `train` did to the instrument.

    Parameters
    ----------
    call
        What was noted.
    images
        The rows of the tables.
    weights
        What the instrument started from, float32 (784, 10).
    learning_rate
        Of its Adam.
    """
    return _Replay(call, images, weights, learning_rate).result()


class _Replay:
    def __init__(self, call: Call, images: Rows, weights: Floats, learning_rate: float) -> None:
        self._call = call
        self._images = images
        self._weights = weights.astype(np.float32)
        self._rate = learning_rate
        self._direction = direction()
        # A session that was initialised again, or another one, starts anew while the old one may be used again; a
        # restored one goes on from where it was saved. All of them are told apart by their states.
        self._networks: list[tuple[float, Learner]] = []
        self._smoothing: float | None = None
        first = self._batch(int(call.steps[0])) if len(call.steps) else None
        large = first is not None and bool(np.abs(first[0]).max() > LARGE)
        self._near, self._most = (NEAR_IF_LARGE, STEPS_IF_LARGE) if large else (NEAR, MOST_STEPS)

    def result(self) -> Replayed:
        """What came of it."""
        call = self._call
        same = tried = 0
        right = looked = 0
        stepped = False
        for run in range(len(call.asked)):
            asked = int(call.asked[run])
            if asked & Asked.INITIALISE:
                self._remember(Learner(self._weights.copy()))
                continue
            network = self._nearest(float(call.state[run]))
            if asked & Asked.STEP:
                batch = self._batch(run)
                if batch is None:
                    break
                tried += 1
                same += network is not None and self._step(network, run, *batch)
                stepped = True
                if tried >= self._most or (tried >= 20 and same < tried / 2):
                    break
            elif network is not None and call.sizes[run]:
                if stepped:
                    self._remember(copy.deepcopy(network))
                    stepped = False
                agreed, rows = self._classes(network, run)
                right, looked = right + agreed, looked + rows
        if not tried:
            return Replayed.UNKNOWN
        agrees = same >= STEPS_AGREE * tried and right >= CLASSES_AGREE * looked
        return Replayed.SAME if agrees else Replayed.OTHER

    def _state(self, network: Learner) -> float:
        return float(np.dot(network.w.reshape(-1), self._direction))

    def _remember(self, network: Learner) -> None:
        self._networks = [*self._networks[-MOST_SNAPSHOTS:], (self._state(network), network)]

    def _nearest(self, state: float) -> Learner | None:
        """The network in this state, if there is one: of several the one that was used last."""
        for known, network in reversed(self._networks):
            if abs(known - state) <= self._near:
                return network
        return None

    def _batch(self, run: int) -> tuple[Floats, Floats] | None:
        """Rows and labels of a step; None if they are not known."""
        call = self._call
        at = slice(call.starts[run], call.starts[run + 1])
        index, labels = call.rows.index[at], call.rows.labels[at]
        known = (index >= 0) & (labels != NO_LABEL) & (labels < CLASSES) & np.isfinite(call.rows.factor[at])
        if not known.any() or (~known).sum() > UNKNOWN * len(known):
            return None
        y = np.eye(CLASSES, dtype=np.float32)[labels[known]]
        return self._pixels(at, known), y

    def _pixels(self, at: slice, known: npt.NDArray[np.bool_]) -> Floats:
        rows = self._call.rows
        x = self._images[rows.index[at][known]]
        factor, shift = (np.asarray(value[at][known], np.float32)[:, np.newaxis] for value in (rows.factor, rows.shift))
        if (factor != 1).any() or (shift != 0).any():
            x = x * factor + shift
        return x

    def _step(self, network: Learner, run: int, x: Floats, y: Floats) -> bool:
        """Take the step; whether its loss is the one that was noted."""
        noted = float(self._call.loss[run])
        if self._smoothing is None:
            self._smoothing = _smoothing(network, x, y, noted)
        if self._smoothing:
            y = y * np.float32(1 - self._smoothing) + np.float32(self._smoothing / CLASSES)
        # What was kept beside stays as it was.
        self._networks = [pair for pair in self._networks if pair[1] is not network]
        loss = network.step(x, y, self._rate)
        self._remember(network)
        return abs(noted - loss) <= NEAR * (1 + abs(loss)) or (np.isnan(noted) and np.isnan(loss))

    def _classes(self, network: Learner, run: int) -> tuple[int, int]:
        """For how many rows of an evaluation the class noted is the one that the network gives, and of how many."""
        call = self._call
        at = slice(call.starts[run], min(call.starts[run + 1], call.starts[run] + MOST_ROWS))
        known = (call.rows.index[at] >= 0) & np.isfinite(call.rows.factor[at])
        if not known.any():
            return 0, 0
        found = network.logits(self._pixels(at, known)).argmax(axis=1)
        return int((found == call.rows.found[at][known]).sum()), int(known.sum())


def _smoothing(network: Learner, x: Floats, y: Floats, noted: float) -> float:
    """How much of each label was spread over all classes, as the first loss tells; 0 if it was none."""
    logits = network.logits(x)
    own, _ = loss_and_slope(logits, y)
    spread, _ = loss_and_slope(logits, np.full_like(y, 1 / CLASSES))
    # Before training the two are near one another, and a tenth of that is all that tells; losses agree to 1e-5.
    if not np.isfinite(noted) or abs(noted - own) <= 1e-4 or abs(spread - own) < 1e-3:
        return 0.0
    share = (noted - own) / (spread - own)
    return share if 0.01 < share < 0.5 else 0.0

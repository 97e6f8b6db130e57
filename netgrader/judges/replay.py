"""Computes again what the instrument noted: the same weights, fed the same rows, must go the same way.

The notes are written by the student's own process, so whoever wants to may write them by hand. But the first weights
follow from a number that is known only when the notebook has been handed in, and each step from the rows that were fed.
Notes that agree with this take a training loop to write: the exercise.

Rows that are none of the student's arrays are handed over with the notes; where there are too many of them, the gradient is,
which has to fit what is known of them. A step that cannot be computed in one of these ways is not believed.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import fingerprints
from netgrader.judges.notes import (
    MOST_GRADIENTS,
    MOST_ODD,
    Asked,
    Learner,
    direction,
    gradient,
    loss_and_slope,
)

if TYPE_CHECKING:
    from netgrader.judges.known_images import ImageRows
    from netgrader.judges.log import Bool, Gradient, Int, LoggedCall, Tables

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
FITS = 1e-3
"""How far the projections of a gradient may be from what the rows' fingerprints give, as a share of what they add up from."""


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
    """Rows (n, pixels) and labels (n, classes) of a step, and which of them are `known` from the tables."""

    x: Floats
    y: Floats
    known: Bool

    def spread(self, share: float) -> Floats:
        """Return the labels, with a `share` of each spread over all classes; those that were handed over are as they were fed."""
        if not share:
            return self.y
        even = self.y * np.float32(1 - share) + np.float32(share / self.y.shape[1])
        return np.where(self.known[:, np.newaxis], even, self.y)


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
        noted = max(call.odd.gradients, default=0)
        self._last = noted if len(call.odd.gradients) >= MOST_GRADIENTS else len(call.asked)
        self._handed_over: set[int] = set()
        self._odd = {int(at): number for number, at in enumerate(call.odd.at)}

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
                if run > self._last:
                    break
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
        """Rows and labels of a step; None if some are not known."""
        call = self._call
        first, last = int(call.starts[run]), int(call.starts[run + 1])
        known = self._known(first, last)
        odd = [self._odd.get(first + int(place)) for place in np.flatnonzero(~known)]
        places = [number for number in odd if number is not None]
        if len(places) < len(odd):
            return None
        x, y = np.empty((last - first, self._pixels), np.float32), np.empty((last - first, self._n_classes), np.float32)
        x[~known], y[~known] = call.odd.rows[places], call.odd.labels[places]
        named = call.rows.labels[first:last]
        if ((named < self._n_classes) & ~known & (y.argmax(axis=1) != named)).any():
            return None
        self._handed_over.update(places)
        at = np.flatnonzero(known)
        x[at], y[at] = self._rows(first + at), np.eye(self._n_classes, dtype=np.float32)[call.rows.labels[first + at]]
        return _Batch(x, y, known)

    def _must_have_rows(self, run: int) -> bool:
        """Whether the instrument hands over the unknown rows of a step, and not the gradient: it does so for the first."""
        first, last = int(self._call.starts[run]), int(self._call.starts[run + 1])
        return len(self._handed_over) + int((~self._known(first, last)).sum()) <= MOST_ODD

    def _known(self, first: int, last: int) -> Bool:
        """Return which of some rows are rows of the tables as they are, with a label that names a class.

        What was made of the others, if only larger, is known up to rounding, which on grey levels tells more with each step.
        """
        rows, at = self._call.rows, slice(first, last)
        exact = (rows.index[at] >= 0) & ~rows.near[at] & (rows.factor[at] == 1) & (rows.shift[at] == 0)
        known: Bool = exact & (rows.labels[at] < self._n_classes)
        return known

    def _rows(self, at: Int) -> Floats:
        rows = self._call.rows
        x = self._images[rows.index[at]]
        factor, shift = (np.asarray(value[at], np.float32)[:, np.newaxis] for value in (rows.factor, rows.shift))
        if (factor != 1).any() or (shift != 0).any():
            x = x * factor + shift
        return x

    def _step(self, network: Learner, run: int) -> bool:
        """Take the step, and return whether its loss is the one that was noted, and all of it fits."""
        noted = float(self._call.loss[run])
        batch, told = self._batch(run), self._call.odd.gradients.get(run)
        if batch is None and self._must_have_rows(run):
            return False
        # What was kept beside stays as it was.
        self._networks = [pair for pair in self._networks if pair[1] is not network]
        with np.errstate(all="ignore"):
            if batch is not None:
                if self._smoothing is None:
                    self._smoothing = _smoothing(network, batch, noted)
                scores, y = network.logits(batch.x), batch.spread(self._smoothing)
                loss, slope = loss_and_slope(scores, y)
                of_w, fits = gradient(batch.x, slope), True
            elif told is not None:
                loss, slope = loss_and_slope(told.scores, told.labels)
                of_w, fits = told.of_w, self._fits(network, run, told, slope)
            else:
                return False
            network.descend(of_w, slope, self._rate)
            self._remember(network)
        return fits and (abs(noted - loss) <= NEAR * (1 + abs(loss)) or (np.isnan(noted) and np.isnan(loss)))

    def _fits(self, network: Learner, run: int, told: Gradient, slope: Floats) -> bool:
        """Whether a gradient that was noted can be that of the step's rows, as far as these are known."""
        call = self._call
        first, last = int(call.starts[run]), int(call.starts[run + 1])
        named = call.rows.labels[first:last]
        if ((named < self._n_classes) & (told.labels.argmax(axis=1) != named)).any():
            return False
        at = np.arange(first, last)
        at = at[(call.rows.index[at] >= 0) & ~call.rows.near[at] & np.isfinite(call.rows.factor[at])]
        if len(at):
            scores, said = network.logits(self._rows(at)), told.scores[at - first]
            same = np.isclose(scores, said, rtol=NEAR, atol=NEAR, equal_nan=True).all(axis=1)
            if same.mean() < FOUND_AGREE:
                return False
        wanted, each = told.prints.T @ slope, np.abs(told.prints).T @ np.abs(slope)
        found = fingerprints(told.of_w.T).T
        return bool((np.abs(found - wanted) <= FITS * each.max(initial=0.0)).all() or not np.isfinite(wanted).all())

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

"""One call of `train` with everything that its judges need, computed once.

Assigns the runs of a call to epochs: training steps and evaluations in order. Nothing marks the end of an epoch; the fed rows
show it. A loop with the required number of passes is cut into equal parts; any other one is cut where the network was
evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from netgrader.faults import fault
from netgrader.judges.aspects import Aspect, LoopFinding
from netgrader.judges.known_images import fingerprints, match_scaled
from netgrader.judges.notes import NO_LABEL, Asked

if TYPE_CHECKING:
    import numpy.typing as npt

    from netgrader.data import DataSpec
    from netgrader.faults import Severity
    from netgrader.judges.log import Bool, Bytes, Float, Int, LoggedCall, Rows, Tables

__all__ = ["NOISE", "CallEpochs", "Epoch", "Origins", "Subject", "course", "finding", "origins", "per_run", "usual"]

# A training step this many times larger than the others, and than the required size, is an evaluation with the train op.
STRAY = 3
# Up to this fraction of labels may disagree: a student's own arrays may have equal images or unclear labels.
NOISE = 0.002


@dataclass(frozen=True)
class Epoch:
    """The training steps of an epoch, and the evaluations before the next epoch, as run numbers."""

    steps: Int
    evaluations: Int


@dataclass(frozen=True)
class CallEpochs:
    """The course of a call."""

    epochs: tuple[Epoch, ...]
    """The epochs that ran."""
    before: Int
    """Evaluations before the first step."""
    strays: Int
    """Training steps that are evaluations: the train op was among the fetches. They count as evaluations in `epochs`."""
    start: int = 0
    """The first run that counts: an initializer undid all earlier ones, and the whole training came after it."""

    @property
    def steps(self) -> Int:
        """All training steps except the strays."""
        return np.concatenate([np.empty(0, dtype=np.int64), *(epoch.steps for epoch in self.epochs)])


def per_run(call: LoggedCall, mask: Bool) -> Int:
    """Return for each run the number of its rows in `mask`, which has an entry for each row of the call."""
    sums = np.concatenate([[0], np.cumsum(mask)])
    counts: Int = sums[call.starts[1:]] - sums[call.starts[:-1]]
    return counts


def course(call: LoggedCall, tables: Tables) -> CallEpochs:
    """Return a call cut into epochs."""
    is_step = (call.asked & Asked.STEP) > 0
    start = _start(call, tables, is_step)
    is_step[:start] = False
    strays = np.flatnonzero(is_step & _stray(call, tables, is_step))
    is_step[strays] = False
    steps = np.flatnonzero(is_step)
    looks = np.flatnonzero((call.sizes > 0) & ~is_step & ((call.asked & Asked.INITIALISE) == 0))
    looks = looks[looks >= start]
    if not len(steps):
        return CallEpochs((), looks, strays, start)
    cuts, after = _cuts(call, tables, steps, looks), np.append(steps, len(call.sizes))
    epochs = []
    for first, last in zip([0, *cuts], [*cuts, len(steps)], strict=True):
        epochs.append(Epoch(steps[first:last], looks[(looks > steps[last - 1]) & (looks < after[last])]))
    return CallEpochs(tuple(epochs), looks[looks < steps[0]], strays, start)


def _start(call: LoggedCall, tables: Tables, is_step: Bool) -> int:
    """Return where training begins: after the last initializer, if the rest is all that was required.

    A loop that tries a step and then restarts has lost nothing; one that restarts in each epoch has.
    """
    last = np.append(0, call.initialisations)[-1]
    if not is_step[:last].any():
        return 0
    enough = call.n_epochs * (len(tables.train) - call.mini_batch_size)
    tried = int(call.sizes[:last][is_step[:last]].sum())
    done = int(call.sizes[last:][is_step[last:]].sum())
    return int(last) if done >= enough and tried < len(tables.train) / 2 else 0


def _stray(call: LoggedCall, tables: Tables, is_step: Bool) -> Bool:
    """Return a mask of steps that are evaluations: on test images, or far larger than the others."""
    if not is_step.any():
        return is_step
    of_test = per_run(call, call.rows.index >= tables.n_train)
    usual = max(float(np.median(call.sizes[is_step])), call.mini_batch_size)
    stray: Bool = is_step & ((2 * of_test > call.sizes) | (call.sizes > STRAY * usual))
    # If most steps are like that, they are the training itself, not strays.
    return stray if 2 * stray.sum() < is_step.sum() else np.zeros_like(stray)


def _cuts(call: LoggedCall, tables: Tables, steps: Int, looks: Int) -> list[int]:
    """Return the positions among `steps` at which the second and later epochs begin."""
    asked, n_steps = call.n_epochs, len(steps)
    gap = np.searchsorted(steps, looks)
    weight = np.bincount(gap, weights=call.sizes[looks], minlength=n_steps + 1)
    seen = np.flatnonzero((weight > 0) & (2 * weight >= np.max(weight)))
    seen = seen[(seen > 0) & (seen < n_steps)]
    found = len(seen) + 1
    if _are_passes(asked, call, tables, steps):
        return _equal(n_steps, asked)
    if found == asked or found not in {1, n_steps}:
        return [int(cut) for cut in seen]
    passes = round(int(call.sizes[steps].sum()) / len(tables.train))
    if _are_passes(passes, call, tables, steps):
        return _equal(n_steps, passes)
    # After an error, the last epoch may be incomplete.
    return _equal(n_steps, asked) if n_steps % asked == 0 and call.error is None else []


def _are_passes(number: int, call: LoggedCall, tables: Tables, steps: Int) -> bool:
    """Whether some steps are whole passes over the training rows, each up to one minibatch."""
    if number < 1 or len(steps) % number:
        return False
    slack = max(call.mini_batch_size, int(np.max(call.sizes[steps])))
    return abs(int(call.sizes[steps].sum()) - number * len(tables.train)) <= number * slack


def _equal(n_steps: int, parts: int) -> list[int]:
    return [part * n_steps // parts for part in range(1, parts)]


@dataclass(frozen=True)
class Origins:
    """The origin of the rows of the student's arrays, as far as known."""

    spec: DataSpec
    """The specification of the data."""
    shown: Bytes
    """The class that each row of the tables shows; `NO_LABEL` if unknown."""
    train_scale: float = 1.0
    test_scale: float = 1.0
    """The factors of gray levels between 0 and 1; NaN if the rows are not given images."""


def origins(
    tables: Tables,
    spec: DataSpec,
    train: tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]],
    test: tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]],
) -> Origins:
    """Compare the student's rows with the given `train` and `test`: prepared rows and classes."""
    prints, labels = np.concatenate([*map(fingerprints, (train[0], test[0]))]), np.concatenate([train[1], test[1]])
    match = match_scaled(prints, tables.prints, spec.size)
    known = np.where(match.index >= 0, labels[match.index], NO_LABEL).astype(np.uint8)
    return Origins(spec, known, usual(match.factor[: tables.n_train]), usual(match.factor[tables.n_train :]))


def usual(factors: Float) -> float:
    """Return the upper median of the known factors; NaN if most are unknown."""
    known = factors[np.isfinite(factors)]
    return float(np.percentile(known, 50, method="higher")) if 2 * len(known) > len(factors) else float("nan")


@dataclass(frozen=True)
class Subject:
    """A call, the tables that number its rows, its course, and the origin of the rows."""

    call: LoggedCall
    tables: Tables
    origins: Origins

    @property
    def spec(self) -> DataSpec:
        """The specification of the data."""
        return self.origins.spec

    @cached_property
    def course(self) -> CallEpochs:
        """The call cut into epochs."""
        return course(self.call, self.tables)

    @cached_property
    def n_train(self) -> int:
        """The number of distinct training rows."""
        return len(self.tables.train)

    @cached_property
    def n_test(self) -> int:
        """The number of distinct test rows."""
        return len(self.tables.test)

    @cached_property
    def trained_on(self) -> Rows:
        """The rows of all training steps that count, including strays."""
        steps = self.call.steps
        return self.call.of(steps[steps >= self.course.start])

    @cached_property
    def unrepeatable(self) -> str:
        """The code of the fault that prevents recomputing the steps; empty if they can be recomputed."""
        if self.call.own_optimizer:
            return "train-op-not-run"
        if (self.trained_on.index < 0).any():
            return "unknown-rows"
        return "labels-not-one-hot" if (self.trained_on.labels == NO_LABEL).any() else ""

    @cached_property
    def fed_own_labels(self) -> bool:
        """Whether the training steps were fed images with their own labels."""
        steps = self.course.steps
        return not self.of_others(
            np.flatnonzero(np.repeat(np.isin(np.arange(len(self.call.sizes)), steps), self.call.sizes))
        )

    def of_others(self, at: Int) -> bool:
        """Whether the labels fed with the rows at positions `at` belong to other rows."""
        index, labels = self.call.rows.index[at], self.call.rows.labels[at]
        known = (index >= 0) & (labels != NO_LABEL)
        return bool(known.any()) and self.nearest_classes(index[known], labels[known])[0] > NOISE

    def nearest_classes(self, index: Int, labels: Bytes) -> tuple[float, Bytes]:
        """Return the fraction of wrong `labels` of rows `index`, by own or true classes, and the classes used.

        Either match is right: wrong labels in the array are the fault of ``prepare_data``, and a loop may make its own labels
        if they are correct.
        """
        candidates = (self.tables.classes, self.origins.shown)
        return min(((_wrong(labels, classes[index]), classes) for classes in candidates), key=lambda pair: pair[0])

    def seen(self, epoch: Epoch) -> dict[int, int]:
        """Return the number of training rows by how often they were fed in the training steps of an epoch."""
        index = self.rows(epoch).index
        times = np.bincount(index[(index >= 0) & (index < self.tables.n_train)], minlength=self.tables.n_train)
        often, rows = np.unique(times[self.tables.train], return_counts=True)
        return dict(zip(often.tolist(), rows.tolist(), strict=True))

    def rows(self, epoch: Epoch) -> Rows:
        """Return the rows fed in the training steps of an epoch."""
        return self.call.of(epoch.steps)


def _wrong(labels: Bytes, own: Bytes) -> float:
    known = own != NO_LABEL
    return float((labels != own)[known].mean()) if known.any() else 1.0


def finding(
    aspect: Aspect,
    what: str,
    *,
    share: float = 0.0,
    found: object = "",
    expected: object = "",
    place: object = "",
    side: str = "",
    severity: Severity | None = None,
) -> LoopFinding:
    """Return a finding with a code of the catalog, and its severity unless another is given."""
    return LoopFinding(aspect, fault(what, place, found, expected, severity), share, side)

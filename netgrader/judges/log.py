"""The instrument's notes as a typed log: which rows of the student's arrays each run was fed, with which labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.judges.known_images import WIDTH, Table, fingerprints, match_scaled
from netgrader.judges.notes import (
    ARRAYS,
    COLUMNS,
    FIGURES,
    MOST_GRADIENTS,
    MOST_ODD,
    NO_LABEL,
    ODD_PARTS,
    PARTS,
    Asked,
)
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.data import DataSpec
    from netgrader.evidence import Evidence, ProbeError

__all__ = ["BadTrainingLog", "Gradient", "LoggedCall", "Odd", "Rows", "Tables", "TrainingLog", "read_training_log"]

MAX_ROWS = 60_000_000
ROUNDED = (4.0, 12.0, 40.0)
"""How far the fingerprint of an image may move by rounding, the nearer ones first: that of shares of one in half precision
by 4, one standard deviation. Those of different images are a thousand apart, of a few by chance less than 40."""

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]


class BadTrainingLog(ValueError):
    """What the instrument is said to have noted contradicts itself; the message is a sentence."""


@dataclass(frozen=True)
class Tables:
    """The student's arrays as `train` could read them: rows by fingerprint, and the class that each label names.

    Training rows are numbered from 0, test rows after them: row ``n_train + i`` is test row i.
    """

    prints: Float
    """Fingerprints, shape (n_train + n_test, 4)."""
    classes: Bytes
    """Shape (n_train + n_test,), `NO_LABEL` where a label names none."""
    first: Int
    """The first row that equals each row, shape (n_train + n_test,); a row that is fed gets the number of the first."""
    n_train: int
    n_test: int
    """Number of rows."""
    stand_ins: str | None = None
    """Why these are not the student's own arrays, None if they are."""

    @cached_property
    def train(self) -> Int:
        """Return numbers of the training rows, equal ones once."""
        return np.unique(self.first[: self.n_train])

    @cached_property
    def test(self) -> Int:
        """Return numbers of the test rows, equal ones once."""
        return np.unique(self.first[self.n_train :])


@dataclass(frozen=True)
class Rows:
    """The rows of some runs, one after the other."""

    index: Int
    """Which row of the tables each is, -1 if none."""
    factor: Float
    shift: Float
    """What it was multiplied with and raised by since it stood in the student's array; 1 and 0 if it was fed as it
    is."""
    labels: Bytes
    """The class that its label names, `NO_LABEL` if it names none or none was fed."""
    found: Bytes
    """The class that the network gave it."""
    near: Bool
    """Whether it is that row of the tables only up to what rounding to half precision leaves of it."""

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Gradient:
    """What was noted of a step in place of rows that nobody knows."""

    of_w: npt.NDArray[np.float32]
    """The gradient of the loss, float32 (pixels, classes)."""
    prints: Float
    """Fingerprints of its n rows, (n, 4)."""
    scores: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    """Logits and labels of these, float32 (n, classes)."""


@dataclass(frozen=True)
class Odd:
    """Rows of train steps that are none of the tables', as far as they were handed over."""

    at: Int
    """Where each stands among all rows of the call, ascending (K,)."""
    rows: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]
    """As they were fed, float32 (K, pixels) and (K, classes)."""
    gradients: Mapping[int, Gradient]
    """What stands for them in steps of which not all were handed over, by run."""


def _no_odd(spec: DataSpec) -> Odd:
    rows, labels = np.empty((0, spec.size), np.float32), np.empty((0, spec.classes), np.float32)
    return Odd(np.empty(0, np.int64), rows, labels, {})


@dataclass(frozen=True)
class LoggedCall:
    """One call of `train`, run by run. Arrays have an entry for each run, in order."""

    n_epochs: int
    mini_batch_size: int
    """What was asked for."""
    asked: Int
    """`Asked` flags."""
    sizes: Int
    """How many rows were fed."""
    version: Int
    """Version of the graph: grows with each op that is added."""
    state: Float
    """A number that changes as the weights do, taken before the run's own step."""
    loss: Float
    """NaN where it was not computed."""
    final: float
    """The state of the weights left in the session, NaN if there are none."""
    rows: Rows
    odd: Odd
    """What was handed over of rows that nobody knows."""
    acc_trn: Float | None = None
    acc_val: Float | None = None
    """What `train` returned, None where that is not numbers."""
    returned: tuple[str | int, ...] = ()
    """Kinds of what it returned: of the whole, how many, of the two."""
    error: ProbeError | None = None
    """What it raised, if anything."""
    closed: bool = False
    """Whether it closed its session."""
    steps_after: int = 0
    """How many steps threads of its own took after it had returned."""
    own_optimizer: bool = False
    """Whether all its steps were taken by an optimizer of its own: runs without the network's train op that asked
    for the gradient of the loss, and after which the weights had moved. `asked` counts them as steps."""
    altered: bool = False
    """Whether these were made of training images."""
    starts: Int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64))

    @property
    def steps(self) -> Int:
        """Return numbers of the runs that took a train step."""
        return np.flatnonzero(self.asked & Asked.STEP)

    @property
    def initialisations(self) -> Int:
        """Return numbers of the events that gave the weights their initial values."""
        return np.flatnonzero(self.asked & Asked.INITIALISE)

    def of(self, runs: Int | list[int]) -> Rows:
        """Return the rows of some runs, one after the other."""
        pieces = [np.arange(self.starts[run], self.starts[run + 1]) for run in runs]
        at = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.int64)
        rows = self.rows
        return Rows(rows.index[at], rows.factor[at], rows.shift[at], rows.labels[at], rows.found[at], rows.near[at])

    def indices(self, run: int) -> Int:
        """Return which rows of the tables one run was fed."""
        return self.rows.index[self.starts[run] : self.starts[run + 1]]


@dataclass(frozen=True)
class TrainingLog:
    """All calls of `train`, the tables that number their rows, and what the course's data are."""

    calls: tuple[LoggedCall, ...]
    tables: Tables
    spec: DataSpec


def read_training_log(evidence: Evidence, spec: DataSpec) -> TrainingLog:
    """Decode the evidence of a training loop on a course's data.

    Raises
    ------
    BadTrainingLog
        If something is missing or contradicts the rest; a student's process wrote it, so anything may be there.
    """
    tables, finder = _tables(evidence, spec)
    calls: list[LoggedCall] = []
    while (asked := evidence.facts.get(f"{len(calls)}/asked")) is not None:
        calls.append(_call(evidence, str(len(calls)), asked, finder, spec))
    if not calls:
        raise BadTrainingLog("No call of train was noted.")
    return TrainingLog(tuple(calls), tables, spec)


def _tables(evidence: Evidence, spec: DataSpec) -> tuple[Tables, _RowFinder]:
    found = {name: _array(evidence.arrays, f"table/{name}") for name in ARRAYS}
    x_train, y_train, x_test, y_test = (found[name] for name in ARRAYS)
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        if images.ndim != 2 or images.shape[1] != WIDTH or labels.shape != (len(images),) or not len(images):
            raise BadTrainingLog("The tables of the student's rows do not fit together.")
    why = evidence.facts.get("stand_ins")
    prints = np.concatenate([x_train, x_test]).astype(np.float64)
    finder = _RowFinder(prints, spec.size)
    tables = Tables(
        prints=prints,
        first=finder.first,
        classes=np.concatenate([y_train, y_test]).astype(np.uint8),
        n_train=len(x_train),
        n_test=len(x_test),
        stand_ins=why[:500] if isinstance(why, str) else None,
    )
    return tables, finder


class _RowFinder:
    """Numbers rows by fingerprint: as they are, or else rounded, or else rescaled."""

    def __init__(self, known: Float, pixels: int) -> None:
        self._known = known
        self._pixels = pixels
        self._table = Table(known)
        self.first = self._table.first

    def find(self, prints: Float) -> tuple[Int, Float, Float, Bool]:
        index = self._table.find(prints)
        factor, shift = np.ones(len(prints)), np.zeros(len(prints))
        near = np.zeros(len(prints), dtype=np.bool_)
        for slack in ROUNDED:
            other = np.flatnonzero(index < 0)
            if len(other):
                rounded = Table(self._known, slack).find(prints[other])
                hit = rounded >= 0
                near[other[hit]], index[other[hit]] = True, self.first[rounded[hit]]
        other = np.flatnonzero(index < 0)
        if len(other):
            match = match_scaled(self._known, prints[other], self._pixels)
            known = match.index >= 0
            index[other[known]] = self.first[match.index[known]]
            factor[other], shift[other] = match.factor, match.shift
        return index, factor, shift, near


def _call(evidence: Evidence, name: str, asked: object, finder: _RowFinder, spec: DataSpec) -> LoggedCall:
    if not isinstance(asked, dict):
        raise BadTrainingLog("It is not said what train was called with.")
    noted = {part: _array(evidence.arrays, f"{name}/{part}") for part in PARTS}
    events = _table_of(noted["events"], len(COLUMNS), "events")
    figures = _table_of(noted["figures"], len(FIGURES), "figures")
    column = {key: events[:, COLUMNS.index(key)] for key in COLUMNS}
    if len(figures) != len(events):
        raise BadTrainingLog("The instrument's notes are not of one length.")
    returned, after = (evidence.facts.get(f"{name}/{fact}") for fact in ("returned", "steps_after"))
    state = figures[:, FIGURES.index("state")]
    final = float(noted["final"].reshape(-1)[0]) if noted["final"].size == 1 else float("nan")
    by_own = _steps_of_its_own(column["asked"], state, final)
    rows = _rows(column, noted, finder)
    return LoggedCall(
        n_epochs=_whole(asked.get("n_epochs")),
        mini_batch_size=_whole(asked.get("mini_batch_size")),
        asked=column["asked"] | (by_own * np.int64(Asked.STEP)),
        sizes=column["n_rows"],
        version=column["graph_version"],
        state=state,
        loss=figures[:, FIGURES.index("loss")],
        final=final,
        rows=rows,
        odd=_odd(evidence.arrays, name, column, noted, spec),
        acc_trn=_reported(evidence.arrays.get(f"{name}/acc_trn")),
        acc_val=_reported(evidence.arrays.get(f"{name}/acc_val")),
        returned=tuple(one for one in returned if isinstance(one, str | int)) if isinstance(returned, list) else (),
        error=evidence.errors.get(f"{name}/train"),
        closed=evidence.facts.get(f"{name}/closed") is True,
        steps_after=after if isinstance(after, int) else 0,
        own_optimizer=bool(by_own.any()),
    )


def _steps_of_its_own(asked: Int, state: Float, final: float) -> Bool:
    """Return which runs moved the weights by the gradient of the loss, where none took the network's own train step."""
    if (asked & Asked.STEP).any():
        return np.zeros(len(asked), dtype=bool)
    after = np.append(state[1:], final)
    moved: Bool = ((asked & Asked.GRADIENT) > 0) & np.isfinite(after) & (after != state)
    return moved


def _odd(
    arrays: Mapping[str, npt.NDArray[Any]],
    name: str,
    column: Mapping[str, Int],
    noted: Mapping[str, npt.NDArray[Any]],
    spec: DataSpec,
) -> Odd:
    """Return what was handed over of rows that nobody knows; nothing, where all are known."""
    sizes, blocks = column["n_rows"], column["block"]
    parts = {part: arrays[f"{name}/{part}"] for part in ODD_PARTS if f"{name}/{part}" in arrays}
    if not parts:
        return _no_odd(spec)
    pixels, classes = spec.size, spec.classes
    wanted = {"odd": (pixels + classes,), "odd_at": (2,), "gradients": (pixels, classes), "scores": (2 * classes,)}
    wanted["gradients_at"] = ()
    fits = all(part in parts and parts[part].shape[1:] == shape for part, shape in wanted.items())
    fits = fits and all(parts[part].dtype.kind == ("i" if part.endswith("_at") else "f") for part in parts)
    if not fits or any(parts[part].ndim == 0 for part in parts):
        raise BadTrainingLog("The instrument's unknown rows are no tables.")
    runs, places = parts["odd_at"].astype(np.int64).T
    at_gradients = parts["gradients_at"].astype(np.int64)
    steps = np.concatenate([runs, at_gradients])
    if len(parts["odd"]) != len(runs) or len(parts["gradients"]) != len(at_gradients):
        raise BadTrainingLog("The instrument's unknown rows are not counted.")
    if len(runs) > MOST_ODD or len(at_gradients) > MOST_GRADIENTS or (np.diff(at_gradients) <= 0).any():
        raise BadTrainingLog("There are more unknown rows than the instrument hands over.")
    if (steps < 0).any() or (steps >= len(sizes)).any() or (places < 0).any() or (places >= sizes[runs]).any():
        raise BadTrainingLog("The instrument's unknown rows are of no step.")
    ends = np.cumsum(sizes[at_gradients])
    if len(parts["scores"]) != (ends[-1] if len(ends) else 0):
        raise BadTrainingLog("The instrument's unknown rows and their logits differ in number.")
    scores = np.split(parts["scores"].astype(np.float32), ends[:-1]) if len(ends) else []
    at = (np.cumsum(sizes) - sizes)[runs] + places
    order = np.argsort(at, kind="stable")
    rows = parts["odd"].astype(np.float32)[order]
    # Blocks and rows were found to fit together.
    starts = np.concatenate([[0], np.cumsum(noted["block_sizes"])])
    prints = [noted["rows"][starts[block] : starts[block + 1]] for block in blocks[at_gradients]]
    theirs = noted["rows"][(starts[blocks[runs]] + places)[order]] if len(runs) else np.empty((0, WIDTH))
    scale = np.abs(theirs[np.isfinite(theirs)]).max(initial=1e-30)
    if not np.allclose(fingerprints(rows[:, :pixels]), theirs, rtol=0, atol=1e-6 * scale, equal_nan=True):
        raise BadTrainingLog("The instrument's unknown rows are others than those that it noted.")
    gradients = {
        int(run): Gradient(of_w, shown, both[:, :classes], both[:, classes:])
        for run, of_w, shown, both in zip(
            at_gradients, parts["gradients"].astype(np.float32), prints, scores, strict=True
        )
    }
    return Odd(at[order], rows[:, :pixels], rows[:, pixels:], gradients)


def _rows(column: Mapping[str, Int], noted: Mapping[str, npt.NDArray[Any]], finder: _RowFinder) -> Rows:
    """Spread blocks over the runs that were fed them, and labels over the runs that were fed any."""
    sizes, blocks, asked = column["n_rows"], column["block"], column["asked"]
    block_sizes = noted["block_sizes"]
    prints = _table_of(noted["rows"], WIDTH, "rows", kind=np.float64)
    fed = blocks >= 0
    if block_sizes.ndim != 1 or block_sizes.dtype.kind not in "iu" or (sizes < 0).any() or (block_sizes < 0).any():
        raise BadTrainingLog("The instrument's blocks of rows are not counted.")
    if sizes.sum() > MAX_ROWS or (blocks >= len(block_sizes)).any() or block_sizes.sum() != len(prints):
        raise BadTrainingLog("The instrument's blocks of rows do not fit together.")
    if (sizes[fed] != block_sizes[blocks[fed]]).any() or sizes[~fed].any():
        raise BadTrainingLog("The instrument's runs and blocks differ in length.")
    labelled = (asked & (Asked.STEP | Asked.LOSS | Asked.ACCURACY | Asked.GRADIENT)) > 0
    found, given = noted["found"], noted["labels"]
    if found.shape != (sizes.sum(),) or given.shape != (sizes[labelled].sum(),):
        raise BadTrainingLog("The instrument's rows and labels differ in length.")
    index, factor, shift, near = finder.find(prints)
    starts = np.concatenate([[0], np.cumsum(block_sizes)])
    at = _ranges(starts[blocks[fed]], sizes[fed])
    labels = np.full(len(at), NO_LABEL, dtype=np.uint8)
    labels[np.repeat(labelled, sizes)] = given
    return Rows(index[at], factor[at], shift[at], labels, found.astype(np.uint8), near[at])


def _ranges(starts: Int, sizes: Int) -> Int:
    """``start, start + 1, …`` for each start, as many as its size, in one array."""
    before = np.cumsum(sizes) - sizes
    ranges: Int = np.repeat(starts - before, sizes) + np.arange(sizes.sum())
    return ranges


def _array(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    if name not in arrays:
        raise BadTrainingLog(say("The instrument's notes lack {1}.", name))
    return arrays[name]


def _table_of(array: npt.NDArray[Any], width: int, what: str, kind: type = np.int64) -> npt.NDArray[Any]:
    wanted = "f" if kind is np.float64 or what == "figures" else "iu"
    if array.ndim != 2 or array.shape[1] != width or array.dtype.kind not in wanted:
        raise BadTrainingLog(say("The instrument's {1} are not a table of {2} columns.", what, width))
    return array.astype(np.float64 if wanted == "f" else np.int64, copy=False)


def _reported(array: npt.NDArray[Any] | None) -> Float | None:
    return None if array is None or array.dtype.kind not in "fiu" else array.astype(np.float64).reshape(-1)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1_000_000:
        raise BadTrainingLog("It is not said what train was called with.")
    return value

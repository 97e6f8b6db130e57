"""The instrument's notes as a typed log: the rows and labels that each run was fed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.errors import NetgraderError
from netgrader.judges.known_images import Projections, Table, match_scaled
from netgrader.judges.notes import (
    COLUMNS,
    FIGURES,
    NO_LABEL,
    PARTS,
    Asked,
    arrays_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.data import DataSpec
    from netgrader.evidence import Evidence, ProbeError

__all__ = ["BadTrainingLog", "LoggedCall", "Rows", "Tables", "TrainingLog", "read_training_log", "same_rows"]


class LogLimits:
    """Limits on reading a log, and tolerances of rounded fingerprints."""

    MAX_ROWS = 60_000_000  # rows of all runs of a call
    MOST_ASKED = 1_000_000  # epochs, or rows of a minibatch
    ROUNDED = (4.0, 12.0, 40.0)
    """Distances that rounding may move an image's fingerprint, tried in order: half precision moves values in [0, 1] by 4,
    one standard deviation. Different images are a thousand apart; a few are closer than 40 by chance."""
    NEARLY_ALL = 0.95
    """Fraction of a call's inexact rows above which they count as rounded; with noisy rows it is 0.001."""


KINDS: Mapping[type, str] = {np.float64: "f", np.int64: "iu"}
"""NumPy dtype kinds that are accepted for each type."""
TABLES_APART = Text("The tables of the student's rows do not fit together.")
BLOCKS_APART = Text("The instrument's blocks of rows do not fit together.")
NOT_SAID = Text("The arguments that train was called with are missing.")
LABELS_APART = Text("The instrument's rows and {labels} differ in length.")

Int = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]


class BadTrainingLog(NetgraderError):
    """The instrument's alleged notes contradict each other; the message is a sentence."""


@dataclass(frozen=True)
class Tables:
    """The student's arrays as `train` could read them: rows by fingerprint, classes by label.

    Training rows are numbered from 0, and test rows follow: row ``n_train + i`` is test row i.
    """

    prints: Float
    """Fingerprints, shape (n_train + n_test, 4)."""
    classes: Bytes
    """Classes, shape (n_train + n_test,); `NO_LABEL` if a label names none."""
    first: Int
    """The first row equal to each row, shape (n_train + n_test,); fed rows get the number of the first."""
    n_train: int
    n_test: int
    """Number of rows."""
    stand_ins: bool = False
    """Whether these arrays replace the student's own."""

    @cached_property
    def train(self) -> Int:
        """Indexes of the distinct training rows."""
        return np.unique(self.first[: self.n_train])

    @cached_property
    def test(self) -> Int:
        """Indexes of the distinct test rows."""
        return np.unique(self.first[self.n_train :])


@dataclass(frozen=True)
class Rows:
    """The rows of some runs, in sequence."""

    index: Int
    """The index of each row in the tables, -1 if unknown."""
    factor: Float
    shift: Float
    """Factor and shift of each row relative to the student's array; 1 and 0 if it was fed unchanged."""
    labels: Bytes
    """The class that the fed label names; `NO_LABEL` if it names none or none was fed."""
    found: Bytes
    """The class that the network predicted."""
    near: Bool
    """Whether it matches the table's row only up to rounding to half precision."""

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class LoggedCall:
    """One call of `train`, run by run. Arrays have an entry per run, in order."""

    n_epochs: int
    mini_batch_size: int
    """The arguments of the call."""
    asked: Int
    """`Asked` flags."""
    sizes: Int
    """Number of fed rows."""
    version: Int
    """Version of the graph, which grows with each added op."""
    state: Float
    """A number that changes with the weights, taken before the run's own step."""
    loss: Float
    """The loss, NaN if it was not computed."""
    final: float
    """The state of the weights left in the session, NaN if there are none."""
    rows: Rows
    acc_trn: Float | None = None
    acc_val: Float | None = None
    """The returned values of `train`; None if they are not numbers."""
    returned: tuple[str | int, ...] = ()
    """The kind of the returned value, and its length."""
    error: ProbeError | None = None
    """The exception that it raised, or None."""
    closed: bool = False
    """Whether it closed its session."""
    steps_after: int = 0
    """Number of steps that its own threads took after it had returned."""
    own_optimizer: bool = False
    """Whether all its steps came from its own optimizer: runs without the network's train op that fetched the loss's
    gradient, after which the weights had moved. `asked` counts them as steps."""
    starts: Int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64))

    @property
    def steps(self) -> Int:
        """Indexes of the runs that took a training step."""
        return np.flatnonzero(self.asked & Asked.STEP)

    @property
    def initialisations(self) -> Int:
        """Indexes of the events that initialized the weights."""
        return np.flatnonzero(self.asked & Asked.INITIALISE)

    def of(self, runs: Int) -> Rows:
        """Return the rows of some runs, in sequence."""
        at, rows = _ranges(self.starts[runs], self.sizes[runs]), self.rows
        return Rows(rows.index[at], rows.factor[at], rows.shift[at], rows.labels[at], rows.found[at], rows.near[at])


@dataclass(frozen=True)
class TrainingLog:
    """All calls of `train`, the tables that number their rows, and the specification of the data."""

    calls: tuple[LoggedCall, ...]
    tables: Tables
    spec: DataSpec


def read_training_log(evidence: Evidence, spec: DataSpec) -> TrainingLog:
    """Decode the evidence of a training loop on a course's data.

    Raises
    ------
    BadTrainingLog
        If something is missing or contradictory; the student's process wrote it, so it is untrusted.
    """
    tables, finder = _tables(evidence, spec)
    calls: list[LoggedCall] = []
    while f"{len(calls)}/asked" in evidence.facts:
        calls.append(_call(evidence, str(len(calls)), finder))
    if not calls:
        raise BadTrainingLog(Text("No call of train was noted."))
    return TrainingLog(tuple(calls), tables, spec)


def _tables(evidence: Evidence, spec: DataSpec) -> tuple[Tables, _RowFinder]:
    x_train, y_train, x_test, y_test = (_array(evidence.arrays, f"table/{name}") for name in arrays_of(spec))
    for images, labels in ((x_train, y_train), (x_test, y_test)):
        _require(images.ndim == 2 and len(images) > 0, TABLES_APART)
        _require((*images.shape[1:], *labels.shape) == (Projections.WIDTH, len(images)), TABLES_APART)
    prints = np.concatenate([x_train, x_test]).astype(np.float64)
    finder = _RowFinder(prints, spec.size)
    tables = Tables(
        prints=prints,
        first=finder.first,
        classes=np.concatenate([y_train, y_test]).astype(np.uint8),
        n_train=len(x_train),
        n_test=len(x_test),
        stand_ins=evidence.facts.get("stand_ins") is not None,
    )
    return tables, finder


def same_rows(known: Float, prints: Float, pixels: int) -> bool:
    """Whether rows are the known ones, by fingerprint: each once, in any order, rounded or rescaled."""
    finder = _RowFinder(known, pixels)
    return np.array_equal(np.unique(finder.find(prints)[0]), np.unique(finder.first))


class _RowFinder:
    """Numbers rows by fingerprint: exact, or else rounded, or else rescaled."""

    def __init__(self, known: Float, pixels: int) -> None:
        self._known = known
        self._pixels = pixels
        self._table = Table(known)
        self.first = self._table.first

    def find(self, prints: Float) -> tuple[Int, Float, Float, Bool]:
        """Return index, factor and shift of each row, and whether it matches only up to rounding."""
        index = self._table.find(prints)
        factor, shift = np.ones(len(prints)), np.zeros(len(prints))
        other = np.flatnonzero(index < 0)
        rounded = self._rounded(prints[other])
        # Among many unknown rows, a few look like rounded ones by chance.
        near = np.zeros(len(prints), dtype=np.bool_)
        if (rounded >= 0).sum() > LogLimits.NEARLY_ALL * len(other):
            index[other], near[other] = rounded, rounded >= 0
            other = other[rounded < 0]
        match = match_scaled(self._known, prints[other], self._pixels)
        index[other] = np.where(match.index >= 0, self.first[match.index], -1)
        factor[other], shift[other] = match.factor, match.shift
        return index, factor, shift, near

    def _rounded(self, prints: Float) -> Int:
        """Return the known row that equals each row up to rounding, nearest first; -1 for unknown rows."""
        index = np.full(len(prints), -1)
        for slack in LogLimits.ROUNDED:
            other = np.flatnonzero(index < 0)
            if len(other):
                found = Table(self._known, slack).find(prints[other])
                index[other] = np.where(found >= 0, self.first[found], -1)
        return index


class _Terms(msgspec.Struct, frozen=True):
    """The arguments of a call of `train`."""

    n_epochs: Annotated[int, msgspec.Meta(gt=0, lt=LogLimits.MOST_ASKED)]
    mini_batch_size: Annotated[int, msgspec.Meta(gt=0, lt=LogLimits.MOST_ASKED)]


class _Told(msgspec.Struct, frozen=True):
    """Facts of a call; the fields of `LoggedCall` mean the same."""

    asked: _Terms
    returned: tuple[str | int, ...] = ()
    closed: bool = False
    steps_after: int = 0


def _told(evidence: Evidence, name: str) -> _Told:
    names = evidence.facts.keys() & {f"{name}/{fact}" for fact in _Told.__struct_fields__}
    try:
        return msgspec.convert({one.removeprefix(f"{name}/"): evidence.facts[one] for one in names}, _Told)
    except msgspec.ValidationError:
        raise BadTrainingLog(NOT_SAID) from None


def _call(evidence: Evidence, name: str, finder: _RowFinder) -> LoggedCall:
    told = _told(evidence, name)
    noted = {part: _array(evidence.arrays, f"{name}/{part}") for part in PARTS}
    events = _table_of(noted["events"], len(COLUMNS), "events")
    figures = _table_of(noted["figures"], len(FIGURES), "figures", kind=np.float64)
    column = dict(zip(COLUMNS, events.T, strict=True))
    _require(len(figures) == len(events), Text("The instrument's notes differ in length."))
    state, loss = figures.T
    final = float(np.append(noted["final"], np.nan).reshape(-1)[0])
    by_own = _steps_of_its_own(column["asked"], state, final)
    return LoggedCall(
        n_epochs=told.asked.n_epochs,
        mini_batch_size=told.asked.mini_batch_size,
        asked=column["asked"] | (by_own * np.int64(Asked.STEP)),
        sizes=column["n_rows"],
        version=column["graph_version"],
        state=state,
        loss=loss,
        final=final,
        rows=_rows(column, noted, finder),
        acc_trn=_reported(evidence.arrays.get(f"{name}/acc_trn")),
        acc_val=_reported(evidence.arrays.get(f"{name}/acc_val")),
        returned=told.returned,
        error=evidence.errors.get(f"{name}/train"),
        closed=told.closed,
        steps_after=told.steps_after,
        own_optimizer=bool(by_own.any()),
    )


def _steps_of_its_own(asked: Int, state: Float, final: float) -> Bool:
    """Return the runs that moved the weights by the loss's gradient without the network's train step."""
    if (asked & Asked.STEP).any():
        return np.zeros(len(asked), dtype=bool)
    after = np.append(state[1:], final)
    moved: Bool = ((asked & Asked.GRADIENT) > 0) & np.isfinite(after) & (after != state)
    return moved


def _rows(column: Mapping[str, Int], noted: Mapping[str, npt.NDArray[Any]], finder: _RowFinder) -> Rows:
    """Return rows run by run, from blocks of fed rows and the labels of runs that were fed any."""
    sizes, blocks, asked = column["n_rows"], column["block"], column["asked"]
    block_sizes, found, given = noted["block_sizes"], noted["found"], noted["labels"]
    prints = _table_of(noted["rows"], Projections.WIDTH, "rows", kind=np.float64)
    fed, labelled = blocks >= 0, (asked & (Asked.STEP | Asked.LOSS | Asked.ACCURACY | Asked.GRADIENT)) > 0
    _require(block_sizes.ndim == 1 and block_sizes.dtype.kind in "iu", BLOCKS_APART)
    _require(bool((np.append(sizes, block_sizes) >= 0).all()), BLOCKS_APART)
    _require(int(sizes.sum()) <= LogLimits.MAX_ROWS and int(block_sizes.sum()) == len(prints), BLOCKS_APART)
    _require(bool((blocks < len(block_sizes)).all()), BLOCKS_APART)
    _require(np.array_equal(sizes[fed], block_sizes[blocks[fed]]) and not sizes[~fed].any(), BLOCKS_APART)
    _require((found.shape, given.shape) == ((sizes.sum(),), (sizes[labelled].sum(),)), LABELS_APART)
    index, factor, shift, near = finder.find(prints)
    starts = np.concatenate([[0], np.cumsum(block_sizes)])
    at = _ranges(starts[blocks[fed]], sizes[fed])
    labels = np.full(len(at), NO_LABEL, dtype=np.uint8)
    labels[np.repeat(labelled, sizes)] = given
    return Rows(index[at], factor[at], shift[at], labels, found.astype(np.uint8), near[at])


def _require(fits: bool, otherwise: Said) -> None:
    if not fits:
        raise BadTrainingLog(otherwise)


def _ranges(starts: Int, sizes: Int) -> Int:
    """Return ``start, start + 1, …`` for each start, as many as its size, in one array."""
    before = np.cumsum(sizes) - sizes
    ranges: Int = np.repeat(starts - before, sizes) + np.arange(sizes.sum())
    return ranges


def _array(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> npt.NDArray[Any]:
    if name not in arrays:
        raise BadTrainingLog(Text("The instrument's notes lack {name}.", name=name))
    return arrays[name]


def _table_of(array: npt.NDArray[Any], width: int, what: str, kind: type = np.int64) -> npt.NDArray[Any]:
    words = Text("The instrument's {what} are not a table of {width} columns.", what=what, width=width)
    _require(array.shape[1:] == (width,) and array.dtype.kind in KINDS[kind], words)
    return array.astype(kind, copy=False)


def _reported(array: npt.NDArray[Any] | None) -> Float | None:
    return None if array is None else array.astype(np.float64).reshape(-1)

"""Judge prepared table rows or sequences, and numeric targets: their scale and order.

The required values are known exactly (`netgrader.data.DataSpec.prepared`), so an array is compared with them first, and then
with the results of common mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.judges.aspects import Charge, make_charge
from netgrader.judges.known_images import Table
from netgrader.judges.labels import mismatch, row_shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from netgrader.data import DataSpec

__all__ = [
    "SOME",
    "Columns",
    "JudgedRows",
    "ToldLabel",
    "are_in_order",
    "judge_displaced",
    "judge_kind",
    "judge_reshaped",
    "judge_rows",
    "judge_targets",
    "keep_order",
    "own_columns",
    "same_rows",
]

Array = npt.NDArray[Any]
Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
SOME = 2000  # rows that are compared when all are likely to be alike


class _RowLimits(NamedTuple):
    """Tolerances of numbers in rows."""

    close: float = 2e-3
    """Fraction of a value plus its feature's standard deviation: half precision keeps three digits."""
    rounded: float = 1e-5
    """Relative tolerance for rows in another order: single precision."""
    nearly_all: float = 0.999
    """Fraction of rows in place, above which all count as in order."""
    equal: float = 1e-6
    """Margin in correlation for a column's own place: several columns may be equal up to rounding."""


LIMITS = _RowLimits()
FLOATING = Text("float32 or float64")
SHIFTS = (1, -1, 2, -2, 3, -3, 10, -10, 100, -100)
"""Rows by which targets may be shifted."""


class JudgedRows(NamedTuple):
    """The judgment of an array of inputs."""

    charge: Charge | None
    """Its fault; None if it is right."""
    rows: Int | None
    """The index of the given input that each row shows, -1 if unknown; None if unknown for all."""

    def shown(self, count: int) -> Int:
        """Return the given input that each row shows; assume the given order if unknown."""
        return np.arange(count) if self.rows is None else self.rows


def are_in_order(rows: Int | None) -> bool:
    """Whether nearly all rows show the given inputs in order; also true if the order is unknown."""
    return rows is None or bool((rows == np.arange(len(rows))).mean() >= LIMITS.nearly_all)


def judge_reshaped(found: Array, n: int, spec: DataSpec, judge: Callable[[Array], JudgedRows]) -> JudgedRows:
    """Judge inputs of another shape than `n` rows; right numbers still earn a part."""
    shape = str((n, *spec.fed_shape))
    charge = make_charge("wrong-shape", found=Text("shape {shape}", shape=found.shape), expected=shape)
    if found.shape[:1] != (n,) or found.size != n * spec.size:
        return JudgedRows(charge, None)
    inner = judge(found.reshape(n, spec.size))
    return JudgedRows(replace(charge, share=0.0 if inner.charge else 0.25), inner.rows)


def judge_rows(found: Array, raw: Array, other: Array, spec: DataSpec, *, of_test: bool) -> JudgedRows:
    """Compare an array with the given inputs as prepared by the course.

    Parameters
    ----------
    found
        Should be floating-point numbers of shape (n, size), scaled as the course says. Another order of the rows is accepted;
        targets must follow it. Features that are constant in training may have any value.
    raw
        The given inputs (n, …).
    other
        The training inputs if `raw` are the test inputs, else the test inputs.
    spec
        The specification of the data.
    of_test
        Whether `raw` are the test inputs.
    """
    n = len(raw)
    if found.shape not in {(n, *spec.fed_shape), (n, spec.size)}:
        return judge_reshaped(found, n, spec, partial(judge_rows, raw=raw, other=other, spec=spec, of_test=of_test))
    values = found.reshape(n, spec.size).astype(np.float64)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0].tolist()
        why = Text("values that are not finite, in column {column}", column=column)
        place = Text("row {row}", row=row)
        return JudgedRows(make_charge("wrong-range", found=why, expected=Text("numbers"), place=place), None)
    train = (other if of_test else raw).reshape(-1, spec.size)
    wanted = spec.prepared(raw, train).astype(np.float64)
    varying = _varying(train, spec)
    # A standard deviation with n - 1 in place of n is accepted.
    unbiased = np.sqrt((len(train) - 1) / len(train)) if spec.scaling == "standard" else 1.0
    own, others = (one.reshape(-1, spec.size).astype(np.float64) for one in (raw, other))
    right = ("", "", wanted), ("", "", unbiased * wanted)
    for code, what, made in chain(right, _mistakes(own, others, spec, of_test=of_test)):
        rows = _rows_of(values[:, varying], made[:, varying])
        if rows is not None:
            charge = judge_kind(found.dtype)
            if code:
                charge = make_charge(code, 0.25, found=what, expected=_expected(spec))
            return JudgedRows(charge, rows)
    return _strange(values, wanted, raw, spec, varying)


def _varying(train: Array, spec: DataSpec) -> npt.NDArray[np.bool_]:
    """Return a mask (size,) of the features that vary in training."""
    _, deviation = spec.mean_and_deviation(train)
    varying: npt.NDArray[np.bool_] = deviation > 0
    return varying


def judge_kind(kind: np.dtype[Any]) -> Charge | None:
    """Return a charge if the dtype is not floating point; None otherwise."""
    return None if kind.kind == "f" else make_charge("not-floating-point", 0.5, found=f"{kind}", expected=FLOATING)


@dataclass(frozen=True)
class Columns:
    """The given column, factor and shift behind each column of some rows; (size,) each."""

    source: Int
    factor: Float
    shift: Float

    @property
    def moved(self) -> Int:
        """The indexes of columns that are in another one's place."""
        return np.flatnonzero(self.source != np.arange(len(self.source)))

    def of(self, rows: Float) -> Float:
        """Return given rows (n, size) transformed in the same way."""
        made: Float = rows[:, self.source] * self.factor + self.shift
        return made


def own_columns(found: Float, raw: Float) -> Columns | None:
    """Return how found columns came from given ones, both (n, size); None if any is otherwise."""
    some = slice(None, None, max(1, len(raw) // SOME))
    directions = (one[some] - one[some].mean(axis=0) for one in (found, raw))
    theirs, own = (one / np.where(one.any(axis=0), np.linalg.norm(one, axis=0), 1) for one in directions)
    alike = np.abs(theirs.T @ own)
    source = (alike + LIMITS.equal * np.eye(len(alike))).argmax(axis=1)
    rows, middle = raw[:, source], found.mean(axis=0)
    mean, spread = rows.mean(axis=0), rows.var(axis=0)
    factor = ((rows - mean) * (found - middle)).mean(axis=0) / np.where(spread > 0, spread, 1)
    columns = Columns(source, factor, middle - factor * mean)
    return columns if same_rows(columns.of(raw), found).all() else None


def keep_order(found: Float, raw: Float) -> bool:
    """Whether each found column increases with the given one, or is constant in parts, as after clipping."""
    order = np.argsort(raw, axis=0, kind="stable")
    grown = np.diff(np.take_along_axis(found, order, axis=0), axis=0)
    return bool((grown >= -LIMITS.close * found.std(axis=0)).all())


SCALED = {
    "standard": Text("each minus its mean over the training rows, divided by its standard deviation there"),
    "largest": Text("divided by {largest}"),
    "none": Text("as they are given"),
}
"""The required values of rows, by the course's scaling."""


def _expected(spec: DataSpec) -> Said:
    return SCALED[spec.scaling].format(largest=spec.largest)


def _mistakes(rows: Float, other: Float, spec: DataSpec, *, of_test: bool) -> Iterator[tuple[str, Said, Float]]:
    """Yield the results of common mistakes: a code, a description, and the rows."""
    train, both = other if of_test else rows, np.concatenate([rows, other])
    mean, deviation = train.mean(axis=0), _deviation(train)
    if spec.scaling != "none":
        what = Text(
            "the numbers as given, from {rows:.4g} to {rows_2:.4g}",
            rows=float(np.min(rows)),
            rows_2=float(np.max(rows)),
        )
        yield "not-scaled", what, rows
    if of_test:
        what = Text("scaled by the mean and the standard deviation of the test rows")
        yield "scaled-on-one-side", what, (rows - rows.mean(axis=0)) / _deviation(rows)
        yield "scaled-on-one-side", what, (rows - rows.mean(axis=0)) / _deviation(rows, 1)
    what = Text("scaled by the mean and the standard deviation of all rows, including test rows")
    yield "wrong-range", what, (rows - both.mean(axis=0)) / _deviation(both)
    yield "wrong-range", Text("scaled by their means and deviations"), (rows - mean) / deviation
    yield "wrong-range", Text("minus their means, but not divided by their deviations"), rows - mean
    yield "wrong-range", Text("divided by their deviations, but without subtracting their means"), rows / deviation
    yield "wrong-range", Text("divided by their squared deviations"), (rows - mean) / deviation**2
    what = Text("scaled by one mean and one deviation for all features")
    yield "wrong-range", what, (rows - train.mean()) / train.std()
    yield "wrong-range", Text("scaled by the smallest and the largest number of each feature"), _between(rows, train)


def _deviation(rows: Float, less: int = 0) -> Float:
    deviation = rows.std(axis=0, ddof=min(less, len(rows) - 1))
    made: Float = np.where(deviation > 0, deviation, 1)
    return made


def _between(rows: Float, by: Float) -> Float:
    low, high = by.min(axis=0), by.max(axis=0)
    made: Float = (rows - low) / np.where(high > low, high - low, 1)
    return made


def same_rows(found: Float, wanted: Float) -> npt.NDArray[np.bool_]:
    """Return which rows equal the wanted ones (n,), up to rounding."""
    close = np.abs(found - wanted) <= LIMITS.close * (wanted.std(axis=0) + np.abs(wanted)) + 1e-12
    same: npt.NDArray[np.bool_] = close.all(axis=1)
    return same


def _rows_of(found: Float, wanted: Float) -> Int | None:
    """Return the wanted row for each row, if all occur once; -1 for ambiguous rows; None otherwise."""
    n = len(wanted)
    if same_rows(found, wanted).all():
        return np.arange(n)
    spread = np.where(wanted.std(axis=0) > 0, wanted.std(axis=0), 1)
    directions = np.random.default_rng(0).standard_normal((wanted.shape[1], 4)) / spread[:, None] / np.sqrt(len(spread))
    theirs, prints = found @ directions, wanted @ directions
    slack = LIMITS.rounded * float((1 + np.abs(wanted / spread)).max(initial=1.0))
    if (np.abs(np.sort(theirs[:, 0]) - np.sort(prints[:, 0])) > slack).any():
        return None  # not a permutation
    index, own = Table(prints, slack).find(theirs), Table(prints, 1e-9).first
    index = own[np.where(index >= 0, index, 0)]
    if not same_rows(found, wanted[index]).all() or not np.array_equal(np.sort(index), np.sort(own)):
        return None
    counted = np.bincount(index, minlength=n)
    return np.where(counted[index] == 1, index, -1)


def _strange(found: Float, wanted: Float, raw: Array, spec: DataSpec, varying: npt.NDArray[np.bool_]) -> JudgedRows:
    """Judge rows that fit no common mistake by their structure."""
    rows = raw.reshape(found.shape).astype(np.float64)
    columns, in_order = own_columns(found, rows), np.arange(len(found))
    if columns is not None and columns.factor[varying].all():
        return JudgedRows(_of_columns(columns, spec, varying), None if len(columns.moved) else in_order)
    if any(_are_of_themselves(found, one, varying) for one in (rows, wanted)):
        what = Text("each row scaled by numbers of its own, such as its mean or its length")
        return JudgedRows(make_charge("wrong-range", 0.25, found=what, expected=_expected(spec)), in_order)
    if found[:, varying].std(axis=0).all() and keep_order(found, rows):
        what = Text("numbers that grow with the given ones, but not in proportion to them, as clipped ones do")
        return JudgedRows(make_charge("wrong-range", 0.25, found=what, expected=_expected(spec)), in_order)
    return JudgedRows(_displaced(found, wanted, varying), None)


def _of_columns(columns: Columns, spec: DataSpec, varying: npt.NDArray[np.bool_]) -> Charge:
    """Return a charge for columns that are given ones, moved or each with its own scale."""
    for at in columns.moved[:1]:
        what = Text("column {source} in place of column {at}", source=columns.source[at], at=at)
        return make_charge("wrong-order", 0.25, found=what, expected=Text("columns in their order"))
    first = int(np.flatnonzero(varying)[0])
    factor, shift = float(columns.factor[first]), round(float(columns.shift[first]), 6) + 0.0  # no -0
    what = Text(
        "scaled by numbers of their own, the first times {factor:.4g} plus {shift:.4g}", factor=factor, shift=shift
    )
    return make_charge("wrong-range", 0.25, found=what, expected=_expected(spec))


def _are_of_themselves(found: Float, rows: Float, varying: npt.NDArray[np.bool_]) -> bool:
    """Whether each found row is a multiple of its own row plus a shift; False below four features."""
    if rows.shape[1] <= 3:
        return False
    one, other = (values - values.mean(axis=1, keepdims=True) for values in (rows.astype(np.float64), found))
    spread = np.square(one).sum(axis=1, keepdims=True)
    factor = (one * other).sum(axis=1, keepdims=True) / np.where(spread > 0, spread, 1)
    fitted = found.mean(axis=1, keepdims=True) + factor * one
    return bool(same_rows(found[:, varying], fitted[:, varying]).all())


def _displaced(found: Float, wanted: Float, varying: npt.NDArray[np.bool_]) -> Charge:
    """Return a charge for rows that are not given rows at any scale."""
    n, size = wanted.shape
    if same_rows(found.T.reshape(n, size)[:, varying], wanted[:, varying]).all():
        what = Text("numbers of many rows in each: reshaped to ({size}, n) and transposed", size=size)
        return make_charge("wrong-order", found=what, expected=Text("one in each row"))
    wrong = np.flatnonzero(~same_rows(found[:, varying], wanted[:, varying]))
    what = Text("{count:,} of {n:,} rows that are not the given row, scaled", count=len(wrong), n=n)
    return make_charge(
        "wrong-order", found=what, expected=Text("row i in row i"), place=Text("row {wrong}", wrong=int(wrong[0]))
    )


def judge_targets(found: Array, given: Array, rows: Int | None = None) -> Charge | None:
    """Return a charge for wrong numeric targets; None if they are right.

    Parameters
    ----------
    found
        Should be the given numbers, of shape (n,) or (n, 1).
    given
        The given targets, shape (n,).
    rows
        The given input that each row of the inputs shows, -1 if unknown; None for the given order.
    """
    n = len(given)
    if found.shape not in {(n,), (n, 1)}:
        return make_charge(
            "wrong-shape", found=Text("shape {shape}", shape=found.shape), expected=Text("({n}, 1) or ({n},)", n=n)
        )
    values, wanted = found.reshape(n).astype(np.float64), given.astype(np.float64)
    true = wanted if rows is None else np.where(rows >= 0, wanted[rows], values)
    # Half precision cannot distinguish all targets; single precision keeps seven digits.
    slack = 1e-6 * max(1.0, float(np.abs(wanted).max(initial=0)))
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~(np.abs(values - true) <= slack))
    if not len(wrong):
        return judge_kind(found.dtype)
    row = int(wrong[0])
    told, expected = f"{values[row]:.6g}", f"{true[row]:.6g}"
    place = Text("row {row}, the first of {count:,}", row=row, count=len(wrong))
    words = ToldLabel(
        told,
        told,
        later=Text("the target {shift} after it, {told}"),
        earlier=Text("the target {shift} before it, {told}"),
        expected=expected,
        place=place,
    )
    return judge_displaced(values, wanted, words, in_order=are_in_order(rows), slack=slack)


class ToldLabel(NamedTuple):
    """The first of some wrong labels, or targets, in words."""

    told: str
    """The label or target itself."""
    found: Said
    later: Text
    earlier: Text
    """Found texts: in general; for the value of the row `shift` rows later; or earlier."""
    expected: Said
    place: Said


def judge_displaced(found: Array, given: Array, told: ToldLabel, *, in_order: bool, slack: float = 0.0) -> Charge:
    """Return a charge for partly wrong labels or targets `found` (n,): shifted, shuffled, or different.

    Shifts are tried only if the rows are `in_order`. Numbers within `slack` count as equal.
    """
    shift = row_shift(found, given, np.arange(len(given)), SHIFTS, slack) if in_order else None
    if shift is None:
        return make_charge(mismatch(found, given, slack), found=told.found, expected=told.expected, place=told.place)
    words = (told.later if shift > 0 else told.earlier).format(shift=abs(shift), told=told.told)
    return make_charge("labels-shifted", found=words, expected=told.expected, place=told.place)

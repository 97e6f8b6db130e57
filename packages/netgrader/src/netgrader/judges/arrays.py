"""Judge the arrays of ``prepare_data``: given images or rows, scaled, in any order, with labels."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.checks.exercises import BadExerciseError
from netgrader.checks.language import Failed, Ungradable
from netgrader.faults import CATALOGUE, fault
from netgrader.grey_levels import LEVELS
from netgrader.judges.aspects import make_charge
from netgrader.judges.known_images import Projections, fingerprints, match_scaled
from netgrader.judges.labels import class_shift, one_hot_words
from netgrader.judges.preparations import preparation_of
from netgrader.judges.rows import (
    SOME,
    JudgedRows,
    ToldLabel,
    are_in_order,
    judge_displaced,
    judge_kind,
    judge_reshaped,
    judge_rows,
    judge_targets,
    own_columns,
    same_rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from netgrader.checks.context import CellEvidence, Dataset, TestContext
    from netgrader.data import DataSpec
    from netgrader.faults import Fault
    from netgrader.judges.aspects import Charge
    from netgrader.judges.log import Bytes, Float, Int
    from netgrader.judges.preparations import Preparation

__all__ = [
    "data_as_handed",
    "data_for",
    "images_of",
    "judge_images",
    "judge_one_hot",
    "note_levels",
    "require_images",
    "require_labels",
]

Array = npt.NDArray[Any]


class _ImageLimits(NamedTuple):
    """Tolerances of gray levels, and when images are too dark."""

    close: float = 2e-3
    """Difference of gray levels: half precision keeps three digits."""
    aligned: float = 1e-3
    """Relative error of a row's projections, up to which they point the same way as a given image's."""
    nearly_all: float = 0.999
    """Fraction of rows that are given ones, above which the others count as mistakes."""
    dark: float = 0.5
    """Fraction of the maximum value: images below it are hardly visible."""


LIMITS = _ImageLimits()


def judge_images(images: Array, raw: Bytes, spec: DataSpec) -> JudgedRows:
    """Compare an array with the given images; return what is wrong, and which image each row shows.

    Parameters
    ----------
    images
        Should be floating-point numbers from 0 to 1 of shape (n, pixels): row i holds the gray levels of image i divided by
        the largest. Other scales between 0 and 1, and other orders of the rows, are accepted; labels must follow the order.
    raw
        The given images, uint8 of shape (n, height, width).
    spec
        The specification of the data.
    """
    n, pixels = len(raw), spec.size
    if images.shape not in {(n, *spec.fed_shape), (n, pixels)}:
        return judge_reshaped(images, n, spec, partial(judge_images, raw=raw, spec=spec))
    images = images.reshape(n, pixels)
    if images.dtype == np.float16:
        images = images.astype(np.float32)
    finite = np.isfinite(images).all(axis=1)
    if not finite.all():
        found, place = Text("values that are not finite"), Text("row {row}", row=int(np.argmin(finite)))
        return JudgedRows(make_charge("wrong-range", found=found, place=place), None)
    return _Comparison(images, raw.reshape(n, pixels), spec).judge()


class _Comparison:
    """An array of the right shape and the given images, both as fingerprints."""

    def __init__(self, images: Array, raw: Bytes, spec: DataSpec) -> None:
        self.spec = spec
        self.images = images
        self.raw = raw
        self.theirs = fingerprints(images)
        self.given = fingerprints(raw)
        self.low, self.high = float(images.min()), float(images.max())

    def judge(self) -> JudgedRows:
        in_order = np.arange(len(self.raw))
        factors = self._factors(in_order)
        if np.isfinite(factors).all():
            return JudgedRows(self._scale(factors), in_order)
        if self._levels() or np.array_equal(self.images > 0, self.raw > 0):
            return JudgedRows(self._rounded() or self._range(), in_order)
        index = match_scaled(self.given, self.theirs, self.spec.size).index
        if np.array_equal(np.sort(index), in_order):
            return JudgedRows(self._scale(self._factors(index)), index)
        if (index >= 0).mean() >= LIMITS.nearly_all:
            return JudgedRows(self._not_each_once(index), index)
        return JudgedRows(self._strange(), None)

    def _not_each_once(self, index: Int) -> Charge:
        """Return a charge for the first row that shows another image than its own, or no given one."""
        row = int(np.argmax(index != np.arange(len(index))))
        found, place = Text("{image} {index} in row {row}", index=index[row], row=row), Text("row {row}", row=row)
        if index[row] < 0:
            found = Text("no given {image} in row {row}", row=row)
        return make_charge("wrong-order", found=found, expected=Text("each {image} once"), place=place)

    def _all_levels(self) -> Said:
        return Text("all gray levels over {largest}", largest=self.spec.largest)

    def _factors(self, rows: Int) -> Float:
        """Return each row's factor relative to the given image ``rows[i]``; NaN if it is another image."""
        theirs, given = self.theirs[:, : Projections.PROJECTIONS], self.given[rows, : Projections.PROJECTIONS]
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = (theirs * given).sum(axis=1) / (given**2).sum(axis=1)
        off = np.linalg.norm(theirs - factor[:, np.newaxis] * given, axis=1)
        aligned = (off <= LIMITS.aligned * np.linalg.norm(theirs, axis=1)) & (factor != 0) & (rows >= 0)
        return np.where(aligned, factor, np.nan)

    def _scale(self, factors: Float) -> Charge | None:
        """Return a charge for a wrong scale of rows that are given images; None if it is right."""
        factor = float(np.nanmedian(factors))
        found = Text("values from {low:.4g} to {high:.4g}", low=self.low, high=self.high)
        if abs(factor) >= 0.5:
            return make_charge("not-scaled", 0.25, found=found, expected=Text("from 0 to 1"))
        if np.ptp(factors) > abs(factor) / 10 and self.high < LIMITS.dark:
            found = Text("{found}, each {image} divided by a number of its own", found=found)
            return make_charge(
                "wrong-range", 0.25, found=found, expected=Text("one divisor for all, with values from 0 to 1")
            )
        if abs(factor) < 1 / self.spec.largest / 10:
            return make_charge("scaled-twice", 0.25, found=found, expected=Text("from 0 to 1"))
        return self._range()

    def _range(self) -> Charge | None:
        if not -LIMITS.close <= self.low <= self.high <= 1 + LIMITS.close:
            found = Text("values from {low:.4g} to {high:.4g}", low=self.low, high=self.high)
            return make_charge("wrong-range", 0.25, found=found, expected=Text("from 0 to 1"))
        return judge_kind(self.images.dtype)

    def _rounded(self) -> Charge | None:
        """Return a charge if only two gray levels are left; None otherwise."""
        if len(np.unique(self.images[:1000])) > 2 or len(np.unique(self.images)) > 2:
            return None
        found = Text("only {low:g} and {high:g}", low=self.low, high=self.high)
        return make_charge("integer-division", 0.25, found=found, expected=self._all_levels())

    def _levels(self) -> bool:
        """Whether each value is a non-decreasing function of the gray level at its place."""
        table, used = np.zeros(LEVELS), np.unique(self.raw[:1000])
        table[self.raw.reshape(-1)] = self.images.reshape(-1)
        rising = bool((np.diff(table[used]) >= 0).all()) and table[used[-1]] > table[used[0]]
        return rising and bool(np.array_equal(table[self.raw], self.images))

    def _strange(self) -> Charge:
        """Return a charge for rows that are not given images, by the usual causes."""
        known = self._by_pixel()
        if known is not None:
            return known
        n = len(self.raw)
        if self._aligned(fingerprints(self.images.T.reshape(n, self.spec.size)), self.given):
            found = Text(
                "{pixels} of many {images} in each row: reshaped to ({size}, n) and transposed", size=self.spec.size
            )
            return make_charge("wrong-order", found=found, expected=Text("{an_image} in each row"))
        wrong = np.flatnonzero(np.isnan(self._factors(np.arange(n))))
        row = int(wrong[0])
        found = Text("{count:,} of {n:,} rows that are not the given {image}", count=len(wrong), n=n)
        return make_charge(
            "wrong-order", found=found, expected=Text("{image} i in row i"), place=Text("row {row}", row=row)
        )

    def _by_pixel(self) -> Charge | None:
        """Return a charge if each pixel is a given one times a factor plus a shift; None otherwise."""
        some = slice(None, None, max(1, len(self.raw) // SOME))
        columns = own_columns(*(np.asarray(one[some], np.float64) for one in (self.images, self.raw)))
        if columns is None or not columns.factor.any():
            return None
        if len(columns.moved):
            found = Text("the {pixels} of each {image} in another order, as in a turned or mirrored one")
            return make_charge("wrong-order", 0.25, found=found, expected=Text("as given"))
        found = Text("values from {low:.4g} to {high:.4g}, each {pixel} scaled by itself", low=self.low, high=self.high)
        return make_charge("wrong-range", 0.25, found=found, expected=Text("from 0 to 1"))

    def _aligned(self, prints: Float, others: Float) -> bool:
        match = match_scaled(others[:SOME], prints[:SOME], self.spec.size)
        return bool((match.index == np.arange(len(match.index))).mean() > LIMITS.nearly_all)


def judge_one_hot(labels: Array, given: Bytes, spec: DataSpec, rows: Int | None = None) -> Charge | None:
    """Return a charge for wrong labels, as networks are fed them; None if they are right.

    Parameters
    ----------
    labels
        Should be floating-point numbers of shape (n, label_width): one-hot, or the column of class 1.
    given
        The given labels, shape (n,).
    spec
        The specification of the data.
    rows
        The given image that each row shows; None for the given order.
    """
    n = len(given)
    if labels.shape != (n, spec.label_width):
        return _labels_shape(labels, n, spec)
    pairs = spec.one_hot(labels)
    best = pairs.argmax(axis=1)
    wrong = np.flatnonzero((np.abs(pairs - np.eye(spec.classes)[best]) > 1e-6).any(axis=1))
    if len(wrong):
        row = int(wrong[0])
        found = Text("row {row}: {names}", row=row, names=" ".join(f"{value:.3g}" for value in labels[row]))
        expected, place = one_hot_words(spec.label_width), Text("{count:,} rows", count=len(wrong))
        if (labels[row] == 1).all():
            expected = Text(
                "{expected}: a[np.arange(n), {labels}] = 1 sets one place in each row, a[{labels}] = 1 whole rows",
                expected=expected,
            )
        code = "labels-wrong" if spec.one_output else "labels-not-one-hot"
        return make_charge(code, found=found, expected=expected, place=place)
    true = given if rows is None else np.where(rows >= 0, given[rows], best)
    wrong = np.flatnonzero(best != true)
    if len(wrong):
        in_order = are_in_order(rows)
        return _wrong_classes(best.astype(np.uint8), given, true, wrong, spec.classes, in_order=in_order)
    return judge_kind(labels.dtype)


def _labels_shape(labels: Array, n: int, spec: DataSpec) -> Charge:
    found, expected = Text("shape {shape}", shape=labels.shape), f"({n}, {spec.label_width})"
    if labels.size == n and not spec.one_output:
        found = Text("{found}: the {called}s themselves", found=found, called=spec.called)
        return make_charge("labels-not-one-hot", found=found, expected=expected)
    return make_charge("wrong-shape", found=found, expected=expected)


def _wrong_classes(best: Bytes, given: Bytes, true: Bytes, wrong: Int, classes: int, *, in_order: bool) -> Charge:
    row = int(wrong[0])
    expected, place = f"{true[row]}", Text("row {row}, the first of {count:,}", row=row, count=len(wrong))
    if class_shift(best, true, classes) is not None:
        found = Text("the {label} {best}", best=best[row])
        return make_charge("labels-off-by-one", found=found, expected=expected, place=place)
    told = ToldLabel(
        f"{best[row]}",
        Text("the {label} {best}", best=best[row]),
        later=Text("the {label} of the {image} {shift} after it, {told}"),
        earlier=Text("the {label} of the {image} {shift} before it, {told}"),
        expected=expected,
        place=place,
    )
    return judge_displaced(best, given, told, in_order=in_order)


INVERTED = Text("The gray levels are inverted, so the pad below cannot show the network a drawing.")
INK = {True: Text("the largest numbers for ink"), False: Text("the smallest numbers for ink")}


def note_levels(bench: TestContext, part: str, remark: Callable[..., None]) -> None:
    """Remark that a part's images are inverted: the first one correlates negatively with the given one."""
    first = _evidence(bench).array(f"x_{part}").reshape(-1, bench.spec.size)[0]
    given = bench.part(part)[0][images_of(bench, part).shown(1)[0]].reshape(-1)
    alike = (first - first.mean()) @ (given - given.mean())
    remark(INVERTED, found=INK[bool(alike > 0)], expected=INK[True])


OTHER = {"train": "test", "test": "train"}
ONE_SIDE = "scaled-on-one-side"


def require_images(bench: TestContext, part: str) -> None:
    """End the test unless a `part` (``"train"`` or ``"test"``) holds the given images or rows, scaled."""
    charge = images_of(bench, part).charge
    if charge is None:
        return
    # A scale that is right for one set only is one fault; a fault in a single row is not about scale.
    if charge.fault.code in CATALOGUE[ONE_SIDE].brings and not charge.fault.place and _scaled(bench, OTHER[part]):
        name, other = f"x_{part}", f"x_{OTHER[part]}"
        one_side = fault(
            ONE_SIDE,
            found=Text("{name}: {found}", name=name, found=charge.fault.found),
            expected=Text("the same as for {other}", other=other),
        )
        raise Failed([one_side], charge.share)
    raise _failed(charge, f"x_{part}")


def require_labels(bench: TestContext, part: str) -> None:
    """End the test unless a part's labels are one-hot, floating point, and match the images.

    In a regression, the targets ``y_train`` and ``y_test`` must be the given ones.
    """
    name = bench.spec.labels_of(part)
    judge = partial(judge_targets) if bench.spec.is_regression else partial(judge_one_hot, spec=bench.spec)
    labels, (_, given) = _evidence(bench).array(name), bench.part(part)
    try:
        rows = images_of(bench, part).rows
    except Failed:  # without images, labels are assumed to be in the given order
        rows = None
    charge = judge(labels, given, rows=rows)
    if charge is not None:
        raise _failed(charge, name)


def images_of(bench: TestContext, part: str) -> JudgedRows:
    """Return the judged ``x_train`` or ``x_test`` (`part` ``"train"`` or ``"test"``), cached."""

    def judge() -> JudgedRows:
        made, (raw, _) = _evidence(bench).array(f"x_{part}"), bench.part(part)
        if bench.spec.is_images:
            return judge_images(made, raw, bench.spec)
        other, _ = bench.part(OTHER[part])
        return judge_rows(made, raw, other, bench.spec, of_test=part == "test")

    images: JudgedRows = bench.once(("prepared", part), judge)
    return images


def data_as_handed(bench: TestContext) -> Dataset | None:
    """Return the data as in the student's arrays, if these differ from ours in a known way; else None.

    A network trained on such rows knows them in that form; their faults are already charged.
    """
    data: Dataset | None = bench.once("data_as_handed", lambda: _as_handed(bench))
    return data


def data_for(bench: TestContext) -> Dataset:
    """Return the data as in the student's arrays; ours, if these are right or not understood."""
    return data_as_handed(bench) or bench.dataset


def _as_handed(bench: TestContext) -> Dataset | None:
    try:
        rows = images_of(bench, "train").shown(len(bench.dataset.x_train))
        if (rows < 0).any():
            return None
        prepare = _preparation(bench)
        columns = None if bench.spec.is_regression else _columns(bench, rows)
    except (Failed, Ungradable, BadExerciseError):
        return None
    if prepare is None and columns is None:
        return None
    return replace(bench.dataset, prepare=prepare, columns=columns)


def _preparation(bench: TestContext) -> Preparation | None:
    """Return how inputs became the student's rows, judged by a sample; None if right or unknown."""
    train, test, data = _some_pairs(bench, "train"), _some_pairs(bench, "test"), bench.dataset
    made, raw = train
    if len(made) == len(raw) and same_rows(made, data.prepared(raw).astype(np.float64)).all():
        return None
    # Test rows may hold values between those of training rows; if test rows were prepared differently, training rows decide.
    made, raw = map(np.concatenate, zip(train, test, strict=True))
    return preparation_of(made, raw, bench.spec) or preparation_of(*train, bench.spec)


def _some_pairs(bench: TestContext, part: str) -> tuple[Array, Array]:
    """Return some of the student's rows (n, size) and their original inputs; none if unknown."""
    raw, _ = bench.part(part)
    made, rows = _evidence(bench).array(f"x_{part}"), images_of(bench, part).shown(len(raw))
    some, size = slice(None, None, max(1, len(raw) // SOME)), bench.spec.size
    shown = raw[rows[some]]
    return made[some if made[some].size == shown.size else slice(0)].reshape(-1, size), shown.reshape(-1, size)


def _columns(bench: TestContext, rows: Int) -> Int | None:
    """Return the student's label index of each class, if labels are consistent and permuted; else None."""
    labels, true = _evidence(bench).array(bench.spec.labels_of("train")), bench.dataset.y_train[rows]
    if labels.shape != (len(true), bench.spec.label_width):
        return None
    counts = np.zeros((bench.spec.classes, bench.spec.classes), np.int64)
    np.add.at(counts, (true, bench.spec.one_hot(labels).argmax(axis=1)), 1)
    called = counts.argmax(axis=1)
    always = counts.max(axis=1).sum() >= LIMITS.nearly_all * len(true) and len(set(called)) == len(called)
    return called if always and (called != np.arange(len(called))).any() else None


def _evidence(bench: TestContext) -> CellEvidence:
    return bench.evidence(f"check_{bench.exercises.of_kind('data')}")


def _scaled(bench: TestContext, part: str) -> bool:
    """Whether the images of that part have no faults."""
    try:
        return images_of(bench, part).charge is None
    except Failed:
        return False


def _failed(charge: Charge, name: str) -> Failed:
    found: Fault = charge.fault
    place = f"{name}, {found.place}" if found.place else name
    return Failed([fault(found.code, found=found.found, expected=found.expected, place=place)], charge.share)

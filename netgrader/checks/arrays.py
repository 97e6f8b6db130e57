"""What tests ask of the arrays that ``prepare_data`` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from netgrader.checks.language import Failed
from netgrader.faults import CATALOGUE, fault
from netgrader.grey_levels import LEVELS
from netgrader.phrases import say
from netgrader.training.arrays import Images, judge_images, judge_one_hot

if TYPE_CHECKING:
    from netgrader.checks.bench import Bench
    from netgrader.faults import Fault
    from netgrader.grey_levels import GreyLevels
    from netgrader.training.verdicts import Charge

__all__ = ["images_of", "is_scaled", "require_images", "require_labels"]

CELL = "check_prepare_data"
OTHER = {"train": "test", "test": "train"}
REFERENCES = {"train": "x_train_2d", "test": "x_test_2d"}
SMALLEST = 1.01 / 2550  # a factor that `judge_images` surely takes for one scaling, not two
ROUNDING = 3e-7  # of the largest: what single precision loses
PIXELS = 784
ONE_SIDE = "scaled-on-one-side"


def require_images(bench: Bench, part: str) -> None:
    """End the test unless ``x_train`` or ``x_test`` (`part` ``"train"`` or ``"test"``) are the given images, scaled."""
    charge = images_of(bench, part).charge
    if charge is None:
        return
    # A scale that is right for one set and not for the other is one fault; what is wrong in a single row is no scale.
    if charge.fault.code in CATALOGUE[ONE_SIDE].brings and not charge.fault.place and _scaled(bench, OTHER[part]):
        name, other = f"x_{part}", f"x_{OTHER[part]}"
        one_side = fault(
            ONE_SIDE, found=say("{1} with {2}", name, charge.fault.found), expected=say("the same as for {1}", other)
        )
        raise Failed([one_side], charge.share)
    raise _failed(charge, f"x_{part}")


def require_labels(bench: Bench, part: str) -> None:
    """End the test unless the labels of that part are one-hot, floating point, and those of the images."""
    labels = bench.evidence(CELL).array(f"y_{part}_1_hot")
    digits = bench.mnist.y_train if part == "train" else bench.mnist.y_test
    try:
        rows = images_of(bench, part).rows
    except Failed:  # without images the labels are taken to be in the order of the given ones
        rows = None
    charge = judge_one_hot(labels, digits, rows)
    if charge is not None:
        raise _failed(charge, f"y_{part}_1_hot")


def images_of(bench: Bench, part: str) -> Images:
    """What ``x_train`` or ``x_test`` (`part` ``"train"`` or ``"test"``) is, judged once."""

    def judge() -> Images:
        raw = bench.mnist.x_train if part == "train" else bench.given.images
        name = f"x_{part}"
        table = bench.evidence(CELL).raw.tables.get(name)
        if table is not None and table.reference == REFERENCES[part] and is_scaled(table, len(raw)):
            return Images(None, np.arange(len(raw)))
        return judge_images(bench.evidence(CELL).array(name), raw)

    images: Images = bench.once((CELL, "images", part), judge)
    return images


def is_scaled(levels: GreyLevels, n: int) -> bool:
    """Whether a table alone tells that `n` images are right: each level times one factor, and all between 0 and 1.

    Where it does not, the images have to be looked at. `judge_images` finds nothing wrong with those of which it does.
    """
    table: npt.NDArray[np.float64] = levels.table.astype(np.float64)
    if levels.table.dtype.kind != "f" or levels.shape != (n, PIXELS) or not np.isfinite(table).all():
        return False
    factor = float(table[-1]) / (LEVELS - 1)
    off = np.abs(table - np.arange(LEVELS) * factor)
    in_range = bool(((table >= 0) & (table <= 1)).all())
    return in_range and factor > SMALLEST and bool((off <= ROUNDING * table[-1]).all())


def _scaled(bench: Bench, part: str) -> bool:
    """Whether the images of that part have nothing wrong with them."""
    try:
        return images_of(bench, part).charge is None
    except Failed:
        return False


def _failed(charge: Charge, name: str) -> Failed:
    found: Fault = charge.fault
    place = f"{name}, {found.place}" if found.place else name
    return Failed([fault(found.code, found=found.found, expected=found.expected, place=place)], charge.share)

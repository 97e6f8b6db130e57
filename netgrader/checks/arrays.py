"""What tests ask of the arrays that ``prepare_data`` makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.checks.language import Failed, fault
from netgrader.training.arrays import Images, judge_images, judge_one_hot

if TYPE_CHECKING:
    from netgrader.checks.bench import Bench
    from netgrader.faults import Fault
    from netgrader.training.verdicts import Charge

__all__ = ["require_images", "require_labels"]

CELL = "check_prepare_data"
OTHER = {"train": "test", "test": "train"}
# A scale that is right for one set and not for the other is one fault, not two.
OF_SCALE = frozenset({"not-scaled", "scaled-twice", "integer-division", "wrong-range"})


def require_images(bench: Bench, part: str) -> None:
    """End the test unless ``x_train`` or ``x_test`` (`part` ``"train"`` or ``"test"``) are the given images, scaled."""
    charge = _images(bench, part).charge
    if charge is None:
        return
    # What is wrong in a single row is no scale.
    if charge.fault.code in OF_SCALE and not charge.fault.place and _scaled(bench, OTHER[part]):
        name, other = f"x_{part}", f"x_{OTHER[part]}"
        one_side = fault(
            "scaled-on-one-side", found=f"{name} with {charge.fault.found}", expected=f"the same as for {other}"
        )
        raise Failed([one_side], charge.share)
    raise _failed(charge, f"x_{part}")


def require_labels(bench: Bench, part: str) -> None:
    """End the test unless the labels of that part are one-hot, floating point, and those of the images."""
    labels = bench.evidence(CELL).array(f"y_{part}_1_hot")
    digits = bench.mnist.y_train if part == "train" else bench.mnist.y_test
    try:
        rows = _images(bench, part).rows
    except Failed:  # without images the labels are taken to be in the order of the given ones
        rows = None
    charge = judge_one_hot(labels, digits, rows)
    if charge is not None:
        raise _failed(charge, f"y_{part}_1_hot")


def _images(bench: Bench, part: str) -> Images:
    def judge() -> Images:
        raw = bench.mnist.x_train if part == "train" else bench.mnist.x_test
        return judge_images(bench.evidence(CELL).array(f"x_{part}"), raw)

    images: Images = bench.once((CELL, "images", part), judge)
    return images


def _scaled(bench: Bench, part: str) -> bool:
    """Whether the images of that part have nothing wrong with them."""
    try:
        return _images(bench, part).charge is None
    except Failed:
        return False


def _failed(charge: Charge, name: str) -> Failed:
    found: Fault = charge.fault
    place = f"{name}, {found.place}" if found.place else name
    return Failed([fault(found.code, found=found.found, expected=found.expected, place=place)], charge.share)

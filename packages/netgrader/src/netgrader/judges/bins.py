"""The data of a training loop, with a regression's targets as classes for the same judges.

The class of a number is its bin. Edges are between neighboring training targets, near the eighths of their number; so rows with
each other's targets mostly differ in class, and rounding changes few.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from netgrader.data import DataSpec

if TYPE_CHECKING:
    import numpy.typing as npt

    from netgrader.data import Array, Floats

__all__ = ["BinnedSpec", "looped"]


class BinnedSpec(DataSpec, frozen=True, kw_only=True):
    """A regression's data with bins of its targets as classes."""

    BINS: ClassVar[int] = 8
    """So few that a minibatch of sorted rows has one, and so many that neighboring rows rarely share one."""
    edges: tuple[float, ...]
    """The bounds between the bins, ascending."""
    centers: tuple[float, ...]
    """A number in each bin."""

    @property
    def is_regression(self) -> bool:
        """True: the arrays and the words are those of numbers."""
        return True

    @property
    def label_width(self) -> int:
        """One: networks are fed numbers."""
        return 1

    @property
    def label_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes that one target of the student's arrays may have."""
        return (), (1,)

    def label_rows(self, labels: npt.NDArray[Any]) -> Floats:
        """Return a target for each bin number (n,), float32 (n,)."""
        rows: Floats = np.array(self.centers, np.float32)[labels]
        return rows

    def one_hot(self, rows: Array) -> Array:
        """Return targets, (n,) or (n, 1), as rows with one column per bin, (n, bins), float32."""
        return np.eye(self.classes, dtype=np.float32)[self.classes_of(rows)]

    def classes_of(self, targets: Array) -> Array:
        """Return the bins of some targets, uint8 (n,); the last one for NaN."""
        return np.searchsorted(self.edges, targets.reshape(-1), side="right").astype(np.uint8)


def looped(spec: DataSpec, train: Array) -> DataSpec:
    """Return data with classes: `spec`, or a regression's with bins of its training targets (n,)."""
    if not spec.is_regression:
        return spec
    targets = np.sort(train.astype(np.float64))
    known = np.unique(targets)
    cuts = targets[np.arange(1, BinnedSpec.BINS) * len(targets) // BinnedSpec.BINS]
    at = np.clip(np.searchsorted(known, cuts), 1, len(known) - 1)  # equal targets have no edge among them
    edges = np.unique((known[at] + known[at - 1]) / 2)
    bounds = np.concatenate([known[:1], edges, known[-1:]])
    return BinnedSpec(
        **(msgspec.structs.asdict(spec) | {"classes": len(edges) + 1}),
        edges=tuple(edges.tolist()),
        centers=tuple(((bounds[1:] + bounds[:-1]) / 2).tolist()),
    )

"""Images of which some rows are asked for at a time, so that tables of grey levels need not be laid out for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from netgrader.training.notes import PIXELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.grey_levels import GreyLevels

__all__ = ["Joined", "Rows", "TableRows"]

Floats = npt.NDArray[np.float32]
Int = npt.NDArray[np.int64]


class Rows(Protocol):
    """Images, float32 (n, 784): an array, or what makes rows (k, 784) when they are asked for by their indices (k,)."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Int, /) -> Floats: ...


class TableRows:
    """Rows of a table of grey levels, shape (n, 784), applied to known images, uint8 (n, 28, 28)."""

    def __init__(self, levels: GreyLevels, known: npt.NDArray[np.uint8]) -> None:
        self._table = levels.table.astype(np.float32)
        self._known = known.reshape(levels.shape)

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, index: Int, /) -> Floats:
        return np.take(self._table, self._known[index], mode="clip")


class Joined:
    """Rows of several parts, one after the other."""

    def __init__(self, parts: Sequence[Rows]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: Int, /) -> Floats:
        part_of = np.searchsorted(self._ends, index, side="right")
        if len(index) and (part_of == part_of[0]).all():
            return self._of(int(part_of[0]), index)
        shown = np.empty((len(index), PIXELS), np.float32)
        for number in np.unique(part_of):
            mine = part_of == number
            shown[mine] = self._of(number, index[mine])
        return shown

    def _of(self, number: int, index: Int) -> Floats:
        part = self._parts[number]
        return part[index - (self._ends[number] - len(part))]

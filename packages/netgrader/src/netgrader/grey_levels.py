"""Arrays stored as a lookup table of gray levels on shared images: 256 numbers instead of millions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["LEVELS", "GreyLevels", "LaidOut", "table_between"]

Array = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]

LEVELS = 256
HEAD = slice(0, 4_000_000)
"""Elements that build the table, 4 million: they contain every gray level that matters; all others are compared with it."""
PIECE = 1 << 18
"""Elements processed together: small enough for the processor's cache."""


@dataclass(frozen=True)
class GreyLevels:
    """An array that equals ``table[g]`` wherever a known uint8 array has the gray level g."""

    table: Array
    """The value of each gray level, shape (256,)."""
    reference: str
    """The known array's name."""
    shape: tuple[int, ...]
    """The shape of the array, which has as many elements as the known one."""

    def laid_out(self, levels: Bytes) -> Array:
        """Return the array itself, flat and read-only; `levels` is the known one, flat."""
        values = np.empty(len(levels), self.table.dtype)
        # In pieces, since NumPy expands each index to eight bytes.
        for start in range(0, len(levels), PIECE):
            piece = slice(start, start + PIECE)
            np.take(self.table, levels[piece], out=values[piece], mode="clip")
        values.flags.writeable = False
        return values


class LaidOut(Mapping[str, Array]):
    """Arrays by name; `tables` become arrays on first access.

    Parameters
    ----------
    arrays
        Arrays stored in full.
    tables
        Arrays stored as lookup tables.
    references
        Known uint8 arrays by name.
    known
        Cache of expanded arrays, shared since several cells hand over the same large images. They are read-only.
    """

    def __init__(
        self,
        arrays: Mapping[str, Array],
        tables: Mapping[str, GreyLevels],
        references: Mapping[str, Bytes],
        known: MutableMapping[object, Array],
    ) -> None:
        self._arrays = arrays
        self._tables = tables
        self._references = references
        self._known = known

    def __getitem__(self, name: str) -> Array:
        if name not in self._tables:
            return self._arrays[name]
        levels = self._tables[name]
        key = levels.reference, levels.table.dtype.str, levels.table.tobytes()
        if key not in self._known:
            self._known[key] = levels.laid_out(self._references[levels.reference].reshape(-1))
        return self._known[key].reshape(levels.shape)

    def __contains__(self, name: object) -> bool:
        return name in self._tables or name in self._arrays

    def __iter__(self) -> Iterator[str]:
        yield from self._arrays
        yield from self._tables

    def __len__(self) -> int:
        return len(self._arrays) + len(self._tables)


def table_between(value: Array, reference: Bytes) -> Array | None:
    """Return the 256 values that turn `reference` into `value`; None if there is no such table."""
    value = np.asarray(value)  # a matrix, for example, cannot be flattened
    if value.size != reference.size or value.dtype.kind not in "fiu" or value.size == 0:
        return None
    flat, levels = value.reshape(-1), reference.reshape(-1)
    table = np.zeros(LEVELS, dtype=value.dtype)
    table[levels[HEAD]] = flat[HEAD]
    looked_up = np.empty(min(PIECE, len(flat)), dtype=value.dtype)
    for start in range(0, len(flat), PIECE):
        piece = flat[start : start + PIECE]
        same = np.take(table, levels[start : start + PIECE], out=looked_up[: len(piece)], mode="clip")
        if not np.array_equal(same, piece, equal_nan=True):
            return None
    return table

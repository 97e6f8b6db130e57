"""Observations of a notebook's cells from outside the student's process (`run_report`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CellError", "SeenCell", "cells_until"]


class CellError(msgspec.Struct, frozen=True):
    """The error that stopped a cell: its class, its text, and the names that appear in the cell."""

    kind: str = ""
    message: str = ""
    names: frozenset[str] = frozenset()
    seconds: float | None = None
    """The seconds it ran, if the cell was stopped because its time was up; else None."""

    @property
    def is_placeholder(self) -> bool:
        """Whether the release's placeholder line raised it; a library's NotImplementedError has a message."""
        return self.kind == "NotImplementedError" and not self.message


class SeenCell(msgspec.Struct, frozen=True):
    """A code cell that ran."""

    name: str = ""
    """Its id, empty if it has none."""
    evidence: str = ""
    """Its id if it is a check cell, else empty."""
    given: bool = False
    """Whether its source is the course's own."""
    cpu_seconds: float = 0.0
    error: CellError = CellError()
    """Has no kind if the cell ran to its end."""

    @property
    def is_mishap(self) -> bool:
        """Whether it is a student's cell that was written, and stopped with an error."""
        return bool(self.error.kind) and not self.given and not self.error.is_placeholder


def cells_until(outside: Mapping[str, Any], check: str) -> list[SeenCell]:
    """Return the cells up to and including a check cell; none if that was not observed."""
    cells = msgspec.convert(outside.get("cells", []), list[SeenCell])
    ends = [number for number, cell in enumerate(cells, 1) if cell.evidence == check]
    return cells[: min(ends, default=0)]

"""Decide by processor time, measured outside the sandbox, whether this run can have trained a network.

Plausible weights of a good network do not prove a training: they can come from a literal, a file, a friend. No code inside
can change the processor time that it took.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.checks.seen import cells_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.evidence import Json

__all__ = ["untrained"]

LEAST_SECONDS_A_ROW = 0.5 / 60_000
"""Seconds of processor time per training row. With digits the smallest network takes 0.5 s to build and see 60,000 images
once."""


def untrained(outside: Mapping[str, Json], cell: str, rows: int) -> Said | None:
    """Return the reason why nothing can have been trained on `rows` rows before check `cell`; else None.

    `outside` are observations of the student's process from outside it; empty in a student's own notebook.
    """
    seconds = _seconds_before(outside, cell)
    if seconds >= rows * LEAST_SECONDS_A_ROW:
        return None
    return Text(
        "{seconds:.1f} seconds of computing before this check, too few to train such a network", seconds=seconds
    )


def _seconds_before(outside: Mapping[str, Json], cell: str) -> float:
    """Return the processor seconds of the student's own cells up to check `cell`; infinity if unknown."""
    before = cells_until(outside, cell)
    if not sum(one.cpu_seconds for one in before):
        return math.inf
    return sum(one.cpu_seconds for one in before if not one.given)

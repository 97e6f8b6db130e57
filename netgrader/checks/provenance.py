"""Whether this run can have trained a network, by the processor time measured outside the cage.

Real values of a good network are not yet a training: they can come from a literal, a file, a friend. No code inside can
change how much processor time it took.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.checks.seen import cells_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.evidence import Json

__all__ = ["untrained"]

LEAST_SECONDS_A_ROW = 0.5 / 60_000
"""Of processor time. In the digits the smallest network takes 0.5 to be built and to see the 60,000 images once."""


def untrained(outside: Mapping[str, Json], cell: str, rows: int) -> Said | None:
    """Return in words why nothing can have been trained on `rows` before check `cell`; else None.

    `outside` is what was seen of the student's process from outside of it; empty in a student's own notebook.
    """
    seconds = _seconds_before(outside, cell)
    if seconds is None or seconds >= rows * LEAST_SECONDS_A_ROW:
        return None
    return Text(
        "{seconds:.1f} seconds of computing before this check, too few to train such a network", seconds=seconds
    )


def _seconds_before(outside: Mapping[str, Json], cell: str) -> float | None:
    """Return the processor time of the student's cells up to check `cell`; None if unknown."""
    before = cells_until(outside, cell)
    if not sum(one.cpu_seconds for one in before):
        return None
    return sum(one.cpu_seconds for one in before if not one.given)

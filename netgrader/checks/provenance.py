"""Whether a network can have been trained in this run, by the processor time that the cage measured from outside.

Real values of a good network are not yet a training: they can come from a literal, a file, a friend. No code inside can
change how much processor time it took.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from netgrader.checks.seen import cells_until
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.evidence import Json

__all__ = ["idle", "untrained"]

LEAST_SECONDS_A_ROW = 0.5 / 60_000
"""Of processor time. In the digits the smallest network takes 0.5 to be built and to see the 60,000 images once."""
LEAST_SWEEP_SECONDS = 0.5
"""Of processor time. Five graphs of the two-layer network, twenty steps of 32 in each and 1,000 images evaluated took
1.9; of one with 300 neurons 0.85."""


def untrained(outside: Mapping[str, Json], cell: str, rows: int) -> Said | None:
    """Return why no network can have been trained on so many `rows` before the check `cell`, in words; None if one can.

    `outside` is what was seen of the student's process from outside of it; empty in a student's own notebook.
    """
    seconds = _seconds_before(outside, cell)
    if seconds >= rows * LEAST_SECONDS_A_ROW:
        return None
    return Text(
        "{seconds:.1f} seconds of computing before this check, in which no such network is trained", seconds=seconds
    )


def idle(outside: Mapping[str, Json], cell: str, since: str | None = None) -> Said | None:
    """Return why no sweep of learning rates can have been run before the check `cell`, in words; None if one can have been.

    What ran before the cell `since`, which makes what is swept, was none.

    The numbers alone cannot tell: who has seen one sweep can type in another that is as likely.
    """
    seconds = _seconds_before(outside, cell, since)
    if seconds >= LEAST_SWEEP_SECONDS:
        return None
    return Text(
        "numbers, and {seconds:.2f} seconds of computing before this check, in which no network is trained",
        seconds=seconds,
    )


def _seconds_before(outside: Mapping[str, Json], cell: str, since: str | None = None) -> float:
    """Return the processor time of the student's own cells from `since` up to the check `cell`; infinite if not known."""
    before = cells_until(outside, cell)
    if not sum(one.cpu_seconds for one in before):
        return math.inf
    start = max((number for number, one in enumerate(before) if one.name == since), default=0)
    return sum(one.cpu_seconds for one in before[start:] if not one.given)

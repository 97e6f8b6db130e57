"""Whether values can have been trained where they are said to have been, by what the cage saw from outside.

Real values of a good network are not yet a training: they can come from a literal, a file, a friend. No code inside can
change how much processor time it took, or how much is written out in what was handed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from netgrader.evidence import Json

__all__ = ["doubt", "idle"]

MOST_DATA = 10_000
"""Bytes of data that come with the code, compressed: literals, comments and long names. A notebook has 900 to 2,300, what
it came with included (the right notebooks and the sample class); 11,274 weights of eight bits have 11,300."""
MOST_CODE = 24_000
"""Bytes, compressed, of all code handed in: data may stand in names, blanks or the order of things as well. A notebook has
900 to 4,800, what it came with included; this is a program of 80 kB."""
LEAST_SECONDS = 0.5
"""Of processor time. The smallest network takes as long to be built and to see the training images once."""
LEAST_SWEEP_SECONDS = 0.5
"""Of processor time. Five graphs of the two-layer network, twenty steps of 32 in each and 1,000 images evaluated took
1.9; of one with 300 neurons 0.85."""
ROWS = 30_000
FLOPS = 2.5e11
"""Multiplications and additions in single precision that a core does in a second, at the very most."""


def doubt(outside: Mapping[str, Json], cell: str, values: Mapping[str, npt.NDArray[Any]]) -> str | None:
    """What speaks against `values` having been trained before the check `cell`, in words; None if nothing does.

    Parameters
    ----------
    outside
        What was seen of the student's process from outside of it; empty in a student's own notebook.
    """
    if not values:
        return None
    written = outside.get("data_bytes")
    if isinstance(written, int) and written > MOST_DATA:
        return say("{1} kB of data written out in the notebook's code", written // 1000)
    code = outside.get("code_bytes")
    if isinstance(code, int) and code > MOST_CODE:
        return say("{1} kB of code when compressed, as much as a network is", code // 1000)
    seconds = _seconds_before(outside.get("cells"), cell)
    # An optimizer may keep two more numbers for each weight. A step takes six operations for each weight and row.
    weights = sum(value.size for value in values.values()) / 3
    least = max(LEAST_SECONDS, 6 * weights * ROWS / FLOPS)
    if seconds is not None and seconds < least:
        return say("{1:.1f} seconds of computing before this check, in which no such network is trained", seconds)
    return None


def idle(outside: Mapping[str, Json], cell: str, since: str = "") -> str | None:
    """Why no sweep of learning rates can have been run before the check `cell`, in words; None if one can have been.

    What ran before the cell `since`, which makes what is swept, was none.

    The numbers alone cannot tell: who has seen one sweep can type in another that is as likely.
    """
    seconds = _seconds_before(outside.get("cells"), cell, since)
    if seconds is None or seconds >= LEAST_SWEEP_SECONDS:
        return None
    return say("numbers, and {1:.2f} seconds of computing before this check, in which no network is trained", seconds)


def _seconds_before(cells: Json, cell: str, since: str = "") -> float | None:
    """Processor time of the student's own cells from `since` on up to the check `cell`; None if that is not known."""
    total = known = 0.0
    for run in cells if isinstance(cells, list) else []:
        if not isinstance(run, dict):
            return None
        seconds = run.get("cpu_seconds")
        seconds = float(seconds) if isinstance(seconds, int | float) else 0.0
        known += seconds
        if since and run.get("name") == since:
            total = 0.0
        total += 0.0 if run.get("given") is True else seconds
        if run.get("evidence") == cell:
            return total if known else None
    return None

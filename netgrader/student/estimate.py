"""How long grading will take: the notebook's cells are timed as they run, and two cores are reckoned with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.student.cell_runs import CORES, cell_runs
from netgrader.text import Said, Text

if TYPE_CHECKING:
    from netgrader.checks.parameters import ExecutionLimits

__all__ = ["estimate"]

NEAR = 0.5  # from this share of a limit on a slower machine may reach it

FINE = Text(
    "Grading runs this notebook again: about {total} on {cores} cores, the longest cell "
    "{longest}. The limits are {cell} a cell and {notebook} in all."
)
ADVICE = Text("Train for fewer epochs, or a smaller network.")
CLOSE = Text("{fine} That is close: the grader's machine may be slower than this one. {advice}")
TOO_LONG = Text("{fine} That is too long: it would be stopped before it is done. {advice}")


def estimate(limits: ExecutionLimits) -> Said | None:
    """What grading will take, in a sentence or two; None where nothing was timed.

    Parameters
    ----------
    limits
        The grader's.
    """
    seconds = cell_runs().seconds.values()
    if not seconds:
        return None
    cell, notebook = limits.cell_seconds, limits.notebook_seconds
    longest, total = max(seconds), sum(seconds)
    fine = FINE.format(
        total=_said(total), cores=CORES, longest=_said(longest), cell=_said(cell), notebook=_said(notebook)
    )
    share = max(longest / cell, total / notebook)
    return fine if share < NEAR else (CLOSE if share < 1 else TOO_LONG).format(fine=fine, advice=ADVICE)


def _said(seconds: float) -> Said:
    """A time as a person says it."""
    if round(seconds) == 1:
        return Text("1 second")
    return (
        Text("{seconds:.0f} seconds", seconds=seconds)
        if seconds < 90
        else Text("{seconds:g} minutes", seconds=round(seconds / 60, 1))
    )

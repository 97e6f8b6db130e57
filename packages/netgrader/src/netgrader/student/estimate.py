"""An estimate of grading time from the notebook's timed cells, for two cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.checks.diagnose import duration
from netgrader.student.cell_runs import CORES, cell_runs

if TYPE_CHECKING:
    from netgrader.checks.parameters import ExecutionLimits

__all__ = ["estimate"]

NEAR = 0.5  # fraction of a limit above which a slower machine may reach it

FINE = Text(
    "Grading runs this notebook again, which takes about {total} on {cores} cores; the longest cell takes "
    "{longest}. The limits are {cell} for a cell and {notebook} in all."
)
ADVICE = Text("Train for fewer epochs, or train a smaller network.")
CLOSE = Text("{fine} That is close: the grader's machine may be slower than this one. {advice}")
TOO_LONG = Text("{fine} That is too long: the grader would stop it before it is done. {advice}")


def estimate(limits: ExecutionLimits) -> Said | None:
    """Return an estimate of grading time as a sentence or two; None if no cell was timed.

    Parameters
    ----------
    limits
        The grader's limits.
    """
    seconds = cell_runs().seconds.values()
    if not seconds:
        return None
    cell, notebook = limits.cell_seconds, limits.notebook_seconds
    longest, total = max(seconds), sum(seconds)
    fine = FINE.format(
        total=duration(round(total)),
        cores=CORES,
        longest=duration(round(longest)),
        cell=duration(cell),
        notebook=duration(notebook),
    )
    share = max(longest / cell, total / notebook)
    return fine if share < NEAR else (CLOSE if share < 1 else TOO_LONG).format(fine=fine, advice=ADVICE)

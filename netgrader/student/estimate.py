"""How long grading will take: the notebook's cells are timed as they run, and two cores are reckoned with."""

from __future__ import annotations

import hashlib
import sys
import time
from typing import TYPE_CHECKING, Any

from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Stopwatch", "estimate", "install"]

PLACE = "_netgrader_stopwatch"
CORES = 2
CELL_SECONDS, NOTEBOOK_SECONDS = 600.0, 1200.0  # the grader's limits, unless the instructor sets others
NEAR = 0.5  # from this share of a limit on a slower machine may reach it

FINE = (
    "Grading runs this notebook again: about {total} on {cores} cores, the longest cell {longest}. "
    "The limits are {cell} a cell and {notebook} in all."
)
ADVICE = "Train for fewer epochs, or a smaller network."
CLOSE = "{fine} That is close: the grader's machine may be slower than this one. {advice}"
TOO_LONG = "{fine} That is too long: it would be stopped before it is done. {advice}"


class Stopwatch:
    """Notes how long each cell took when it was last run, in seconds on `CORES` cores."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun: tuple[str, float, float] | None = None

    def begin(self, info: Any) -> None:
        """A cell is going to run; `info` is what IPython says of it."""
        text = str(getattr(info, "raw_cell", None) or "")
        name = getattr(info, "cell_id", None) or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        self._begun = (str(name), time.perf_counter(), time.process_time())

    def end(self, _result: Any = None) -> None:
        """The cell has run. What kept more cores busy than the grader has takes longer there."""
        if self._begun is not None:
            name, wall, processor = self._begun
            self._begun = None
            self.seconds[name] = max(time.perf_counter() - wall, (time.process_time() - processor) / CORES)


def install() -> None:
    """Time the cells of the notebook that this runs in from now on; does nothing outside of one, or a second time."""
    shell = _shell()
    if shell is None or hasattr(shell, PLACE):
        return
    watch = Stopwatch()
    setattr(shell, PLACE, watch)
    shell.events.register("pre_run_cell", watch.begin)
    shell.events.register("post_run_cell", watch.end)


def estimate(limits: Mapping[str, Any]) -> str | None:
    """What grading will take, in a sentence or two; None where nothing was timed.

    Parameters
    ----------
    limits
        The table of limits in ``exercises.toml``, empty if there is none.
    """
    seconds = getattr(_shell(), PLACE, Stopwatch()).seconds.values()
    if not seconds:
        return None
    cell, notebook = limits.get("cell_seconds", CELL_SECONDS), limits.get("notebook_seconds", NOTEBOOK_SECONDS)
    longest, total = max(seconds), sum(seconds)
    fine = say(
        FINE, total=_said(total), cores=CORES, longest=_said(longest), cell=_said(cell), notebook=_said(notebook)
    )
    share = max(longest / cell, total / notebook)
    return fine if share < NEAR else say(CLOSE if share < 1 else TOO_LONG, fine=fine, advice=ADVICE)


def _said(seconds: float) -> str:
    """A time as a person says it."""
    if round(seconds) == 1:
        return say("1 second")
    return say("{1:.0f} seconds", seconds) if seconds < 90 else say("{1:g} minutes", round(seconds / 60, 1))


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None

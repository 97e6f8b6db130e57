"""Records of how a notebook's cells last ran: their time, and the errors of cells that define names."""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from netgrader.cell_names import made_by

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CORES", "CellRuns", "cell_runs", "install", "notebook_shell", "why_stopped"]

PLACE = "_netgrader_cell_runs"
CORES = 2
"""The number of cores that times are converted to, as in grading."""


class CellRuns:
    """Records of the cells that ran."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """Seconds that each cell took, converted to `CORES` cores."""
        self.error: dict[str, BaseException] = {}
        """For each name, the error of the last cell that should define it, if that stopped with one."""
        self.texts: set[str] = set()
        """The sources that ran."""
        self.begun: Counter[str | None] = Counter()
        """The number of runs of each cell with an id."""
        self.now: tuple[str | None, int] = (None, 0)
        """The cell that runs, and which of its runs this is; None and 0 for a cell without an id."""
        self._begun: tuple[str, float, float] | None = None

    def begin(self, info: Any) -> None:
        """Record that a cell starts; `info` is IPython's ExecutionInfo."""
        text = str(info.raw_cell)
        self.texts.add(text)
        cell = getattr(info, "cell_id", None)
        self.begun[cell] += cell is not None
        self.now = cell, self.begun[cell]
        name = cell or hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        self._begun = (str(name), time.perf_counter(), time.process_time())

    def leave_out(self, wall: float, processor: float) -> None:
        """Subtract seconds from the running cell's time, for code that grading skips."""
        if self._begun is not None:
            name, begun, computed = self._begun
            self._begun = name, begun + wall, computed + processor

    def end(self, result: Any) -> None:
        """Record that a cell ended. Work on more cores than the grader has is converted to its cores."""
        if self._begun is not None:
            name, wall, processor = self._begun
            self._begun = None
            self.seconds[name] = max(time.perf_counter() - wall, (time.process_time() - processor) / CORES)
        made = made_by(str(result.info.raw_cell))
        # A cell that defines one of these names again is the one that failed, or replaces it.
        former = [self.error[name] for name in made if name in self.error]
        self.error = {name: error for name, error in self.error.items() if error not in former}
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            self.error |= dict.fromkeys(made, error)


def install(shell: Any) -> None:
    """Record from now on how cells run in this shell's notebook."""
    runs = CellRuns()
    setattr(shell, PLACE, runs)
    shell.events.register("pre_run_cell", runs.begin)
    shell.events.register("post_run_cell", runs.end)


def cell_runs() -> CellRuns:
    """Return the records of this notebook's cells; empty outside a notebook."""
    runs: CellRuns = getattr(notebook_shell(), PLACE, CellRuns())
    return runs


def why_stopped(names: Iterable[str]) -> BaseException | None:
    """Return the error of the last cell that should define one of `names`, if it stopped with one."""
    known = cell_runs().error
    return next((known[name] for name in names if name in known), None)


def notebook_shell() -> Any:
    """Return the IPython shell of this process; None outside a notebook."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None

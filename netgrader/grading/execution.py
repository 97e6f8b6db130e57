"""The execution of a notebook: the types of its inputs, limits and results, and their JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphread.text import Said  # noqa: TC001  (decoded by what fields say)
from netgrader.checks.parameters import ExecutionLimits
from netgrader.files import decode, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from netgrader.data import DataSpec

__all__ = [
    "EVIDENCE",
    "RESULT",
    "CellRun",
    "CellStatus",
    "Execution",
    "ExecutionCell",
    "ExecutionLimits",
    "ExecutionRequest",
    "Output",
]

RESULT = "execution.json"
EVIDENCE = "evidence"


Output = Mapping[str, Any]
"""An output of a cell, as nbformat 4 has it."""


@dataclass(frozen=True)
class ExecutionCell:
    """A code cell to run."""

    source: str
    """Its source."""
    name: str = ""
    """The id that nbgrader tracks it by, empty for a student's own."""
    evidence: str = ""
    """The id under which evidence is taken at this cell, empty if none is."""
    runs: bool = True
    """Whether its source is run (before evidence is taken); a check cell's is not."""
    given: bool = False
    """Whether its source is the course's own."""


@dataclass(frozen=True)
class ExecutionRequest:
    """A notebook to be run, and all that its cage holds."""

    cells: Sequence[ExecutionCell]
    """The code cells of the restored notebook, in order."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """The student's ``.py`` files by name."""
    beside: Sequence[Path] = ()
    """The course's files that the notebook reads or imports; it has copies of them."""
    probes: Sequence[Path] = ()
    """Files that take evidence (``probes_<nb>.py``, ``exercises.toml``)."""
    data: Path | None = None
    """The data's file, if there is one."""
    spec: DataSpec | None = None
    """What the data are; None without any."""
    held_out: str = ""
    """The secret that a redrawn half of the test images follows from (`netgrader.checks.held_out`); empty if the
    notebook is given the original ones."""
    limits: ExecutionLimits = field(default_factory=ExecutionLimits)
    """What it may use."""
    seed: int = 0
    """What every random source in the kernel is seeded with, where the student does not seed it."""
    respect_seeds: bool = True
    """Whether the student's own seeds count. They do in the first run, so that it repeats what the student saw; in
    further runs `seed` changes them."""
    threads: int = 2
    """Threads of TensorFlow and of NumPy's linear algebra."""
    secret: str = ""
    """What nobody who hands something in knows, for the challenges."""

    def challenge(self, cell: str = "") -> int:
        """Return a number that depends on all student code and the secret, so no code can anticipate it.

        Each check cell has its own. It is handed over with the cell's check, so that no cell before knows what is drawn there.
        """
        told = [[cell.source for cell in self.cells], sorted(self.helpers.items()), self.seed, self.secret, cell]
        digest = hashlib.sha256(json.dumps(told).encode()).digest()
        return int.from_bytes(digest[:7], "big")


class CellStatus(StrEnum):
    """How a cell ended. `LIMIT`: it hit a limit of the whole run; `DEAD`: the kernel died by itself."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    LIMIT = "limit"
    DEAD = "dead"
    NOT_REACHED = "not-reached"


@dataclass(frozen=True)
class CellRun:
    """What came of one cell."""

    name: str
    status: CellStatus
    """The cell's id, and how it ended."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Wall and processor time of its source, as seen from outside."""
    capture_seconds: float = 0.0
    """Wall time of taking evidence."""
    error_name: str | None = None
    error_message: str | None = None
    """The exception that ended it: a stranger's text."""
    evidence: str | None = None
    """The id of the evidence that was handed over, if any was."""
    outputs: tuple[Output, ...] = ()
    """What it showed, cut to size."""
    limit: str | None = None
    """The limit that ended the run in it, if one did: ``time``, ``memory``, ``disk``, ``files``, ``output``."""


@dataclass(frozen=True)
class Execution:
    """The result of a run; its evidence is in the folder ``evidence/<id>`` next to it."""

    cells: tuple[CellRun, ...]
    """One for each cell of the request, in order."""
    problem: Said | None = None
    """Why the run ended early, in a sentence, if it did."""
    problems: Mapping[str, Said] = field(default_factory=dict)
    """Why there is no evidence, in a sentence, for each id that none was handed over for."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time: ``kernel`` (its start), ``student`` (their code), ``capture``, ``total``."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """``cpu_seconds``, ``peak_memory_bytes``, ``disk_bytes`` of all processes together."""
    outside: Mapping[str, Any] = field(default_factory=dict)
    """What else was seen of the run from outside that a test may look at."""
    notes: tuple[Said, ...] = ()
    """What a person may want to know, in sentences."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The sandbox, and versions of what ran."""

    @property
    def outputs(self) -> tuple[tuple[Output, ...], ...]:
        """Return outputs of each cell, in order."""
        return tuple(cell.outputs for cell in self.cells)

    def save(self, folder: Path) -> None:
        """Write it into `folder`, readable by people."""
        write_json(folder / RESULT, self)

    @classmethod
    def load(cls, folder: Path) -> Execution:
        """Read what `save` wrote into `folder`."""
        return decode(cls, json.loads((folder / RESULT).read_text(encoding="utf-8")))

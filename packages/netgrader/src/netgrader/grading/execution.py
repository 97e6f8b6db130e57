"""The execution of a notebook: the types of its inputs, limits and results, and their JSON."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from graphread.text import Said  # noqa: TC001  (decoded by annotations)
from netgrader.checks.parameters import ExecutionLimits
from netgrader.files import decode, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    "installed",
    "versions_of",
]

RESULT = "execution.json"
EVIDENCE = "evidence"


Output = Mapping[str, Any]
"""An output of a cell in nbformat 4."""


@dataclass(frozen=True)
class ExecutionCell:
    """A code cell to run."""

    source: str
    """Its source code."""
    name: str = ""
    """The id by which nbgrader tracks it; empty for a student's own cell."""
    evidence: str = ""
    """The id for evidence collected at this cell; empty if there is none."""
    runs: bool = True
    """Whether its source runs (before evidence is collected); a check cell's does not."""
    given: bool = False
    """Whether its source is the course's own."""


@dataclass(frozen=True)
class ExecutionRequest:
    """A notebook to run, and everything that its sandbox contains."""

    cells: Sequence[ExecutionCell]
    """The code cells of the restored notebook, in order."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """The student's ``.py`` files by name."""
    beside: Sequence[Path] = ()
    """The course's files that the notebook reads or imports; it gets copies of them."""
    probes: Sequence[Path] = ()
    """Files for collecting evidence (``probes_<nb>.py``, ``exercises.toml``)."""
    data: Path | None = None
    """The data file, if there is one."""
    spec: DataSpec | None = None
    """The specification of the data; None without data."""
    held_out: str = ""
    """The secret seed of the redrawn half of the test images (`netgrader.checks.held_out`), in hex; empty if the notebook
    gets the originals."""
    limits: ExecutionLimits = field(default_factory=ExecutionLimits)
    """The limits of the run."""
    seed: int = 0
    """The seed of all random generators in the kernel that the student does not seed."""
    respect_seeds: bool = True
    """Whether the student's own seeds count. They do in the first run, which thus repeats what the student saw; in further
    runs, `seed` changes them."""
    threads: int = 2
    """Threads of TensorFlow and of NumPy's linear algebra."""
    secret: str = ""
    """A secret that no student knows, for the challenges."""

    def challenge(self, cell: str = "") -> int:
        """Return a number that depends on all student code and the secret, so that no code can predict it.

        Each check cell has its own. It is passed with the cell's check, so earlier cells cannot know what is drawn there.
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
    """The record of one cell's run."""

    name: str
    status: CellStatus
    """The cell's id, and how it ended."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Wall and processor time of its source in seconds, measured from outside."""
    capture_seconds: float = 0.0
    """Wall time of collecting evidence, in seconds."""
    error_name: str | None = None
    error_message: str | None = None
    """The exception that ended it, as untrusted text."""
    evidence: str | None = None
    """The id of its evidence; None if there is none."""
    outputs: tuple[Output, ...] = ()
    """Its outputs, within limits."""
    limit: str | None = None
    """The limit that ended the run in this cell: ``time``, ``memory``, ``disk``, ``files`` or ``output``; else None."""


@dataclass(frozen=True)
class Execution:
    """The result of a run; its evidence is in the folder ``evidence/<id>`` next to it."""

    cells: tuple[CellRun, ...]
    """One entry per cell of the request, in order."""
    problem: Said | None = None
    """Why the run ended early, as a sentence; None if it did not."""
    problems: Mapping[str, Said] = field(default_factory=dict)
    """For each id without evidence, the reason as a sentence."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time in seconds: ``kernel`` (its start), ``student`` (their code), ``capture``, ``total``."""
    usage: Mapping[str, float] = field(default_factory=dict)
    """``cpu_seconds``, ``peak_memory_bytes``, ``disk_bytes`` of all processes together."""
    outside: Mapping[str, Any] = field(default_factory=dict)
    """Further observations of the run from outside, for tests."""
    notes: tuple[Said, ...] = ()
    """Remarks for a person, as sentences."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The sandbox, and versions of the software that ran."""

    @property
    def outputs(self) -> tuple[tuple[Output, ...], ...]:
        """The outputs of each cell, in order."""
        return tuple(cell.outputs for cell in self.cells)

    def save(self, folder: Path) -> None:
        """Write the result into `folder` as indented JSON."""
        write_json(folder / RESULT, self)

    @classmethod
    def load(cls, folder: Path) -> Execution:
        """Read the result that `save` wrote into `folder`."""
        return decode(cls, json.loads((folder / RESULT).read_text(encoding="utf-8")))


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed versions of `packages`."""
    return {name: importlib.metadata.version(name) for name in packages}


@functools.cache
def versions_of(packages: tuple[str, ...]) -> dict[str, str]:
    """Return the installed versions of Python and of `packages`."""
    return {"python": platform.python_version(), **installed(packages)}

"""What grading says: checks, cells, notebooks, submissions, and their JSON (docs/reference/results.schema.json)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping  # noqa: TC003  (they are decoded by what their fields say)
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from netgrader.faults import Severity, kind_of

__all__ = [
    "CellResult",
    "CheckResult",
    "NotebookResult",
    "Observed",
    "Outcome",
    "Status",
    "SubmissionResult",
    "Visibility",
    "severity_of",
]


class Outcome(StrEnum):
    """How a check ended. `UNGRADABLE`: there was nothing to look at, or a limit was hit; scored 0, and said so."""

    PASSED = "passed"
    FAILED = "failed"
    PARTIAL = "partial"
    UNGRADABLE = "ungradable"


class Visibility(StrEnum):
    """Whether students have the check's code."""

    PUBLIC = "public"
    HIDDEN = "hidden"


class Status(StrEnum):
    """Whether a notebook could be graded. `PARTLY`: some checks are ungradable; the other cells keep their points."""

    GRADED = "graded"
    PARTLY = "partly-gradable"
    NOT = "not-gradable"


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one test function.

    `check` is ``file::function``; `sentence` is its docstring's first line; `credit` of `max_credit` is the share of
    its cell's points that it earned; `faults` are codes of netgrader.faults, and `severity` says how grave each is (until
    marks are made: of those only that are another than their code). `follows` are codes of faults charged elsewhere, of
    which this is but a consequence: it costs nothing more. `causes` says by code what may have brought a fault, if it was
    charged in an earlier cell (`netgrader.faults.Fault.causes`).
    """

    check: str
    sentence: str
    visibility: Visibility
    outcome: Outcome
    credit: float
    max_credit: float
    faults: tuple[str, ...] = ()
    message: str | None = None
    hint: str | None = None
    follows: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def severity_of(check: CheckResult, code: str) -> Severity:
    """Return how grave a fault that a check names is: as the verdict says, else as the catalogue does."""
    return check.severity.get(code) or kind_of(code).severity


@dataclass(frozen=True)
class CellResult:
    """A graded cell. `points` is None where a person grades (`manual`)."""

    cell: str
    points: float | None
    max_points: float
    manual: bool
    checks: tuple[CheckResult, ...] = ()


@dataclass(frozen=True)
class Observed:
    """Something that a person may want to look at: in which cell, what was seen, and which limit was hit, if one was."""

    cell: str
    seen: str
    limit: str | None = None


@dataclass(frozen=True)
class NotebookResult:
    """One notebook. `score` and `max_score` leave manual cells out; nothing in `integrity` changes them.

    A new field has a default, since results that are kept lack it, and stands in results.schema.json with what it is.
    """

    notebook: str
    score: float
    max_score: float
    cells: tuple[CellResult, ...]
    faults: tuple[str, ...]
    status: Status
    problem: str | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    integrity: tuple[Observed, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the entry of this notebook in ``grade --json``."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class SubmissionResult:
    """All notebooks of one submission, in the order of their names."""

    notebooks: tuple[NotebookResult, ...]

    @property
    def score(self) -> float:
        """Return points earned without manual cells."""
        return sum(notebook.score for notebook in self.notebooks)

    @property
    def max_score(self) -> float:
        """Return points to be had without manual cells."""
        return sum(notebook.max_score for notebook in self.notebooks)

    def as_json(self) -> list[dict[str, Any]]:
        """Return the list that ``grade --json`` writes."""
        return [notebook.as_json() for notebook in self.notebooks]

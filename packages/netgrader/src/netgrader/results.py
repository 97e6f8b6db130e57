"""The results of grading: checks, cells, notebooks, submissions, and their JSON."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping  # noqa: TC003  (decoded by annotations)
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from graphread.text import Said  # noqa: TC001  (decoded by annotations)
from netgrader.catalogue import OF_NO_COURSE, CourseTexts
from netgrader.faults import Fault, Severity, kind_of

__all__ = [
    "CellResult",
    "CheckResult",
    "NotebookResult",
    "Observed",
    "Outcome",
    "Status",
    "SubmissionResult",
    "Visibility",
    "checks_in",
    "severity_of",
]


class Outcome(StrEnum):
    """How a check ended. `UNGRADABLE`: there was nothing to examine, or a limit was hit; it scores 0."""

    PASSED = "passed"
    FAILED = "failed"
    PARTIAL = "partial"
    UNGRADABLE = "ungradable"


class Visibility(StrEnum):
    """Whether students have the check's code."""

    PUBLIC = "public"
    HIDDEN = "hidden"


class Status(StrEnum):
    """Whether a notebook was graded. `PARTLY`: some checks are ungradable, others keep points."""

    GRADED = "graded"
    PARTLY = "partly-gradable"
    NOT = "not-gradable"


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one test function.

    `check` is ``file::function``; `sentence` is its docstring's first line; `credit` of `max_credit` is the share of its
    cell's points that it earned; `faults` are codes of netgrader.faults, `findings` the faults found, `message` and `hint`
    the text about them; `severity` overrides severities by code. `follows` are codes of faults charged elsewhere that caused
    this one, which costs nothing more. `causes` lists, by code, faults that may have caused a fault, if they were charged in
    an earlier cell (`netgrader.faults.Fault.causes`).
    """

    check: str
    sentence: str
    visibility: Visibility
    outcome: Outcome
    credit: float
    max_credit: float
    faults: tuple[str, ...] = ()
    message: Said | None = None
    hint: Said | None = None
    findings: tuple[Fault, ...] = ()
    follows: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def severity_of(check: CheckResult, code: str) -> Severity:
    """Return the severity of a check's fault: the verdict's, or else the catalog's."""
    return check.severity.get(code) or kind_of(code).severity


@dataclass(frozen=True)
class CellResult:
    """The result of a graded cell. `points` is None if a person grades it (`manual`)."""

    cell: str
    points: float | None
    max_points: float
    manual: bool
    checks: tuple[CheckResult, ...] = ()


def checks_in(cells: Iterable[CellResult]) -> Iterator[CheckResult]:
    """Return an iterator over the checks of all cells, in order."""
    return itertools.chain.from_iterable(cell.checks for cell in cells)


@dataclass(frozen=True)
class Observed:
    """A fact for a person to review: its cell, the observation, and the limit, if any."""

    cell: Said
    seen: Said
    limit: str | None = None


@dataclass(frozen=True)
class NotebookResult:
    """The result of one notebook. `score` and `max_score` exclude manual cells and ignore `integrity`.

    A new field needs a default, since cached results lack it, and a description in results.schema.json.
    """

    notebook: str
    score: float
    max_score: float
    cells: tuple[CellResult, ...]
    faults: tuple[str, ...]
    status: Status
    problem: Said | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    integrity: tuple[Observed, ...] = ()
    notes: tuple[Said, ...] = ()
    """Remarks for the reader about how the notebook was read."""

    def rendered(self, texts: CourseTexts) -> NotebookResult:
        """Return the result with all texts as plain strings in the course's language."""
        cells = tuple(
            replace(cell, checks=tuple(_rendered(check, texts) for check in cell.checks)) for cell in self.cells
        )
        seen = tuple(Observed(texts.say(one.cell), texts.say(one.seen), one.limit) for one in self.integrity)
        notes = tuple(map(texts.say, self.notes))
        return replace(self, cells=cells, problem=texts.written(self.problem), integrity=seen, notes=notes)

    def as_json(self, texts: CourseTexts = OF_NO_COURSE) -> dict[str, Any]:
        """Return this notebook's entry in ``grade --json``, in English; `texts` name the data."""
        raw = dataclasses.asdict(self.rendered(texts.in_english))
        notes = raw.pop("notes")
        raw["measured"] |= {"notes": list(notes)} if notes else {}
        for cell in raw["cells"]:
            for check in cell["checks"]:
                del check["findings"]
        return raw


def _rendered(check: CheckResult, texts: CourseTexts) -> CheckResult:
    message, hint = texts.written(check.message), texts.written(check.hint)
    return replace(check, sentence=texts.gettext(check.sentence), message=message, hint=hint, findings=())


@dataclass(frozen=True)
class SubmissionResult:
    """The results of all notebooks of one submission, sorted by name."""

    notebooks: tuple[NotebookResult, ...]

    @property
    def score(self) -> float:
        """The points earned, without manual cells."""
        return sum(notebook.score for notebook in self.notebooks)

    @property
    def max_score(self) -> float:
        """The available points, without manual cells."""
        return sum(notebook.max_score for notebook in self.notebooks)

    def as_json(self, texts: CourseTexts = OF_NO_COURSE) -> list[dict[str, Any]]:
        """Return the list that ``grade --json`` writes."""
        return [notebook.as_json(texts) for notebook in self.notebooks]

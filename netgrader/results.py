"""The results of grading: checks, cells, notebooks, submissions, and their JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping  # noqa: TC003  (they are decoded by what their fields say)
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from graphread.text import Said  # noqa: TC001  (decoded by what fields say)
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
    "severity_of",
]


class Outcome(StrEnum):
    """How a check ended. `UNGRADABLE`: nothing to examine, or a limit was hit; it scores 0."""

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

    `check` is ``file::function``; `sentence` is its docstring's first line; `credit` of `max_credit` is the share of
    its cell's points that it earned; `faults` are codes of netgrader.faults, `findings` what was found, `message` and `hint`
    the message about it; `severity` says how grave each is (until
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
    message: Said | None = None
    hint: Said | None = None
    findings: tuple[Fault, ...] = ()
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
    """A fact that a person may want to review: its cell, the observation, the limit, if any."""

    cell: Said
    seen: Said
    limit: str | None = None


@dataclass(frozen=True)
class NotebookResult:
    """One notebook. `score` and `max_score` leave manual cells out; nothing in `integrity` changes them.

    A new field has a default, since cached results lack it, and is described in results.schema.json.
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
    """What else its reader may want to know of how it was read."""

    def rendered(self, texts: CourseTexts) -> NotebookResult:
        """Return it with all its sentences as a course says them, as plain strings."""
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
    """All notebooks of one submission, in the order of their names."""

    notebooks: tuple[NotebookResult, ...]

    @property
    def score(self) -> float:
        """Return points earned without manual cells."""
        return sum(notebook.score for notebook in self.notebooks)

    @property
    def max_score(self) -> float:
        """Return the available points without manual cells."""
        return sum(notebook.max_score for notebook in self.notebooks)

    def as_json(self, texts: CourseTexts = OF_NO_COURSE) -> list[dict[str, Any]]:
        """Return the list that ``grade --json`` writes."""
        return [notebook.as_json(texts) for notebook in self.notebooks]

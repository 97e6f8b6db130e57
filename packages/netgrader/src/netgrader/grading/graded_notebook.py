"""A graded notebook, and the part of it that is stored for pages and reports."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (stored values are decoded by annotations)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.files import stored, write_json
from netgrader.grading.execution import Output
from netgrader.grading.restore import RestoredCell
from netgrader.observations import Observations  # noqa: TC001  (likewise)
from netgrader.results import NotebookResult  # noqa: TC001  (likewise)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = [
    "GradedNotebook",
    "LastResult",
    "load_last_result",
    "save_last_result",
    "with_outputs",
]

ShownCell = tuple[RestoredCell, tuple[Output, ...]]


@dataclass(frozen=True)
class GradedNotebook:
    """A graded notebook and its by-products."""

    result: NotebookResult
    """The points with their reasons."""
    cells: tuple[ShownCell, ...] = ()
    """The cells as they ran, with their outputs."""
    observations: Observations = field(default_factory=dict)
    """Drawings for pages."""
    made: frozenset[str] = frozenset()
    """Stages that ran now, instead of coming from the cache."""
    digest: str = ""
    """Hash of all inputs of the result: equal if nothing changed since."""
    run: str = ""
    """The digest of its run in the store; empty if it did not run."""
    trouble: tuple[str, ...] = ()
    """Errors in the course's checks, for the instructor."""
    warnings: tuple[str, ...] = ()
    """Warnings about the store."""


def with_outputs(cells: Sequence[RestoredCell], outputs: Sequence[tuple[Output, ...]]) -> tuple[ShownCell, ...]:
    """Pair code cells with outputs in order, so that text cells may change without a rerun."""
    left = iter(outputs)
    return tuple((cell, next(left, ()) if cell.cell_type == "code" else ()) for cell in cells)


@dataclass(frozen=True)
class LastResult:
    """The last result of a submitted notebook, as stored."""

    result: NotebookResult
    observations: Observations = field(default_factory=dict)
    """The points with their reasons, and drawings for pages."""
    digest: str = ""
    """Hash of all inputs of the result."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Hash of each written answer by cell: if it changes, a person must grade it again."""
    run: str = ""
    """The digest of its run in the store; empty if it did not run."""


def save_last_result(assignment: Assignment, student: str, notebook: str, last: LastResult) -> None:
    """Store the result of a student's notebook, replacing the last one."""
    write_json(_path(assignment, student, notebook), last)


def load_last_result(assignment: Assignment, student: str, notebook: str) -> LastResult | None:
    """Return the last result of a notebook; None if there is none, or it is damaged or outdated."""
    return stored(LastResult, _path(assignment, student, notebook))


def _path(assignment: Assignment, student: str, notebook: str) -> Path:
    return assignment.course.scratch / "results" / assignment.name / student / f"{notebook}.json"

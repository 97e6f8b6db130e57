"""A graded notebook, and what is kept of it for pages and reports."""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003  (what is kept is decoded by what its fields say)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.files import decode, write_json
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
    """A graded notebook."""

    result: NotebookResult
    """The marks with their reasons."""
    cells: tuple[ShownCell, ...] = ()
    """The cells as they were run, with their outputs."""
    observations: Observations = field(default_factory=dict)
    """What pages may draw."""
    made: frozenset[str] = frozenset()
    """Stages that were not in the store and were run now."""
    digest: str = ""
    """Hash of all that the result was made from: equal if nothing changed since."""
    run: str = ""
    """The name of its run in the store, empty if it was not run."""
    trouble: tuple[str, ...] = ()
    """What broke in checks of ours, for the instructor."""
    warnings: tuple[str, ...] = ()
    """What was noticed of the store."""


def with_outputs(cells: Sequence[RestoredCell], outputs: Sequence[tuple[Output, ...]]) -> tuple[ShownCell, ...]:
    """Give outputs to the code cells in order: text between them may change without a new run."""
    left = iter(outputs)
    return tuple((cell, next(left, ()) if cell.cell_type == "code" else ()) for cell in cells)


@dataclass(frozen=True)
class LastResult:
    """The last result of a submitted notebook."""

    result: NotebookResult
    observations: Observations = field(default_factory=dict)
    """The marks with their reasons, and what pages draw."""
    digest: str = ""
    """Hash of all that it was made from."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Hash of each written answer by cell: whether a person has to look again."""
    run: str = ""
    """The name of its run in the store; empty if it was not run."""


def save_last_result(assignment: Assignment, student: str, notebook: str, last: LastResult) -> None:
    """Write the result of a student's notebook over the one before."""
    write_json(_path(assignment, student, notebook), last)


def load_last_result(assignment: Assignment, student: str, notebook: str) -> LastResult | None:
    """Return the last result of a notebook; None if there is none, or it is damaged or outdated."""
    try:
        return decode(LastResult, json.loads(_path(assignment, student, notebook).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _path(assignment: Assignment, student: str, notebook: str) -> Path:
    return assignment.course.scratch / "results" / assignment.name / student / f"{notebook}.json"

"""The last result of each submitted notebook, kept for feedback, reports and the next grading; readable by people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netgrader.files import write_json
from netgrader.observations import ObservationError, Observations, from_json, to_json
from netgrader.results import NotebookResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["Kept", "keep", "kept", "kept_path"]

FORMAT = 1


@dataclass(frozen=True)
class Kept:
    """What is kept of one graded notebook.

    Attributes
    ----------
    result, observations
        The marks with their reasons, and what pages draw.
    digest
        Hash of all that it was made from.
    answers
        Hash of each written answer by cell: whether a person has to look again.
    """

    result: NotebookResult
    observations: Observations = field(default_factory=dict)
    digest: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


def kept_path(assignment: Assignment, student: str, notebook: str) -> Path:
    """Where the last result of a student's notebook is kept."""
    return assignment.course.scratch / "results" / assignment.name / student / f"{notebook}.json"


def keep(path: Path, what: Kept) -> None:
    """Write it, in one move."""
    raw: dict[str, Any] = {
        "format": FORMAT,
        "digest": what.digest,
        "answers": dict(what.answers),
        "result": what.result.as_json(),
        "observations": to_json(what.observations),
    }
    write_json(path, raw)


def kept(path: Path) -> Kept | None:
    """What was kept there; None if there is nothing, or it is damaged or of another version."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            return None
        return Kept(
            NotebookResult.from_json(raw["result"]), from_json(raw["observations"]), raw["digest"], raw["answers"]
        )
    except (OSError, ValueError, KeyError, TypeError, ObservationError):
        return None

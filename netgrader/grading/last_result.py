"""The last result of each submitted notebook: for feedback, reports and the next grading; readable by people."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.decoding import decode, decode_observations
from netgrader.files import write_json
from netgrader.observations import Observations, to_json
from netgrader.results import NotebookResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["LastResult", "load_last_result", "save_last_result"]

FORMAT = 1


@dataclass(frozen=True)
class LastResult:
    """What came of one graded notebook.

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


def save_last_result(assignment: Assignment, student: str, notebook: str, last: LastResult) -> None:
    """Write the result of a student's notebook over the one before."""
    raw = {
        "format": FORMAT,
        "digest": last.digest,
        "answers": dict(last.answers),
        "result": last.result.as_json(),
        "observations": to_json(last.observations),
    }
    write_json(_path(assignment, student, notebook), raw)


def load_last_result(assignment: Assignment, student: str, notebook: str) -> LastResult | None:
    """Return the last result of a student's notebook; None if there is none, or it is damaged or of another version."""
    try:
        raw = json.loads(_path(assignment, student, notebook).read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            return None
        drawn = decode_observations(raw["observations"])
        return LastResult(decode(NotebookResult, raw["result"]), drawn, raw["digest"], raw["answers"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(assignment: Assignment, student: str, notebook: str) -> Path:
    return assignment.course.scratch / "results" / assignment.name / student / f"{notebook}.json"

"""The severity of each fault in a course: the catalog's, or that in ``severity.toml``.

Verdicts record findings, and points follow from severities, so another severity changes points without a rerun.
"""

from __future__ import annotations

import dataclasses
import functools
import tomllib
from typing import TYPE_CHECKING

from netgrader.checks.cell_points import CHARGED, KEPT
from netgrader.errors import UsageError
from netgrader.faults import Severity, kind_of
from netgrader.grading.course_files import nearest
from netgrader.results import CheckResult, Outcome, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from netgrader.course import Assignment

__all__ = ["as_the_course_says", "severities_of"]


def severities_of(assignment: Assignment) -> Mapping[str, Severity]:
    """Return the codes whose severity the course changes, in its own faults or in ``severity.toml``.

    Raises
    ------
    UsageError
        If the file cannot be read, or names an unknown code or severity.
    """
    file, kinds = assignment.course.severity, assignment.texts.kinds
    own = {code: kind.severity for code, kind in kinds.items() if kind.severity is not kind_of(code).severity}
    if not file.is_file():
        return own
    try:
        return own | _read(file.read_text(encoding="utf-8"), file, frozenset(kinds))
    except (OSError, ValueError) as error:
        raise UsageError(f"The severities {file} cannot be read: {error}.") from error


@functools.lru_cache(maxsize=16)
def _read(text: str, file: Path, codes: frozenset[str]) -> dict[str, Severity]:
    """Return the severities in a file's text; cached per text, since grading a class asks per notebook."""
    raw = tomllib.loads(text)
    problem = next(_problems(raw, codes), None)
    if problem is not None:
        raise UsageError(f"In {file}, {problem}")
    return {code: Severity(word) for code, word in raw.items()}


def _problems(raw: Mapping[str, object], codes: frozenset[str]) -> Iterator[str]:
    known = ", ".join(Severity)
    for code, word in raw.items():
        if code not in codes:
            yield f"{code} is not a code of the catalogue of faults{nearest(code, codes)}"
        elif word not in [*Severity]:
            yield f'{code} must be one of {known}, in quotes, such as {code} = "slight", not {word!r}.'


def as_the_course_says(check: CheckResult, said: Mapping[str, Severity]) -> CheckResult:
    """Return a verdict with the severity of each of its faults.

    If the course makes all of them remarks, the check passes; a remark of the catalog that the course raises costs points.
    """
    grades = {code: said.get(code) or severity_of(check, code) for code in check.faults}
    graded = dataclasses.replace(check, severity=grades)
    own = said.keys() & grades.keys()
    if not own:
        return graded
    if check.outcome in CHARGED and {*grades.values()} == {Severity.REMARK}:
        return dataclasses.replace(graded, outcome=Outcome.PASSED, credit=check.max_credit)
    raised = _raised(check, {code: said[code] for code in own})
    if raised and check.outcome is Outcome.PASSED:
        return dataclasses.replace(graded, outcome=Outcome.PARTIAL, credit=check.credit * min(raised))
    return graded


def _raised(check: CheckResult, own: Mapping[str, Severity]) -> list[float]:
    """Return the fraction of the credit that each remark leaves once the course has made it a fault."""
    free = Severity.REMARK
    return [
        float(KEPT[now])
        for code, now in own.items()
        if now is not free and kind_of(code).remark and check.severity.get(code, free) is free
    ]

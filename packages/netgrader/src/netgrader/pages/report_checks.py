"""The checks of a class: how many students passed each, and which mistakes the others made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphread.text import Said, Text
from netgrader.checks.cell_points import causes, is_consequence
from netgrader.faults import Severity
from netgrader.pages import safe, words
from netgrader.pages.feedback_verdicts import cell_name
from netgrader.results import Outcome, Visibility

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.catalogue import CourseTexts
    from netgrader.pages.report_view import ClassView, StudentView
    from netgrader.results import CheckResult

__all__ = ["CheckRow", "checks_of"]


@dataclass(frozen=True)
class Mistake:
    """A fault that a check found: its severity in words, where it is explained, and who made it."""

    code: str
    sentence: Said
    severity: Said
    where: str
    students: tuple[StudentView, ...]


@dataclass(frozen=True)
class CheckRow:
    """A check: how many of those judged passed it, and the mistakes found, commonest first."""

    notebook: str
    cell: str
    sentence: str
    hidden: bool
    passed: int
    judged: int
    mistakes: tuple[Mistake, ...]

    @property
    def percent(self) -> int:
        """The percentage that passed, rounded down, so that 100 means all."""
        return 100 * self.passed // self.judged


def checks_of(view: ClassView) -> tuple[CheckRow, ...]:
    """Return all checks that were judged, lowest pass rate first.

    Ungradable checks, consequences of others, and checks of cells that a person graded do not count.
    """
    found: dict[tuple[str, str, str], list[tuple[StudentView, CheckResult]]] = {}
    for student in view.students:
        for notebook, cell in student.cells:
            for check in cell.checks:
                if check.outcome is not Outcome.UNGRADABLE and not is_consequence(check):
                    found.setdefault((notebook, cell.cell, check.check), []).append((student, check))
    rows = [_row(notebook, cell, judged, view.texts) for (notebook, cell, _), judged in found.items()]
    order = [columns.notebook for columns in view.notebooks]
    return tuple(sorted(rows, key=lambda row: (row.passed / row.judged, order.index(row.notebook))))


def _row(notebook: str, cell: str, judged: Sequence[tuple[StudentView, CheckResult]], texts: CourseTexts) -> CheckRow:
    made: dict[str, list[tuple[StudentView, CheckResult]]] = {}
    for student, check in judged:
        for code in check.faults:
            made.setdefault(code, []).append((student, check))
    first = judged[0][1]
    return CheckRow(
        notebook=notebook,
        cell=cell_name(cell),
        sentence=safe.line(first.sentence),
        hidden=first.visibility is Visibility.HIDDEN,
        passed=sum(check.outcome is Outcome.PASSED for _, check in judged),
        judged=len(judged),
        mistakes=tuple(_mistake(code, of, texts) for code, of in sorted(made.items(), key=lambda one: -len(one[1]))),
    )


def _mistake(code: str, of: Sequence[tuple[StudentView, CheckResult]], texts: CourseTexts) -> Mistake:
    kind = texts.kind(code)
    worst = causes(check for _, check in of).get(code, Severity.REMARK)
    return Mistake(
        code=safe.line(code, 60),
        sentence=Text(kind.sentence),
        severity=words.FAULT_SEVERITIES[worst],
        where=kind.where,
        students=tuple(student for student, _ in of),
    )

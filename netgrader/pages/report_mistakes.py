"""The mistakes of a class: who made them, and where the course explains them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.checks.cell_points import GRAVEST_FIRST
from netgrader.faults import kind_of
from netgrader.pages import safe, words
from netgrader.pages.markdown import heading_id, render_markdown
from netgrader.pages.report_view import FaultCount
from netgrader.results import Outcome, severity_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from netgrader.faults import Severity
    from netgrader.pages.graded import Graded
    from netgrader.pages.report_view import ClassView, StudentView

__all__ = ["explained", "mistakes"]


def mistakes(view: ClassView) -> list[FaultCount]:
    """Faults with who has them, the commonest first, those that cost nothing last."""
    found: dict[tuple[bool, str], dict[str, tuple[StudentView, str]]] = {}
    grades: dict[tuple[bool, str], list[Severity]] = {}
    made: dict[tuple[bool, str], dict[tuple[str, str], dict[str, None]]] = {}
    for student in view.students:
        for where, graded, cell in student.cells:
            for check in cell.checks:
                for code in check.faults:
                    key = check.outcome is Outcome.PASSED, code
                    found.setdefault(key, {}).setdefault(student.student, (student, where))
                    cells = made.setdefault(key, {}).setdefault((_notebook(graded), cell.cell), {})
                    cells[student.student] = None
                    grades.setdefault(key, []).append(severity_of(check, code))
    counts = [
        FaultCount(
            code=safe.line(code, 60),
            sentence=kind_of(code).sentence,
            why=kind_of(code).why,
            where=kind_of(code).where,
            free=free,
            students=tuple(students.values()),
            severity=words.FAULT_FREE if free else _severity(grades[free, code]),
            made={place: tuple(those) for place, those in made[free, code].items()},
        )
        for (free, code), students in found.items()
    ]
    return sorted(counts, key=lambda fault: (fault.free, -len(fault.students), fault.code))


def _notebook(graded: Graded) -> str:
    return graded.decided.notebook.removesuffix(".ipynb") if graded.decided else ""


def explained(
    view: ClassView, faults: Sequence[FaultCount]
) -> tuple[tuple[FaultCount, ...], tuple[tuple[str, str, Markup], ...]]:
    """Return the faults, each with where it is explained, and the sections that explain them."""
    sections: dict[str, tuple[str, Markup]] = {}
    told = []
    for fault in faults:
        notebook, cell = max(fault.made, key=lambda place: len(fault.made[place]))
        section = view.explained.of(kind_of(fault.code).places, notebook, cell)
        anchor = f"explained-{heading_id(section.where)}" if section is not None else ""
        if section is not None and anchor not in sections:
            text = render_markdown(section.text, section.attachments, prefix=f"{anchor}-", heading_shift=2)
            sections[anchor] = section.where, text
        told.append(replace(fault, where=section.where if section is not None else fault.where, section=anchor))
    return tuple(told), tuple((anchor, *rest) for anchor, rest in sections.items())


def _severity(found: Iterable[Severity]) -> str:
    """How grave a fault is at its worst, in a word."""
    return str(words.FAULT_SEVERITIES[min(found, key=GRAVEST_FIRST.index)])

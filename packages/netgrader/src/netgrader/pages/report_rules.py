"""Which students wait for a person, and why: a few rules, each with its reason in words."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from netgrader.faults import FOR_A_PERSON
from netgrader.pages import safe, words
from netgrader.pages.report_view import Concern
from netgrader.pages.shell import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphread.text import Said
    from netgrader.pages.report_view import ClassView, StudentView
    from netgrader.results import NotebookResult

__all__ = ["to_judge"]


def to_judge(view: ClassView) -> tuple[Concern, ...]:
    """Return the students whose results a person should judge or fix, and why, most important first."""
    usual = {one.notebook: one.plausible for one in view.notebooks}
    found = []
    for student in view.students:
        problems = _problems(student)
        reasons = sorted([*_facts(student, usual), *problems], key=lambda reason: reason[0])
        if reasons:
            command = (
                f"netgrader autograde {safe.line(view.assignment)} --student {shlex.quote(safe.line(student.student))}"
            )
            told = tuple(safe.said(reason, 600) for _, reason in reasons if reason)
            retry = f"{command} --only ungradable" if problems else ""
            found.append((reasons[0][0], student.name, Concern(student, told, retry)))
    return tuple(concern for *_, concern in sorted(found, key=lambda one: one[:2]))


def _facts(student: StudentView, usual: Mapping[str, float]) -> Iterator[tuple[int, Said]]:
    """Yield facts about how results came about, for a person to judge. Weight 0 comes first."""
    for notebook, graded in student.notebooks.items():
        accuracy, most = graded.accuracy or 0.0, usual[notebook]
        if accuracy > most:
            yield (
                1,
                words.CONCERN_TOO_GOOD.format(notebook=notebook, accuracy=percent(accuracy), usual=percent(most)),
            )
        seen = graded.measured.get("test_images_seen")
        if isinstance(seen, str):
            yield 1, words.CONCERN_SEEN.format(notebook=notebook, seen=seen)
        weight = 1 if FOR_A_PERSON.isdisjoint(graded.faults) else 0
        yield from ((weight, words.IN_CELL.format(cell=notebook, note=fact)) for fact in graded.integrity)


def _problems(student: StudentView) -> list[tuple[int, Said]]:
    """Return the student's notebooks not graded in full and why; an empty reason if a fact gives it."""
    if student.is_unknown:
        return [(3, words.NOT_GRADED_ANYTHING)]
    results = {notebook: graded.decided for notebook, graded in student.notebooks.items() if graded.decided}
    return [
        (3, "" if _is_fact(result) else words.IN_CELL.format(cell=notebook, note=result.problem))
        for notebook, result in results.items()
        if result.problem
    ]


def _is_fact(result: NotebookResult) -> bool:
    """Whether the reason for incomplete grading is among the observed facts."""
    return result.problem in {fact.seen for fact in result.integrity}

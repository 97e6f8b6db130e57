"""Whom an instructor should look at, and why: a few rules, each with its reason in words."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.checks.cell_points import KEPT, causes
from netgrader.faults import FOR_A_PERSON, Severity, kind_of
from netgrader.pages import safe, words
from netgrader.pages.report_view import Concern
from netgrader.pages.shell import percent
from netgrader.pages.shell import points as written
from netgrader.results import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from netgrader.pages.report_view import ClassView, StudentView
    from netgrader.results import NotebookResult

__all__ = ["to_help", "to_judge"]

NOT_DONE = "not-done"
UNTOLD = FOR_A_PERSON | {NOT_DONE}
"""What is no mistake to talk about."""
SMALLEST_CLASS = 3
"""Students from which a median says something."""
FAR_BEHIND = 0.5
"""Of the class's median score."""
MOST_CAUSES = 3
"""Mistakes that are told of one who needs help, the costliest first."""
MANY_MISTAKES = 4
"""Different ones, from which a talk may help more than a page."""
SMALLEST_LOSS = 0.005
"""Points that are worth telling."""
SINGLE_MISTAKE = 0.2
"""Share of a notebook's points from which one mistake is worth a word."""


def to_judge(view: ClassView) -> tuple[Concern, ...]:
    """The students whose results a person should judge or mend, and why, the weightiest first."""
    usual = {one.notebook: one.plausible for one in view.notebooks}
    found = _ordered((student, [*_facts(student, usual), *_marks(student)]) for student in view.students)
    return tuple(
        replace(one, noticed=any(graded.integrity for graded in one.student.notebooks.values())) for one in found
    )


def to_help(view: ClassView) -> tuple[Concern, ...]:
    """The students who need help, and those whom a word may help, and why."""
    totals = [student.total for student in view.students if student.total is not None]
    median = statistics.median(totals) if len(totals) >= SMALLEST_CLASS else None
    due = _due(view)
    return _ordered(
        (student, [*_broken(student), *_progress(student, median), *_missing(student, due)])
        for student in view.students
    )


def _due(view: ClassView) -> tuple[str, ...]:
    """The notebooks that most of those who handed in anything have handed in."""
    here = [student for student in view.students if student.submitted]
    if len(here) < SMALLEST_CLASS:
        return ()
    return tuple(
        columns.notebook
        for columns in view.notebooks
        if sum(columns.notebook in student.notebooks for student in here) > len(here) / 2
    )


def _missing(student: StudentView, due: Sequence[str]) -> Iterator[tuple[int, str]]:
    missing = [notebook for notebook in due if notebook not in student.notebooks]
    if student.submitted and missing:
        yield 7, words.CONCERN_MISSING.format(notebooks=", ".join(missing))


def _ordered(found: Iterable[tuple[StudentView, list[tuple[int, str]]]]) -> tuple[Concern, ...]:
    # Reasons of one weight stay in the order in which they were found.
    kept = [(student, sorted(said, key=lambda one: one[0])) for student, said in found if said]
    kept.sort(key=lambda one: (one[1][0][0], one[0].name))
    return tuple(Concern(student, tuple(safe.line(reason) for _, reason in said)) for student, said in kept)


def _facts(student: StudentView, usual: Mapping[str, float | None]) -> Iterator[tuple[int, str]]:
    """What a person should judge: facts about how a result came about. Weight 0 comes first."""
    for notebook, graded in student.notebooks.items():
        for code in graded.faults:
            if code in FOR_A_PERSON:
                yield 0, words.CONCERN_FAULT.format(notebook=notebook, sentence=kind_of(code).sentence)
        accuracy, most = graded.accuracy, usual.get(notebook)
        if accuracy is not None and most is not None and accuracy > most:
            yield (
                1,
                words.CONCERN_TOO_GOOD.format(notebook=notebook, accuracy=percent(accuracy), usual=percent(most)),
            )
        seen = graded.measured.get("test_images_seen")
        if isinstance(seen, str):
            yield 1, words.CONCERN_SEEN.format(notebook=notebook, seen=seen)
        if graded.integrity:
            yield 1, words.counted(words.CONCERN_INTEGRITY, len(graded.integrity), notebook=notebook)


def _marks(student: StudentView) -> Iterator[tuple[int, str]]:
    """What went wrong with the marks themselves."""
    for notebook, graded in student.notebooks.items():
        if graded.status is Status.NOT:
            yield 2, words.CONCERN_NOT_GRADED.format(notebook=notebook)
        elif graded.status is Status.PARTLY:
            yield 3, words.CONCERN_PARTLY.format(notebook=notebook)
        for cell, mark in graded.marks.cells.items():
            if mark.left_out:
                yield 2, words.CONCERN_LEFT_OUT.format(cell=cell, mark=mark.left_out)
            if mark.out_of_range and mark.manual is not None:
                yield (
                    2,
                    words.CONCERN_MARK.format(cell=cell, points=written(mark.manual), most=written(mark.max_points)),
                )


def _progress(student: StudentView, median: float | None) -> Iterator[tuple[int, str]]:
    """Who needs help, and where one word may be enough."""
    score = student.total
    # Where something could not be graded the points say nothing of the student yet.
    whole = all(one.status is Status.GRADED for one in student.notebooks.values())
    behind = whole and bool(score) and bool(median) and (score or 0.0) < FAR_BEHIND * (median or 0.0)
    if behind and score is not None and median:
        yield 4, words.CONCERN_BEHIND.format(points=written(score), median=written(median))
    made = {code for one in student.notebooks.values() for code in one.faults}
    if len(made) >= MANY_MISTAKES:
        yield 5, words.CONCERN_MANY.format(number=len(made))
    # However the class did: a median says nothing of nothing.
    empty = dict(_empty(student))
    for notebook, nothing in empty.items():
        said = words.CONCERN_BLANK if set(nothing.faults) == {NOT_DONE} else words.CONCERN_ZERO
        yield 4, said.format(notebook=notebook, most=written(nothing.max_score))
    if behind or empty or len(made) >= MANY_MISTAKES:
        for lost, where, sentence in _costliest(student)[:MOST_CAUSES]:
            yield 6, words.CONCERN_COSTLIEST.format(where=where, points=written(lost), sentence=sentence)
    for notebook, graded in student.notebooks.items():
        result = graded.decided
        if result is None or not result.max_score or notebook in empty:
            continue
        lost = result.max_score - result.score
        codes = Counter(
            code
            for cell in result.cells
            for check in cell.checks
            if check.credit < check.max_credit
            for code in check.faults
        )
        told_already = FOR_A_PERSON | {code for _, code in _fatal(student)}
        if len(codes) == 1 and not codes.keys() & told_already and lost >= SINGLE_MISTAKE * result.max_score:
            sentence = kind_of(*codes).sentence
            yield 6, words.CONCERN_ONE_MISTAKE.format(notebook=notebook, lost=written(lost), sentence=sentence)


def _broken(student: StudentView) -> Iterator[tuple[int, str]]:
    """What does not work at all comes before whatever the points say."""
    for where, code in list(_fatal(student))[:MOST_CAUSES]:
        yield 3, words.CONCERN_FATAL.format(where=where, sentence=kind_of(code).sentence)


def _fatal(student: StudentView) -> Iterator[tuple[str, str]]:
    """Where something fatal costs a student points, and its code; what a person has to judge first stands elsewhere."""
    for where, _graded, cell in student.cells:
        lost = (cell.points or 0.0) < cell.max_points
        for code, severity in causes(cell.checks).items():
            if lost and severity is Severity.FATAL and code not in UNTOLD:
                yield where, code


def _empty(student: StudentView) -> Iterator[tuple[str, NotebookResult]]:
    """The notebooks that were graded in full and earned nothing, but for those that a person has to judge first."""
    for notebook, graded in student.notebooks.items():
        result = graded.decided
        if result is None or result.status is not Status.GRADED or FOR_A_PERSON & set(result.faults):
            continue
        if result.max_score and not any((cell.points or 0.0) > 0 for cell in result.cells):
            yield notebook, result


def _costliest(student: StudentView) -> list[tuple[float, str, str]]:
    """What a student's mistakes cost, the most first: points, where, and the mistake's sentence."""
    costs: dict[tuple[str, str], float] = {}
    for where, _graded, cell in student.cells:
        found = causes(cell.checks)
        weights = {
            code: float(1 - KEPT[severity]) or 1.0  # what is measured has no fixed share
            for code, severity in found.items()
            if code not in UNTOLD
        }
        lost = cell.max_points - (cell.points or 0.0)
        for code, weight in weights.items():
            if found[code] is not Severity.FATAL:  # which is told before
                costs[where, code] = costs.get((where, code), 0.0) + lost * weight / sum(weights.values())
    told = [(lost, where, kind_of(code).sentence) for (where, code), lost in costs.items() if lost >= SMALLEST_LOSS]
    return sorted(told, key=lambda one: (-one[0], one[1:]))

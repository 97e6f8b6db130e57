"""The box of a graded cell: points, checks, next step, pictures, and where to read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graphread.text import Said, Text, joined
from netgrader.catalogue import LONGEST
from netgrader.checks.cell_points import CHARGED, causes, gravest, gravity, is_consequence
from netgrader.faults import Severity
from netgrader.pages import safe, words
from netgrader.pages.feedback_figures import PageData, figure
from netgrader.pages.feedback_view import Cause, CellVerdict, Check, Figure, NextStep, Reason
from netgrader.pages.graded import is_unclear
from netgrader.pages.markdown import heading_key
from netgrader.pages.shell import percent
from netgrader.pages.shell import points as written
from netgrader.results import CellResult, CheckResult, Outcome, Visibility

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from netgrader.catalogue import CourseTexts
    from netgrader.pages.graded import CellMark, Graded


__all__ = [
    "Places",
    "by_hand",
    "causes_of",
    "cell_name",
    "outcome_of",
    "step_of",
    "verdict_by_hand",
    "verdict_of",
]

SMALLEST_LOSS = 0.005
"""The smallest lost points that are shown."""
REMARK = "remark"
WAITING = "waiting"


def cell_name(cell: str) -> str:
    """Return a cell's name on pages, which is that in ``check("…")``."""
    return safe.line(cell.removeprefix("check_"), 80)


def state_of(cell: CellResult, points: float | None) -> str:
    """Return the outcome of a whole cell."""
    if points is None:
        return WAITING
    if points >= cell.max_points:
        return Outcome.PASSED
    if is_unclear(cell) and not {check.outcome for check in cell.checks if not is_consequence(check)} & CHARGED:
        return Outcome.UNGRADABLE
    return Outcome.PARTIAL if points > 0 and gravest(cell.checks) is not Severity.FATAL else Outcome.FAILED


def word_of(cell: CellResult, state: str) -> Said:
    """Return the outcome of a whole cell in words: if points are lost, the severity of the gravest fault."""
    worst = gravest(cell.checks) if state in {Outcome.PARTIAL, Outcome.FAILED} else None
    if worst in words.SEVERITIES:
        return words.SEVERITIES[worst]
    return words.OUTCOMES[state]


def causes_of(cell: CellResult, verdict: CellVerdict, texts: CourseTexts) -> list[Cause]:
    """Return the grave faults of a cell that cost points."""
    if verdict.state not in {Outcome.PARTIAL, Outcome.FAILED}:
        return []
    return [
        Cause(verdict.name, verdict.anchor, severity, words.SEVERITIES[severity], Text(texts.kind(code).sentence))
        for code, severity in causes(cell.checks).items()
        if severity in words.CAUSES
    ]


def outcome_of(cell: CellResult, mark: CellMark) -> tuple[str, Said, float | None]:
    """Return a decided cell's outcome, also in words, and its points; None while a person must give them."""
    if cell.manual:
        return by_hand(cell.points, cell.max_points, mark)
    state = state_of(cell, cell.points)
    return state, word_of(cell, state), cell.points


def verdict_of(
    cell: CellResult,
    graded: Graded,
    places: Places,
    data: PageData,
) -> CellVerdict:
    """Return the box of a cell with checks; a person's decision replaces the checks' verdict.

    It also decides checks that were ungradable.

    `places` are the anchors of the notebook's sections on the page.
    """
    mark, decided = graded.marks.of(cell.cell), graded.results[cell.cell]
    state, word, points = outcome_of(decided, mark)
    if decided.manual:
        judged = (check for check in cell.checks if check.outcome is not Outcome.UNGRADABLE)
        cell = replace(cell, checks=tuple(replace(check, severity=_unweighed(check)) for check in judged))
    return CellVerdict(
        cell=cell.cell,
        name=cell_name(cell.cell),
        state=state,
        word=word,
        points=points,
        max_points=cell.max_points,
        checks=_checks(cell, places, data.texts),
        figures=_figures(graded, cell.cell, data),
        notes=(() if decided.checks or decided.manual else (words.NOT_GRADED,)) + _notes(mark, cell.points),
    )


def _unweighed(check: CheckResult) -> dict[str, Severity]:
    """Return the severities of a check whose cell a person graded: none shows a cost."""
    return dict.fromkeys(check.faults, Severity.MEASURED)


def verdict_by_hand(cell: str, max_points: float, mark: CellMark) -> CellVerdict:
    """Return the box of a cell that a person grades."""
    state, word, points = by_hand(mark.points, max_points, mark)
    return CellVerdict(
        cell=cell,
        name=cell_name(cell),
        state=state,
        word=word,
        points=points,
        max_points=max_points,
        manual=True,
    )


def by_hand(points: float | None, most: float, mark: CellMark) -> tuple[str, Said, float | None]:
    """Return the outcome of a manual cell, also in words, and its points; None while it waits."""
    if points is None or mark.is_open:
        return WAITING, words.WAITING, None
    if points == 0 and not mark.by_hand:
        # It needed no reader: it is still the released text.
        return str(Outcome.FAILED), words.UNANSWERED, points
    if points >= most:
        return str(Outcome.PASSED), words.BY_HAND, points
    return str(Outcome.PARTIAL if points > 0 else Outcome.FAILED), words.BY_HAND, points


def step_of(cell: CellResult, verdict: CellVerdict, places: Places, by_hand: Said, texts: CourseTexts) -> NextStep:
    """Return what to do about a cell that loses points: its gravest root cause, or why it is ungradable.

    Points given by a person have the step `by_hand`, for any findings of the checks.
    """
    if cell.manual:
        return NextStep(verdict.name, verdict.anchor, by_hand, verdict.lost, about=verdict.anchor)
    # A check that follows from another one comes last: the other one needs work.
    named = sorted((check for check in cell.checks if check.outcome in CHARGED), key=gravity)
    if named:
        return _gravest_step(verdict, named, places, texts)
    unclear = [check.message or words.NEXT_AGAIN for check in cell.checks if check.outcome is Outcome.UNGRADABLE]
    said = safe.said([*unclear, words.NEXT_AGAIN][0])
    return NextStep(verdict.name, verdict.anchor, said, verdict.lost, about=said)


def _gravest_step(verdict: CellVerdict, named: Sequence[CheckResult], places: Places, texts: CourseTexts) -> NextStep:
    """Return the step for the gravest check that costs points, with the number of further mistakes."""
    first = named[0]
    kind = next(map(texts.kind, causes([first])), None)
    default = first.sentence if kind is None else Text(kind.sentence)
    sentence = safe.said(first.message or default, LONGEST)
    more = len({code for check in named for code in check.faults} - set(first.faults))
    if more:
        sentence = joined([sentence, words.NEXT_MORE.of(more)])
    if kind is None:
        return NextStep(verdict.name, verdict.anchor, sentence, verdict.lost, about=sentence, gravity=gravity(first))
    where, link = places.to_read(kind.places, verdict.cell)
    return NextStep(verdict.name, verdict.anchor, sentence, verdict.lost, where, link, kind.code, gravity(first))


def _checks(cell: CellResult, places: Places, texts: CourseTexts) -> tuple[Check, ...]:
    """Return failed checks before passed ones, gravest first; each reason appears once."""
    said: set[str] = set()
    made = []
    for check in sorted(cell.checks, key=lambda check: (check.outcome is Outcome.PASSED, gravity(check))):
        made.append(_check(check, cell.cell, places, said, texts))
        said.update(check.faults)
    return tuple(sorted(made, key=lambda one: one.state == Outcome.PASSED))


def _check(check: CheckResult, cell: str, places: Places, said: Collection[str], texts: CourseTexts) -> Check:
    kinds = [*map(texts.kind, dict.fromkeys(check.faults))]
    remark = check.outcome is Outcome.PASSED and bool(check.message or check.faults)
    state = REMARK if remark else str(check.outcome)
    return Check(
        state=state,
        word=words.OUTCOMES[state],
        sentence=safe.line(check.sentence),
        found=safe.text(check.message or "", LONGEST),
        reasons=tuple(
            Reason(kind.code, Text(kind.why), *places.to_read(kind.places, cell), "" if remark else Text(kind.hint))
            for kind in kinds
            if kind.code not in said
        ),
        hidden=check.visibility is Visibility.HIDDEN,
        credit=_credit(check),
        follows=is_consequence(check),
        check=check.check,
    )


def _credit(check: CheckResult) -> Said:
    """Return a check's cost by its gravest fault, or its earned share; empty if neither is known."""
    worst = gravest([check])
    if worst in words.COSTS:
        return words.COSTS[worst]
    if check.outcome is Outcome.PARTIAL and check.max_credit:
        return words.CREDIT_PARTLY.format(share=percent(round(check.credit / check.max_credit, 2)))
    return ""


def _figures(graded: Graded, cell: str, data: PageData) -> tuple[Figure, ...]:
    drawn = (figure(observation, data) for observation in graded.observations.get(cell, ()))
    return tuple(one for one in drawn if one is not None)


def _notes(mark: CellMark, auto: float | None) -> tuple[Said, ...]:
    """Return a note if a person changed the points."""
    if mark.manual is None or auto is None or abs(mark.manual - auto) < SMALLEST_LOSS:
        return ()
    return (words.CHANGED_BY_HAND.format(points=written(mark.manual), auto=written(auto)),)


ELSEWHERE = re.compile(r"Notebook (\d+), (.+)")


@dataclass(frozen=True)
class Places:
    """The sections of one notebook."""

    number: str = ""
    """The notebook's number."""
    anchors: Mapping[str, str] = field(default_factory=dict)
    """Ids on the page, by `heading_key`."""
    exercises: Mapping[str, str] = field(default_factory=dict)
    """For each graded cell, the heading above it."""

    def link(self, where: str) -> str:
        """Return the anchor of the section `where`; empty if it is in another notebook, or unknown."""
        named = ELSEWHERE.fullmatch(where)
        if named is None:
            return self.anchors.get(heading_key(where), "")
        return self.anchors.get(heading_key(named[2]), "") if named[1] == self.number else ""

    def to_read(self, sections: Sequence[str], cell: str) -> tuple[str, str]:
        """Return the section to read, and its anchor: the first of `sections` on this page, else the first.

        Without sections, it is the exercise's own text.
        """
        sections = [*sections] or [self.exercises.get(cell, "")]
        where = next(filter(self.link, sections), sections[0])
        return where, self.link(where)

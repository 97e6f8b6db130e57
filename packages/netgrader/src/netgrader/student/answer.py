"""The answer of `check`: a line for each check, as text and as HTML legible on light and dark pages."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphread.text import Plural, Said, Text, joined, plain
from netgrader.catalogue import LONGEST, OF_NO_COURSE, CourseTexts
from netgrader.results import Outcome
from netgrader.student.cell_runs import notebook_shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgrader.faults import Fault
    from netgrader.results import CheckResult

__all__ = ["COLOURS", "Answer"]

REMARK = "remark"
"""The state of a check that passed with a remark."""
MARKS = {Outcome.PASSED: "✓", REMARK: "•", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
WRONG = frozenset({Outcome.FAILED, Outcome.PARTIAL})
WAITING = "·"
# White text has a contrast of 4.5 or more on each; colored letters alone would be illegible on light or on dark.
COLOURS = {
    Outcome.PASSED: "#1a7f37",
    REMARK: "#0969da",
    Outcome.PARTIAL: "#9a6700",
    Outcome.FAILED: "#cf222e",
    Outcome.UNGRADABLE: "#59636e",
    WAITING: "#59636e",
}
NOT_DONE = Text("{name}: not done yet. Fill in the cell above, run it, then run this one again.")
NOT_RUN = Text(
    "{name}: not done yet, or not run since the kernel started. Fill in the cell above, run it, then run this one again."
)
WAITS = Text("{name}: this needs {others}, not done yet. Fill that in, run it, then run this cell again.")
STILL_RAISES = Text(
    "{name}: the line raise NotImplementedError() is still in {others}, and your code "
    "stops there. Delete that line, run the cell, then run this one again."
)
STOPPED = Text(
    "{name}: your cell stopped with an error when it last ran, so its results may be from an earlier run. Fix it "
    "and run it again, then run this one."
)
INTERRUPTED = Text("{name}: your cell was interrupted before its end. Let it run to the end, then run this one again.")
ALL_PASSED = Plural(
    "{name}: its check passed. Grading runs it again.", "{name}: all {number} checks passed. Grading runs these again."
)
ALL_BUT_HIDDEN = Text("{name}: all {count} checks passed. Grading runs these again, and also checks {beyond}.")
SOME_PASSED = Text("{name}: {passed} of {count} checks passed.")
WITH_REMARKS = Plural("{number} remark, which costs nothing.", "{number} remarks, which cost nothing.")
PRINTED = Text("Your code printed:")
HINT = Text("Hint")
WAITS_FOR = Text("waits for the above")
NOT_MADE = Text(
    "{name}: there is no {others}, which your cell makes with {name}. Put back the lines "
    "that the cell had below the function, run it, then run this one again."
)
LINES, WIDTH = 20, 200
COVERS = {"error-in-code": "", "missing-tensor": "", "misnamed-part": "", "built-in-default-graph": "error-in-code"}
"""The code that later checks need not report again: by default, the finding's own. An error or a missing part at another place is
another mistake; networks that are built in one graph raise errors, since their names are taken."""


OUTCOMES = {
    Outcome.PASSED: Text("passed"),
    REMARK: Text("remark"),
    Outcome.PARTIAL: Text("partly passed"),
    Outcome.FAILED: Text("not yet"),
    Outcome.UNGRADABLE: Text("could not be checked"),
}


@dataclass(frozen=True)
class _Row:
    """A check as displayed: mark, color, state, sentence, findings, and hints."""

    mark: str
    color: str
    word: Said
    sentence: str
    told: tuple[Said, ...] = ()
    hints: tuple[Said, ...] = ()
    waits: bool = False


@dataclass(frozen=True)
class Answer:
    """The verdicts of a cell's public checks."""

    name: str
    """The solution cell."""
    checks: tuple[CheckResult, ...] = ()
    """The verdicts of its checks."""
    problem: Said = ""
    """Why there are no verdicts, and what to do first; empty if there are."""
    beyond: str = ""
    """What only grading checks, as the end of a sentence."""
    printed: str = ""
    """The text that the student's code printed during the checks."""
    below: tuple[Said, ...] = ()
    """Further notes, shown below the verdicts."""
    code: str = ""
    """The fault code of the error that stopped the cell."""
    texts: CourseTexts = OF_NO_COURSE
    """The course's texts."""

    @property
    def headline(self) -> Said:
        """The first line."""
        if self.problem:
            return self.problem
        remarks = Counter(map(_state, self.checks))[REMARK]
        return joined([self._passed, WITH_REMARKS.of(remarks)]) if remarks else self._passed

    @property
    def _passed(self) -> Text:
        """The number of passed checks, in words."""
        passed = sum(check.outcome is Outcome.PASSED for check in self.checks)
        if passed < len(self.checks):
            return SOME_PASSED.format(name=self.name, passed=passed, count=len(self.checks))
        if self.beyond:
            return ALL_BUT_HIDDEN.format(name=self.name, count=passed, beyond=self.texts.gettext(self.beyond))
        return ALL_PASSED.of(passed, name=self.name)

    @property
    def _shown_print(self) -> Sequence[str]:
        lines = [line[:WIDTH] for line in self.printed.splitlines()]
        more = Text("… and {count:,} more lines", count=len(lines) - LINES)
        return lines if len(lines) <= LINES else [*lines[:LINES], self._say(more)]

    def _say(self, said: Said) -> str:
        return plain(self.texts.say(said), LONGEST)

    def _hints(self, codes: Iterable[str]) -> list[Said]:
        """Return the catalog's hints for these codes."""
        return [Text(kind.hint) for kind in map(self.texts.kind, codes) if kind.hint]

    @property
    def _rows(self) -> list[_Row]:
        """The displayed checks; last those that repeat another's finding: waiting, or with the same mistake."""
        rows: list[_Row] = []
        waiting: list[_Row] = []
        known: set[object] = set()
        given: set[Said] = set()
        for check in self.checks:
            mistakes = _mistakes(check)
            if _waits(check) or (mistakes and all(known & {one.code, (one.code, one.where)} for one in mistakes)):
                sentence = self.texts.gettext(check.sentence)
                waiting.append(_Row(WAITING, COLOURS[WAITING], WAITS_FOR, sentence, waits=True))
            else:
                rows.append(self._row(check, given))
            known.update(*({COVERS.get(one.code, one.code), (one.code, one.where)} for one in mistakes))
        return rows + waiting

    def _row(self, check: CheckResult, given: set[Said]) -> _Row:
        """Return a displayed check; each hint appears once, at the first check that needs it."""
        hints = self._hints(check.faults) if check.outcome in WRONG else []
        told = tuple(text for text in (check.message, check.hint) if text)
        own = tuple(hint for hint in hints if hint not in given)
        given.update(hints)
        sentence = self.texts.gettext(check.sentence)
        state = _state(check)
        return _Row(MARKS[state], COLOURS[state], OUTCOMES[state], sentence, told, own)

    def __str__(self) -> str:
        lines, say = [self._say(self.headline)], self._say
        for row in self._rows:
            lines.append(f"  {row.mark} {row.sentence}{f': {say(row.word)}' if row.waits else ''}")
            lines += [f"      {say(text)}" for text in row.told]
            lines += [f"      {say(HINT)}: {say(text)}" for text in row.hints]
        lines += [f"  {say(text)}" for text in self.below]
        lines += [f"  {say(HINT)}: {say(text)}" for text in self._hints([self.code])]
        if self.printed:
            lines += [f"  {say(PRINTED)}", *(f"    {line}" for line in self._shown_print)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = "".join(map(self._item, self._rows))
        listed = f'<ul style="list-style:none;margin:.3em 0;padding:0">{items}</ul>' if items else ""
        below = "".join(
            [f"<div>{html.escape(self._say(text))}</div>" for text in self.below]
            + self._folded(self._hints([self.code]))
        )
        printed = html.escape("\n".join(self._shown_print))
        shown = f"<div>{html.escape(self._say(PRINTED))}</div><pre>{printed}</pre>" if self.printed else ""
        headline = html.escape(self._say(self.headline))
        return f'<div role="status"><strong>{headline}</strong>{listed}{below}{shown}</div>'

    def _folded(self, hints: Iterable[Said]) -> list[str]:
        summary = f"<summary>{html.escape(self._say(HINT))}</summary>"
        return [f"<details>{summary}{html.escape(self._say(one))}</details>" for one in hints]

    def _item(self, row: _Row) -> str:
        mark = (
            f'<span style="background:{row.color};color:#fff;border-radius:.3em;padding:0 .4em;font-weight:bold">'
            f'<span aria-hidden="true">{row.mark}</span> {html.escape(self._say(row.word))}</span>'
        )
        texts = [*(html.escape(self._say(text)) for text in row.told), *self._folded(row.hints)]
        said = "".join(f'<div style="margin-left:1.5em">{text}</div>' for text in texts)
        return f'<li style="margin:.25em 0">{mark} · {html.escape(row.sentence)}{said}</li>'

    def show(self) -> None:
        """Display the answer: in a notebook as HTML with a text version, else printed."""
        if notebook_shell() is not None:
            from IPython.display import display  # noqa: PLC0415  (available only in a notebook)

            display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)
        else:
            print(self)  # noqa: T201  (the answer itself)


def _state(check: CheckResult) -> str:
    """Return the state of a check: its outcome, or that it passed with a remark."""
    return REMARK if check.outcome is Outcome.PASSED and check.message else check.outcome


def _waits(check: CheckResult) -> bool:
    """Whether a check only waits for another one to pass."""
    return bool(check.follows) and not check.faults


def _mistakes(check: CheckResult) -> list[Fault]:
    """Return the coded faults of a failed check; empty if it did not fail."""
    return [one for one in check.findings if one.code and check.outcome in WRONG]

"""What `check` answers, as text and as HTML."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netgrader.phrases import say
from netgrader.results import Outcome

if TYPE_CHECKING:
    from netgrader.results import CheckResult

__all__ = ["Answer"]

MARKS = {Outcome.PASSED: "✓", Outcome.PARTIAL: "◐", Outcome.FAILED: "✗", Outcome.UNGRADABLE: "?"}
WORDS = {
    Outcome.PASSED: "passed",
    Outcome.PARTIAL: "partly passed",
    Outcome.FAILED: "not yet",
    Outcome.UNGRADABLE: "could not be checked",
}
COLOURS = {
    Outcome.PASSED: "#1a7f37",
    Outcome.PARTIAL: "#9a6700",
    Outcome.FAILED: "#cf222e",
    Outcome.UNGRADABLE: "#6e7781",
}
NOT_DONE = "{name}: not done yet. Fill in the cell above, run it, then run this one again."
WAITS = "{name}: this needs {others}, not done yet. Fill that in, run it, then run this cell again."
ALL_PASSED = "{name}: all {count} checks passed. Grading runs these and others like them."
SOME_PASSED = "{name}: {passed} of {count} checks passed."


@dataclass(frozen=True)
class Answer:
    """The verdicts of a cell's public checks.

    Attributes
    ----------
    name
        The solution cell.
    checks
        Its verdicts.
    waits_for
        What has not been filled in, the cell itself or something that it needs; there are no verdicts then.
    note
        What else is to be said, below the verdicts.
    """

    name: str
    checks: tuple[CheckResult, ...] = ()
    waits_for: tuple[str, ...] = ()
    note: str | None = None

    @property
    def headline(self) -> str:
        """The first line."""
        if self.waits_for == (self.name,):
            return say(NOT_DONE, name=self.name)
        if self.waits_for:
            return say(WAITS, name=self.name, others=", ".join(self.waits_for))
        passed = sum(check.outcome is Outcome.PASSED for check in self.checks)
        words = ALL_PASSED if passed == len(self.checks) else SOME_PASSED
        return say(words, name=self.name, passed=passed, count=len(self.checks))

    def __str__(self) -> str:
        lines = [self.headline]
        for check in self.checks:
            lines.append(f"  {MARKS[check.outcome]} {check.sentence}")
            lines += [f"      {text}" for text in (check.message, check.hint) if text]
        if self.note:
            lines.append(f"  {say(self.note)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = "".join(_item(check) for check in self.checks)
        listed = f'<ul style="list-style:none;margin:.3em 0;padding:0">{items}</ul>' if items else ""
        note = f"<div>{html.escape(say(self.note))}</div>" if self.note else ""
        return f'<div role="status"><strong>{html.escape(self.headline)}</strong>{listed}{note}</div>'

    def show(self) -> None:
        """Display it: as HTML in a notebook, with the text for frontends that have none, else print it."""
        shell = sys.modules.get("IPython")
        if shell is not None and shell.get_ipython() is not None:
            from IPython.display import display  # noqa: PLC0415  (there only in a notebook)

            display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)
        else:
            print(self)  # noqa: T201  (the answer itself)


def _item(check: CheckResult) -> str:
    mark = (
        f'<span style="color:{COLOURS[check.outcome]};font-weight:bold">'
        f'<span aria-hidden="true">{MARKS[check.outcome]}</span> {html.escape(say(WORDS[check.outcome]))}</span>'
    )
    said = "".join(
        f'<div style="margin-left:1.5em">{html.escape(text)}</div>' for text in (check.message, check.hint) if text
    )
    return f'<li style="margin:.25em 0">{mark} · {html.escape(check.sentence)}{said}</li>'

"""One fault: its code, where it is, what was found and what was expected.

A code is public and never renamed: feedback, JSON and reports use it, and others build on it. What it means says its page:
`graphread.fault_kinds`.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (fields are decoded by what they say)
from dataclasses import dataclass, field

from graphread.fault_kinds import CODE, KINDS, FaultKind, Severity
from graphread.text import Said, Text, joined, tidy

__all__ = ["Fault", "fault", "is_remark", "kind_of"]

TOLD = {
    (True, True): Text("Found {found}; expected {expected}."),
    (True, False): Text("Found {found}."),
    (False, True): Text("Expected {expected}."),
}
"""The sentence of a fault, by whether something was found and something expected."""
PLACE = Text("Where: {place}.")
LINES = Text("See {lines}.")


@dataclass(frozen=True)
class Fault:
    """A fault found in one submission or network.

    `place` is where (an op, a layer, a variable, a row), empty if the whole thing is meant; `found` and `expected` are
    short phrases for the message ("learning rate 0.01", "0.003"). `at` says where in the student's words, if `place` is
    the name of an op, and `lines` which lines of the student's code made that. `severity` is that of this very one, where it
    is not the code's.
    """

    code: str
    sentence: Said
    place: Said = ""
    found: Said = ""
    expected: Said = ""
    at: Said = field(default="", compare=False)
    named: bool = field(default=False, compare=False)
    """Whether `at` names the place itself."""
    lines: Said = field(default="", compare=False)
    severity: Severity | None = field(default=None, compare=False)
    causes: tuple[str, ...] = field(default=(), compare=False)
    """What may have brought it, charged in an earlier cell: that check cell, a code, or how grave a fault of it is."""
    advice: Said = field(default="", compare=False)
    """What to do, in a sentence; empty where nothing is known."""

    @property
    def op(self) -> str:
        """The op, part or layer that it was found at, if its place is one."""
        return self.place if isinstance(self.place, str) else ""

    @property
    def where(self) -> Said:
        """Where it is, to be read: in words, the op behind them where they do not name it."""
        if not self.at or not self.place:
            return self.at or self.place
        return self.at if self.named else Text("{at} (op {place})", at=self.at, place=self.place)

    @property
    def said(self) -> Text:
        """What was found, what was expected, and where, in a sentence or two."""
        told = TOLD.get((bool(self.found), bool(self.expected)))
        about = told.format(found=self.found, expected=self.expected) if told else ""
        place = PLACE.format(place=tidy(self.where)) if self.where else ""
        lines = LINES.format(lines=self.lines) if self.lines else ""
        return joined(filter(None, [tidy(self.sentence), about, place, lines, self.advice]))


def fault(
    what: Said,
    place: object = "",
    found: object = "",
    expected: object = "",
    severity: Severity | None = None,
    *,
    causes: tuple[str, ...] = (),
    advice: Said = "",
    kinds: Mapping[str, FaultKind] = KINDS,
) -> Fault:
    """Describe something wrong.

    Parameters
    ----------
    what
        A code of the catalogue, or a sentence of one's own where no code fits.
    place
        Where: an op, a layer, a row, a line of code.
    found, expected
        What was there and what should have been, as short phrases.
    severity
        How grave this very one is, where that is not what the catalogue says of its code.
    causes
        What may have brought it, charged in an earlier cell: see `Fault.causes`.
    kinds
        The catalogue that knows the code.

    """
    code = "" if isinstance(what, Text) or not CODE.fullmatch(what) else what
    sentence = Text(kind_of(code, kinds).sentence) if code else what
    about = tidy(place), tidy(found), tidy(expected)
    return Fault(code, sentence, *about, severity=severity, causes=causes, advice=advice)


def kind_of(code: str, kinds: Mapping[str, FaultKind] = KINDS) -> FaultKind:
    """Return what a code means; of one that no catalogue has, as in a result that is kept, the code alone."""
    return kinds.get(code, FaultKind(code, code, "", "", Severity.MEASURED))


def is_remark(found: Fault, kinds: Mapping[str, FaultKind] = KINDS) -> bool:
    """Whether a fault costs no points."""
    return (found.severity or kind_of(found.code, kinds).severity) is Severity.REMARK

"""A fault: its code, its place, what was found and what was expected.

A code is public and never renamed: feedback, JSON and reports use it, and other programs rely on it. Its page explains it:
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
"""The sentence of a fault, by whether `found` and `expected` are given."""
PLACE = Text("Where: {place}.")
LINES = Text("See {lines}.")


@dataclass(frozen=True)
class Fault:
    """A fault found in one submission or network.

    `place` is an op, a layer, a variable or a row, and empty for the network as a whole; `found` and `expected` are short
    phrases for the message ("learning rate 0.01", "0.003"). If `place` is the name of an op, `at` gives the location in the
    student's terms, and `lines` the lines of the student's code that created it. `severity` overrides the severity of the
    code for this fault.
    """

    code: str
    sentence: Said
    place: Said = ""
    found: Said = ""
    expected: Said = ""
    at: Said = field(default="", compare=False)
    named: bool = field(default=False, compare=False)
    """Whether `at` already contains the name of the place."""
    lines: Said = field(default="", compare=False)
    severity: Severity | None = field(default=None, compare=False)
    causes: tuple[str, ...] = field(default=(), compare=False)
    """Possible causes charged in an earlier cell: that check cell, a fault code, or a severity."""
    advice: Said = field(default="", compare=False)
    """What to do, in one sentence; empty if unknown."""

    @property
    def op(self) -> str:
        """Return the op, part or layer of the fault; empty if its place is not one."""
        return self.place if isinstance(self.place, str) else ""

    @property
    def where(self) -> Said:
        """Return the location for readers: in words, followed by the op unless the words name it."""
        if not self.at or not self.place:
            return self.at or self.place
        return self.at if self.named else Text("{at} (op {place})", at=self.at, place=self.place)

    @property
    def said(self) -> Text:
        """Return sentences on what was found, what was expected, and where."""
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
    """Return a fault.

    Parameters
    ----------
    what
        A code of the catalogue, or a custom sentence if no code fits.
    place
        An op, a layer, a row or a line of code.
    found, expected
        Short phrases for the actual and the expected value.
    severity
        Severity of this fault, if it differs from the catalogue's.
    causes
        Possible causes charged in an earlier cell: see `Fault.causes`.
    advice
        See `Fault.advice`.
    kinds
        The catalogue of codes.
    """
    code = "" if isinstance(what, Text) or not CODE.fullmatch(what) else what
    sentence = Text(kind_of(code, kinds).sentence) if code else what
    about = tidy(place), tidy(found), tidy(expected)
    return Fault(code, sentence, *about, severity=severity, causes=causes, advice=advice)


def kind_of(code: str, kinds: Mapping[str, FaultKind] = KINDS) -> FaultKind:
    """Return the meaning of a code; an unknown one, as in an old stored result, means only itself."""
    return kinds.get(code, FaultKind(code, code, "", "", Severity.MEASURED))


def is_remark(found: Fault, kinds: Mapping[str, FaultKind] = KINDS) -> bool:
    """Whether a fault costs no points."""
    return (found.severity or kind_of(found.code, kinds).severity) is Severity.REMARK

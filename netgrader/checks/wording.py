"""The words around what a check found: one place to change them; `netgrader.phrases` translates them.

The sentences themselves are the docstrings of the tests and those of the catalogue, `netgrader.faults`.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from netgrader.faults import CATALOGUE, Fault
from netgrader.phrases import Verbatim, say

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PLACE", "hint", "message", "percent", "plain"]

FOUND_AND_EXPECTED = "Found {found}; expected {expected}."
FOUND = "Found {found}."
EXPECTED = "Expected {expected}."
PLACE = "Where: {place}."
LINES = "See {lines}."
READ = "Read: {where}."

FOLLOWS_FROM = "This follows from another fault: “{sentence}” It can be judged in full once that is mended."
FORGIVEN = "This follows from another fault: “{sentence}” It is charged there, and costs nothing here."
NO_EVIDENCE = "There is nothing to look at: the check cell was not reached."
NOT_HANDED_OVER = "There is nothing to look at: “{name}” was not handed over."
TOO_LATE = "There is nothing to look at: “{name}” is not finished, since {why}. Make the training shorter."
NO_ROOM = "What was made is larger than a run may write to disk."
SMALLER = "smaller layers: at a check the weights of a network are written down"
BROKEN_TEST = "This check broke on what it found. That is not your fault; your instructor sees it."
TOO_LONG = "This check took longer than {seconds:g} seconds and was stopped."
NOT_REACHED = "This check was not reached: the grader stopped before it."
CONTRADICTED = "Not so."

LIMIT = 400
TOTAL = 1500


def percent(share: float, digits: int | None = 1) -> str:
    """Return a share of one as every sentence writes it: 92.6 %; with as many digits as it takes if `digits` is None."""
    return f"{100 * share:.6g} %" if digits is None else f"{100 * share:.{digits}f} %"


def plain(text: object, limit: int = LIMIT) -> str:
    """Return text that a student may have chosen, in one line without control characters and at most `limit` long."""
    line = " ".join(str(text)[: 20 * limit].split())
    line = "".join(character for character in line if unicodedata.category(character)[0] != "C")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def message(faults: Iterable[Fault]) -> str:
    """Return what was found, what was expected, and where, in a sentence or two for each fault."""
    return plain(" ".join(_one(fault) for fault in faults), TOTAL)


def _one(fault: Fault) -> str:
    found, expected, place = (say(plain(text)) for text in (fault.found, fault.expected, fault.where))
    said = [say(plain(fault.sentence))]
    if found and expected:
        said.append(say(FOUND_AND_EXPECTED, found=found, expected=expected))
    elif found:
        said.append(say(FOUND, found=found))
    elif expected:
        said.append(say(EXPECTED, expected=expected))
    if place:
        said.append(say(PLACE, place=place))
    if fault.lines:
        said.append(say(LINES, lines=Verbatim(fault.lines)))
    if fault.advice:
        said.append(plain(fault.advice))
    return " ".join(said)


def hint(codes: Iterable[str]) -> str | None:
    """Return why it matters and where the course explains it; None where the catalogue says nothing."""
    said: list[str] = []
    for code in dict.fromkeys(codes):
        kind = CATALOGUE.get(code)
        if kind is not None:
            said.append(f"{kind.why} {say(READ, where=kind.where)}" if kind.where else kind.why)
    return " ".join(said) or None

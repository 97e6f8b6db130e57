"""Makes a `Fault` with the catalogue's sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import CATALOGUE, Fault

if TYPE_CHECKING:
    from netgrader.faults import Severity

__all__ = ["fault"]


def fault(code: str, place: str = "", found: str = "", expected: str = "", severity: Severity | None = None) -> Fault:
    """A fault with the sentence that the catalogue has for its code."""
    kind = CATALOGUE.get(code)
    sentence = kind.sentence if kind else code.replace("-", " ").capitalize() + "."
    return Fault(code, sentence, place, found, expected, severity=severity)

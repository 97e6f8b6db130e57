"""Makes a `Fault` with the catalogue's sentence."""

from __future__ import annotations

from netgrader.faults import CATALOGUE, Fault

__all__ = ["fault"]


def fault(code: str, place: str = "", found: str = "", expected: str = "") -> Fault:
    """A fault with the sentence that the catalogue has for its code."""
    kind = CATALOGUE.get(code)
    sentence = kind.sentence if kind else code.replace("-", " ").capitalize() + "."
    return Fault(code, sentence, place, found, expected)

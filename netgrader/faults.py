"""The catalogue of faults: what each code means, in a student's words.

A code is public and never renamed: feedback, JSON and reports use it, and others build on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CATALOGUE", "Fault", "FaultKind"]


@dataclass(frozen=True)
class FaultKind:
    """What a fault code means.

    Attributes
    ----------
    code
        Kebab-case, fixed for ever.
    sentence
        What is wrong, in one sentence that a student understands.
    why
        Why it matters, in a sentence or two.
    where
        Where the course explains it: the heading of the notebook's section.
    remark
        True if it costs no points.
    """

    code: str
    sentence: str
    why: str
    where: str
    remark: bool = False


@dataclass(frozen=True)
class Fault:
    """A fault found in one submission or network.

    `place` is where (an op, a layer, a variable, a row), empty if the whole thing is meant; `found` and `expected` are
    short phrases for the message ("learning rate 0.01", "0.003").
    """

    code: str
    sentence: str
    place: str = ""
    found: str = ""
    expected: str = ""


CATALOGUE: Mapping[str, FaultKind] = {}

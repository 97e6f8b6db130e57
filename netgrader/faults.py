"""The catalogue of faults: what each code means, in a student's words.

A code is public and never renamed: feedback, JSON and reports use it, and others build on it. The catalogue itself is
``faults.toml`` beside this file, the one place to change or translate what students read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import resources
from types import MappingProxyType
from typing import Any

__all__ = ["ALL", "CATALOGUE", "FOR_A_PERSON", "OF_ANY_DATA", "Fault", "FaultKind", "Severity", "fault", "speaking_of"]

ALL = "*"
"""In `FaultKind.brings`: whatever else is found."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
OF_ANY_DATA: Mapping[str, str] = MappingProxyType(
    {"one": "class", "One": "Class", "many": "classes", "pixels": "p", "classes": "c", "count": "many"}
)
"""What stands in the places of a text where nobody said of which data it speaks."""
_SPOKEN_OF: ContextVar[Mapping[str, str]] = ContextVar("spoken_of", default=OF_ANY_DATA)


class Severity(StrEnum):
    """How grave a fault is, the gravest first; what each costs says `netgrader.checks.cell_points`.

    `MEASURED`: the check that finds it says by a figure how much is earned all the same.
    """

    FATAL = "fatal"
    SERIOUS = "serious"
    SLIGHT = "slight"
    MEASURED = "measured"
    REMARK = "remark"


@dataclass(frozen=True)
class FaultKind:
    """What a fault code means."""

    code: str
    """Kebab-case, fixed for ever."""
    sentence: str
    """What is wrong, in one sentence that a student understands."""
    why: str
    """Why it matters, in a sentence or two."""
    where: str
    """Where the course explains it: the heading of the notebook's section; empty where there is nothing to explain."""
    severity: Severity
    """How grave it is, unless the course says otherwise."""
    also: tuple[str, ...] = ()
    """Sections of other notebooks that explain it too."""
    brings: frozenset[str] = frozenset()
    """Codes that are found because of it, and are not named beside it; `ALL` for all, where nothing was earned."""
    elsewhere: frozenset[str] = frozenset()
    """Codes that show it in the cells that build on its own, where it is not charged again."""
    after_fatal: bool = False
    """Whether whatever is fatal brings it."""
    drawn: str = ""
    """The box of a network's drawing that it is about: ``loss``, ``optimizer``, ``last layer`` or ``outputs``; empty
    where its place alone says where it is marked."""

    @property
    def remark(self) -> bool:
        """Whether it costs no points."""
        return self.severity is Severity.REMARK

    @property
    def places(self) -> tuple[str, ...]:
        """Return all sections that explain it, the first notebook's first."""
        return (self.where, *self.also) if self.where else ()


@dataclass(frozen=True)
class Fault:
    """A fault found in one submission or network.

    `place` is where (an op, a layer, a variable, a row), empty if the whole thing is meant; `found` and `expected` are
    short phrases for the message ("learning rate 0.01", "0.003"). `at` says where in the student's words, if `place` is
    the name of an op. `severity` is that of this very one, where it is not the code's.
    """

    code: str
    sentence: str
    place: str = ""
    found: str = ""
    expected: str = ""
    at: str = field(default="", compare=False)
    severity: Severity | None = field(default=None, compare=False)

    @property
    def where(self) -> str:
        """Where it is, to be read: in words, the op behind them."""
        if not self.at:
            return self.place
        return self.at if self.at.endswith(f".{self.place}") else f"{self.at} (op {self.place})"

    @property
    def remark(self) -> bool:
        """Whether it costs no points."""
        kind = CATALOGUE.get(self.code)
        severity = self.severity or (kind.severity if kind else None)
        return severity is Severity.REMARK


def fault(
    what: str, place: object = "", found: object = "", expected: object = "", severity: Severity | None = None
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

    Raises
    ------
    ValueError
        If `what` is a code that the catalogue does not have.
    """
    kind = CATALOGUE.get(what)
    if kind is None and CODE.fullmatch(what):
        raise ValueError(f"No such fault in the catalogue: {what}.")
    code, sentence = ("", what) if kind is None else (kind.code, kind.sentence)
    return Fault(code, sentence, str(place), str(found), str(expected), severity=severity)


@contextmanager
def speaking_of(words: Mapping[str, str]) -> Iterator[None]:
    """Have texts of the catalogue speak of a course's data, by its `netgrader.data.DataSpec.words`, while the body lasts."""
    token = _SPOKEN_OF.set(words)
    try:
        yield
    finally:
        _SPOKEN_OF.reset(token)


class _Catalogue(Mapping[str, FaultKind]):
    """The kinds of faults by code, with texts that speak of the data that is spoken of."""

    def __init__(self, kinds: Mapping[str, FaultKind]) -> None:
        self._kinds = kinds
        self._with_places = {code for code, kind in kinds.items() if "{" in kind.sentence + kind.why}

    def __getitem__(self, code: str) -> FaultKind:
        kind, words = self._kinds[code], _SPOKEN_OF.get()
        if code not in self._with_places:
            return kind
        return replace(kind, sentence=kind.sentence.format(**words), why=kind.why.format(**words))

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


def _catalogue() -> Mapping[str, FaultKind]:
    text = resources.files("netgrader").joinpath("faults.toml").read_text(encoding="utf-8")
    return _Catalogue({code: _kind(code, entry) for code, entry in tomllib.loads(text).items()})


def _kind(code: str, entry: dict[str, Any]) -> FaultKind:
    made = {
        **entry,
        "severity": Severity(entry["severity"]),
        "also": tuple(entry.get("also", ())),
        "brings": frozenset(entry.get("brings", ())),
        "elsewhere": frozenset(entry.get("elsewhere", ())),
    }
    return FaultKind(code, **made)


CATALOGUE: Mapping[str, FaultKind] = _catalogue()

FOR_A_PERSON = frozenset({"answers-looked-up", "weights-not-trained-here", "prediction-uses-labels", "trained-on-test"})
"""Codes that say where knowledge came from: an instructor looks at those before anybody is told anything."""

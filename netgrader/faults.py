"""The catalogue of faults: what each code means, in a student's words.

A code is public and never renamed: feedback, JSON and reports use it, and others build on it. `netgrader.fault_kinds` reads
its page in ``fault_pages/``, the one place to change what students read in English; `netgrader.languages` has it in others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache

from netgrader.fault_kinds import ALL, CODE, KINDS, OF_ANY_DATA, FaultKind, Severity, course_kinds
from netgrader.languages import ENGLISH, both, fits, read
from netgrader.phrases import Speech, speaking, translated

__all__ = [
    "ALL",
    "CATALOGUE",
    "FOR_A_PERSON",
    "OF_ANY_DATA",
    "OF_NO_COURSE",
    "CourseTexts",
    "Fault",
    "FaultKind",
    "Severity",
    "course_kinds",
    "fault",
    "kind_of",
    "speaking_of",
]


@dataclass(frozen=True)
class CourseTexts:
    """What a course makes of the catalogue."""

    words: Mapping[str, str] = field(default_factory=lambda: OF_ANY_DATA)
    """What stands in the places of its texts: `netgrader.data.DataSpec.words`."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """What its inputs and targets are called, where they are no images with labels: `netgrader.data.DataSpec.instead`."""
    kinds: Mapping[str, FaultKind] = field(default_factory=dict)
    """Kinds of faults that the course adds, or says otherwise: `course_kinds`."""
    regression: bool = False
    """Whether its data are numbers to come close to, not classes."""
    language: str = ENGLISH
    """What its students are spoken to in."""
    phrases: Mapping[str, str] = field(default_factory=dict)
    """Its own texts in that language, by their English: what its tests say, its faults, what its inputs show."""

    @property
    def speech(self) -> Speech:
        """How everything is said in it."""
        # What a course has translated it wrote in English, and its notebooks with it.
        own = ENGLISH if self.phrases else self.language
        return Speech(self.instead, self.language, {**_said_in(self.language), **self.phrases}, own)


OF_NO_COURSE = CourseTexts()
_IN_FORCE: ContextVar[CourseTexts] = ContextVar("in_force", default=OF_NO_COURSE)


@dataclass(frozen=True)
class Fault:
    """A fault found in one submission or network.

    `place` is where (an op, a layer, a variable, a row), empty if the whole thing is meant; `found` and `expected` are
    short phrases for the message ("learning rate 0.01", "0.003"). `at` says where in the student's words, if `place` is
    the name of an op, and `lines` which lines of the student's code made that. `severity` is that of this very one, where it
    is not the code's.
    """

    code: str
    sentence: str
    place: str = ""
    found: str = ""
    expected: str = ""
    at: str = field(default="", compare=False)
    lines: str = field(default="", compare=False)
    severity: Severity | None = field(default=None, compare=False)
    causes: tuple[str, ...] = field(default=(), compare=False)
    """What may have brought it, charged in an earlier cell: that check cell, a code, or how grave a fault of it is."""
    advice: str = field(default="", compare=False)
    """What to do, in a sentence; empty where nothing is known."""

    @property
    def where(self) -> str:
        """Where it is, to be read: in words, the op behind them."""
        if not self.at:
            return self.place
        named = not self.place or self.at.endswith((f".{self.place}", f"layer {self.place}"))
        return self.at if named else f"{self.at} (op {self.place})"

    @property
    def remark(self) -> bool:
        """Whether it costs no points."""
        kind = CATALOGUE.get(self.code)
        severity = self.severity or (kind.severity if kind else None)
        return severity is Severity.REMARK


def fault(
    what: str,
    place: object = "",
    found: object = "",
    expected: object = "",
    severity: Severity | None = None,
    *,
    causes: tuple[str, ...] = (),
    advice: str = "",
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
    advice
        What to do, in a sentence.

    Raises
    ------
    ValueError
        If `what` is a code that the catalogue does not have.
    """
    kind = CATALOGUE.get(what)
    if kind is None and CODE.fullmatch(what):
        raise ValueError(f"No such fault in the catalogue: {what}.")
    code, sentence = ("", what) if kind is None else (kind.code, kind.sentence)
    return Fault(code, sentence, str(place), str(found), str(expected), severity=severity, causes=causes, advice=advice)


@contextmanager
def speaking_of(texts: CourseTexts) -> Iterator[None]:
    """Have the catalogue be that of a course while the body lasts."""
    token = _IN_FORCE.set(texts)
    try:
        with speaking(texts.speech):
            yield
    finally:
        _IN_FORCE.reset(token)


@contextmanager
def speaking_of_numbers() -> Iterator[None]:
    """Have the catalogue's texts speak of a regression while the body lasts."""
    with speaking_of(replace(_IN_FORCE.get(), regression=True)):
        yield


class _Catalogue(Mapping[str, FaultKind]):
    """The kinds of faults by code: ours, and those of the course that is spoken of, with texts that speak of its data."""

    def __init__(self, kinds: Mapping[str, FaultKind]) -> None:
        self._kinds = kinds

    def __getitem__(self, code: str) -> FaultKind:
        texts = _IN_FORCE.get()
        kind = texts.kinds[code] if code in texts.kinds else self._kinds[code]
        for speaks, said in ((texts.regression, kind.regression), ("image" in texts.instead, kind.rows)):
            if speaks and said:
                kind = replace(kind, sentence=said.get("sentence", kind.sentence), why=said.get("why", kind.why))
        told = kind.sentence, kind.why, kind.hint
        if not texts.instead and texts.language == ENGLISH and "{" not in "".join(told):
            return kind
        words = {name: translated(word) for name, word in texts.words.items()}
        sentence, why, hint = (translated(text).format(**words) for text in told)
        return replace(kind, sentence=sentence, why=why, hint=hint)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._kinds, *_IN_FORCE.get().kinds]))

    def __len__(self) -> int:
        return len(self._kinds.keys() | _IN_FORCE.get().kinds.keys())


CATALOGUE: Mapping[str, FaultKind] = _Catalogue(KINDS)


def kind_of(code: str) -> FaultKind:
    """Return what a code means; of one that no catalogue has, as in a result that is kept, the code alone."""
    return CATALOGUE[code] if code in CATALOGUE else FaultKind(code, code, "", "", Severity.MEASURED)


@lru_cache(maxsize=8)
def _said_in(language: str) -> Mapping[str, str]:
    """Return all that we have in a language, by its English text: phrases, and the catalogue."""
    if language == ENGLISH:
        return {}
    phrases = read(language, "phrases")
    return {
        **{text: said for text, said in phrases.items() if fits(text, said)},
        **dict(both({code: asdict(kind) for code, kind in KINDS.items()}, read(language, "faults"))),
    }


FOR_A_PERSON = frozenset({"answers-looked-up", "weights-not-trained-here", "prediction-uses-labels", "trained-on-test"})
"""Codes that say where knowledge came from: an instructor looks at those before anybody is told anything."""

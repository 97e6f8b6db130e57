"""What is said of a submission, in the course's language: `say` looks a text up as gettext does, and then puts values in.

A course says its language once, and `netgrader.faults.speaking_of` has everything speak it; what has no translation is
English. Texts speak of images and pixels. In a course of other data they say what is there instead: rows and features.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netgrader.languages import ENGLISH, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NUMBERS",
    "Speech",
    "Verbatim",
    "in_own_words",
    "in_words",
    "language",
    "say",
    "speaking",
    "speech",
    "translated",
]

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

# Not in a name, in code or in what is quoted.
_OURS = re.compile(r"(?<![{\w`'\"./:])(an image|images?|pixels?|labels?)(?![}\w:/`\"(=])", re.IGNORECASE)
# A place for a number with commas between thousands, which are a decimal sign elsewhere.
_THOUSANDS = re.compile(r"(\{\w+:),")


class Verbatim(str):
    """A name in a student's code, which is put into texts as it is."""

    __slots__ = ()


@dataclass(frozen=True)
class Speech:
    """How texts are said."""

    instead: Mapping[str, str] = field(default_factory=dict)
    """What an English text says for image, pixel and label: `netgrader.data.DataSpec.instead`."""
    language: str = ENGLISH
    said: Mapping[str, str] = field(default_factory=dict)
    """Translations by their English text."""
    notebooks: str = ENGLISH
    """The language that the course's own notebooks are in, as far as that is known."""


_AS_IT_STANDS = Speech()
_SPEECH: ContextVar[Speech] = ContextVar("speech", default=_AS_IT_STANDS)


@contextmanager
def speaking(speech: Speech) -> Iterator[None]:
    """Have texts be said so while the body lasts."""
    token = _SPEECH.set(speech)
    try:
        yield
    finally:
        _SPEECH.reset(token)


def speech() -> Speech:
    """Return how texts are said now."""
    return _SPEECH.get()


def language() -> str:
    """Return the language that is spoken, such as ``de``."""
    return _SPEECH.get().language


def translated(text: str) -> str:
    """Return a text in the language that is spoken, with its places as they are; in English if there is no translation."""
    speech = _SPEECH.get()
    found = speech.said.get(text)
    return in_own_words(text) if found is None else in_own_words(found, speech.language)


def in_own_words(text: str, spoken: str = ENGLISH) -> str:
    """Return a text of ours, in the language `spoken`, with what the course's inputs are called for image, pixel or label."""
    instead = _SPEECH.get().instead
    if not instead:
        return text
    if spoken == ENGLISH:
        return _OURS.sub(lambda found: _in_place_of(found[0], instead), text)
    tables = read(spoken, "data")
    forms = {old: new for word in instead.values() for old, new in tables.get(word, {}).items()}
    if not forms:
        return text
    words = "|".join(sorted(forms, key=len, reverse=True))  # at the end of a compound, too
    return re.sub(rf"(?i)(?<![{{`'\"./:])({words})(?![}}\w:/`\"(=])", lambda found: _in_place_of(found[0], forms), text)


def _in_place_of(word: str, instead: Mapping[str, str]) -> str:
    other = instead.get(word.lower(), word)
    return other[:1].upper() + other[1:] if word[:1].isupper() else other


def say(text: str, /, *values: object, **named: object) -> str:
    """Return `text` in the course's language, with `values` put in for ``{1}``, ``{2}``, … and `named` for ``{name}``.

    Values that have a translation themselves are translated, too, unless they are `Verbatim`.
    """
    said = translated(text)
    if not values and not named:
        return said
    if language() != ENGLISH:
        said = _THOUSANDS.sub(r"\1", said)
    values = ("", *(_known(value) for value in values))
    return said.format(*values, **{name: _known(value) for name, value in named.items()})


def in_words(number: int) -> str:
    """Return a number as a sentence writes it: up to twelve in words."""
    return say(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


def _known(value: object) -> object:
    return _SPEECH.get().said.get(value, value) if type(value) is str else value

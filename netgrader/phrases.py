"""What is said of a submission, in the course's language: `say` looks a text up as gettext does, and then puts values in.

Translations stand in ``phrases.toml`` beside this file, by their English text. ``make phrases`` writes that file; without
it, and for what it leaves empty, it is English.

English texts speak of images and pixels. In a course of other data, while `speaking_with` lasts, they say what is there
instead: rows and features.
"""

from __future__ import annotations

import re
import tomllib
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["FILE", "PHRASES", "in_own_words", "in_words", "say", "speaking_with"]

FILE = Path(__file__).with_suffix(".toml")
PHRASES: dict[str, str] = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

# Not in a name, in code or in what is quoted.
_OURS = re.compile(r"(?<![{\w`'\"./:])(an image|images?|pixels?|labels?)(?![}\w:/`\"(=])", re.IGNORECASE)
_INSTEAD: ContextVar[Mapping[str, str] | None] = ContextVar("instead", default=None)


@contextmanager
def speaking_with(instead: Mapping[str, str]) -> Iterator[None]:
    """Have texts say other words while the body lasts: `netgrader.data.DataSpec.instead`."""
    token = _INSTEAD.set(instead)
    try:
        yield
    finally:
        _INSTEAD.reset(token)


def in_own_words(text: str) -> str:
    """Return a text of ours with what the course's inputs are called where it says image, pixel or label."""
    instead = _INSTEAD.get()
    return _OURS.sub(lambda found: _in_place_of(found[0], instead), text) if instead else text


def _in_place_of(word: str, instead: Mapping[str, str]) -> str:
    other = instead.get(word.lower(), word)
    return other[:1].upper() + other[1:] if word[:1].isupper() else other


def say(text: str, *values: object, **named: object) -> str:
    """Return `text` in the course's language, with `values` put in for ``{1}``, ``{2}``, … and `named` for ``{name}``.

    Values that are listed texts themselves are translated, too. A translation that does not fit its values is left out.
    """
    said = in_own_words(PHRASES.get(text) or text)
    if not values and not named:
        return said
    values = ("", *(_known(value) for value in values))
    named = {name: _known(value) for name, value in named.items()}
    try:
        return said.format(*values, **named)
    except (IndexError, KeyError, ValueError):
        return in_own_words(text).format(*values, **named)


def in_words(number: int) -> str:
    """Return a number as a sentence writes it: up to twelve in words."""
    return say(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


def _known(value: object) -> object:
    return PHRASES.get(value) or value if isinstance(value, str) else value

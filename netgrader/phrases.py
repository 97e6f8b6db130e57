"""What is said of a submission, in the course's language: `say` looks a text up as gettext does, and then puts values in.

Translations stand in ``phrases.toml`` beside this file, by their English text. ``make phrases`` writes that file; without
it, and for what it leaves empty, it is English.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

__all__ = ["FILE", "PHRASES", "in_words", "say"]

FILE = Path(__file__).with_suffix(".toml")
PHRASES: dict[str, str] = tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def say(text: str, *values: object, **named: object) -> str:
    """Return `text` in the course's language, with `values` put in for ``{1}``, ``{2}``, … and `named` for ``{name}``.

    Values that are listed texts themselves are translated, too. A translation that does not fit its values is left out.
    """
    said = PHRASES.get(text) or text
    if not values and not named:
        return said
    values = ("", *(_known(value) for value in values))
    named = {name: _known(value) for name, value in named.items()}
    try:
        return said.format(*values, **named)
    except (IndexError, KeyError, ValueError):
        return text.format(*values, **named)


def in_words(number: int) -> str:
    """Return a number as a sentence writes it: up to twelve in words."""
    return say(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


def _known(value: object) -> object:
    return PHRASES.get(value) or value if isinstance(value, str) else value

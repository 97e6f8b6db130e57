"""Every sentence and word that the pages say themselves, as names: `words.POINTS` is what ``words.toml`` has under it.

In a course of another language it is what that language's file has.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.languages import ENGLISH, fits, read
from netgrader.phrases import in_own_words, language

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FILE", "counted", "duration", "written"]

FILE = Path(__file__).with_suffix(".toml")
_WORDS: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def __getattr__(name: str) -> Any:
    spoken = language()
    try:
        said = _said_in(spoken)[name]
    except KeyError:
        raise AttributeError(f"{FILE.name} has no {name}") from None
    return in_own_words(said, spoken) if isinstance(said, str) else said


def counted(forms: Sequence[str], number: int, **more: object) -> str:
    """Return a sentence in the form that `number` asks for: the first for one, the second for any other."""
    return in_own_words(forms[number != 1], language()).format(number=written(f"{number:,}"), **more)


def written(number: str) -> str:
    """Return a number, written as in English, with the separators of the language that is spoken."""
    said = _said_in(language())
    return number.translate(str.maketrans(".,", said["DECIMAL"] + said["THOUSANDS"]))


def duration(seconds: float) -> str:
    """Return how long it is in its largest unit, rounded down: at least a minute."""
    for unit, length in (("DAYS", 86_400), ("HOURS", 3_600)):
        if seconds >= length:
            return counted(__getattr__(unit), int(seconds // length))
    return counted(__getattr__("MINUTES"), max(1, int(seconds // 60)))


@lru_cache(maxsize=8)
def _said_in(spoken: str) -> Mapping[str, Any]:
    """Return the words in a language, each in English where there is no translation that fits."""
    own = {} if spoken == ENGLISH else read(spoken, "words")
    return {name: _fitting(said, own.get(name)) for name, said in _WORDS.items()}


def _fitting(said: Any, own: Any) -> Any:
    if isinstance(said, dict):
        own = own if isinstance(own, dict) else {}
        return {name: _fitting(text, own.get(name)) for name, text in said.items()}
    if isinstance(said, list):
        fit = isinstance(own, list) and len(own) == len(said) and all(map(fits, said, own))
        return own if fit else said
    return own if fits(said, own) else said

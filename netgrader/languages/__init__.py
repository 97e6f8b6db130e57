"""The languages that netgrader speaks beside English: a folder for each, whose files have the form of the English ones.

``phrases.toml`` has translations by their English text, ``faults.toml`` by code, ``words.toml`` (of the pages) by name, and
``data.toml`` what stands for image, pixel and label where a course has other data. What is missing is said in English.
"""

from __future__ import annotations

import string
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ENGLISH", "LANGUAGES", "both", "fits", "read"]

FOLDER = Path(__file__).parent
ENGLISH = "en"
LANGUAGES = (ENGLISH, *sorted(folder.name for folder in FOLDER.iterdir() if (folder / "words.toml").is_file()))


@lru_cache(maxsize=32)
def read(language: str, name: str) -> Mapping[str, Any]:
    """Return a file of a language, such as ``phrases``; empty if it has none."""
    file = FOLDER / language / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


def fits(text: str, translated: object) -> bool:
    """Whether a translation has no other places for values than the text has, and formats them as that does."""
    return isinstance(translated, str) and bool(translated) and _places(translated) <= _places(text)


def both(english: Any, translated: Any) -> Iterator[tuple[str, str]]:
    """Yield each text of a file, or of a table in it, with its translation where that fits."""
    if isinstance(english, str) and isinstance(translated, str):
        if fits(english, translated):
            yield english, translated
    elif isinstance(english, dict) and isinstance(translated, dict):
        for name in english.keys() & translated.keys():
            yield from both(english[name], translated[name])


def _places(text: str) -> frozenset[tuple[str | None, ...]]:
    try:
        return frozenset(tuple(place[1:]) for place in string.Formatter().parse(text) if place[1] is not None)
    except ValueError:  # a brace is missing
        return frozenset({(text,)})

"""Texts that are put together while something is judged ("3 train steps on 60,000 images"), in the course's language.

Where they are made they are English, with what was found put in. Where they are shown, `say` looks them up as a whole, as
gettext looks up its messages: in ``phrases.toml`` beside this file, whose keys are the English texts with ``{1}``,
``{2}``, … for what is put in. ``make phrases`` writes that file; without it, and for what it leaves empty, it is English.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE", "Pattern", "Phrases", "read_phrases", "say"]

FILE = Path(__file__).with_suffix(".toml")
PLACE = re.compile(r"\{(\w+)[^{}]*\}")
WORDS = re.compile(r"[^\W\d_]+\W+[^\W\d_]")  # more than one
VAGUE = 12  # letters
DEEPEST = 3  # texts within texts; more would let one that repeats itself take long


@dataclass(frozen=True)
class Pattern:
    """A text with places: the `pieces` around them, and their `names`, of which there is one fewer."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    @property
    def vague(self) -> bool:
        """Whether so little stands around the places that other texts may have it too."""
        return sum(map(str.isalpha, "".join(self.pieces))) < VAGUE

    def match(self, text: str) -> dict[str, str] | None:
        """What is put into the places of `text`, or None if it is another one.

        Each piece is looked for once, from left to right: what students chose stands in the places, and must not be able
        to make this slow.
        """
        first, *between, last = self.pieces
        if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
            return None
        rest, put_in = text[len(first) : len(text) - len(last)], []
        for piece in between:
            part, found, rest = rest.partition(piece) if piece else (rest[:1], "", rest[1:])
            if found != piece:
                return None
            put_in.append(part)
        return dict(zip(self.names, [*put_in, rest], strict=True))


@dataclass(frozen=True)
class Phrases:
    """Translations: of texts that are always the same, by the text, and of those with places, those that say most first."""

    fixed: Mapping[str, str]
    patterns: tuple[Pattern, ...]

    def say(self, text: str) -> str:
        """`text` in the course's language, what is put into it too; as it is if it is not listed."""
        said = self._looked_up(text, DEEPEST)
        return text if said is None else said

    def _looked_up(self, text: str, depth: int) -> str | None:
        if text in self.fixed:
            return self.fixed[text]
        for pattern in self.patterns if depth else ():
            put_in = pattern.match(text)
            if put_in is None:
                continue
            said = {name: self._looked_up(part, depth - 1) for name, part in put_in.items()}
            if pattern.vague and any(said[name] is None and WORDS.search(part) for name, part in put_in.items()):
                continue  # "{1} of {2}" is not every text with an "of"
            values = {name: said[name] or part for name, part in put_in.items()}
            return PLACE.sub(lambda place, values=values: values[place[1]], pattern.translation)  # type: ignore[misc]
        return None


def read_phrases(translations: Mapping[str, str]) -> Phrases:
    """Translations by English text. One that is empty, or has braces that its text has not, leaves it in English."""
    there = {text: said if said and _fits(said, text) else text for text, said in translations.items()}
    fixed = {text: translation for text, translation in there.items() if not PLACE.search(text)}
    with_places = sorted(there.keys() - fixed.keys(), key=lambda text: (-len(PLACE.sub("", text)), text))
    patterns = []
    for text in with_places:
        parts = PLACE.split(text)
        patterns.append(Pattern(tuple(parts[::2]), tuple(parts[1::2]), there[text]))
    return Phrases(fixed, tuple(patterns))


def _fits(translation: str, text: str) -> bool:
    names = set(PLACE.findall(translation))
    return names <= set(PLACE.findall(text)) and not set("{}") & set(PLACE.sub("", translation))


PHRASES = read_phrases(tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {})
say = PHRASES.say

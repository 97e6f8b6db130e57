"""Sentences as data: a template and what is put into it, in no language. Who shows one renders it."""

from __future__ import annotations

import gettext
import numbers
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "LIMIT",
    "NUMBERS",
    "WORDS",
    "Plural",
    "Said",
    "SentenceError",
    "Text",
    "Value",
    "data_words",
    "filled",
    "joined",
    "plain",
    "shortened",
    "spelled",
    "tidy",
]

LIMIT = 400
"""Characters of a name, or of code, in a sentence."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Plural:
    """A sentence about a number, with a place for it: a form for one, and a form for other numbers."""

    one: str
    many: str

    def of(self, number: int, **values: object) -> Text:
        """Return the sentence for a number, with further values for its places."""
        return _made(Text(self.one, **{"number": f"{number:,}", **values}), (self.many, number))


@dataclass(frozen=True, init=False)
class Text:
    """A sentence, or part of one: an English template with named places (`str.format`), and values.

    The template is what catalogues translate. A value that is a `Text` is translated, too; names, code and numbers are put
    in as they are. Places that no value fills are words of the course's data, such as ``{image}``.
    """

    template: str
    args: tuple[tuple[str, Value], ...]
    plural: tuple[str, int] | None = None
    """For a `Plural`: the form for numbers other than one, and the number."""

    def __init__(self, template: str, /, **values: object) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "args", tuple((name, _plain(value)) for name, value in values.items()))
        object.__setattr__(self, "plural", None)

    def format(self, **values: object) -> Text:
        """Return this with values for its places, in addition to those that it has."""
        return _made(Text(self.template, **{**dict(self.args), **values}), self.plural)

    def __str__(self) -> str:
        """Return it in English, of images with labels."""
        return filled(self, WORDS, gettext.NullTranslations())

    def __bool__(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.template)


Value: TypeAlias = Text | str | int | float
"""A value for a place of a template."""
Said: TypeAlias = Text | str
"""What can be said: a `Text`, or a name, code or number that no language changes."""


class SentenceError(Exception):
    """Something that cannot go on; the message is a sentence and is shown without a traceback."""

    @property
    def said(self) -> Said:
        """The message, as data where it is that."""
        return self.args[0] if self.args and isinstance(self.args[0], Text) else str(self)


def _made(text: Text, plural: tuple[str, int] | None) -> Text:
    object.__setattr__(text, "plural", plural)
    return text


def _plain(value: object) -> Value:
    value = getattr(value, "said", value)  # an error, whose message is data as well
    if isinstance(value, Text | str | int | float):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if isinstance(value, numbers.Real) else str(value)


def plain(text: object, limit: int = LIMIT) -> str:
    """Return text from a student in one line, without control characters, at most `limit` long."""
    line = " ".join(str(text)[: 20 * limit].split())
    line = "".join(character for character in line if unicodedata.category(character)[0] != "C")
    return shortened(line, limit)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text: an ellipsis in place of the last where it is longer."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def tidy(said: object, limit: int = LIMIT) -> Said:
    """Return a sentence with `plain` names, code and values in it."""
    if not isinstance(said, Text):
        return plain(said, limit)
    values = {name: tidy(value, limit) if isinstance(value, Text | str) else value for name, value in said.args}
    return _made(Text(said.template, **values), said.plural)


def joined(parts: Iterable[Said], between: str = " ") -> Text:
    """Return texts one after the other."""
    named = {f"part{number}": part for number, part in enumerate(parts, 1)}
    return Text(between.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in named), **named)


def spelled(number: int) -> Said:
    """Return a number as a sentence writes it: up to twelve in words."""
    return Text(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


class Translation(Protocol):
    """Where templates are translated: what `gettext` has."""

    def gettext(self, template: str, /) -> str:
        """Return a template in another language."""

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        """Return the form of a template that a number asks for."""


def filled(said: Said, words: Mapping[str, Said], translation: Translation) -> str:
    """Return a text with all places filled: translated template, its values, words of the data."""
    if isinstance(said, str):
        return said
    values = {name: filled(one, words, translation) if isinstance(one, Text) else one for name, one in said.args}
    template = (
        translation.gettext(said.template) if said.plural is None else translation.ngettext(said.template, *said.plural)
    )
    return template.format_map({**words, **values})


def data_words(image: str = "image", article: str = "an", pixel: str = "pixel", label: str = "label") -> dict[str, str]:
    """Return the words for places such as ``{image}``, with other languages' cases, and capitalized."""
    forms = {
        "image": image,
        "an_image": f"{article} {image}",
        "image_genitive": image,
        "images": f"{image}s",
        "images_dative": f"{image}s",
        "pixel": pixel,
        "pixels": f"{pixel}s",
        "pixels_dative": f"{pixel}s",
        "label": label,
        "labels": f"{label}s",
    }
    return forms | {name.capitalize(): word.capitalize() for name, word in forms.items()}


WORDS: Mapping[str, Said] = data_words() | {
    "one": "class",
    "One": "Class",
    "many": "classes",
    "inputs": "p",
    "classes": "c",
    "count": "many",
    "floor": "a certain value",
}
"""Words for the places of a text that no value fills, for data of which nothing is known."""

"""Sentences as data: a template and its values, independent of language until rendered."""

from __future__ import annotations

import gettext
import math
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
    "without_controls",
]

LIMIT = 400
"""Maximum length, in characters, of a name or of code in a sentence."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Plural:
    """A sentence with a number: a singular and a plural form."""

    one: str
    many: str

    def of(self, number: int, **values: object) -> Text:
        """Return the sentence for a number, with values for its other placeholders."""
        return _made(Text(self.one, **{"number": f"{number:,}", **values}), (self.many, number))


@dataclass(frozen=True, init=False)
class Text:
    """A sentence, or part of one: an English template with named placeholders (`str.format`), and values.

    Translation catalogues contain the template. Values of type `Text` are translated, too; names, code and numbers are
    inserted unchanged. Placeholders without a value are words of the course's data, such as ``{image}``.
    """

    template: str
    args: tuple[tuple[str, Value], ...]
    plural: tuple[str, int] | None = None
    """For a `Plural`: the plural form and the number."""

    def __init__(self, template: str, /, **values: object) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "args", tuple((name, _plain(value)) for name, value in values.items()))
        object.__setattr__(self, "plural", None)

    def format(self, **values: object) -> Text:
        """Return a copy with additional values for its placeholders."""
        return _made(Text(self.template, **{**dict(self.args), **values}), self.plural)

    def __str__(self) -> str:
        """Return the sentence in English, with the words for images and labels."""
        return filled(self, WORDS, gettext.NullTranslations())

    def __bool__(self) -> bool:
        """Whether the sentence is not empty."""
        return bool(self.template)


Value: TypeAlias = Text | str | int | float
"""A value for a placeholder of a template."""
Said: TypeAlias = Text | str
"""Renderable text: a `Text`, or a name, code or number that is never translated."""


class SentenceError(Exception):
    """An error whose message is a sentence for readers, shown without a traceback."""

    @property
    def said(self) -> Said:
        """Return the message, as a `Text` if it was given as one."""
        return self.args[0] if self.args and isinstance(self.args[0], Text) else str(self)


def _made(text: Text, plural: tuple[str, int] | None) -> Text:
    object.__setattr__(text, "plural", plural)
    return text


def _plain(value: object) -> Value:
    value = getattr(value, "said", value)  # an error, whose message may be a `Text` as well
    if isinstance(value, Text | str | int):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    # JSON has no numbers for infinity.
    return float(value) if isinstance(value, numbers.Real) and math.isfinite(value) else str(value)


def plain(text: object, limit: int = LIMIT) -> str:
    """Return untrusted text in one line of at most `limit` characters, without control characters."""
    return shortened(without_controls(" ".join(str(text)[: 20 * limit].split())), limit)


def without_controls(text: str) -> str:
    """Return a text without control, format, surrogate, private and unassigned characters."""
    return "".join(character for character in text if unicodedata.category(character)[0] != "C")


def shortened(text: str, limit: int) -> str:
    """Return a text of at most `limit` characters; a longer one ends with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def tidy(said: object, limit: int = LIMIT) -> Said:
    """Return a sentence whose names, code and values are made `plain`."""
    if not isinstance(said, Text):
        return plain(said, limit)
    values = {name: tidy(value, limit) if isinstance(value, Text | str) else value for name, value in said.args}
    return _made(Text(said.template, **values), said.plural)


def joined(parts: Iterable[Said], between: str = " ") -> Text:
    """Return the texts, joined by `between`."""
    named = {f"part{number}": part for number, part in enumerate(parts, 1)}
    return Text(between.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in named), **named)


def spelled(number: int) -> Said:
    """Return a number as text, spelled out up to twelve."""
    return Text(NUMBERS[number]) if number < len(NUMBERS) else f"{number:,}"


class _Word(str):
    """A value in words, as it is in any format: ``inf`` has no digits."""

    __slots__ = ()

    def __format__(self, _digits: str) -> str:
        return str(self)


class Translation(Protocol):
    """The methods of a `gettext` catalogue that are used here."""

    def gettext(self, template: str, /) -> str:
        """Return the translation of a template."""

    def ngettext(self, one: str, many: str, number: int, /) -> str:
        """Return the translation of a template in the form for a number."""


def filled(said: Said, words: Mapping[str, Said], translation: Translation) -> str:
    """Return the rendered text: the translated template with its values and the words of the data."""
    if isinstance(said, str):
        return said
    values = {
        name: _Word(filled(one, words, translation)) if isinstance(one, Text | str) else one for name, one in said.args
    }
    template = (
        translation.gettext(said.template) if said.plural is None else translation.ngettext(said.template, *said.plural)
    )
    return template.format_map({**words, **values})


def data_words(image: str = "image", article: str = "an", pixel: str = "pixel", label: str = "label") -> dict[str, str]:
    """Return the words for placeholders such as ``{image}``, including cases and capitalized forms."""
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
"""Words for the placeholders that no value fills, for unknown data."""

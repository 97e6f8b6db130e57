"""TOML tables as msgspec Structs: bounds in words, and one sentence for an invalid value."""

from __future__ import annotations

import contextlib
import difflib
import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from graphread.text import shortened

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = [
    "SenselessTableError",
    "converted",
    "entries",
    "in_table",
    "number",
    "require",
    "several",
    "suggestion",
    "whole",
    "words_of",
]

LONGEST = 60  # maximum characters of a value in a message
PLAIN: Mapping[object, str] = {bool: "true or false", str: "a text in quotes"}
NO_FIELD = re.compile(r"Object (?P<wrong>missing required|contains unknown) field `(?P<name>.*)`")


class SenselessTableError(ValueError):
    """A table does not fit its Struct; the message names the key, what it must be, and what it is."""


def whole(low: int, high: int) -> Meta:
    """Return the bounds of a whole number, both included."""
    return Meta(ge=low, le=high, description=f"a whole number from {low:,} to {high:,}")


def number(low: float, high: float) -> Meta:
    """Return the bounds of a number, both included."""
    return Meta(ge=low, le=high, description=f"a number from {low:,} to {high:,}")


def several(most: int, words: str) -> Meta:
    """Return the bounds of a list of 1 to `most` entries."""
    return Meta(min_length=1, max_length=most, description=f"a list of up to {most} {words}")


def entries(kind: type[msgspec.Struct]) -> Meta:
    """Return the requirements of a list of such tables; the tests that read them check optional keys."""
    words = "; ".join(
        f"{field.name}, {words_of(field.type)}" for field in msgspec.structs.fields(kind) if field.required
    )
    return Meta(min_length=1, description=f"a list of tables with {words}")


def words_of(kind: Any) -> str:
    """Return the requirement for a value of this type, in words."""
    return next(filter(None, map(_words, _within(kind))), "a table")


def _words(kind: Any) -> str | None:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(sorted(get_args(kind)))}"
    return next((meta.description for meta in getattr(kind, "__metadata__", ())), PLAIN.get(kind))


def converted(table: object, kind: Any) -> Any:
    """Return a table as a Struct of this kind.

    Raises
    ------
    SenselessTableError
        If the table does not fit.
    """
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        raise SenselessTableError(_sentence(error, table, kind)) from None


def require(asked: msgspec.Struct, key: str, holds: object, must: str) -> None:
    """Raise a SenselessTableError with key, requirement and value, unless the condition `holds`."""
    if not holds:
        raise SenselessTableError(f"{key} must {must}, not {_shown(getattr(asked, key))}")


@contextlib.contextmanager
def in_table(name: str) -> Iterator[None]:
    """Prefix the table's name to a SenselessTableError of the body."""
    try:
        yield
    except SenselessTableError as error:
        raise SenselessTableError(f"[{name}] {error}") from None


def suggestion(name: str, names: Collection[str]) -> str:
    """Return the end of a sentence: the closest of `names` to `name`, or else all of them."""
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f"the nearest is {near[0]}" if near else f"there are {', '.join(sorted(names))}"


def _sentence(error: msgspec.ValidationError, table: Any, kind: Any) -> str:
    what, _, place = str(error).partition(" - at `$")
    path = re.findall(r"\w+", place.partition("[")[0])
    for key in path:
        table, kind = table[key], get_type_hints(_struct_in(kind), include_extras=True)[key]
    name = ".".join(path)
    no_field = NO_FIELD.fullmatch(what)
    if no_field is not None:
        return f"{name} {_no_field(no_field['wrong'], no_field['name'], _struct_in(kind))}".lstrip()
    if isinstance(error.__cause__, SenselessTableError):
        return str(error.__cause__)
    return f"{name} must be {words_of(kind)}, not {_shown(table)}".lstrip()


def _no_field(wrong: str, name: str, kind: type[msgspec.Struct]) -> str:
    if wrong == "missing required":
        return f"lacks {name}, which it must have"
    return f"has no parameter {name}; {suggestion(name, kind.__struct_fields__)}"


def _struct_in(kind: Any) -> Any:
    return next(one for one in _within(kind) if hasattr(one, "__struct_fields__"))


def _within(kind: Any) -> Iterator[Any]:
    """Yield a type and its type arguments, depth first."""
    yield kind
    for part in get_args(kind):
        yield from _within(part)


def _shown(value: object) -> str:
    built = msgspec.to_builtins(value)
    return shortened(repr([*built] if isinstance(built, tuple) else built), LONGEST)

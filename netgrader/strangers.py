"""JSON and names from untrusted sources, read within a depth, as printable text."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

__all__ = ["json_depth", "printable", "read_finite_json", "read_json"]

# What is quoted, to the end if it is not closed: each character is looked at once.
_QUOTED = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
# How half a character is spelled in JSON: legal there, and in no file or terminal.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


LONGEST_WHOLE = 18  # digits, or a sign and one less


# Commands to a terminal, halves of characters, what turns the text around it or breaks a line where nobody sees it.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
# Ends of lines are whoever prints it; the others join letters and signs in names.
_PRINTABLE = frozenset("\n\t\u200c\u200d")


def printable(text: str) -> str:
    """Text for a terminal: a sign replaces control and unassigned characters."""
    if text.isprintable():
        return text
    return "".join(
        "�" if unicodedata.category(sign) in _UNPRINTABLE and sign not in _PRINTABLE else sign for sign in text
    )


def read_json(content: bytes, depth: int) -> Any:
    """Parse a stranger's JSON.

    Whole numbers of more than 18 digits are read as those with a fraction are: not all of them fit into 64 bits.

    Parameters
    ----------
    content
        JSON in UTF-8.
    depth
        Deepest nesting of lists and objects: later walks over a value would fail on more.

    Raises
    ------
    ValueError
        If it is not JSON, or nested more deeply.
    """
    return _parsed(content, depth, parse_int=_whole_number)


def read_finite_json(content: bytes, depth: int, most: int) -> Any:
    """Parse a stranger's JSON as `read_json` does, with None for each number that is not finite.

    These are those that JSON does not have, and those such as 1e999.

    Parameters
    ----------
    content, depth
        As of `read_json`.
    most
        How many values it may hold, strings and commas counted, so that no more memory is taken than for its text and
        those.

    Raises
    ------
    ValueError
        If it is not JSON, nested more deeply, or holds more.
    """
    if _values(content, most) > most:
        raise ValueError("too many values")
    return _parsed(content, depth, parse_constant=lambda _: None, parse_float=_finite, parse_int=_finite_whole)


def _parsed(content: bytes, depth: int, **how: Any) -> Any:
    """Parse JSON of a limited depth, numbers as `how` says."""
    try:
        value = json.loads(content.decode("utf-8"), **how)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if json_depth(value) > depth:
        raise ValueError("nested too deeply")
    return _whole(value) if _HALF.search(content) else value


def _values(content: bytes, enough: int) -> int:
    """At least how many values JSON holds, as its text tells; above `enough` nothing more is looked at.

    It counts strings, and outside of them commas and brackets.
    """
    count = end = 0
    for quoted in _QUOTED.finditer(content):
        count += 1 + _marks(content, end, quoted.start())
        end = quoted.end()
        if count > enough:
            return count
    return count + _marks(content, end, len(content))


def _marks(content: bytes, begin: int, end: int) -> int:
    return sum(content.count(mark, begin, end) for mark in (b",", b"[", b"{"))


def json_depth(value: object) -> int:
    """How deeply `value` is nested; walks with a list of its own, since Python's stack is what it guards."""
    deepest, todo = 0, [(value, 1)]
    while todo:
        node, level = todo.pop()
        deepest = max(deepest, level)
        if isinstance(node, dict):
            todo.extend((child, level + 1) for child in node.values())
        elif isinstance(node, list):
            todo.extend((child, level + 1) for child in node)
    return deepest


def _whole_number(text: str) -> float:
    return int(text) if len(text) <= LONGEST_WHOLE else float(text)


def _finite_whole(text: str) -> float | None:
    return int(text) if len(text) <= LONGEST_WHOLE else _finite(text)


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _whole(value: Any) -> Any:
    """`value` with a question mark for each half of a character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value

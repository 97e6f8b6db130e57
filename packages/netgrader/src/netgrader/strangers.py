"""JSON and names from untrusted sources, read within a depth, as printable text."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

__all__ = ["json_depth", "printable", "read_finite_json", "read_json", "table_of", "text_of"]

# A quoted text, up to the end of input if it is not closed; each byte is scanned once.
_QUOTED = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
# A surrogate escape in JSON: legal there, but not encodable in files or terminals.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


LONGEST_WHOLE = 18  # digits, or a sign and one less


# Terminal control, surrogates, and characters that reorder text or break lines invisibly.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
# The caller handles line ends; the zero-width joiners are part of names.
_PRINTABLE = frozenset("\n\t\u200c\u200d")


def printable(text: str) -> str:
    """Return text that is safe for a terminal: U+FFFD replaces control and unassigned characters."""
    if text.isprintable():
        return text
    return "".join(
        "�" if unicodedata.category(sign) in _UNPRINTABLE and sign not in _PRINTABLE else sign for sign in text
    )


def read_json(content: bytes, depth: int) -> Any:
    """Parse untrusted JSON.

    Whole numbers of more than 18 digits become floats, since not all of them fit in 64 bits.

    Parameters
    ----------
    content
        JSON in UTF-8.
    depth
        Maximum nesting of lists and objects; later recursive walks would fail on more.

    Raises
    ------
    ValueError
        If the content is not JSON, or nested too deeply.
    """
    return _parsed(content, depth, parse_int=_whole_number)


def read_finite_json(content: bytes, depth: int, most: int) -> Any:
    """Parse untrusted JSON as `read_json` does, with None for each number that is not finite.

    Such numbers are NaN and Infinity, which JSON does not have, and overflows like 1e999.

    Parameters
    ----------
    content, depth
        As for `read_json`.
    most
        Maximum number of values, including strings and commas: it bounds the memory for the parsed values.

    Raises
    ------
    ValueError
        If the content is not JSON, nested too deeply, or has too many values.
    """
    if _values(content, most) > most:
        raise ValueError("too many values")
    return _parsed(content, depth, parse_constant=lambda _: None, parse_float=_finite, parse_int=_finite_whole)


def _parsed(content: bytes, depth: int, **how: Any) -> Any:
    """Parse JSON of a limited depth; `how` says how to convert numbers."""
    try:
        value = json.loads(content.decode("utf-8"), **how)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if json_depth(value) > depth:
        raise ValueError("nested too deeply")
    return _whole(value) if _HALF.search(content) else value


def _values(content: bytes, enough: int) -> int:
    """Return a lower bound of the number of values in JSON; stop counting above `enough`.

    It counts strings, and commas and opening brackets outside strings.
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


def text_of(value: object) -> str:
    """Return an untrusted text; empty if the value is not a text."""
    return value if isinstance(value, str) else ""


def table_of(value: object) -> dict[str, Any]:
    """Return an untrusted JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def json_depth(value: object) -> int:
    """Return the nesting depth of `value`; iterative, since it guards against recursion limits."""
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
    """Return `value` with a question mark in place of each surrogate."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value

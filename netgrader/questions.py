"""Questions of a course that a notebook's cell answers: checked at once, worth nothing.

An author writes ``questions.toml`` beside the checks. A release holds ``questions.json`` in its place, where what is said to
each answer is sealed with that answer: nobody reads it before having given it.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import tomllib
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from netgrader.languages import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["RELEASED", "SOURCE", "Question", "load_questions", "said_to", "sealed_file"]

SOURCE, RELEASED = "questions.toml", "questions.json"
TRANSLATED = "questions.{}.toml"
"""Beside it: what is said to each answer, and asked, in another language; what is missing there is said as it is written."""
SPOKEN = ("why", "otherwise", "asks")
MARK = b"netgrader "
"""What an opened seal begins with; after it comes whether the answer is right."""
LONGEST = 1_000
"""Characters, or numbers, of an answer that are looked at."""

Text = Annotated[str, Meta(min_length=1)]


class _AsWritten(msgspec.Struct, forbid_unknown_fields=True):
    """A question as its author writes it."""

    answer: str | int | float | list[Any]
    """A choice, a number, or numbers one after the other (a shape, an array)."""
    why: Text
    """What is said to the right answer: the reason."""
    otherwise: Text
    """What is said to any other: a sentence that leads on and does not say the answer."""
    wrong: dict[str, Text] = {}
    """What is said to one wrong answer in particular."""
    digits: Annotated[int, Meta(ge=1, le=6)] = 2
    """Significant digits to which numbers are compared."""
    asks: str = ""
    """What is shown as long as nothing is answered, where the notebook does not ask itself: of a smaller task."""


class Question(msgspec.Struct, frozen=True):
    """A question as it is released."""

    otherwise: str
    sealed: tuple[str, ...]
    """What is said to each answer that is expected, in no order that says which is right."""
    digits: int
    asks: str = ""


def load_questions(folder: Path, language: str = ENGLISH) -> Mapping[str, Question]:
    """Return the questions in a folder of checks by name, as written or as released; none where it has none.

    What is written is read in `language`; what is released is in that of its course already.

    Raises
    ------
    ValueError
        If they make no sense, with what and which.
    """
    written, sealed = folder / SOURCE, folder / RELEASED
    if written.is_file():
        tables = tomllib.loads(written.read_text(encoding="utf-8"))
        own = folder / TRANSLATED.format(language)
        if language != ENGLISH and own.is_file():
            tables = _in_its_words(tables, tomllib.loads(own.read_text(encoding="utf-8")))
        return {name: _seal(name, one) for name, one in _parsed(tables).items()}
    return msgspec.json.decode(sealed.read_bytes(), type=dict[str, Question]) if sealed.is_file() else {}


def sealed_file(folder: Path, language: str = ENGLISH) -> bytes:
    """Return the file that a release holds in the place of the author's; the same text gives the same bytes.

    Raises
    ------
    ValueError
        If the questions make no sense.
    """
    return msgspec.json.format(msgspec.json.encode(load_questions(folder, language)), indent=1) + b"\n"


def said_to(name: str, question: Question, answer: object) -> tuple[bool, str]:
    """Return whether an answer is right, and what is said to it."""
    form = _plain(answer, question.digits)
    for one in question.sealed:
        opened = _crossed(base64.b64decode(one), name, form)
        if opened.startswith(MARK):
            text = opened[len(MARK) :].decode()
            return text[0] == "+", text[1:].rstrip()
    return False, question.otherwise


def _in_its_words(tables: Mapping[str, Any], translated: Mapping[str, Any]) -> dict[str, Any]:
    """Return questions with what is translated of their texts; answers are those of the author's file."""
    found = {}
    for name, table in tables.items():
        own = translated.get(name, {})
        found[name] = {**table, **{part: own[part] for part in SPOKEN if part in own}}
        if "wrong" in table:
            found[name]["wrong"] = {
                answer: own.get("wrong", {}).get(answer, said) for answer, said in table["wrong"].items()
            }
    return found


def _parsed(tables: Mapping[str, Any]) -> dict[str, _AsWritten]:
    found = {}
    for name, table in tables.items():
        try:
            found[name] = msgspec.convert(table, _AsWritten)
        except msgspec.ValidationError as error:
            raise ValueError(f'["{name}"] {error}') from error
    return found


def _seal(name: str, written: _AsWritten) -> Question:
    said = {_plain(answer, written.digits): f"-{text}" for answer, text in written.wrong.items()}
    right = _plain(written.answer, written.digits)
    if right in said:
        raise ValueError(f'["{name}"] calls its answer wrong')
    said[right] = f"+{written.why}"
    texts = {form: MARK + text.encode() for form, text in said.items()}
    longest = max(map(len, texts.values()))  # a length would say which is the reason
    sealed = sorted(
        base64.b64encode(_crossed(text.ljust(longest), name, form)).decode("ascii") for form, text in texts.items()
    )
    return Question(written.otherwise, tuple(sealed), written.digits, written.asks.strip())


def _crossed(content: bytes, name: str, form: str) -> bytes:
    """Seal, or open, with a stream that follows from a question's name and an answer."""
    stream = hashlib.shake_256(f"{name}\0{form}".encode()).digest(len(content))
    return bytes(one ^ other for one, other in zip(content, stream, strict=True))


def _plain(answer: object, digits: int) -> str:
    """Return an answer as it is compared: numbers to so many digits, words in small letters, however they are written."""
    if hasattr(answer, "tolist"):  # an array, or a number, of NumPy's
        answer = answer.tolist()
    if isinstance(answer, str):
        answer = answer[:LONGEST].strip()
        try:
            return _plain(ast.literal_eval(answer), digits)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return " ".join(answer.casefold().strip(" .()").split())
    if isinstance(answer, int | float):  # true is 1, as in an array
        return f"{answer + 0.0:.{digits}g}" if abs(answer) < float("1e300") else "huge"  # + 0.0: there is a -0.0
    if isinstance(answer, list | tuple) and len(answer) == 1:
        return _plain(answer[0], digits)
    if isinstance(answer, list | tuple):
        return f"({', '.join(_plain(one, digits) for one in answer[:LONGEST])})"
    return type(answer).__name__

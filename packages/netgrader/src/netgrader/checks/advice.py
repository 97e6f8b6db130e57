"""Advice on a line that NumPy, TensorFlow or Python rejects: ``advice.toml``."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from graphread.text import Said, Text

__all__ = ["ADVICE", "NOT_AS_MANY", "ON_A_TENSOR", "TWO_GRAPHS", "Advice", "advice"]

NOT_AS_MANY = r"\b\d+ rows were fed, and labels for \d+|same first dimension, got \d+ and \d+ rows"
"""Messages about a number of labels that differs from the number of images."""
TWO_GRAPHS = r"(?:`?fetch`? |[Ff]etch argument |feed_dict key ).*is not an element of this graph"
"""Messages of a session about a fetch or feed from another graph."""
ON_A_TENSOR = "Cannot convert a symbolic tf.Tensor"


PLACES = ("first", "second", "third", "fourth")
"""Names of the placeholders that a pattern's matched groups fill, in order."""


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of ``advice.toml``; that file's header explains the keys."""

    pattern: str
    example: str
    answer: str
    line: str | None = None


ADVICE = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=dict[str, tuple[Advice, ...]])[
    "advice"
]


def advice(message: str, line: str | None) -> Said:
    """Return advice as a sentence; empty if no pattern matches.

    Parameters
    ----------
    message
        An exception's text, without its prelude (`netgrader.checks.diagnose.without_prelude`).
    line
        The student's line that raised it, or None.
    """
    text = message if line is None else f"{message}\n>>> {line}"
    for one in ADVICE:
        found = re.search(one.pattern, text, re.DOTALL)
        if found:
            return Text(one.answer, **dict(zip(PLACES, filter(None, found.groups()), strict=False)))
    return ""

"""What to do where NumPy, TensorFlow or Python refuses a line of a student's: ``advice.toml``."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from graphread.text import Said, Text

__all__ = ["ADVICE", "NOT_AS_MANY", "ON_A_TENSOR", "TWO_GRAPHS", "Advice", "advice"]

NOT_AS_MANY = r"\b\d+ rows were fed, and labels for \d+|same first dimension, got \d+ and \d+ rows"
"""What an instrument says where there are not as many labels as images."""
TWO_GRAPHS = r"(?:`?fetch`? |[Ff]etch argument |feed_dict key ).*is not an element of this graph"
"""What a session says of something that it was to run, or was fed."""
ON_A_TENSOR = "Cannot convert a symbolic tf.Tensor"


PLACES = ("first", "second", "third", "fourth")
"""Places of an answer for what the groups of its pattern hold that matched, in their order."""


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of ``advice.toml``; its head explains the keys."""

    pattern: str
    example: str
    answer: str
    line: str | None = None


ADVICE = msgspec.toml.decode(Path(__file__).with_suffix(".toml").read_bytes(), type=dict[str, tuple[Advice, ...]])[
    "advice"
]


def advice(message: str, line: str | None) -> Said:
    """Return what to do, in a sentence; empty where nothing is known.

    Parameters
    ----------
    message
        An exception's text, as `netgrader.checks.diagnose.without_prelude` leaves it.
    line
        The student's line that it was raised in, if there is one.
    """
    text = message if line is None else f"{message}\n>>> {line}"
    for one in ADVICE:
        found = re.search(one.pattern, text, re.DOTALL)
        if found:
            return Text(one.answer, **dict(zip(PLACES, filter(None, found.groups()), strict=False)))
    return ""

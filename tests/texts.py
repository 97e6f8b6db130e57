"""Render all texts in a value in English, for comparison in tests."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

import msgspec

from graphread.text import Text

__all__ = ["english"]


def english(value: Any) -> Any:
    """Return a copy of a value in which each `Text` is a string."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.replace(value, **english(msgspec.structs.asdict(value)))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _copied(value)
    if isinstance(value, Mapping):
        return {english(name): english(one) for name, one in value.items()}
    return type(value)(map(english, value)) if type(value) in {tuple, list, set, frozenset} else value


def _copied(value: Any) -> Any:
    made = copy.copy(value)
    for field in dataclasses.fields(value):
        object.__setattr__(made, field.name, english(getattr(value, field.name)))
    return made

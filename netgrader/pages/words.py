"""Every sentence and word that the pages say themselves, as names: `words.POINTS` is what ``words.toml`` has under it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.phrases import in_own_words

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FILE", "counted"]

FILE = Path(__file__).with_suffix(".toml")
_WORDS: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def __getattr__(name: str) -> Any:
    try:
        said = _WORDS[name]
    except KeyError:
        raise AttributeError(f"{FILE.name} has no {name}") from None
    return in_own_words(said) if isinstance(said, str) else said


def counted(forms: Sequence[str], number: int, **more: object) -> str:
    """Return a sentence in the form that `number` asks for: the first for one, the second for any other."""
    return in_own_words(forms[number != 1]).format(number=f"{number:,}", **more)

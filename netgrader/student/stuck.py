"""What is told further where a notebook was told the same code before: a hint the second time, a smaller task the third."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from netgrader.faults import CATALOGUE
from netgrader.files import write_json
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FILE", "told_further"]

FILE = Path(".ipynb_checkpoints", "netgrader-told.json")
"""Beside the notebook, in the folder that Jupyter keeps for itself: nbgrader hands in nothing of it."""
LARGEST = 100_000
"""Bytes of the file; of a larger one nothing is read."""
SECOND, THIRD = 2, 3

HINT = "Hint: {1}"
TASK = (
    "A smaller task on the same idea may help: write check.smaller({1!r}) in a new cell and run it. It counts for nothing, "
    "and nothing of it is sent."
)


def told_further(notebook: str, codes: Sequence[str]) -> Mapping[str, str]:
    """Note that a notebook was told `codes`; return by code what is told further, of the first for which there is something."""
    counted = _counted()
    times = counted.setdefault(notebook, {})
    for code in dict.fromkeys(code for code in codes if code in CATALOGUE):
        times[code] = times.get(code, 0) + 1
    with suppress(OSError):  # where nothing can be written each time is the first
        write_json(FILE, counted)
    for code in codes:
        kind, count = CATALOGUE.get(code), times.get(code, 0)
        said = [say(HINT, kind.hint)] if kind and kind.hint and count >= SECOND else []
        said += [say(TASK, kind.smaller)] if kind and kind.smaller and count >= THIRD else []
        if said:
            return {code: " ".join(said)}
    return {}


def _counted() -> dict[str, dict[str, int]]:
    """Return how often each code was told, by notebook; nothing where the file is missing, damaged or too large."""
    try:
        if FILE.stat().st_size > LARGEST:
            return {}
        return msgspec.json.decode(FILE.read_bytes(), type=dict[str, dict[str, int]])
    except (OSError, msgspec.DecodeError):
        return {}

"""Measure the overhead of the result store: hashing, writing, and reading back a result."""

from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING

from netgrader.grading.result_store import CONTENT, INPUTS, Key, Store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["store_seconds"]


def store_seconds(filled: Path, empty: Path) -> tuple[float, float]:
    """Wall and processor seconds to put all results of one store into another and to read them, copying them left out.

    Parameters
    ----------
    filled
        A course's folder of results.
    empty
        Where the other store is made; must not exist.
    """
    entries = sorted((filled / "store").glob("*/*/*/" + INPUTS))
    stored, copied = Store(empty / "store"), empty / "copies"
    spent = [0.0, 0.0]
    for number, inputs in enumerate(entries):
        content = inputs.parent / CONTENT
        key = Key(inputs.parents[2].name, {"copy": json.loads(inputs.read_text(encoding="utf-8"))})

        def copy(folder: Path, content: Path = content) -> None:
            shutil.copytree(content, folder, dirs_exist_ok=True)

        for sign, work in (
            (-1, lambda number=number, copy=copy: copy(copied / str(number))),
            (1, lambda key=key, copy=copy: (stored.get_or_make(key, copy), stored.get(key))),
        ):
            begun = time.monotonic(), time.process_time()
            work()
            spent[0] += sign * (time.monotonic() - begun[0])
            spent[1] += sign * (time.process_time() - begun[1])
    return max(spent[0], 0.0), max(spent[1], 0.0)

"""Notes what a notebook's names mean when a cell ends, for whoever takes evidence; its source is run in the kernel.

Between the end of a cell and the taking of evidence nothing of a notebook's runs by rights. A name that means something
else by then was changed for the grader's eyes, or by a thread. So it imports the standard library only.
"""

from __future__ import annotations

import mmap
import sys
import zlib
from typing import Any

__all__ = ["CHANGED", "install"]

CHANGED = "netgrader_changed"
"""The shell's attribute that says which names mean something else than when the last cell ended."""
SAMPLE = 1_000


def install(shell: Any) -> None:
    """Note all names whenever a cell has ended."""
    kept: dict[str, object] = {}

    def look() -> dict[str, object]:
        names = list(shell.user_ns.items())
        return {name: _sign(value) for name, value in names if type(name) is str and not name.startswith("_")}

    def note() -> None:
        kept.clear()
        kept.update(look())

    def changed() -> frozenset[str]:
        now = look()
        return (
            frozenset(name for name in kept.keys() | now.keys() if kept.get(name) != now.get(name))
            if kept
            else frozenset()
        )

    note()
    setattr(shell, CHANGED, changed)
    shell.events.register("post_execute", note)


def _sign(value: Any) -> tuple[int, int]:
    """Which object it is, and for an array of numbers what some of its elements are: nothing is kept alive."""
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not numpy.ndarray or value.dtype.kind not in "biuf" or value.size == 0:
        return id(value), 0
    if _is_lent(value):
        return id(value), 0
    return id(value), zlib.crc32(value.flat[:: max(1, value.size // SAMPLE)].tobytes())


def _is_lent(array: Any) -> bool:
    """Whether its elements lie in a file or in shared memory: who looks after that was closed ends the kernel."""
    base = array.base
    while issubclass(type(base), type(array)):
        base = base.base
    return type(base) in {mmap.mmap, memoryview}

"""What is wrong with a network: each fault a small function with its condition, listed in the file of its subject.

To add one, write a generator that takes a `Reading` and yields `fault(...)`, put it into its file's `CHECKS`, add the
code to `netgrader.faults.CATALOGUE`, and a test. What is undecided is never a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import CATALOGUE
from netgrader.reader.faults import layer_faults, loss_faults, optimizer_faults, output_faults

if TYPE_CHECKING:
    from netgrader.faults import Fault
    from netgrader.reader.state import Reading

__all__ = ["REMARKS", "find_faults"]

#: Codes that cost nothing, beside those that the catalogue says so of.
REMARKS = frozenset({"unclipped-log", "built-twice", "unused-layer", "wrong-initialisation", "linear-layers"})


def find_faults(reading: Reading) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """All faults and all remarks of a reading, each once, in the order of loss, layers, outputs, optimizer."""
    found: list[Fault] = []
    for module in (loss_faults, layer_faults, output_faults, optimizer_faults):
        for check in module.CHECKS:
            found.extend(fault for fault in check(reading) if fault not in found)
    faults = tuple(fault for fault in found if not _is_remark(fault.code))
    return faults, tuple(fault for fault in found if _is_remark(fault.code))


def _is_remark(code: str) -> bool:
    return code in REMARKS or (code in CATALOGUE and CATALOGUE[code].remark)

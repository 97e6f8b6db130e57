"""What is wrong with a network: each fault a small function with its condition, listed in the file of its subject.

To add one, write a generator that takes a `Reading` and yields `fault(...)`, put it into its file's `CHECKS`, add
a page to ``netgrader/fault_pages/``, and a test: docs/guides/extend-the-reader.md. What is undecided is never a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.faults import CATALOGUE
from netgrader.reader.faults import (
    convolution_faults,
    evaluation_faults,
    layer_faults,
    loss_faults,
    optimizer_faults,
    output_faults,
    target_faults,
)

if TYPE_CHECKING:
    from netgrader.faults import Fault
    from netgrader.reader.reading import Reading


def find_faults(reading: Reading) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
    """All faults and all remarks of a reading, each once, in the order of loss, layers, outputs, optimizer."""
    if not reading.found.judged:
        return (), ()
    of_the_loss = loss_faults.CHECKS
    if reading.found.given.regression:
        of_the_loss = (*target_faults.CHECKS, *loss_faults.ANY_LOSS)
    of_layers = (*layer_faults.CHECKS, *evaluation_faults.CHECKS, *convolution_faults.CHECKS)
    checks = (*of_the_loss, *of_layers, *output_faults.CHECKS, *optimizer_faults.CHECKS)
    found = list(dict.fromkeys(fault for check in checks for fault in check(reading)))
    brought = {code for fault in found if not fault.remark for code in CATALOGUE[fault.code].brings}
    own = [fault for fault in found if fault.code not in brought]
    return tuple(fault for fault in own if not fault.remark), tuple(fault for fault in own if fault.remark)

"""The faults of a network: one generator function for each, grouped by subject.

To add one, write a generator that takes a `Reading` and yields `fault(...)`, list it in its module's `CHECKS`, and add a page
to ``fault_pages/`` and a test: docs/guides/extend-the-reader.md. Undecided properties are never faults.
"""

from __future__ import annotations

from itertools import chain, filterfalse
from typing import TYPE_CHECKING

from graphread.fault import is_remark
from graphread.fault_kinds import KINDS
from graphread.faults import (
    convolution_faults,
    evaluation_faults,
    layer_faults,
    loss_faults,
    optimizer_faults,
    output_faults,
    target_faults,
)

if TYPE_CHECKING:
    from graphread.fault import Fault
    from graphread.reading import Reading

_OF_ANY = (
    *layer_faults.CHECKS,
    *evaluation_faults.CHECKS,
    *convolution_faults.CHECKS,
    *output_faults.CHECKS,
    *optimizer_faults.CHECKS,
)
_CHECKS = {
    False: (*loss_faults.CHECKS, *_OF_ANY),
    True: (*target_faults.CHECKS, *loss_faults.ANY_LOSS, *_OF_ANY),
}
"""Checks by whether the task is regression."""


def find_faults(reading: Reading) -> tuple[tuple[Fault, ...], tuple[Fault, ...], dict[str, Fault]]:
    """Return faults and remarks of a reading, and by code of each consequence the fault that brings it.

    Faults and remarks are without duplicates and consequences.
    """
    if not reading.found.judged:
        return (), (), {}
    checks = _CHECKS[reading.found.given.regression]
    found = dict.fromkeys(chain.from_iterable(check(reading) for check in checks))
    codes = {fault.code for fault in found}
    causes = [(code, fault) for fault in found if not is_remark(fault) for code in KINDS[fault.code].brings & codes]
    # A cause that follows from another one comes first, so that the other one replaces it.
    brought = dict(sorted(causes, key=lambda pair: pair[1].code not in {code for code, _ in causes}))
    own = [fault for fault in found if fault.code not in brought]
    return tuple(filterfalse(is_remark, own)), tuple(filter(is_remark, own)), brought

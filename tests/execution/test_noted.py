"""What names mean is noted when a cell ends: whatever they mean, that costs nothing."""

from __future__ import annotations

from netgrader.evidence import read_evidence

from .conftest import check

LENT = """
import numpy as np
from multiprocessing import shared_memory
lent = shared_memory.SharedMemory(create=True, size=800)
numbers = np.ndarray((100,), buffer=lent.buf)
numbers[:] = 1
some = numbers[::2]
lent.close()
lent.unlink()
number = 1
"""


def test_an_array_in_memory_that_was_given_back_is_not_looked_into(run):
    execution, folder = run(LENT, check("check_number"))
    assert execution.cells[0].error_name is None
    assert execution.problem is None
    assert read_evidence(folder / "evidence" / "check_number").facts == {"number": 1}

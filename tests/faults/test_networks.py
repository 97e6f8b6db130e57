"""For each network on a fault page, the reader names the marked faults at their lines, and no others."""

from __future__ import annotations

import pytest

from tests.faults.blocks import GRAPH, marked, of_kind
from tests.faults.graphs import faults_in, lines_of


@pytest.mark.parametrize("block", of_kind(GRAPH))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_of_a_network_what_is_marked_is_named_at_its_line(lab, block):
    found = faults_in(block, lab)
    assert sorted(fault.code for fault in found) == marked(block)
    for fault, mark in zip(found, block.marks, strict=True):
        assert mark.line in lines_of(fault), fault.lines

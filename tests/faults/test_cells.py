"""For each exercise cell on a fault page, the course's checks name the marked faults and no others."""

from __future__ import annotations

import pytest

from tests.faults.blocks import CHECK, marked, of_kind
from tests.faults.cells import judged

pytestmark = pytest.mark.timeout(3600)  # all that is asked for is run in the first test's setup


@pytest.fixture(scope="module")
def checked(tmp_path_factory, asked):
    """The codes that the course's checks name in each cell, by its text."""
    return judged(asked("block"), tmp_path_factory.mktemp("cells"))


@pytest.mark.parametrize("block", of_kind(CHECK))
def test_of_a_cell_what_is_marked_is_named(checked, block):
    assert sorted(set(checked[block.text])) == marked(block)

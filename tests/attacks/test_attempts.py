"""Unauthorized reads and writes: tests, solutions, gradebook, other students, the machine. One kernel tries all."""

from __future__ import annotations

import pytest

from tests.attacks.conftest import Attacked, tries
from tests.attacks.table import cells

ATTEMPTS = cells("reading") | cells("writing")


@pytest.fixture(scope="module")
def tried(attacked: Attacked) -> dict[str, str]:
    return tries(attacked, ATTEMPTS)


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_is_read_or_changed_that_is_not_ones_own(tried: dict[str, str], name: str) -> None:
    assert tried[name].startswith("NOTHING"), tried[name]

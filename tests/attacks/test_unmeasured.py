"""Sweeps that were never run, through the complete pipeline; and real sweeps in any style, which lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks.notebooks import cell_of, graded
from tests.attacks.table import cells, piece, rows

if TYPE_CHECKING:
    from netgrader.results import CellResult

KINDS = {row["name"]: row["kind"] for row in rows("sweeps")}
BEST = "best_learning_rate = max(sweep, key=sweep.get)\n"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def results(tmp_path_factory, asked) -> dict[str, CellResult]:
    code = {
        name: f"{piece('sweeps', 'NETWORK')}\n{text}\n"
        for name, text in cells("sweeps").items()
        if name in asked("name")
    }
    texts = {name: text if "best_learning_rate" in text else text + BEST for name, text in code.items()}
    found = graded(tmp_path_factory.mktemp("unmeasured"), "2_two_layers", texts)
    return {name: cell_of(result, "check_learning_rate_sweep") for name, result in found.items()}


@pytest.mark.parametrize("name", KINDS)
def test_a_sweep_earns_what_was_measured_in_it(results: dict[str, CellResult], name: str) -> None:
    cell, kind = results[name], KINDS[name]
    faults = {code for check in cell.checks for code in check.faults}
    if kind == "honest":
        assert (cell.points, [(one.check, one.message) for one in cell.checks if one.outcome != "passed"]) == (4.0, [])
    else:
        assert ("sweep-result-not-reproduced" in faults) == (kind == "hostile")
        assert ("sweep-of-one-network" in faults) >= (kind == "mistaken")
        assert 0 < cell.points < 4 if kind == "mistaken" else cell.points == 0

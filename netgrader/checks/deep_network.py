"""What several checks of notebook 3 share: the recomputed accuracy, made once for each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.checks.accuracy import Recomputed, recompute

if TYPE_CHECKING:
    from netgrader.checks.bench import Bench

__all__ = ["recomputed"]


def recomputed(bench: Bench, cell: str) -> Recomputed:
    """What the network that a cell handed over does on our images."""
    made: Recomputed = bench.once(
        ("recomputed", cell),
        lambda: recompute(bench.lab, bench.evidence(cell).graph("net"), bench.mnist, quick=bench.quick),
    )
    return made

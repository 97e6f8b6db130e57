"""What several checks of notebook 3 share: the recomputed accuracy, made once for each network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.checks.accuracy import Recomputed, accuracy_on_all_of_train, digest, recompute

if TYPE_CHECKING:
    from netgrader.checks.bench import Bench

__all__ = ["recomputed", "train_accuracy"]


def recomputed(bench: Bench, cell: str) -> Recomputed:
    """What the network that a cell handed over does on our images; cells that hand over the same one share it."""
    evidence = bench.evidence(cell)
    graph, fed = evidence.graph("net"), evidence.raw.arrays.get("fed")
    same = ("recomputed", digest(graph), tuple(sorted(graph.parts.items())))
    made: Recomputed = bench.once(
        same,
        lambda: recompute(bench.lab, graph, bench.mnist, bench.given, marked=bench.marked, fed=fed, quick=bench.quick),
    )
    return made


def train_accuracy(bench: Bench, cell: str) -> float:
    """What the network that a cell handed over does on all training images."""
    return accuracy_on_all_of_train(bench.lab, bench.evidence(cell).graph("net"), bench.mnist)

"""Read which network is in a graph of TensorFlow, what it computes, and what is wrong with it.

These names are the public ones. `read_network` gives a `Network` of `Layer`, `Loss`, `Optimizer` and `Role`, with
its faults; an `Exercise` says what is asked for. A `Lab` runs graphs: it gives a `LoadedGraph`, that a `LabSession`, and what it
cannot do is a `LabError`. `graphread.lab.local.LocalLab` is a lab in this process. `graphread.graph` reads graphs as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphread.lab import Lab, LabError, LabSession, LoadedGraph
from graphread.model import Exercise, Layer, Loss, Network, Optimizer, Role

if TYPE_CHECKING:
    from graphread.reading import read_network

__all__ = [
    "Exercise",
    "Lab",
    "LabError",
    "LabSession",
    "Layer",
    "LoadedGraph",
    "Loss",
    "Network",
    "Optimizer",
    "Role",
    "read_network",
]


def __getattr__(name: str) -> Any:
    """Import `read_network` when it is first asked for: importing graphread stays quick."""
    if name == "read_network":
        from graphread.reading import read_network  # noqa: PLC0415 - see above

        return read_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

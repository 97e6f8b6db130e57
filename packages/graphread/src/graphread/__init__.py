"""Read a neural network from a TensorFlow graph: its layers, what it computes, and its faults.

These names are the public API. `read_network` returns a `Network` of `Layer`, `Loss`, `Optimizer` and `Role`, with its
faults; an `Exercise` states the requirements. A `Lab` runs graphs: it returns a `LoadedGraph`, which opens a `LabSession`,
and raises `LabError` on failure. `graphread.lab.local.LocalLab` is a lab in this process. `graphread.graph` parses graphs.
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
    """Import `read_network` on first access, so that importing graphread stays fast."""
    if name == "read_network":
        from graphread.reading import read_network  # noqa: PLC0415 - see above

        return read_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

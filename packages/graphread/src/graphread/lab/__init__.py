"""The interface of a lab: load an untrusted graph, set variables, run, differentiate, train.

`graphread.lab.local.LocalLab` implements it in this process. `graphread.lab.server` serves it to another process: only
MessagePack and numbers pass between them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from graphread.graph.nodes import Array

__all__ = ["LAB_SESSION", "NOTHING", "Lab", "LabError", "LabSession", "LoadedGraph", "require_numbers"]

NOTHING: Mapping[str, Array] = MappingProxyType({})
"""Empty feeds."""
LAB_SESSION = "_graphread_lab_session"
"""Attribute that marks TensorFlow sessions of a lab, so that recorders of a student's sessions ignore them."""


class LabError(Exception):
    """A failure of the lab; the message is a sentence.

    `kind` is one of ``graph`` (cannot be loaded), ``op`` (an op that is not allowed), ``run`` (TensorFlow refused or failed),
    ``limit`` (time, memory or size), ``lost`` (the lab's process died).
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


def require_numbers(array: Array) -> None:
    """Raise a LabError unless an array holds numbers or truth values."""
    if array.dtype.kind not in "biuf":
        raise LabError("run", f"A value of the type {array.dtype} is not a number.")


class LabSession(Protocol):
    """A session on a loaded graph with its own variable values."""

    def initialise(self) -> None:
        """Run the graph's own initializers with the session's seed."""

    def assign(self, values: Mapping[str, Array]) -> None:
        """Set variables by op name."""

    def values(self, names: Sequence[str] | None = None) -> dict[str, Array]:
        """Return the values of the variables by op name; all of them if None."""

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array] = NOTHING) -> list[Array | None]:
        """Fetch tensors or run ops by name, with feeds by tensor name; return None for each op."""

    def run_batches(
        self,
        fetches: Sequence[str],
        data: Mapping[str, Array],
        batches: Sequence[npt.NDArray[np.int64]],
        constant: Mapping[str, Array] = NOTHING,
    ) -> list[list[Array | None]]:
        """Run once per batch in one call: tensor ``t`` is fed ``data[t][batch]``; `constant` is fed unchanged."""

    def close(self) -> None:
        """Discard the session."""


class LoadedGraph(Protocol):
    """A graph that the lab has accepted."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the op names of all variables."""

    @property
    def trainable(self) -> tuple[str, ...]:
        """Return the op names of the variables intended for training."""

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        """Add gradients of the sum of `of`; return their tensors' names, None for each unconnected one."""

    def session(self, seed: int = 0, *, often: bool = False) -> LabSession:
        """Open a session; `seed` replaces the graph's seeds if it is not 0.

        `often` announces many identical runs, as in training: TensorFlow then spends time on optimizing the graph.
        """


class Lab(Protocol):
    """A loader of graphs."""

    def load(self, meta_graph: bytes) -> LoadedGraph:
        """Load a serialized MetaGraphDef or GraphDef; raise `LabError` ``graph``, ``op`` or ``limit``.

        Ops that are not allowed are removed, with everything computed from them; a request for such a tensor raises kind
        ``op``.
        """

    def close(self) -> None:
        """Stop the lab and everything in it."""

"""The requests to a lab: load an untrusted graph, set variables, run, differentiate, train.

`graphread.lab.local.LocalLab` answers in this process. `graphread.lab.server` has one answer requests from another process:
only MessagePack and numbers go between them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from graphread.graph.nodes import Array

__all__ = ["LAB_SESSION", "NOTHING", "Lab", "LabError", "LabSession", "LoadedGraph"]

NOTHING: Mapping[str, Array] = MappingProxyType({})
"""Feeds of a run that is fed nothing."""
LAB_SESSION = "_graphread_lab_session"
"""Set on the TensorFlow sessions of a lab: what keeps the values of a student's sessions leaves these alone."""


class LabError(Exception):
    """The lab could not do it; the message is a sentence.

    `kind` is one of ``graph`` (cannot be loaded), ``op`` (an op that is not allowed), ``run`` (TensorFlow refused or
    failed), ``limit`` (time, memory or size), ``lost`` (the lab died).
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


class LabSession(Protocol):
    """A session on a loaded graph with variable values of its own."""

    def initialise(self) -> None:
        """Run the graph's own initialisers, seeded as the session was opened."""

    def assign(self, values: Mapping[str, Array]) -> None:
        """Set variables by op name."""

    def values(self, names: Sequence[str] | None = None) -> dict[str, Array]:
        """Values of the variables by op name; all of them if None."""

    def run(self, fetches: Sequence[str], feeds: Mapping[str, Array] = NOTHING) -> list[Array | None]:
        """Fetch tensors or run ops by name, feeding any feedable tensor by name; None for an op."""

    def run_batches(
        self,
        fetches: Sequence[str],
        data: Mapping[str, Array],
        batches: Sequence[npt.NDArray[np.int64]],
        constant: Mapping[str, Array] = NOTHING,
    ) -> list[list[Array | None]]:
        """Run once for each batch: tensor ``t`` is fed ``data[t][batch]``, and `constant` as it is; one call."""

    def close(self) -> None:
        """Forget the session."""


class LoadedGraph(Protocol):
    """A graph that the lab has accepted."""

    @property
    def variables(self) -> tuple[str, ...]:
        """Op names of all variables."""

    @property
    def trainable(self) -> tuple[str, ...]:
        """Op names of the variables that training is meant to move."""

    def gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        """Add gradients of the sum of `of`; the names of the tensors that hold them, None where there is none."""

    def session(self, seed: int = 0, *, often: bool = False) -> LabSession:
        """Open a session; `seed` replaces the graph's seeds if it is not 0.

        `often` says that the same is going to be run many times, as a training is: TensorFlow then takes time for making
        each run shorter.
        """


class Lab(Protocol):
    """Loads graphs."""

    def load(self, meta_graph: bytes) -> LoadedGraph:
        """Load a serialized MetaGraphDef or GraphDef; raise `LabError` ``graph``, ``op`` or ``limit``.

        What is not on the list of ops is taken out with all that is computed from it; to ask for it is an error of kind ``op``.
        """

    def close(self) -> None:
        """Stop the lab and everything in it."""

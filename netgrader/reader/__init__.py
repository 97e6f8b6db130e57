"""Reads graphs of TensorFlow: which network is in one, what it computes, and what is wrong with it.

This is all that is meant for others. `read_network` gives a `Network` of `Layer`, `Loss`, `Optimizer` and `Role`, with
its faults; an `Exercise` says what is asked for. A `Lab` runs graphs: it gives a `LoadedGraph`, that a `LabSession`, and what it
cannot do is a `LabError`. There are two, modules of their own since they import much: `netgrader.reader.lab.local.LocalLab` in
this process, `netgrader.reader.lab.caged.CagedLab` in a cage. What is in a graph
that is no network says `netgrader.reader.graph`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from netgrader.reader.lab import Lab, LabError, LabSession, LoadedGraph
from netgrader.reader.model import Exercise, Layer, Loss, Network, Optimizer, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

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


def read_network(
    graph: object,
    parts: object = None,
    exercise: Exercise | None = None,
    *,
    lab: Lab | Literal["auto"] | None = "auto",
    values: Mapping[str, npt.NDArray[np.generic]] | None = None,
    eval_feed: Mapping[str, npt.NDArray[np.generic]] | None = None,
) -> Network:
    """Read what network a graph holds, and what is wrong with it.

    Parameters
    ----------
    graph
        A ``tf.Graph``, a GraphDef or MetaGraphDef message, their bytes, or the path of a file of them, binary or text.
    parts
        The student's ``net``: an object with attributes, or a mapping, from names of parts (``X``, ``logits``, ...) to
        tensors, ops or their names. Hints: what is not named is searched for, what is named is checked.
    exercise
        What asks for the network. None: only what is wrong in any network is a fault.
    lab
        Where the graph is tried out. ``"auto"``: for a ``tf.Graph`` TensorFlow in this process, for anything else a
        cage if one can be had. None: nothing is run, and more stays undecided.
    values
        Values of the variables by op name, for what cannot be told from a fresh network.
    eval_feed
        What evaluation needs fed beside images and labels, by tensor name; taken from ``parts.eval_feed`` if None.

    Raises
    ------
    GraphError
        If there is no graph in what was given; the message is a sentence.
    """
    from netgrader.reader import reading  # noqa: PLC0415 - importing netgrader stays quick

    return reading.read_network(graph, parts, exercise, lab=lab, values=values, eval_feed=eval_feed)

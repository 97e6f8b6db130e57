"""What an exercise of the kind ``sweep`` asks for: which hyperparameter of which network, how wide, and what the best is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.checks.exercises import Exercises

__all__ = ["BATCH_SIZE", "DROPOUT", "KEEP", "L2", "LAYERS", "RATE", "WIDTH", "Swept", "op_hashes", "swept"]

RATE, DROPOUT, KEEP, WIDTH, LAYERS, L2, BATCH_SIZE = (
    "learning_rate",
    "dropout",
    "keep",
    "width",
    "layers",
    "l2",
    "batch_size",
)
"""Hyperparameters that are looked for in the network: of any other only that the network changes with it."""
WORDS = {
    RATE: "learning rate",
    DROPOUT: "share to drop",
    KEEP: "share to keep",
    WIDTH: "width",
    LAYERS: "number of layers",
    L2: "strength of the L2 penalty",
    BATCH_SIZE: "size of a minibatch",
}
OF_NAMES = frozenset({"shared_name", "container", "debug_name", "_class", "_output_shapes", "seed", "seed2"})
"""Attributes of an op that tell what it is called or how its random numbers begin, and not what it computes."""


@dataclass(frozen=True)
class Swept:
    """A sweep as its table asks for it."""

    exercise: str
    """The solution cell that makes it."""
    network: str
    """The exercise whose network is swept."""
    parameter: str = RATE
    """The hyperparameter; one that nobody here knows is an argument of the network's function all the same."""
    argument: str = ""
    """What the network's function calls it; empty where it is nothing of the network's."""
    values: int = 2
    """Different values, at least."""
    decades: float = 0.0
    span: float = 0.0
    """Powers of ten, or a distance, between the smallest and the largest value, at least."""
    between: tuple[float, float] | None = None
    """What all values have to lie between."""
    inside: bool = False
    """Whether the best value must have others on both sides."""
    prefer: str = ""
    """``smallest`` or ``largest``: the best value is that one of those whose accuracy lies `within` of the highest."""
    within: float = 0.0
    layer: int | None = None
    """Which layer's width is swept, from 1; None for all but the last."""

    @property
    def is_rate(self) -> bool:
        """Whether it is the learning rate."""
        return self.parameter == RATE

    @property
    def best(self) -> str:
        """Return the student's name of the best value."""
        return f"best_{self.argument or self.parameter}"

    @property
    def words(self) -> str:
        """Return what the hyperparameter is called in a sentence."""
        return WORDS.get(self.parameter, self.parameter)


def swept(exercises: Exercises) -> Swept:
    """Return what the one exercise of the kind ``sweep`` asks for.

    Raises
    ------
    BadExerciseError
        If there is none, or more than one.
    """
    name = exercises.of_kind("sweep")
    table = exercises.table(name)
    parameter = str(table.get("parameter", RATE))
    between = table.get("between")
    return Swept(
        name,
        table["network"],
        parameter,
        "" if parameter == BATCH_SIZE else str(table.get("argument", parameter)),
        table.get("values", table.get("rates", 2)),
        table.get("decades", 0.0),
        table.get("span", 0.0),
        None if between is None else (between[0], between[1]),
        table.get("inside", False),
        table.get("prefer", ""),
        table.get("within", 0.0),
        table.get("layer"),
    )


def op_hashes(graph_def: Any) -> dict[str, bytes]:
    """Return by op what it computes and from what, whatever it and the others are called, as a hash (Merkle 1987).

    What is read in a circle, as in a loop, is left out of what goes round it.
    """
    nodes = {node.name: node for node in graph_def.node}
    found: dict[str, bytes] = {}
    begun: set[str] = set()
    for start in nodes:
        ahead = [start]
        while ahead:
            name = ahead[-1]
            begun.add(name)
            missing = [one for one in map(_op, nodes[name].input) if one in nodes and one not in begun]
            if missing:
                ahead += missing
                continue
            found.setdefault(name, _hash(nodes[ahead.pop()], found))
    return found


def _hash(node: Any, known: Mapping[str, bytes]) -> bytes:
    digest = hashlib.sha256(node.op.encode())
    for name in sorted(name for name in node.attr if name not in OF_NAMES):
        digest.update(name.encode() + node.attr[name].SerializeToString(deterministic=True))
    reads = [read for read in node.input if not read.startswith("^")]
    for read in reads:
        digest.update(known.get(_op(read), b"") + read.partition(":")[2].encode())
    for before in sorted(known.get(_op(read), b"") for read in node.input if read.startswith("^")):
        digest.update(before)
    return digest.digest()


def _op(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]

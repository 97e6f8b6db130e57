"""One op of a graph as plain Python. A tensor is named ``node:index`` throughout."""

from __future__ import annotations

from dataclasses import dataclass

from netgrader.reader.graph.protos import DTYPES, REFERENCE, Message

__all__ = ["Node", "node_of", "plain_node", "words"]


@dataclass(frozen=True, slots=True)
class Node:
    """One op of the graph. `inputs` are tensors in order, `controls` the nodes that it waits for."""

    name: str
    op: str
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    attributes: Message

    def dtype(self, key: str) -> str:
        """NumPy's name of the type in an attribute, empty if there is none."""
        if key not in self.attributes:
            return ""
        return DTYPES.get(self.attributes[key].type % REFERENCE, "unknown")

    def shape(self, key: str = "shape") -> tuple[int | None, ...] | None:
        """The shape in an attribute; None where its rank is unknown, None inside where a size is."""
        if key not in self.attributes or self.attributes[key].WhichOneof("value") != "shape":
            return None
        shape = self.attributes[key].shape
        return None if shape.unknown_rank else tuple(d.size if d.size >= 0 else None for d in shape.dim)

    def flag(self, key: str) -> bool:
        """A boolean attribute, False if absent."""
        return bool(key in self.attributes and self.attributes[key].b)


def words(text: str) -> frozenset[str]:
    """The words of a text: how long lists of ops are written here."""
    return frozenset(text.split())


def node_of(tensor: str) -> str:
    """The node that a tensor comes from."""
    return tensor.rpartition(":")[0] or tensor


def plain_node(raw: Message) -> Node:
    """The plain node of a NodeDef."""
    inputs, controls = [], []
    for item in raw.input:
        if item.startswith("^"):
            controls.append(item[1:])
        else:
            name, colon, index = item.rpartition(":")
            inputs.append(item if colon and index.isdigit() and name else item + ":0")
    return Node(raw.name, raw.op, tuple(inputs), tuple(controls), raw.attr)

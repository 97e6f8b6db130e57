"""Hash what each op computes, to compare two graphs regardless of names."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["op_hashes"]

OF_NAMES = frozenset({"shared_name", "container", "debug_name", "_class", "_output_shapes", "seed", "seed2"})
"""Attributes for names and random seeds, which do not affect what an op computes."""


def op_hashes(graph_def: Any) -> dict[str, bytes]:
    """Return, for each op, a hash of its computation and inputs (Merkle 1987).

    Edges that close a loop are left out.
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
    for name in sorted(node.attr.keys() - OF_NAMES):
        digest.update(name.encode() + node.attr[name].SerializeToString(deterministic=True))
    reads = [known.get(_op(item), b"") + item.partition(":")[2].encode() for item in node.input]
    values = len(reads) - sum(item.startswith("^") for item in node.input)  # control inputs come last
    digest.update(b"".join([*reads[:values], *sorted(reads[values:])]))
    return digest.digest()


def _op(tensor: str) -> str:
    return tensor.lstrip("^").partition(":")[0]

"""Which sums is the loss made of? Where it adds up several terms, the one that says what the classes are is read.

A second classifier, a picture that is rebuilt, or the same loss on another part of the batch: each is a term of its own,
with its own way from the images. Weight decay is no term here: it does not depend on the images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.network.graph import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgrader.network.graph import Graph
    from netgrader.network.reading import Reading

__all__ = ["terms"]

_ADDING = words("Add AddV2 AddN Sub")
_SCALING = words("Mul RealDiv DivNoNan Div")
_HANDING = words("Identity Mean Sum Reshape Squeeze Cast Neg StopGradient CheckNumerics")
#: Gather what a loop over rows writes row by row.
_GATHERING = words(
    "Pack TensorArrayGatherV3 TensorArrayConcatV3 TensorArrayWriteV3 TensorListStack TensorListSetItem TensorListConcatV2"
)
_MOST = 40


def terms(reading: Reading) -> list[str]:
    """The terms that depend on images and labels, the likeliest first: what the student calls logits, then the deepest.

    Empty where the loss is one term only.
    """
    graph, loss, images, labels = reading.graph, reading.loss, reading.roles.images, reading.roles.labels
    if loss is None or images is None or labels is None:
        return []
    found: list[tuple[int, str]] = []
    for depth, tensor in enumerate(_parts(graph, loss)):
        above = graph.ancestors([tensor])
        if images in above and labels in above:
            found.append((depth, tensor))
    claimed = [reading.hints[key] for key in ("logits", "prediction") if key in reading.hints]
    products = [step.product for step in reading.steps]

    def rank(item: tuple[int, str]) -> tuple[bool, int, int]:
        depth, tensor = item
        above = graph.ancestors([tensor])
        return not any(name in above for name in claimed), -sum(product in above for product in products), depth

    return [tensor for _, tensor in sorted(found, key=rank) if tensor != loss]


def _parts(graph: Graph, loss: str) -> Iterator[str]:
    """All that the loss is a sum of, sums of sums included, from the loss down."""
    todo = [loss]
    seen: set[str] = set()
    while todo and len(seen) < _MOST:
        tensor = todo.pop(0)
        if tensor in seen:
            continue
        seen.add(tensor)
        yield tensor
        node = graph[tensor]
        reads = graph.value_inputs(node)
        if node.op in _ADDING or node.op in _GATHERING:
            todo.extend(reads)
        elif node.op in _HANDING:
            todo.extend(reads[:1])
        elif node.op in _SCALING:
            fed = [read for read in reads if node_of(read) in graph.fed]
            # What a loss is divided by may be counted from the rows, but holds no loss itself.
            varied = [read for read in fed if node_of(read) in graph.varied]
            todo.extend(varied if len(varied) == 1 else fed if len(fed) == 1 else [])

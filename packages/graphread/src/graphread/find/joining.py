"""Group linear steps into layers: steps of equal depth that feed the same later layers.

Two towers of 750 neurons that are concatenated are a layer of 1500; the products of two halves of an image that are added are
one product; ten separate neurons are a layer of ten.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

from graphread.find.layers import RESHAPING, between, bias_after, by_weights
from graphread.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphread.find.layers import Step
    from graphread.graph.plain import Graph

_JOINING = words("ConcatV2 Concat Pack ParallelConcat")
_ARRAYS = words("TensorArrayWriteV3 TensorArrayScatterV3 TensorListSetItem TensorListPushBack")
_LINEAR = RESHAPING | _JOINING | words("Add AddV2 AddN Sub BiasAdd BiasAddV1 StridedSlice Slice")


def depths(graph: Graph, steps: Sequence[Step]) -> list[int]:
    """Return, for each step, the largest number of steps on a path to it, including itself."""
    found: list[int] = []
    for step in steps:  # steps are in topological order
        above = graph.ancestors([step.data])
        before = [depth for depth, other in zip(found, steps, strict=False) if other.product in above]
        found.append(1 + max(before, default=0))
    return found


def join_parts(graph: Graph, steps: Sequence[Step], ends: Sequence[str | None], images: str | None) -> list[Step]:
    """Return the layers that the steps form."""
    steps = _once(graph, steps, images)
    levels = depths(graph, steps)
    products = {step.product for step in steps}
    groups: dict[tuple[int, frozenset[str]], list[Step]] = {}
    for level, step in zip(levels, steps, strict=True):
        below = graph.descendants([step.product], stop=products - {step.product})
        readers = frozenset(other.node for other in steps if other.data in below and other is not step)
        groups.setdefault((level, readers or frozenset(below.intersection(ends))), []).append(step)
    inside = graph.ancestor_nodes(ends)
    joined = chain.from_iterable(_joined(graph, group, inside) for group in groups.values())
    # A layer's position is that of its last part, which its readers follow.
    return sorted(joined, key=lambda step: max(graph.order[part.node] for part in (step, *step.parts)))


def _once(graph: Graph, steps: Sequence[Step], images: str | None) -> list[Step]:
    """Merge products that apply the same weights to parts of a batch or to a recurrence's states.

    A layer that applies another layer's weights to that layer's output alone remains a separate step.
    """
    seen = graph.descendants([images])
    result: list[Step] = []
    for first, *others in by_weights(graph, steps):
        again = [other for other in others if _again(graph, first, other, seen)]
        result += [replace(first, parts=(first, *again), repeated=True) if again else first]
        result += [other for other in others if other not in again]
    return sorted(result, key=lambda step: graph.order[step.node])


def _again(graph: Graph, first: Step, other: Step, seen: set[str]) -> bool:
    """Whether `other` repeats `first`: not stacked on it, or with further input from the images."""
    below, behind = graph.descendants([first.product]), graph.ancestors([first.data])
    reads = graph.values_read(below & graph.ancestors([other.data]))
    return other.data not in below or bool(reads & seen - below - behind)


def _joined(graph: Graph, parts: Sequence[Step], inside: set[str]) -> list[Step]:
    """Return the layer that the steps form, or each step by itself if nothing reads them together."""
    common = set.intersection(*(graph.descendants([part.product]) for part in parts))
    meeting = min(common, key=lambda tensor: graph.order[node_of(tensor)], default=None)
    if len(parts) == 1 or meeting is None:
        return [*parts]
    ways = {node.op for part in parts for node in between(graph, part.product, meeting)}
    joined = _whole(parts, added=ways.isdisjoint(_JOINING | _ARRAYS))
    if not ways <= _LINEAR:
        return [joined]
    output, bias = bias_after(graph, meeting, inside)
    return [replace(joined, product=meeting, output=output, bias=bias or joined.bias)]


def _whole(parts: Sequence[Step], *, added: bool) -> Step:
    """Return a layer of parts that are added or concatenated; it has a bias if each part has one."""
    biased = added or all(part.bias for part in parts)
    return replace(
        parts[0],
        variables=_distinct(part.variables for part in parts),
        bias=_distinct(part.bias for part in parts) if biased else (),
        inputs=None,
        outputs=None,
        added=added,
        parts=tuple(parts),
    )


def _distinct(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return the names in order, without duplicates."""
    return tuple(dict.fromkeys(chain.from_iterable(names)))

"""Which linear steps are parts of one layer? Those side by side whose outputs are joined or added before anything else.

Two towers of 750 neurons that are concatenated are a layer of 1500; the products of two halves of an image that are
added are one product; ten neurons of their own are a layer of ten.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netgrader.reader.find.layers import RESHAPING, bias_after, is_flow, weights_key
from netgrader.reader.graph.nodes import node_of, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from netgrader.reader.find.layers import Step
    from netgrader.reader.graph.plain import Graph

_ARRAYS = words(
    "TensorArrayWriteV3 TensorArrayScatterV3 TensorArrayGatherV3 TensorArrayConcatV3 TensorListSetItem TensorListStack "
    "TensorListGather TensorListConcat TensorListConcatV2 TensorListPushBack"
)
_SIDE_BY_SIDE = words("ConcatV2 Concat Pack ParallelConcat") | _ARRAYS
_SUMS = words("Add AddV2 AddN Sub")
_LINEAR = RESHAPING | _SIDE_BY_SIDE | _SUMS | words("BiasAdd BiasAddV1 StridedSlice Slice")


def depths(graph: Graph, steps: Sequence[Step]) -> list[int]:
    """For each step how many steps its data passes at most, itself included."""
    found: list[int] = []
    for step in steps:  # they come in the graph's order: those before are known
        above = graph.ancestors([step.data])
        before = [depth for depth, other in zip(found, steps, strict=False) if other.product in above]
        found.append(1 + max(before, default=0))
    return found


def join_repeated(graph: Graph, steps: Sequence[Step], images: str | None) -> list[Step]:
    """Join products of the same weights with parts of a batch, or with one state after another of a recurrence.

    A layer that reads another layer's weights, and nothing but what comes out of that one, stays a step of its own.
    """
    if images is None:
        return list(steps)
    seen = graph.descendants([images])
    groups: dict[str, list[Step]] = {}
    for step in steps:
        groups.setdefault(weights_key(graph, step), []).append(step)
    result: list[Step] = []
    joined: set[str] = set()
    for step in steps:
        group = groups[weights_key(graph, step)]
        if step.node in joined:
            continue
        same = [step] if len(group) == 1 else [other for other in group if _again(graph, step, other, seen)]
        joined.update(part.node for part in same)
        result.append(step if len(same) < 2 else replace(step, parts=tuple(same), repeated=True))
    return result


def _again(graph: Graph, first: Step, other: Step, seen: set[str]) -> bool:
    """Whether `other` is `first` over again: not on top of it, or with a further piece of the images each time."""
    below, behind = graph.descendants([first.product]), graph.ancestors([first.data])
    if first is other or other.data not in below:
        return True
    return any(
        read in seen and read not in below and read not in behind
        for tensor in below & graph.ancestors([other.data])
        for read in graph.value_inputs(graph[tensor])
    )


def join_linear(graph: Graph, steps: Sequence[Step], ends: Sequence[str]) -> list[Step]:
    """Join steps of equal depth whose outputs meet with nothing but sums, joins and reshapes on their ways."""
    inside = graph.ancestor_nodes(ends)
    ways = [_way(graph, [step.product], _LINEAR, inside) for step in steps]
    return _joined(graph, steps, ways, inside, sums=True)


def join_activated(graph: Graph, steps: Sequence[Step], ends: Sequence[str]) -> list[Step]:
    """Join steps of equal depth and activation whose outputs meet side by side after the activation of each."""
    inside = graph.ancestor_nodes(ends)
    ways = [_own_way(graph, step.product, inside) for step in steps]
    return _joined(graph, steps, ways, inside, sums=False)


def _way(graph: Graph, starts: Iterable[str], ops: frozenset[str], inside: set[str]) -> set[str]:
    """Tensors, and all that nodes of these ops make of them."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        tensor = todo.pop()
        if tensor in seen:
            continue
        seen.add(tensor)
        for name in graph.consumers.get(tensor, ()):
            if name in inside and graph.nodes[name].op in ops:
                todo.extend(graph.outputs[name])
    return seen


def _own_way(graph: Graph, start: str, inside: set[str]) -> set[str]:
    """All that is made from one step alone, and what that is joined to side by side."""
    own, joins, todo = {start}, set(), [start]
    while todo:
        tensor = todo.pop()
        for name in graph.consumers.get(tensor, ()):
            node = graph.nodes[name]
            if name not in inside or f"{name}:0" in own:
                continue
            if all(read in own or node_of(read) not in graph.fed for read in graph.value_inputs(node)):
                own.update(graph.outputs[name])
                todo.extend(graph.outputs[name])
            elif node.op in _SIDE_BY_SIDE:
                joins.update(graph.outputs[name])
    # What is joined may be joined again: an array of tensors is written part by part.
    return own | _way(graph, joins, _SIDE_BY_SIDE | RESHAPING, inside)


def _joined(
    graph: Graph, steps: Sequence[Step], ways: Sequence[set[str]], inside: set[str], *, sums: bool
) -> list[Step]:
    levels = depths(graph, steps)
    result: list[Step] = []
    taken: set[int] = set()
    for index, step in enumerate(steps):
        if index in taken:
            continue
        group, meeting = [index], ""
        for other in range(index + 1, len(steps)):
            if other in taken or levels[other] != levels[index]:
                continue
            common = (ways[index] & ways[other]) - {step.product, steps[other].product}
            joins = [tensor for tensor in common if _joins(graph, tensor, sums=sums)]
            if not sums and not joins and step.data == steps[other].data:
                joins = [end for end in (_meeting(graph, steps, step, steps[other])) if end]
            if not joins or (not sums and steps[other].activation != step.activation):
                continue
            first = min(joins, key=lambda tensor: graph.order[node_of(tensor)])
            if not meeting or graph.order[node_of(first)] > graph.order[node_of(meeting)]:
                meeting = first
            group.append(other)
        taken.update(group)
        result.append(step if len(group) == 1 else _one(graph, [steps[i] for i in group], meeting, inside, sums=sums))
    # A layer stands where the last of its parts stands: what reads it comes after it.
    return sorted(result, key=lambda step: max(graph.order[part.node] for part in (step, *step.parts)))


def _meeting(graph: Graph, steps: Sequence[Step], one: Step, other: Step) -> list[str]:
    """Where two parts of a layer meet that are read by different products of one sum: the sum."""
    for later in steps:
        if later.added and len(later.parts) > 1:
            reads = [[p.data for p in later.parts if s.product in graph.ancestors([p.data])] for s in (one, other)]
            if all(reads) and not set(reads[0]) & set(reads[1]):
                return [later.product]
    return []


def _joins(graph: Graph, tensor: str, *, sums: bool) -> bool:
    node = graph[tensor]
    if node.op in _SIDE_BY_SIDE:
        return not is_flow(graph, tensor)
    return sums and node.op in _SUMS and sum(node_of(read) in graph.fed for read in node.inputs) > 1


def _one(graph: Graph, parts: Sequence[Step], meeting: str, inside: set[str], *, sums: bool) -> Step:
    """The layer that several steps are parts of."""
    first = parts[0]
    added = sums and graph[meeting].op in _SUMS
    output, bias = bias_after(graph, meeting, inside) if sums else (first.output, ())
    biases = tuple(dict.fromkeys(name for part in parts for name in part.bias))
    whole_bias = bias or (biases if all(part.bias for part in parts) or added else ())
    return replace(
        first,
        product=meeting if sums else first.product,
        output=output,
        variables=tuple(dict.fromkeys(name for part in parts for name in part.variables)),
        bias=whole_bias,
        inputs=_total(parts, "inputs") if added and len({part.data for part in parts}) > 1 else first.inputs,
        outputs=first.outputs if added else _total(parts, "outputs"),
        added=added,
        parts=tuple(parts),
    )


def _total(parts: Sequence[Step], key: str) -> int | None:
    sizes = [getattr(part, key) for part in parts]
    return None if None in sizes else sum(sizes)

"""Data that stands in a graph as a constant, where nothing that is fed comes to a layer: as if it were fed.

So programs are written that train on all rows at once, or that cut each minibatch out of a constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.reader.graph.nodes import node_of, sizes_of
from netgrader.reader.graph.plain import ITERATORS, plain_graph

if TYPE_CHECKING:
    from netgrader.reader.graph.nodes import Message, Node
    from netgrader.reader.graph.plain import Graph

#: What multiplies data by weights, with both as its first two inputs.
_PRODUCTS = frozenset({"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Einsum", "Mul"})
#: What takes rows out of its first input: the others only say which.
_CUTS = frozenset({"StridedSlice", "Slice", "Gather", "GatherV2", "GatherNd"})
#: What places of rows are computed with.
_PLACES = frozenset({"Add", "AddV2", "Cast", "ConcatV2", "ExpandDims", "Identity", "Mul", "Pack", "Sub"})
_OVER_ROWS = frozenset({"Max", "Mean", "Min", "Prod", "Sum"})
#: What gives a variable its first value.
_SETS = frozenset({"Assign", "AssignVariableOp", "VariableV2", "VarHandleOp"})
MOST_ROWS = 2_000
"""So many rows are fed at once where a graph takes all; with more it is not read."""


def data_fed(meta: Message) -> tuple[Message, int | None]:
    """Make placeholders of images and labels that are constants; and say how many rows they must have, None for any.

    The same graph where something that is fed comes to a layer, or no constant does.
    """
    graph = plain_graph(meta.graph_def)
    constants = {node.name: shape for node in graph.of_ops({"Const"}) if len(shape := _shape(node)) and shape[0] > 1}
    constants = {name: shape for name, shape in constants.items() if not _sets(graph, name)}
    if not any(len(shape) > 1 for shape in constants.values()):
        return meta, None
    if any(_brings_rows(graph, source) for source in graph.rows):
        return meta, None
    cut, images = False, dict[str, int]()
    for node in graph.of_ops(_PRODUCTS):
        sides = [node_of(tensor) in graph.varied for tensor in node.inputs[:2]]
        if len(sides) < 2 or sides[0] == sides[1]:
            continue
        turned = sides[0] and node.op != "Mul"  # weights on the left: each column is a row of the data
        above, chosen = _made_from(graph, node.inputs[1 if sides[0] else 0])
        at = -1 if turned else 0
        found = {name: constants[name][at] for name in above & constants.keys() if len(constants[name]) > 1}
        if found and ((turned and chosen) or any(graph.nodes[name].op in _OVER_ROWS for name in above)):
            return meta, None  # all the data may share a mean, a minibatch of it may not
        images |= found
        cut = cut or bool(found and chosen)
    if not images:
        return meta, None
    count = max(images.values())
    if count > MOST_ROWS and not cut:
        return meta, None
    names = {name for name, shape in constants.items() if count in (shape[0], shape[-1])}
    return _with_placeholders(meta, names, open_ended=cut), None if cut else count


def _shape(node: Node) -> tuple[int, ...]:
    """The shape of a constant; empty where it says none."""
    if "value" not in node.attributes:
        return ()
    return tuple(size or 0 for size in sizes_of(node.attributes["value"].tensor.tensor_shape) or ())


def _made_from(graph: Graph, tensor: str) -> tuple[set[str], bool]:
    """The nodes that a tensor's values come from, without what only says which rows are taken; and whether some are."""
    found, cut, todo = set[str](), False, [node_of(tensor)]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        node = graph.nodes[name]
        reads = graph.value_inputs(node)
        if node.op in _CUTS:
            reads, cut = node.inputs[:1], True
        todo.extend(node_of(read) for read in reads)
    return found, cut


def _brings_rows(graph: Graph, source: str) -> bool:
    """Whether what is fed is more than a number that says which rows of a constant are taken."""
    if graph[source].op in ITERATORS:
        return True
    todo, seen = [source], {source}
    while todo:
        tensor = todo.pop()
        for name in graph.consumers.get(tensor, ()):
            node = graph.nodes[name]
            if node.op in _CUTS and tensor != node.inputs[0] and node_of(node.inputs[0]) not in graph.varied:
                continue
            if node.op not in _PLACES:
                return True
            todo.extend(read for read in graph.outputs[name] if read not in seen)
            seen.update(graph.outputs[name])
    return False


def _sets(graph: Graph, name: str) -> bool:
    """Whether a constant is the first value of a variable."""
    todo, seen = [f"{name}:0"], set[str]()
    while todo:
        for reader in graph.consumers.get(todo.pop(), ()):
            if graph.nodes[reader].op in _SETS:
                return True
            if graph.nodes[reader].op == "Identity" and reader not in seen:
                seen.add(reader)
                todo.append(f"{reader}:0")
    return False


def _with_placeholders(meta: Message, names: set[str], *, open_ended: bool) -> Message:
    result = type(meta)()
    result.CopyFrom(meta)
    for node in result.graph_def.node:
        if node.name in names:
            shape = node.attr["value"].tensor.tensor_shape
            node.op = "Placeholder"
            node.attr["shape"].shape.CopyFrom(shape)
            if open_ended:
                node.attr["shape"].shape.dim[0].size = -1
            del node.attr["value"]
            if "_output_shapes" in node.attr:
                del node.attr["_output_shapes"]
    return result

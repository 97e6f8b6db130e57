"""A graph as plain Python: nodes, tensors, edges, and walks along values.

A tensor is named ``node:index`` throughout. Walks along values skip inputs of which an op uses only the shape, and control
inputs: they show from which numbers a number is computed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property, reduce
from graphlib import CycleError, TopologicalSorter
from itertools import chain, filterfalse
from typing import TYPE_CHECKING

from graphread.graph.constants import fold
from graphread.graph.nodes import (
    DTYPES,
    REFERENCE,
    Message,
    Node,
    node_of,
    output_index,
    plain_node,
    reached,
    sizes_of,
)
from graphread.graph.source import GraphError
from graphread.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from graphread.graph.nodes import Array


VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
ITERATORS = frozenset({"IteratorGetNext"})

#: Ops with an input that sets the shape of the result.
SHAPED = frozenset({"Reshape", "BroadcastTo", "Tile", "Fill"})
#: Ops that use only the shape of their inputs, so that no input value enters the result.
SHAPE_ONLY = frozenset({"ShapeN", "Rank", "ZerosLike", "OnesLike", "BroadcastGradientArgs", "VariableShape"})
#: Inputs whose values an op uses, if not all.
_VALUES = {**dict.fromkeys(SHAPED, slice(1)), **dict.fromkeys(SHAPE_ONLY, slice(0)), "Fill": slice(1, None)}

_SIZES = frozenset({"Shape", "Size"})
#: Ops with a data-dependent output length, ops that take such an output as indices, and ops that keep its length.
_CHOOSING = frozenset({"Where", "DynamicPartition", "Unique", "UniqueV2", "ListDiff"})
_GATHERING = frozenset({"Gather", "GatherV2", "GatherNd"})
_AS_MANY = frozenset({"Identity", "Cast", "Squeeze", "Reshape"})

RANDOM = frozenset(
    {
        *("RandomUniform", "RandomStandardNormal", "TruncatedNormal"),
        *("StatelessRandomUniform", "StatelessRandomUniformV2"),
    }
)
#: Ops that compare random numbers with a dropout rate or keep probability; older dropouts add it and take the floor.
_COMPARING = frozenset({"GreaterEqual", "Greater", "LessEqual", "Less", "Floor"})

_BACK_EDGES = frozenset({"NextIteration", "RefNextIteration"})
#: Tensors that all walks together may visit: a few hundred times what an ordinary network needs.
MAX_VISITS = 5_000_000


#: Minimum numbers of inputs: TensorFlow rejects a graph with a missing input, and so later code need not check.
_LEAST = {
    **dict.fromkeys(
        (
            *("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "SparseMatMul", "Pow", "BiasAdd"),
            *("Conv2D", "Conv3D", "DepthwiseConv2dNative", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum"),
            *("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits", "SquaredDifference", "Minimum"),
            *("Mean", "Sum", "Max", "Reshape", "BroadcastTo", "Tile", "Fill", "Transpose", "ArgMax", "Equal"),
            *("Switch", "RefSwitch", "GatherV2", "Gather", "GatherNd"),
        ),
        2,
    ),
    **dict.fromkeys(("Select", "SelectV2", "Conv2DBackpropInput", "Conv3DBackpropInputV2"), 3),
    "SparseTensorDenseMatMul": 4,
}


class Graph:
    """Nodes by name, in file order.

    `known` has the values of tensors that evaluation feeds, `untaken` the nodes of branches that it does not take.
    """

    def __init__(self, nodes: Iterable[Node], known: Mapping[str, Array] | None = None) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.known = dict(known or {})
        self.untaken: frozenset[str] = frozenset()
        self._visits = 0

    def __getitem__(self, name: str) -> Node:
        return self.nodes[node_of(name) if name not in self.nodes else name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and node_of(name) in self.nodes

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        """Return the nodes that read each tensor."""
        return _turned_over((node.name, dict.fromkeys(node.inputs)) for node in self.nodes.values())

    @cached_property
    def outputs(self) -> dict[str, list[str]]:
        """Return the tensors of each node that are read, or its first one."""
        found = _turned_over((tensor, [node_of(tensor)]) for tensor in self.consumers)
        return {name: sorted(found.get(name) or [name + ":0"]) for name in self.nodes}

    @cached_property
    def waiting(self) -> dict[str, list[str]]:
        """Return, for each node, the nodes that wait for it through a control input."""
        return _turned_over((node.name, node.controls) for node in self.nodes.values())

    @cached_property
    def order(self) -> dict[str, int]:
        """Return a topological position for each node; raise `GraphError` for a cycle outside a loop."""
        closing = {node.name for node in self.of_ops(_BACK_EDGES)}
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for node in self.nodes.values():
            before = dict.fromkeys([*map(node_of, node.inputs), *node.controls])
            sorter.add(node.name, *filterfalse(closing.__contains__, before))
        try:
            return {name: position for position, name in enumerate(sorter.static_order())}
        except CycleError as error:
            raise GraphError(
                Text("The graph is cyclic: {args!r} depends on itself.", args=error.args[1][0][:80])
            ) from error

    def behind(self, tensor: str) -> str:
        """Resolve a tensor through IdentityN."""
        while tensor in self and self[tensor].op == "IdentityN" and output_index(tensor) < len(self[tensor].inputs):
            tensor = self[tensor].inputs[output_index(tensor)]
            self._count(1)
        return tensor

    def past(self, tensor: str, ops: Container[str]) -> str:
        """Follow first inputs back through these op types."""
        while self[tensor].op in ops and self[tensor].inputs:
            tensor = self[tensor].inputs[0]
            self._count(1)
        return tensor

    # Walks -----------------------------------------------------------------------------------------------------

    def value_inputs(self, node: Node) -> tuple[str, ...]:
        """Return the tensors whose values (not only shapes) the node uses."""
        if node.op in _SIZES:
            return tuple(filter(self._is_count, node.inputs))
        return node.inputs[_VALUES.get(node.op, slice(None))]

    def _is_count(self, tensor: str) -> bool:
        """Whether a tensor's size depends on values: rows selected or gathered by them."""
        node = self[self.past(tensor, _AS_MANY)]
        while node.op in _GATHERING:
            node = self[self.past(node.inputs[1], _AS_MANY)]
            self._count(1)
        return node.op in _CHOOSING

    def walked(self, tensors: Iterable[str | None], following: Callable[[str], Iterable[str]]) -> set[str]:
        """Return everything reachable from tensors; raise `GraphError` if the graph takes too many steps."""
        found = reached(filter(None, tensors), following)
        self._count(len(found))
        return found

    def ancestors(self, tensors: Iterable[str | None], *, stop: Iterable[str] = (), control: bool = False) -> set[str]:
        """Return all tensors from which `tensors` are computed, including them; not beyond `stop`."""
        ends = set(stop)

        def made_from(tensor: str) -> Iterable[str]:
            node = self.nodes[node_of(tensor)]
            reads = (*node.inputs, *(f"{name}:0" for name in node.controls)) if control else self.value_inputs(node)
            return () if tensor in ends else reads

        return self.walked(tensors, made_from)

    def ancestor_nodes(
        self, tensors: Iterable[str | None], *, stop: Iterable[str] = (), control: bool = False
    ) -> set[str]:
        """Return the nodes of `ancestors`."""
        return {node_of(tensor) for tensor in self.ancestors(tensors, stop=stop, control=control)}

    def ops_above(
        self, tensors: Iterable[str | None], *, stop: Iterable[str] = (), control: bool = False
    ) -> frozenset[str]:
        """Return the ops of `ancestor_nodes`."""
        return frozenset(self.nodes[name].op for name in self.ancestor_nodes(tensors, stop=stop, control=control))

    def descendants(self, tensors: Iterable[str | None], *, stop: Iterable[str] = ()) -> set[str]:
        """Return all tensors computed from the values of `tensors`, including them.

        Tensors in `stop` are excluded and not followed.
        """
        ends = set(stop)

        def makes(tensor: str) -> Iterable[str]:
            made = (self.outputs[node.name] for node in self.value_readers(tensor))
            return set(chain.from_iterable(made)) - ends

        return self.walked(set(tensors) - ends, makes)

    def value_readers(self, tensor: str) -> list[Node]:
        """Return the nodes that use the values of a tensor."""
        readers = [self.nodes[name] for name in self.consumers.get(tensor, ())]
        return [node for node in readers if tensor in self.value_inputs(node)]

    def values_read(self, tensors: Iterable[str]) -> set[str]:
        """Return the tensors whose values the ops of `tensors` use."""
        return set(chain.from_iterable(self.value_inputs(self[tensor]) for tensor in tensors))

    def _count(self, visits: int) -> None:
        """Count visits; raise `GraphError` beyond `MAX_VISITS`."""
        self._visits += visits
        if self._visits > MAX_VISITS:
            raise GraphError(Text("The graph is too tangled to be read: following it takes too many steps."))

    def dominators(self, source: str | None, target: str | None) -> list[str]:
        """Return the tensors on every value path from `source` to `target`, in order, ends included.

        Empty if there is no path. Loops are traversed once.
        """
        inside = self.descendants([source]) & self.ancestors([target])
        if source is None or target not in inside:
            return []
        # A node lies between its inputs and its output; immediate dominators in one pass as in Cooper, Harvey and Kennedy, 'A
        # simple, fast dominance algorithm' (2001).
        later = sorted(inside - {source}, key=lambda tensor: (self.order[node_of(tensor)], tensor))
        turn = dict(zip([source, *later], range(len(inside)), strict=True))
        parent: dict[str, str] = {source: source}

        def meet(one: str, other: str) -> str:
            while one != other:
                one, other = (one, parent[other]) if turn[one] < turn[other] else (parent[one], other)
                self._count(1)
            return one

        for tensor in later:
            read = [read for read in self.value_inputs(self[tensor]) if read in parent]
            parent[tensor] = reduce(meet, read or [source])
        chain = [target]
        while chain[-1] != source:
            chain.append(parent[chain[-1]])
        return chain[::-1]

    # Static knowledge -----------------------------------------------------------------------------------------------

    def of_ops(self, ops: Iterable[str]) -> Iterator[Node]:
        """Yield the nodes with one of these ops."""
        wanted = frozenset(ops)
        return (node for node in self.nodes.values() if node.op in wanted)

    def made_by(self, ops: Iterable[str]) -> set[str]:
        """Return the output tensors of nodes with one of these ops."""
        return set(chain.from_iterable(self.outputs[node.name] for node in self.of_ops(ops)))

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the variables."""
        return tuple(node.name for node in self.of_ops(VARIABLES))

    def variables_in(self, *tensors: str | None) -> list[str]:
        """Return the variables from which tensors are computed, in the graph's order."""
        nodes = self.ancestor_nodes(tensors)
        return [name for name in self.variables if name in nodes]

    @cached_property
    def fed(self) -> frozenset[str]:
        """Return the nodes whose values depend on fed rows."""
        return frozenset(map(node_of, self.descendants(self.rows or self.sources)))

    @cached_property
    def varied(self) -> frozenset[str]:
        """Return the nodes whose values depend on a variable."""
        return frozenset(map(node_of, self.descendants(f"{name}:0" for name in self.variables)))

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Return the tensors that come from outside: outputs of placeholders and iterators."""
        outside = {**dict.fromkeys(PLACEHOLDERS, slice(1)), **dict.fromkeys(ITERATORS, slice(None))}
        return tuple(one for node in self.of_ops(outside) for one in self.outputs[node.name][outside[node.op]])

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """Return sources that can hold rows: no scalar, no switch or dropout rate, no feed of evaluation."""
        return tuple(
            source
            for source in self.sources
            if source not in self.known
            and self.static_shape(source) != ()
            and self.static_dtype(source) not in ("bool", "resource")
            and not self._is_share(source)
        )

    def _is_share(self, source: str) -> bool:
        """Whether a source of unknown shape is a dropout rate, which random numbers are compared with."""
        if self.static_shape(source) is not None:
            return False
        drawn = self.descendants(self.made_by(RANDOM)) & self.descendants([source])
        return not self.varied.issuperset(map(node_of, self.made_by(_COMPARING) & drawn))

    def static_shape(self, source: str) -> tuple[int | None, ...] | None:
        """Return the declared shape of a source or variable."""
        node = self[source]
        shapes = node.attributes["output_shapes"].list.shape if node.op in ITERATORS else ()
        index = output_index(source)
        return sizes_of(shapes[index]) if index < len(shapes) else node.shape()

    def static_dtype(self, source: str) -> str:
        """Return the declared dtype of a source or variable."""
        node = self[source]
        types = node.attributes["output_types"].list.type if node.op in ITERATORS else ()
        index = output_index(source)
        return DTYPES.get(types[index] % REFERENCE, "unknown") if index < len(types) else node.dtype("dtype")

    def constant(self, tensor: str) -> Array | None:
        """Return a tensor's value if constant folding finds it; else None."""
        return fold(tensor, self.nodes, self.known)

    def holds_only(self, tensor: str, number: float) -> bool:
        """Whether all elements of a tensor equal this number in every run."""
        value = self.constant(tensor)
        return value is not None and bool((value == number).all())


def _turned_over(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Return the inverse of a mapping to several values."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, others in pairs:
        for other in others:
            found[other].append(name)
    return dict(found)


def plain_graph(definition: Message) -> Graph:
    """Return the plain graph of a GraphDef; raise `GraphError` if it is inconsistent."""
    nodes = [plain_node(raw) for raw in definition.node]
    names = Counter(node.name for node in nodes)
    twice, count = names.most_common(1)[0]
    if count > 1:
        raise GraphError(Text("The graph has two operations named {name!r}.", name=twice[:80]))
    for node in nodes:
        if len(node.inputs) < _LEAST.get(node.op, 0):
            raise GraphError(Text("The operation {name!r} ({op}) lacks an input.", name=node.name[:80], op=node.op))
        missing = {*map(node_of, node.inputs), *node.controls} - names.keys()
        if missing:
            raise GraphError(
                Text(
                    "The operation {name!r} reads {missing!r}, which is not there.",
                    name=node.name[:80],
                    missing=min(missing)[:80],
                )
            )
    return Graph(nodes)

"""A graph as plain Python: nodes, tensors, what reads what, and walks that follow values.

A tensor is named ``node:index`` throughout. "Value" walks leave out what an op only takes the shape of, and control
inputs: they say which numbers a number is made from.
"""

from __future__ import annotations

from collections import defaultdict, deque
from functools import cached_property, reduce
from typing import TYPE_CHECKING

from netgrader.phrases import say
from netgrader.reader.graph.constants import fold
from netgrader.reader.graph.nodes import DTYPES, REFERENCE, Message, Node, node_of, plain_node, sizes_of
from netgrader.reader.graph.source import GraphError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from netgrader.reader.graph.nodes import Array


VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2", "PlaceholderWithDefault"})
ITERATORS = frozenset({"IteratorGetNext"})

#: Ops that are told the shape of their result.
SHAPED = frozenset({"Reshape", "BroadcastTo", "Tile", "Fill"})
#: Ops whose result holds nothing of their input's values, by the inputs of which only the shape is looked at.
SHAPE_ONLY = frozenset(
    {"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "BroadcastGradientArgs", "VariableShape"}
)

_SIZES = frozenset({"Shape", "Size"})
#: Ops whose result is as long as values say, ops that take such a result for places, and that leave the length as it is.
_CHOOSING = frozenset({"Where", "DynamicPartition", "Unique", "UniqueV2", "ListDiff"})
_GATHERING = frozenset({"Gather", "GatherV2", "GatherNd"})
_AS_MANY = frozenset({"Identity", "Cast", "Squeeze", "Reshape"})

RANDOM = frozenset(
    {
        *("RandomUniform", "RandomStandardNormal", "TruncatedNormal"),
        *("StatelessRandomUniform", "StatelessRandomUniformV2"),
    }
)
#: What a share goes through before random numbers are compared with it, and what compares them.
_SHARING = frozenset({"Identity", "Cast", "Sub", "RealDiv", "Switch", "Merge", "Enter", "Reshape"})
_COMPARING = frozenset({"GreaterEqual", "Greater", "LessEqual", "Less"})

_BACK_EDGES = frozenset({"NextIteration", "RefNextIteration"})
_MAX_HANDS = 1_000
#: Tensors that all walks together may visit: some hundred times what an ordinary network needs.
MAX_VISITS = 5_000_000


# What works on two tensors at least: TensorFlow takes no graph in which one is missing, and nobody need look again.
_OF_TWO = frozenset(
    {
        *("MatMul", "BatchMatMulV2", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Pow", "Maximum", "Minimum", "BiasAdd"),
        *("SquaredDifference", "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"),
        *("Mean", "Sum", "Max", "Reshape", "Transpose", "ArgMax", "Equal"),
    }
)


class Graph:
    """Nodes by name, in the order of the file.

    `known` are values of tensors that evaluation feeds, `untaken` the nodes of branches that it does not take.
    """

    def __init__(self, nodes: Iterable[Node], known: Mapping[str, Array] | None = None) -> None:
        self.nodes: dict[str, Node] = {}
        self.known = dict(known or {})
        self.untaken: frozenset[str] = frozenset()
        self._visits = 0
        for node in nodes:
            if node.name in self.nodes:
                raise GraphError(say("The graph has two operations named {1!r}.", node.name[:80]))
            self.nodes[node.name] = node
        for node in self.nodes.values():
            if node.op in _OF_TWO and len(node.inputs) < 2:
                raise GraphError(say("The operation {1!r} ({2}) lacks an input.", node.name[:80], node.op))
            for name in (*map(node_of, node.inputs), *node.controls):
                if name not in self.nodes:
                    raise GraphError(
                        say("The operation {1!r} reads {2!r}, which is not there.", node.name[:80], name[:80])
                    )

    def __getitem__(self, name: str) -> Node:
        return self.nodes[node_of(name) if name not in self.nodes else name]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self.nodes or node_of(name) in self.nodes)

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        """The nodes that read each tensor."""
        return _turned_over((node.name, dict.fromkeys(node.inputs)) for node in self.nodes.values())

    @cached_property
    def outputs(self) -> dict[str, list[str]]:
        """The tensors of each node that anything reads, or its first."""
        found = _turned_over((tensor, [node_of(tensor)]) for tensor in self.consumers)
        return {name: sorted(found.get(name) or [name + ":0"]) for name in self.nodes}

    @cached_property
    def waiting(self) -> dict[str, list[str]]:
        """The nodes that wait for each node by a control input."""
        return _turned_over((node.name, node.controls) for node in self.nodes.values())

    @cached_property
    def order(self) -> dict[str, int]:
        """A position for each node, after all that it reads and waits for; a cycle that is no loop is a `GraphError`."""
        readers: dict[str, list[str]] = {name: [] for name in self.nodes}
        waits = dict.fromkeys(self.nodes, 0)
        for node in self.nodes.values():
            for name in (*map(node_of, node.inputs), *node.controls):
                readers[name].append(node.name)  # once for each time that it reads or waits
                waits[node.name] += self.nodes[name].op not in _BACK_EDGES
        ready = deque(name for name, count in waits.items() if count == 0)
        position: dict[str, int] = {}
        while ready:
            name = ready.popleft()
            position[name] = len(position)
            if self.nodes[name].op in _BACK_EDGES:
                continue
            for reader in readers[name]:
                waits[reader] -= 1
                if waits[reader] == 0:
                    ready.append(reader)
        if len(position) < len(self.nodes):
            stuck = next(name for name in self.nodes if name not in position)
            raise GraphError(say("The graph is cyclic: {1!r} depends on itself.", stuck[:80]))
        return position

    def behind(self, tensor: str) -> str:
        """The tensor that an op which only hands several on takes this one from; the tensor itself for other ops."""
        for _ in range(_MAX_HANDS):
            node = self.nodes.get(node_of(tensor))
            index = tensor.rpartition(":")[2]
            if node is None or node.op != "IdentityN" or not index.isdigit() or int(index) >= len(node.inputs):
                break
            tensor = node.inputs[int(index)]
        return tensor

    def past(self, tensor: str, ops: Container[str]) -> str:
        """The tensor that ops of these kinds, each of its first input, make this one from."""
        while self[tensor].op in ops and self[tensor].inputs:
            tensor = self[tensor].inputs[0]
        return tensor

    # Walks -----------------------------------------------------------------------------------------------------

    def value_inputs(self, node: Node) -> tuple[str, ...]:
        """The tensors whose values (not only shapes) the node uses."""
        if node.op in SHAPE_ONLY:
            return tuple(filter(self._is_count, node.inputs)) if node.op in _SIZES else ()
        if node.op in SHAPED and len(node.inputs) > 1:
            return node.inputs[1:] if node.op == "Fill" else node.inputs[:1]
        return node.inputs

    def _is_count(self, tensor: str) -> bool:
        """Whether how many numbers a tensor holds follows from values: what was chosen by them, or is gathered so."""
        node = self[self.past(tensor, _AS_MANY)]
        while node.op in _GATHERING and len(node.inputs) > 1:
            node = self[self.past(node.inputs[1], _AS_MANY)]
        return node.op in _CHOOSING

    def ancestors(self, tensors: Iterable[str | None], *, stop: Iterable[str] = (), control: bool = False) -> set[str]:
        """All tensors and nodes' outputs that `tensors` are made from, themselves included; not beyond `stop`."""
        ends, seen, todo = set(stop), set(), [tensor for tensor in tensors if tensor is not None]
        while todo:
            tensor = todo.pop()
            if tensor in seen:
                continue
            seen.add(tensor)
            if tensor in ends:
                continue
            node = self.nodes[node_of(tensor)]
            todo.extend(node.inputs if control else self.value_inputs(node))
            if control:
                todo.extend(name + ":0" for name in node.controls)
        self._count(len(seen))
        return seen

    def ancestor_nodes(
        self, tensors: Iterable[str | None], *, stop: Iterable[str] = (), control: bool = False
    ) -> set[str]:
        """The nodes of `ancestors`."""
        return {node_of(tensor) for tensor in self.ancestors(tensors, stop=stop, control=control)}

    def descendants(
        self, tensors: Iterable[str | None], *, past: frozenset[str] = frozenset(), stop: Iterable[str] = ()
    ) -> set[str]:
        """All tensors made from the values of `tensors`, themselves included; ops in `past` are not passed.

        Nothing that is in `stop` is among them, or followed.
        """
        ends = set(stop)
        seen: set[str] = set()
        todo = [tensor for tensor in tensors if tensor is not None]
        while todo:
            tensor = todo.pop()
            if tensor in seen or tensor in ends:
                continue
            seen.add(tensor)
            for name in self.consumers.get(tensor, ()):
                node = self.nodes[name]
                if tensor not in self.value_inputs(node) or node.op in past:
                    continue
                todo.extend(self.outputs[name])
        self._count(len(seen))
        return seen

    def _count(self, visits: int) -> None:
        """Keep account of the walks: a graph that is made to be slow ends with a `GraphError`."""
        self._visits += visits
        if self._visits > MAX_VISITS:
            raise GraphError("The graph is too tangled to be read: following it takes too many steps.")

    def dominators(self, source: str, target: str) -> list[str]:
        """The tensors that every path of values from `source` to `target` passes, in order, both ends included.

        Empty if there is no path.
        """
        inside = self.descendants([source]) & self.ancestors([target])
        if target not in inside or source not in inside:
            return []
        # A node stands between the tensors that it reads and the one that it makes; immediate dominators as in
        # Cooper, Harvey and Kennedy, 'A simple, fast dominance algorithm' (2001): one pass, but for loops.
        turn = self._reached(source, inside)
        parent: dict[str, str] = {source: source}

        def meet(one: str, other: str) -> str:
            steps = 0
            while one != other:
                one, other = (one, parent[other]) if turn[one] < turn[other] else (parent[one], other)
                steps += 1
            self._count(steps)
            return one

        before: dict[str, str] = {}
        while before != parent:
            before = dict(parent)
            self._count(len(turn))
            for tensor in list(turn)[1:]:
                read = [read for read in self.value_inputs(self[tensor]) if read in parent]
                parent[tensor] = reduce(meet, read)
        if target not in parent:
            return []
        chain = [target]
        while chain[-1] != source:
            chain.append(parent[chain[-1]])
        return chain[::-1]

    def _reached(self, source: str, inside: set[str]) -> dict[str, int]:
        """Number the tensors `inside` that follow from `source`, each after those that it is made from, but for loops."""
        done: list[str] = []
        seen, todo = {source}, [(source, iter(self._made_with(source)))]
        while todo:
            later = todo[-1][1]
            following = next((one for one in later if one in inside and one not in seen), None)
            if following is None:
                done.append(todo.pop()[0])
            else:
                seen.add(following)
                todo.append((following, iter(self._made_with(following))))
        return {tensor: number for number, tensor in enumerate(reversed(done))}

    def _made_with(self, tensor: str) -> Iterator[str]:
        """The tensors that nodes make with the values of this one."""
        for name in self.consumers.get(tensor, ()):
            if tensor in self.value_inputs(self.nodes[name]):
                yield from self.outputs[name]

    # Things that are known without running ---------------------------------------------------------------------

    def of_ops(self, ops: Iterable[str]) -> Iterator[Node]:
        """The nodes with one of these ops."""
        wanted = frozenset(ops)
        return (node for node in self.nodes.values() if node.op in wanted)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables."""
        return tuple(node.name for node in self.of_ops(VARIABLES))

    def variables_in(self, tensor: str | None) -> list[str]:
        """The variables that a tensor is made from, in the graph's order."""
        nodes = self.ancestor_nodes([tensor])
        return [name for name in self.variables if name in nodes]

    @cached_property
    def fed(self) -> frozenset[str]:
        """The nodes whose values depend on rows that are fed."""
        return self._made_from({node_of(source) for source in self.rows or self.sources})

    @cached_property
    def varied(self) -> frozenset[str]:
        """The nodes whose values depend on a variable."""
        return self._made_from(set(self.variables))

    def _made_from(self, roots: set[str]) -> frozenset[str]:
        found = set(roots)
        loops = any(node.op in _BACK_EDGES for node in self.nodes.values())
        before = -1
        while len(found) > before:
            before = len(found) if loops else len(self.nodes)  # what a loop hands back is known in a further pass
            for name in self.order:
                node = self.nodes[name]
                if any(node_of(tensor) in found for tensor in self.value_inputs(node)):
                    found.add(name)
        return frozenset(found)

    @cached_property
    def looped(self) -> set[str]:
        """The tensors inside of loops, which no run can fetch."""
        entering = [f"{node.name}:0" for node in self.of_ops(("Enter", "RefEnter"))]
        return self.descendants(entering, past=frozenset({"Exit", "RefExit"}))

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The tensors that come from outside: placeholders and what iterators give."""
        found = []
        for node in self.nodes.values():
            if node.op in PLACEHOLDERS:
                found.append(node.name + ":0")
            elif node.op in ITERATORS:
                found.extend(self.outputs[node.name])
        return tuple(found)

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The sources that can hold rows: not a number by itself, not a switch or a share, not what evaluation fixes."""
        return tuple(
            source
            for source in self.sources
            if source not in self.known
            and self.static_shape(source) != ()
            and not self._is_share(source)
            and self.static_dtype(source) not in ("bool", "resource")
        )

    def _is_share(self, source: str) -> bool:
        """Whether a source of no known shape is what a dropout keeps or drops: random numbers are compared with it."""
        if self.static_shape(source) is not None:
            return False
        todo, seen = [source], {source}
        while todo:
            tensor = todo.pop()
            for name in self.consumers.get(tensor, ()):
                node = self.nodes[name]
                if node.op in _SHARING:
                    todo.extend(read for read in self.outputs[name] if read not in seen)
                    seen.update(self.outputs[name])
                    continue
                # Older dropouts add the share that is kept, and round down.
                added = node.op in ("Add", "AddV2") and any(
                    self.nodes[reader].op == "Floor" for reader in self.consumers.get(f"{name}:0", ())
                )
                others = [read for read in node.inputs if read != tensor] if added or node.op in _COMPARING else []
                above = {self.nodes[name].op for name in self.ancestor_nodes(others)}
                if above & RANDOM and not above & VARIABLES:
                    return True
        return False

    def static_shape(self, source: str) -> tuple[int | None, ...] | None:
        """The shape that a source or a variable declares."""
        node = self[source]
        if node.op in ITERATORS:
            shapes = node.attributes["output_shapes"].list.shape
            index = int(source.rpartition(":")[2])
            return sizes_of(shapes[index]) if index < len(shapes) else None
        return node.shape()

    def static_dtype(self, source: str) -> str:
        """The type that a source or a variable declares."""
        node = self[source]
        if node.op in ITERATORS:
            types = node.attributes["output_types"].list.type
            index = int(source.rpartition(":")[2])
            return DTYPES.get(types[index] % REFERENCE, "unknown") if index < len(types) else "unknown"
        return node.dtype("dtype")

    def constant(self, tensor: str) -> Array | None:
        """The value of a tensor that is the same in every run, as far as simple arithmetic tells; else None."""
        return fold(tensor, self.nodes, self.known)


def _turned_over(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """For each of the second, the first that have it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, others in pairs:
        for other in others:
            found[other].append(name)
    return dict(found)


def plain_graph(definition: Message) -> Graph:
    """The plain graph of a GraphDef; a `GraphError` if it contradicts itself."""
    return Graph(plain_node(raw) for raw in definition.node)

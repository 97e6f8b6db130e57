"""Loops that are passed a fixed number of times are written out, so that the layers in them can be looked at one by one.

A ``tf.while_loop`` of TensorFlow 1 is a frame: values come in by Enter, go round by Merge, Switch and NextIteration, and
come out by Exit (White paper of TensorFlow, 2015, section 4.4). Nothing in a frame can be fed or fetched. Here copies of
the body stand one after another, and what read an Exit reads the last copy. The loop itself stays: its gradient, which
is a loop of its own, needs it.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from typing import TYPE_CHECKING

from netgrader.reader.graph.constants import fold, truth
from netgrader.reader.graph.functions import MAX_PASSES
from netgrader.reader.graph.nodes import Node, copied, inputs_set, node_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.graph.nodes import Array, Message
    from netgrader.reader.graph.plain import Graph

MAX_COPIES = 20_000

_ENTER = frozenset({"Enter", "RefEnter"})
_EXIT = frozenset({"Exit", "RefExit"})
MERGES = frozenset({"Merge", "RefMerge"})
SWITCHES = frozenset({"Switch", "RefSwitch"})
_ARRAY = "TensorArrayV3"


def unrolled(meta: Message, graph: Graph, rows: int | None = None) -> Message:
    """The same graph with the loops written out whose number of passes follows from constants.

    `graph` has it as plain nodes, with the values that evaluation feeds; `rows` is how many rows are fed, for loops that
    pass once for each: None leaves those as they are.
    """
    frames: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes.values():
        if node.op in _ENTER and "frame_name" in node.attributes:
            frames[node.attributes["frame_name"].s.decode("utf-8", "replace")].append(node)
    if not frames:
        return meta
    result = type(meta)()
    result.CopyFrom(meta)
    raw = {node.name: node for node in result.graph_def.node}
    for enters in frames.values():
        frame = _Frame(graph, enters, rows)
        if frame.run():
            frame.write(result.graph_def, raw)
    return result


def _as_decided(copy: Message, node: Node) -> tuple[str, ...]:
    """Make a switch or a merge that has been decided an op that hands on what it is given; what the copy reads."""
    switched = node.op in SWITCHES and len(node.inputs) == 1
    if not switched and copy.op == node.op:
        return node.inputs
    dtype = copy.attr["T"].type
    copy.attr.clear()
    if switched:  # one of its two outputs is read
        copy.op = "IdentityN"
        copy.attr["T"].list.type.extend([dtype, dtype])
        return node.inputs * 2
    copy.op = node.op
    copy.attr["T"].type = dtype
    return node.inputs


class _Frame:
    """One loop: its members, its variables, and the copies that were made of its body."""

    def __init__(self, graph: Graph, enters: list[Node], rows: int | None) -> None:
        self.graph = graph
        self.enters = {node.name: node for node in enters}
        self.members, self.exits = self._members()
        nodes = [graph.nodes[name] for name in self.members]
        self.merges = [node for node in nodes if node.op in MERGES and node_of(node.inputs[0]) in self.enters]
        self.switches = {
            node.name: node_of(node.inputs[0])
            for node in nodes
            if node.op in SWITCHES and any(node_of(node.inputs[0]) == merge.name for merge in self.merges)
        }
        self.condition = next((node for node in nodes if node.op == "LoopCond"), None)
        self.arrays = self._arrays()
        self.copies: dict[str, Node] = {}
        self.origin: dict[str, str] = {}
        self.last: dict[str, str] = {}
        self.rows = rows
        self.values = dict(graph.known)

    def _members(self) -> tuple[set[str], list[Node]]:
        members: set[str] = set(self.enters)
        exits: list[Node] = []
        todo = list(self.enters)
        while todo:
            name = todo.pop()
            readers = {reader for tensor in self.graph.outputs[name] for reader in self.graph.consumers.get(tensor, ())}
            for reader in readers | set(self.graph.waiting.get(name, ())):
                node = self.graph.nodes[reader]
                if node.op in _EXIT:
                    if node not in exits:
                        exits.append(node)
                elif reader not in members:
                    members.add(reader)
                    todo.append(reader)
        return members, exits

    def _arrays(self) -> dict[str, str]:
        """The arrays of tensors that the loop reads or writes, and all before it that puts something into them."""
        found: dict[str, str] = {}
        for enter in self.enters.values():
            source = self.graph[enter.inputs[0]]
            for name in (source.name, *(node_of(read) for read in source.inputs)):
                if self.graph.nodes[name].op == _ARRAY and source.op.startswith("TensorArray"):
                    found[name] = f"{name}/unrolled"
                    if source.name != name:
                        found[source.name] = f"{source.name}/unrolled"
        return found

    def _outside(self, tensor: str) -> str:
        """A tensor from before the loop; of an array of tensors the copy that the written-out loop has for itself."""
        name, _, index = tensor.rpartition(":")
        return f"{self.arrays[name]}:{index}" if name in self.arrays else tensor

    def run(self) -> bool:
        """Copy the body as often as the loop is passed; False if that does not follow from constants, or it has a loop inside."""
        inner = any(self.graph.nodes[name].op in _ENTER for name in self.members - self.enters.keys())
        if self.condition is None or not self.merges or not self.exits or inner:
            return False
        state = {merge.name: self._outside(self.enters[node_of(merge.inputs[0])].inputs[0]) for merge in self.merges}
        for count in range(MAX_PASSES + 1):
            goes_on = truth(self._constant(self._copy(self.condition.inputs[0], state, count)))
            if goes_on is None or len(self.copies) > MAX_COPIES:
                return False
            if not goes_on:
                self.last = state
                return True
            state = {
                merge.name: self._copy(self.graph[merge.inputs[1]].inputs[0], state, count) for merge in self.merges
            }
            # Counters are kept as numbers: a chain of additions need not be followed back to the first pass.
            counted = {tensor: self._constant(tensor) for tensor in state.values()}
            self.values.update({tensor: value for tensor, value in counted.items() if value is not None})
        return False

    def _constant(self, tensor: str) -> Array | None:
        return fold(tensor, ChainMap(self.copies, self.graph.nodes), self.values, rows=self.rows)

    def _copy(self, tensor: str, state: Mapping[str, str], count: int) -> str:
        """The tensor that stands for `tensor` in one pass; what it is made from in the loop is copied."""
        todo = [tensor]
        while todo:
            current = todo[-1]
            node = self.graph[current]
            if self._direct(current, state) is not None or self._name(node, count) in self.copies:
                todo.pop()
                continue
            missing = [
                read
                for read in node.inputs
                if self._direct(read, state) is None and self._name(self.graph[read], count) not in self.copies
            ]
            if missing and len(todo) < MAX_COPIES:
                todo.extend(missing)
                continue
            todo.pop()
            name = self._name(node, count)
            inputs = tuple(self._standing(read, state, count) for read in node.inputs)
            waits = tuple(wait for wait in node.controls if wait not in self.members)
            self.copies[name] = Node(name, node.op, inputs, waits, node.attributes)
            self.origin[name] = node.name
        return self._standing(tensor, state, count)

    def _direct(self, tensor: str, state: Mapping[str, str]) -> str | None:
        """What stands for a tensor without a copy: from outside, or what a loop variable holds in this pass."""
        name = node_of(tensor)
        if name in self.enters:
            return self._outside(self.enters[name].inputs[0])
        if name in state:
            return state[name]
        if name in self.switches:
            return state[self.switches[name]]
        return self._outside(tensor) if name not in self.members else None

    def _standing(self, tensor: str, state: Mapping[str, str], count: int) -> str:
        direct = self._direct(tensor, state)
        return direct if direct is not None else f"{self._name(self.graph[tensor], count)}:{tensor.rpartition(':')[2]}"

    def _name(self, node: Node, count: int) -> str:
        return f"{node.name}/unrolled_{count}"

    def write(self, target: Message, raw: Mapping[str, Message]) -> None:
        """Add the copies to a GraphDef, and let what read the loop's results read theirs."""
        for name, new in self.arrays.items():
            node = self.graph.nodes[name]
            inputs = [*map(self._outside, node.inputs), *(f"^{wait}" for wait in node.controls)]
            copy = copied(raw[name], new, inputs)
            if node.op == _ARRAY and "tensor_array_name" in copy.attr:
                copy.attr["tensor_array_name"].s = copy.attr["tensor_array_name"].s + b"_unrolled"
            target.node.append(copy)
        for name, node in self.copies.items():
            copy = copied(raw[self.origin[name]], name, ())
            copy.input.extend([*_as_decided(copy, node), *(f"^{wait}" for wait in node.controls)])
            target.node.append(copy)
        results = {
            f"{leave.name}:0": self.last[self.switches[node_of(leave.inputs[0])]]
            for leave in self.exits
            if node_of(leave.inputs[0]) in self.switches
        }
        for leave in results:
            for reader in self.graph.consumers.get(leave, ()):
                node = self.graph.nodes[reader]
                if node.op in _ENTER or node.op.startswith("TensorArrayGrad"):
                    continue  # the gradient's own loop, which waits for this one
                inputs = [results.get(read, read) for read in node.inputs]
                if node.op.startswith("TensorArray"):
                    inputs = [self._outside(read) for read in inputs]
                inputs_set(raw[reader], [*inputs, *(f"^{wait}" for wait in node.controls)])

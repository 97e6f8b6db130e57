"""Inline function calls, so that all later stages see one flat graph.

``tf.function``, Keras and their gradients put layers into functions; a call is one op, inside of which nothing could be fed
or fetched. Functional branches and loops stay unchanged: what they compute is undecided.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graphread.graph.nodes import copied, inputs_set, output_index
from graphread.graph.source import GraphError, LargestGraph, require_at_most
from graphread.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from graphread.graph.nodes import Message

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
BRANCHES = ("If", "StatelessIf")
LOOPS = ("While", "StatelessWhile")
MAX_DEPTH = 32

#: Names of the outputs of ops with several, in order (tensorflow/core/ops/*.cc). All other ops have one output or one list.
_BATCH_NORM = ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3")
_BATCH_NORM_GRAD = ("x_backprop", "scale_backprop", "offset_backprop")
_OUTPUTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("Switch", "RefSwitch"), ("output_false", "output_true")),
    **dict.fromkeys(("Merge", "RefMerge"), ("output", "value_index")),
    **dict.fromkeys(("SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits"), ("loss", "backprop")),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _BATCH_NORM),
    **dict.fromkeys(
        ("FusedBatchNormGrad", "FusedBatchNormGradV2"), (*_BATCH_NORM_GRAD, "reserve_space_3", "reserve_space_4")
    ),
    "FusedBatchNormGradV3": (*_BATCH_NORM_GRAD, "reserve_space_4", "reserve_space_5"),
    "BatchNormWithGlobalNormalizationGrad": ("dx", "dm", "dv", "db", "dg"),
    **dict.fromkeys(("TopK", "TopKV2"), ("values", "indices")),
    **dict.fromkeys(("Unique", "UniqueV2"), ("y", "idx")),
    **dict.fromkeys(("UniqueWithCounts", "UniqueWithCountsV2"), ("y", "idx", "count")),
    "ListDiff": ("out", "idx"),
    "BroadcastGradientArgs": ("r0", "r1"),
    "StatelessRandomGetKeyCounter": ("key", "counter"),
    "StatelessRandomGetKeyCounterAlg": ("key", "counter", "alg"),
    "MaxPoolWithArgmax": ("output", "argmax"),
    "TensorArrayV3": ("handle", "flow"),
    **dict.fromkeys(("TensorArrayGradV3", "TensorArrayGradWithShape"), ("grad_handle", "flow_out")),
    "TensorArrayConcatV3": ("value", "lengths"),
    **dict.fromkeys(("TensorListConcat", "TensorListConcatV2"), ("tensor", "lengths")),
    "TensorListPopBack": ("output_handle", "tensor"),
    "LogMatrixDeterminant": ("sign", "log_abs_determinant"),
    "Qr": ("q", "r"),
    "Svd": ("s", "u", "v"),
    "SelfAdjointEigV2": ("e", "v"),
}
#: For each op, the index of each named output.
_POSITIONS = {op: {name: position for position, name in enumerate(names)} for op, names in _OUTPUTS.items()}


def written_out(meta: Message) -> Message:
    """Return the graph with all function calls inlined.

    An op under the call's name passes on its outputs, so that names of tensors stay valid. Raises a `GraphError` if a
    function is recursive or missing, or if the graph becomes too large.
    """
    graph = meta.graph_def
    functions = {function.signature.name: function for function in graph.library.function}
    if not any(map(_callee, graph.node)):
        return meta
    result = type(meta)()
    result.CopyFrom(meta)
    del result.graph_def.node[:]
    _Writer(result.graph_def, functions).write(graph.node)
    return result


def _callee(node: Message) -> str:
    """Return the name of the function that a node calls; empty if it calls none."""
    return str(node.attr["f"].func.name) if node.op in CALLS else ""


def _split(items: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return data inputs and control inputs."""
    items = list(items)
    waits = [item for item in items if item.startswith("^")]
    return [item for item in items if item not in waits], waits


@dataclass(frozen=True)
class _Call:
    """A call being inlined: its node, its function, and the names of the enclosing functions."""

    node: Message
    function: Message
    above: tuple[str, ...]

    @property
    def values(self) -> dict[str, str]:
        """Return the caller's tensor for each argument of the function."""
        names = [argument.name for argument in self.function.signature.input_arg]
        data, _ = _split(self.node.input)
        if len(names) != len(data):
            raise GraphError(Text("The call {name!r} does not fit its function.", name=self.node.name[:80]))
        return dict(zip(names, data, strict=True))


@dataclass
class _Writer:
    """Writer of nodes into `target` that inlines calls."""

    target: Message
    functions: dict[str, Message]
    handed: dict[str, list[str]] = field(default_factory=dict)
    left: int = LargestGraph.MAX_BYTES

    def write(self, nodes: Iterable[Message]) -> None:
        """Write the graph's own nodes, then redirect readers of a call's outputs to the inlined tensors."""
        for node in nodes:
            self._node(node, ())
        for node in self.target.node:
            inputs_set(node, [self._spent(self._direct(item)) for item in node.input])

    def _node(self, node: Message, above: tuple[str, ...]) -> None:
        """Write a node: a call as its body, any other unchanged."""
        name = _callee(node)
        if name:
            self._call(node, name, above)
        else:
            self._copy(node)

    def _direct(self, item: str) -> str:
        """Return the tensor behind pass-through ops of calls."""
        for _ in range(MAX_DEPTH):
            name = item.partition(":")[0]
            outputs, position = self.handed.get(name, [item]), output_index(item) if name in self.handed else 0
            if position >= len(outputs):
                raise GraphError(
                    Text("The graph asks for an output that the call {name!r} does not have.", name=name[:80])
                )
            item = outputs[position]
        return item

    def _spent(self, name: str) -> str:
        """Return a name, after counting its length toward the size limit."""
        self.left -= len(name)
        if self.left < 0:
            raise GraphError(
                Text(
                    "With its functions written out the graph has over {max_bytes:,} bytes.",
                    max_bytes=LargestGraph.MAX_BYTES,
                )
            )
        return name

    def _copy(self, node: Message) -> Message:
        if len(self.target.node) >= LargestGraph.MAX_NODES:
            raise GraphError(
                Text(
                    "With its functions written out the graph has over {max_nodes:,} operations.",
                    max_nodes=LargestGraph.MAX_NODES,
                )
            )
        copy = self.target.node.add()
        copy.CopyFrom(node)
        return copy

    def _call(self, node: Message, name: str, above: tuple[str, ...]) -> None:
        if name not in self.functions:
            raise GraphError(Text("The graph calls a function {name!r} that is not there.", name=name[:80]))
        if name in above:
            raise GraphError(Text("The graph's function {name!r} calls itself.", name=name[:80]))
        deep = Text("The graph's functions call each other more than {max_depth} deep.", max_depth=MAX_DEPTH)
        require_at_most(len(above) + 1, MAX_DEPTH, deep)
        call = _Call(node, self.functions[name], (*above, name))
        values, (_, controls) = call.values, _split(node.input)
        ops = {inner.name: inner.op for inner in call.function.node_def}
        for inner in call.function.node_def:
            self._inner(call, inner, values, ops, controls)
        ends = call.function.signature.output_arg
        outputs = [self._value(node, call.function.ret[end.name], values, ops) for end in ends]
        waits = [self._spent(f"^{node.name}/{wait}") for wait in call.function.control_ret.values()]
        self._hand_on(node, outputs, [end.type for end in ends], [*controls, *waits])

    def _inner(
        self, call: _Call, inner: Message, values: dict[str, str], ops: dict[str, str], controls: Sequence[str]
    ) -> None:
        data, waits = _split(inner.input)
        reads = [self._value(call.node, item, values, ops) for item in data]
        waits = [self._spent(f"^{call.node.name}/{item[1:]}") for item in waits if item[1:] in ops]
        waits += map(self._spent, controls)
        self.left -= inner.ByteSize()
        copy = copied(inner, self._spent(f"{call.node.name}/{inner.name}"), [*reads, *waits])
        self._node(copy, call.above)

    def _value(self, call: Message, item: str, values: dict[str, str], ops: dict[str, str]) -> str:
        """Return the flat graph's tensor for a function's input: an argument, or ``node:output:index``."""
        name, _, rest = item.partition(":")
        if item in values:
            return self._spent(values[item])
        if name not in ops:
            raise GraphError(
                Text(
                    "The function called by {name!r} reads {name_2!r}, which is not there.",
                    name=call.name[:80],
                    name_2=name[:80],
                )
            )
        position = _POSITIONS.get(ops[name], {}).get(rest.partition(":")[0], 0) + output_index(item)
        return self._spent(f"{call.name}/{name}:{position}")

    def _hand_on(self, call: Message, outputs: list[str], types: list[int], waits: list[str]) -> None:
        """Write a pass-through op under the call's name, so that it can still be fetched or waited for."""
        stand_in = self._copy(type(call)(name=call.name, op="IdentityN" if outputs else "NoOp"))
        stand_in.input.extend(outputs)
        stand_in.input.extend(dict.fromkeys(waits))
        if outputs:
            stand_in.attr["T"].list.type.extend(types)
            self.handed[call.name] = outputs

"""Functions are written out where they are called, so that all that follows sees one flat graph.

``tf.function``, Keras and gradients of both put layers into functions; a call then is one op, of which nothing could be
fed or fetched inside. Of a branch that is a function the one is written that evaluation takes, and a loop that is one as
often as it is passed, where constants decide on that; others stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from netgrader.phrases import say
from netgrader.reader.graph.constants import fold, truth
from netgrader.reader.graph.nodes import copied, inputs_set, plain_node
from netgrader.reader.graph.source import MAX_BYTES, MAX_NODES, GraphError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from netgrader.reader.graph.nodes import Array, Message, Node

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
BRANCHES = ("If", "StatelessIf")
LOOPS = ("While", "StatelessWhile")
MAX_DEPTH = 32
#: In the names of what stands in a branch that is taken, and in one that is not.
TAKEN, UNTAKEN = "taken", "untaken"
MAX_PASSES = 64
#: Copies of nodes after which no further loop is written out: loops within loops are tried again in each pass.
MAX_TRIED = 40_000
MAX_FOLDS = 150
BOOL = 10

#: Names of the outputs of ops that have several, in order (tensorflow/core/ops/*.cc). All others have one, or one list.
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


def written_out(meta: Message, known: Mapping[str, Array], rows: int | None) -> Message:
    """The same graph with the bodies of called functions in the place of the calls.

    A call stays as an op that hands on its outputs, so that names of its tensors remain good. `known` are values that
    evaluation feeds, `rows` how many rows are, for loops that pass once for each. A `GraphError` says that a function calls
    itself, is not there, or that the graph becomes too large.
    """
    graph = meta.graph_def
    functions = {function.signature.name: function for function in graph.library.function}
    if not any(node.op in BRANCHES + LOOPS or _callee(node, functions) for node in graph.node):
        return meta
    result = type(meta)()
    result.CopyFrom(meta)
    del result.graph_def.node[:]
    _Writer(result.graph_def, functions, dict(known), rows).write(graph.node)
    return result


def _callee(node: Message, functions: dict[str, Message]) -> str | None:
    if node.op in CALLS and "f" in node.attr:
        return str(node.attr["f"].func.name)
    return str(node.op) if node.op in functions else None


def _split(items: Iterable[str]) -> tuple[list[str], list[str]]:
    """What is read, and what is waited for."""
    items = list(items)
    return [item for item in items if not item.startswith("^")], [item for item in items if item.startswith("^")]


class _Writer:
    """Writes nodes into `target`, calls as bodies."""

    def __init__(
        self, target: Message, functions: dict[str, Message], known: dict[str, Array], rows: int | None
    ) -> None:
        self._target = target
        self._functions = functions
        self._handed: dict[str, list[str]] = {}
        self._known = known
        self._rows = rows
        self._plain: dict[str, Node] = {}
        self._tried = 0
        self._left = MAX_BYTES

    def write(self, nodes: Message) -> None:
        """Write the graph's own nodes."""
        self._plain = {node.name: plain_node(node) for node in nodes}
        self._known.update(
            (f"{node.name}:0", np.asarray(False))
            for node in nodes
            if node.op == "Placeholder" and node.attr["dtype"].type == BOOL and f"{node.name}:0" not in self._known
        )
        for node in nodes:
            self._node(node, ())
        # Who reads a call's output reads what made it.
        for node in self._target.node:
            inputs_set(node, [self._spent(self._direct(item)) for item in node.input])

    def _node(self, node: Message, above: tuple[str, ...]) -> None:
        """Write a node: a call as its body, a decided branch or loop as what is run of it, any other as it is."""
        name = _callee(node, self._functions)
        if name is not None:
            self._call(node, name, above)
            return
        decided = (node.op in BRANCHES and self._branch(node, above)) or (node.op in LOOPS and self._loop(node, above))
        if not decided:
            self._copy(node)

    def _branch(self, node: Message, above: tuple[str, ...]) -> bool:
        """Write the branch that is taken; False where that does not follow from constants."""
        taken = self._truth(node.input[0]) if node.input else None
        if taken is None:
            return False
        inputs = list(node.input[1:])
        outputs = self._pass(node, TAKEN, "then_branch" if taken else "else_branch", inputs, above)
        # The other one is written as well, and nothing reads it: what training keeps in it can be found there.
        self._pass(node, UNTAKEN, "else_branch" if taken else "then_branch", inputs, above)
        _, controls = _split(inputs)
        self._hand_on(node, outputs, list(node.attr["Tout"].list.type), controls)
        return True

    def _loop(self, node: Message, above: tuple[str, ...]) -> bool:
        """Write the body as often as the loop is passed; False where that does not follow from constants."""
        state, controls = _split(node.input)
        start, handed = len(self._target.node), dict(self._handed)
        for count in range(MAX_PASSES + 1 if self._tried < MAX_TRIED else 0):
            condition = self._pass(node, f"asked_{count}", "cond", [*state, *controls], above)
            goes_on = None if not condition else self._truth(condition[0])
            if goes_on is None or count == MAX_PASSES or self._tried >= MAX_TRIED:
                break
            if not goes_on:
                self._hand_on(node, state, list(node.attr["T"].list.type), controls)
                return True
            state = self._pass(node, f"passed_{count}", "body", [*state, *controls], above)
        del self._target.node[start:]
        self._handed = handed
        return False

    def _pass(self, node: Message, suffix: str, which: str, inputs: list[str], above: tuple[str, ...]) -> list[str]:
        call = copied(node, self._spent(f"{node.name}/{suffix}"), [*map(self._spent, inputs)])
        self._call(call, str(node.attr[which].func.name), above)
        return self._handed.get(call.name, [])

    def _truth(self, item: str) -> bool | None:
        tensor = self._direct(item)
        return truth(fold(tensor if ":" in tensor else tensor + ":0", self._plain, self._known, MAX_FOLDS, self._rows))

    def _direct(self, item: str) -> str:
        for _ in range(MAX_DEPTH):
            if item.startswith("^"):
                break
            name, _, index = item.partition(":")
            outputs = self._handed.get(name)
            if outputs is None:
                break
            position = int(index) if index.isdigit() else 0
            if position >= len(outputs):
                raise GraphError(say("The graph asks for an output that the call {1!r} does not have.", name[:80]))
            item = outputs[position]
        return item

    def _spent(self, name: str) -> str:
        """Return a name that is written out, once it is known that all of them together are not too long."""
        self._left -= len(name)
        if self._left < 0:
            raise GraphError(say("With its functions written out the graph has over {1:,} bytes.", MAX_BYTES))
        return name

    def _copy(self, node: Message) -> Message:
        if len(self._target.node) >= MAX_NODES:
            raise GraphError(say("With its functions written out the graph has over {1:,} operations.", MAX_NODES))
        self._tried += 1
        copy = self._target.node.add()
        copy.CopyFrom(node)
        self._plain[copy.name] = plain_node(copy)
        return copy

    def _call(self, node: Message, name: str, above: tuple[str, ...]) -> None:
        function = self._functions.get(name)
        if function is None:
            raise GraphError(say("The graph calls a function {1!r} that is not there.", name[:80]))
        if name in above:
            raise GraphError(say("The graph's function {1!r} calls itself.", name[:80]))
        if len(above) >= MAX_DEPTH:
            raise GraphError(say("The graph's functions call each other more than {1} deep.", MAX_DEPTH))
        data, controls = _split(node.input)
        arguments = [argument.name for argument in function.signature.input_arg]
        if len(arguments) != len(data):
            raise GraphError(say("The call {1!r} does not fit its function.", node.name[:80]))
        values = dict(zip(arguments, data, strict=True))
        ops = {inner.name: inner.op for inner in function.node_def}
        for inner in function.node_def:
            self._inner(node, inner, values, ops, controls, (*above, name))
        outputs = [self._value(node, function.ret[o.name], values, ops) for o in function.signature.output_arg]
        waits = [self._spent(f"^{node.name}/{wait}") for wait in function.control_ret.values()]
        self._hand_on(node, outputs, [o.type for o in function.signature.output_arg], [*controls, *waits])

    def _inner(
        self,
        call: Message,
        inner: Message,
        values: dict[str, str],
        ops: dict[str, str],
        controls: list[str],
        above: tuple[str, ...],
    ) -> None:
        data, waits = _split(inner.input)
        reads = [self._value(call, item, values, ops) for item in data]
        waits = [self._spent(f"^{call.name}/{item[1:]}") for item in waits if item[1:] in ops]
        waits += map(self._spent, controls)
        self._left -= inner.ByteSize()
        copy = copied(inner, self._spent(f"{call.name}/{inner.name}"), [*reads, *waits])
        for key, value in copy.attr.items():
            if value.WhichOneof("value") == "placeholder" and value.placeholder in call.attr:
                copy.attr[key].CopyFrom(call.attr[value.placeholder])
        self._node(copy, above)

    def _value(self, call: Message, item: str, values: dict[str, str], ops: dict[str, str]) -> str:
        """The tensor of the flat graph that an input in a function's body means: an argument, or ``node:output:index``."""
        name, _, rest = item.partition(":")
        if name in values and not rest:
            return self._spent(values[name])
        if name not in ops:
            raise GraphError(
                say("The function called by {1!r} reads {2!r}, which is not there.", call.name[:80], name[:80])
            )
        output, _, index = rest.partition(":")
        position = int(index) if index.isdigit() else 0
        names = _OUTPUTS.get(ops[name], ())
        if output in names:
            position += names.index(output)
        elif ops[name] in self._functions:
            outputs = [o.name for o in self._functions[ops[name]].signature.output_arg]
            position += outputs.index(output) if output in outputs else 0
        return self._spent(f"{call.name}/{name}:{position}")

    def _hand_on(self, call: Message, outputs: list[str], types: list[int], waits: list[str]) -> None:
        """Leave an op in the call's place: what was fetched or waited for under its name still can be."""
        stand_in = self._copy(type(call)(name=call.name, op="IdentityN" if outputs else "NoOp"))
        stand_in.input.extend(outputs)
        stand_in.input.extend(dict.fromkeys(waits))
        if outputs:
            stand_in.attr["T"].list.type.extend(types)
            self._handed[call.name] = outputs
            self._plain[call.name] = plain_node(stand_in)

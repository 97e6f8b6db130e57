"""One graph of functions that were traced: what they capture are variables that begin with the values that they have.

What training does and what evaluation does stand side by side, and a switch chooses. All behind is the reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.reader.graph.nodes import input_node, inputs_set, message, meta_graph_def, reached
from netgrader.reader.graph.source import GraphError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: What is fed, and decides between training and evaluation.
SWITCH = "training"
STEP = "training_step"
Begin = Mapping[int, Any]
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\\/>-]")
_CHANGES = re.compile(r"Assign|ResourceApply|ResourceScatter")


@dataclass(frozen=True)
class Traced:
    """A graph that was traced: its MetaGraphDef, tensors that play parts, and what the author calls things."""

    meta_graph: bytes
    parts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The layer, in the author's words, that each variable belongs to; empty for what belongs to none."""
    outputs: int = 0
    """How many numbers come out for each row, 0 where that is not known."""
    evaluates: bool = True
    """Whether something in it evaluates; else it only trains."""
    switched: bool = False
    """Whether training and evaluation differ, and a switch chooses."""
    refused: tuple[str, str] | None = None
    """The shape of the labels in the example, where the loss does not take them, and a shape that it does take."""

    @property
    def eval_feed(self) -> dict[str, Any]:
        """What evaluation feeds beside the inputs."""
        return {f"{SWITCH}:0": np.asarray(False)} if self.switched else {}


def reason(error: Exception) -> str:
    """Return what an author's code raised, in a line."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:300].rstrip(": .")


def joined(tf: Any, concrete: Sequence[Any], named: Mapping[int, tuple[str, str, bool]], begin: Begin) -> Traced:
    """Put what trains and what evaluates, of these functions, side by side on the same inputs.

    Raises
    ------
    GraphError
        If none is fed anything.
    """
    fed = {one: _fed(tf, one) for one in concrete if _fed(tf, one)}
    training = sorted((one for one in fed if _changes(one) and len(fed[one]) > 1), key=_changes, reverse=True)
    evaluating = [one for one in fed if one not in training]
    if not fed:
        raise GraphError("No function is fed anything.")
    main = (training or evaluating)[0]
    specs = fed[main]
    beside = [one for one in evaluating if one is not main and _fits(fed[one], specs)][:1]

    def both(*inputs: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for one in [*beside, main]:
            made = [tensor for tensor in tf.nest.flatten(_called(tf, one, inputs)) if tf.is_tensor(tensor)]
            found |= {"prediction" if one in evaluating else "loss": tf.identity(first) for first in made[:1]}
        return found

    names = [spec.name or f"input_{index}" for index, spec in enumerate(specs)]
    specs = [tf.TensorSpec(s.shape, s.dtype, clean(name)) for s, name in zip(specs, names, strict=True)]
    whole = tf.function(both, autograph=False).get_concrete_function(*specs)
    outputs = {key: tensor for key, tensor in whole.structured_outputs.items() if key == "prediction"}
    made = as_traced(tf, whole, specs[0], specs[1] if training else None, named, begin, outputs)
    return replace(made, evaluates=bool(beside or not training))


def _fed(tf: Any, concrete: Any) -> list[Any]:
    """What a concrete function is fed, in order."""
    return [spec for spec in tf.nest.flatten(concrete.structured_input_signature) if isinstance(spec, tf.TensorSpec)]


def _fits(some: Sequence[Any], specs: Sequence[Any]) -> bool:
    return len(some) <= len(specs) and all(
        one.dtype == other.dtype and one.shape.is_compatible_with(other.shape)
        for one, other in zip(some, specs, strict=False)
    )


def _called(tf: Any, concrete: Any, inputs: Sequence[Any]) -> Any:
    """What a concrete function gives for the first of these inputs."""
    rest = iter(inputs)
    args, kwargs = tf.nest.map_structure(
        lambda spec: next(rest) if isinstance(spec, tf.TensorSpec) else spec, concrete.structured_input_signature
    )
    return concrete(*args, **kwargs)


def _changes(concrete: Any) -> int:
    """How many ops of a function change variables."""
    definition = concrete.graph.as_graph_def()
    nodes = [*definition.node, *(node for function in definition.library.function for node in function.node_def)]
    return sum(bool(_CHANGES.search(node.op)) for node in nodes)


def clean(name: str) -> str:
    """A name as a graph may have it."""
    return _NOT_IN_NAMES.sub("_", name).lstrip("_/\\>-") or "unnamed"


def as_traced(
    tf: Any,
    concrete: Any,
    x: Any,
    y: Any,
    named: Mapping[int, tuple[str, str, bool]],
    begin: Begin,
    ends: Mapping[str, Any],
) -> Traced:
    """Return the function's graph with what it captured as variables and constants, and one op for all that it changes.

    `named` says of a variable, by the id of its handle, its name, its layer, and whether it is trained; `begin` what it begins
    with, where that is not the value that it has.
    """
    trains = y is not None
    kept = {tensor.op.name for tensor in ends.values()} | {op.name for op in concrete.graph.control_outputs}
    kept |= {tensor.op.name for tensor in concrete.inputs if tensor.op.name != SWITCH}
    meta = meta_graph_def()
    meta.graph_def.ParseFromString(concrete.graph.as_graph_def().SerializeToString())
    _prune(meta.graph_def, kept)
    _let_outputs_wait_for_nothing(meta.graph_def, {tensor.op.name for tensor in ends.values()})
    captured = dict(zip((t.op.name for t in concrete.inputs[::-1]), concrete.captured_inputs[::-1], strict=False))
    names = _with_captured(tf, meta, captured, named, begin)
    changing = [op.name for op in concrete.graph.control_outputs]
    parts = {key: tensor.name for key, tensor in ends.items()}
    if trains and changing:
        meta.graph_def.node.add(name=STEP, op="NoOp").input.extend(f"^{name}" for name in changing)
        parts["train_op"] = STEP
    fed = [tensor for tensor in concrete.inputs if tensor.op.name not in captured]
    count = len(tf.nest.flatten(x))
    parts["X"] = fed[0].name
    if y is not None and len(fed) > count:
        parts["Y"] = fed[count].name
    made = ends.get("prediction")
    width = made.shape[-1] if made is not None and made.shape.rank == 2 else None
    if width == 1 and trains:
        del parts["prediction"]  # a number to come close to, or the share of one of two classes: nobody said which
    switched = any(node.name == SWITCH for node in meta.graph_def.node)
    return Traced(meta.SerializeToString(), parts, names, width or 0, switched=switched)


def _prune(graph: Any, kept: Iterable[str]) -> None:
    """Take out what none of these nodes is made from or waits for."""
    nodes = {node.name: node for node in graph.node}
    seen = reached(kept, lambda name: map(input_node, nodes[name].input))
    left = [node for node in graph.node if node.name in seen]
    del graph.node[:]
    graph.node.extend(left)


def _let_outputs_wait_for_nothing(graph: Any, ends: Collection[str]) -> None:
    """Have what functions return not wait for what they change: who asks for a loss does not want a step taken."""
    scopes = [(graph.node, ends)]
    scopes += [(f.node_def, {item.partition(":")[0] for item in f.ret.values()}) for f in graph.library.function]
    for nodes, returned in scopes:
        for node in nodes:
            if node.name in returned and node.op == "Identity":
                inputs_set(node, [item for item in node.input if not item.startswith("^")])


def _with_captured(
    tf: Any, meta: Any, captured: Mapping[str, Any], named: Mapping[int, tuple[str, str, bool]], begin: Begin
) -> dict[str, str]:
    """Put what was captured into the graph: variables that begin with their values, and constants; the layers' names."""
    graph = meta.graph_def
    taken = {node.name for node in graph.node}
    called: dict[str, str] = {}
    layers: dict[str, str] = {}
    for node in list(graph.node):
        if node.name not in captured:
            continue
        value = captured[node.name]
        if value.dtype != tf.resource:
            _constant(tf, node, value.numpy())
            continue
        types = value._handle_data.shape_and_type if value._handle_data is not None else []
        if not types:
            continue  # a table, an iterator
        path, layer, trainable = named.get(id(value), (node.name, "", False))
        name = _free(clean(path), taken)
        called[node.name] = name
        layers[name] = layer
        array = begin.get(id(value))
        if array is None:
            array = tf.raw_ops.ReadVariableOp(resource=value, dtype=types[0].dtype).numpy()
        _variable(tf, graph, node, name, array)
        definition = message("VariableDef")(
            variable_name=f"{name}:0", initializer_name=f"{name}/Assign", is_resource=True, trainable=trainable
        )
        for key in ("variables", *(["trainable_variables"] if trainable else [])):
            meta.collection_def[key].bytes_list.value.append(definition.SerializeToString())
    for node in graph.node:
        for index, item in enumerate(node.input):
            control, tensor = item.startswith("^"), item.lstrip("^")
            own, colon, rest = tensor.partition(":")
            if own in called:
                node.input[index] = "^" * control + called[own] + colon + rest
    return layers


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number the first that is free, together with those of its initialiser; then it is taken."""
    free, count = name, 0
    while {free, f"{free}/Assign", f"{free}/initial_value"} & taken:
        count += 1
        free = f"{name}_{count}"
    taken |= {free, f"{free}/Assign", f"{free}/initial_value"}
    return free


def _constant(tf: Any, node: Any, array: Any) -> None:
    """Make a node a constant."""
    node.op = "Const"
    del node.input[:]
    node.attr.clear()
    proto = tf.make_tensor_proto(array)
    node.attr["value"].tensor.ParseFromString(proto.SerializeToString())
    node.attr["dtype"].type = proto.dtype


def _variable(tf: Any, graph: Any, node: Any, name: str, array: Any) -> None:
    """Make a node a variable of this name, and add the op that first sets it to the array."""
    first = graph.node.add(name=f"{name}/initial_value")
    _constant(tf, first, array)
    kind = first.attr["dtype"].type
    node.name, node.op = name, "VarHandleOp"
    node.attr.clear()
    node.attr["dtype"].type = kind
    for size in np.shape(array):
        node.attr["shape"].shape.dim.add(size=size)
    if not np.shape(array):
        node.attr["shape"].shape.SetInParent()
    node.attr["shared_name"].s = name.encode()
    assign = graph.node.add(name=f"{name}/Assign", op="AssignVariableOp")
    assign.input.extend([name, first.name])
    assign.attr["dtype"].type = kind

"""One graph from traced functions: captured tensors become variables with their current values.

Training and evaluation are both in the graph, and a switch selects one. The reader does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from graphread.graph.nodes import input_node, inputs_set, node_of, reached
from graphread.graph.source import read_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

#: The fed switch between training and evaluation.
SWITCH = "training"
STEP = "training_step"
Begin = Mapping[int, Any]
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.\\/>-]")


@dataclass(frozen=True)
class Traced:
    """A traced graph: MetaGraphDef, tensors by role, and the author's names."""

    meta_graph: bytes
    parts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """The author's layer name for each variable; empty if it belongs to no layer."""
    outputs: int = 0
    """Number of outputs for each row, 0 if unknown."""
    switched: bool = False
    """Whether training and evaluation differ, so that there is a switch."""
    refused: tuple[str, str] | None = None
    """The shape of the example's labels if the loss rejects them, and a shape that it accepts."""

    @property
    def eval_feed(self) -> dict[str, Any]:
        """Return the values to feed at evaluation in addition to the inputs."""
        return {f"{SWITCH}:0": np.asarray(False)} if self.switched else {}


def reason(error: Exception) -> str:
    """Return an exception of an author's code in one line."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:300].rstrip(": .")


def joined(tf: Any, evaluated: Any, trained: Any, named: Mapping[int, tuple[str, str, bool]], begin: Begin) -> Traced:
    """Return the trace of an evaluation function and a training function of the same inputs."""

    def both(inputs: Any, labels: Any) -> dict[str, Any]:
        # Evaluate first: evaluation must not wait for the updates of training.
        shown = tf.nest.flatten(evaluated(inputs))
        trained(inputs, labels)
        return {"prediction": tf.identity(shown[0])}

    x, y = tf.nest.map_structure(
        lambda spec: tf.TensorSpec(spec.shape, spec.dtype, clean(spec.name)), trained.structured_input_signature[0]
    )
    whole = tf.function(both, autograph=False).get_concrete_function(x, y)
    return as_traced(tf, whole, x, y, named, begin, whole.structured_outputs)


def _scopes(graph: Any) -> list[Any]:
    """Return the nodes of a GraphDef, and those of each of its functions."""
    return [graph.node, *(function.node_def for function in graph.library.function)]


def clean(name: str) -> str:
    """Return a name in the characters that a graph permits."""
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
    """Return the function's graph with captures as variables and constants, and one op for updates.

    `named` maps a variable's handle id to its name, its layer, and whether it is trainable; `begin` has initial values that
    differ from the current ones.
    """
    count = len(concrete.inputs) - len(concrete.captured_inputs)
    inputs = [tensor.name for tensor in concrete.inputs]
    fed, inner = inputs[:count], inputs[count:]
    parts = {key: tensor.name for key, tensor in ends.items()} | {"X": fed[0]}
    changing = [operation.name for operation in concrete.graph.control_outputs]
    definition = concrete.graph.as_graph_def()
    # A lookup table has no value and remains an input of the function.
    held = [pair for pair in zip(inner, concrete.captured_inputs, strict=True) if _has_value(tf, pair[1])]
    _prune(definition, {*map(node_of, (*parts.values(), *fed, *changing))} - {SWITCH}, {tensor for tensor, _ in held})
    _let_identities_wait_for_nothing(definition)
    values = [(tensor, captured, _value(tf, captured, begin)) for tensor, captured in held]
    with tf.Graph().as_default() as graph:
        made, names = _begun(tf, values, named)
        steps = tf.compat.v1.import_graph_def(definition, input_map=made, return_elements=changing, name="")
        if y is not None and changing:
            tf.compat.v1.group(*steps, name=STEP)
            parts["train_op"] = STEP
    width = _width(ends.get("prediction"))
    if y is not None:
        parts["Y"] = fed[len(tf.nest.flatten(x))]
        if width == 1:
            del parts["prediction"]  # regression or the probability of one of two classes: unknown
    switched = any(node.name == SWITCH for node in definition.node)
    return Traced(read_source(graph).SerializeToString(), parts, names, width, switched=switched)


def _width(prediction: Any) -> int:
    """Return the number of outputs for each row; 0 if unknown."""
    return (prediction.shape[-1] or 0) if prediction is not None and prediction.shape.rank == 2 else 0


def _prune(graph: Any, kept: Iterable[str], captured: Collection[str]) -> None:
    """Remove the nodes that these do not depend on, and the placeholders of captures."""
    nodes = {node.name: node for node in graph.node}
    seen = reached(kept, lambda name: map(input_node, nodes[name].input)) - set(map(node_of, captured))
    left = [node for node in graph.node if node.name in seen]
    del graph.node[:]
    graph.node.extend(left)


def _let_identities_wait_for_nothing(graph: Any) -> None:
    """Make returned values independent of updates: fetching a loss must not take a step."""
    for nodes in _scopes(graph):
        for node in nodes:
            if node.op == "Identity":
                inputs_set(node, node.input[:1])


def _begun(
    tf: Any, captured: Iterable[tuple[str, Any, Any]], named: Mapping[int, tuple[str, str, bool]]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Create a constant, or a variable with its initial value, for each capture.

    Return these by tensor, and the layers' names by variable.
    """
    made: dict[str, Any] = {}
    layers: dict[str, str] = {}
    for tensor, thing, value in captured:
        if thing.dtype != tf.resource:
            made[tensor] = tf.constant(value)
            continue
        path, layer, trainable = named.get(id(thing), (tensor, "", False))
        variable = tf.compat.v1.Variable(value, trainable=trainable, name=clean(path), use_resource=True)
        made[tensor] = variable.handle
        layers[variable.op.name] = layer
    return made, layers


def _has_value(tf: Any, captured: Any) -> bool:
    """Whether a capture is a constant or a variable."""
    return captured.dtype != tf.resource or captured._handle_data is not None


def _value(tf: Any, captured: Any, begin: Begin) -> Any:
    """Return the value of a captured constant, or the initial value of a variable."""
    if captured.dtype != tf.resource:
        return captured.numpy()
    if id(captured) in begin:
        return begin[id(captured)]
    (kind,) = captured._handle_data.shape_and_type
    return tf.raw_ops.ReadVariableOp(resource=captured, dtype=kind.dtype).numpy()

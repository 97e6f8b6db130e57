"""TensorFlow's copy of a graph that was let through, and what the lab adds to it: gradients, assignments, readings.

And what a graph says of its variables: which are to be trained, and which op first sets each.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from netgrader.reader.graph.nodes import input_node, message
from netgrader.reader.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def tensorflow() -> Any:
    """TensorFlow as version 1, imported when it is first needed."""
    import tensorflow.compat.v1 as tf  # noqa: PLC0415 - takes seconds, and only who runs a graph needs it

    return tf


@contextmanager
def translated(kind: str) -> Iterator[None]:
    """Turn whatever TensorFlow raises into a LabError of one sentence."""
    try:
        yield
    except LabError:
        raise
    except MemoryError as error:
        raise LabError("limit", "The graph needs more memory than it may have.") from error
    except Exception as error:  # TensorFlow raises nearly everything, and none of it may reach a reader
        name = type(error).__name__
        if name in ("DeadlineExceededError", "ResourceExhaustedError"):
            raise LabError("limit", f"The run hit a limit: {_sentence(error)}") from error
        raise LabError(kind, f"TensorFlow refused: {_sentence(error)}") from error


_HEADINGS = ("Graph execution error", "Detected at node", "Node: ", "Original stack trace")


def _sentence(error: BaseException) -> str:
    text = str(getattr(error, "message", None) or error)
    # TensorFlow may begin with a heading and a list of places, and says what it is about after them.
    lines = [line for line in text.strip().split("\n") if line.strip() and not line.startswith(_HEADINGS)]
    text = re.sub(r"\{\{[^}]*\}\}", "", lines[0] if lines else "")
    text = re.sub(r"\s+", " ", text).strip(" \t[]")[:300]
    text = text or type(error).__name__
    return text if text.endswith(".") else text + "."


class Imported:
    """One copy of the graph in TensorFlow, seeded in one way, with the ops that the lab adds to it."""

    def __init__(self, meta: Any) -> None:
        tf = tensorflow()
        self.graph = tf.Graph()
        content = meta.SerializeToString()
        with translated("graph"):
            if not (meta.collection_def and self._with_contexts(tf.MetaGraphDef.FromString(content))):
                self.graph = tf.Graph()
                with self.graph.as_default():
                    tf.import_graph_def(tf.MetaGraphDef.FromString(content).graph_def, name="")
        self._variables: dict[str, tuple[Any, Any, Any]] = {}
        self.gradients = 0

    def _with_contexts(self, definition: Any) -> bool:
        """Import the graph with the contexts of its loops and branches, which gradients need; False if they do not fit."""
        with suppress(ValueError, KeyError, TypeError, AttributeError), self.graph.as_default():
            tensorflow().train.import_meta_graph(definition, clear_devices=True)
            return True
        return False

    def add_gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        """Add the gradients of the sum of `of`: the names of their tensors, None where there is none."""
        tf = tensorflow()
        scope = f"netgrader/gradients_{self.gradients}"
        with translated("run"), self._arrays_as_written(), self.graph.as_default(), tf.name_scope(scope + "/"):
            target = self.graph.get_tensor_by_name(tensor_name(of))
            sources = [self._source(name) for name in wrt]
            found = tf.gradients(target, sources, unconnected_gradients="none")
            names = [
                None if gradient is None else tf.identity(tf.convert_to_tensor(gradient), name=f"of_{index}").name
                for index, gradient in enumerate(found)
            ]
        self.gradients += 1
        return names

    @contextmanager
    def _arrays_as_written(self) -> Iterator[None]:
        """With the arrays of tensors that the graph has: TensorFlow differentiates the first kind only where it makes them."""
        tf = tensorflow()
        first_kind = any(operation.type == "TensorArrayV3" for operation in self.graph.get_operations())
        if not first_kind or not tf.control_flow_v2_enabled():
            yield
            return
        tf.disable_control_flow_v2()
        try:
            yield
        finally:
            tf.enable_control_flow_v2()

    def _source(self, name: str) -> Any:
        operation = self.graph.get_operation_by_name(name.partition(":")[0])
        return operation.outputs[0] if ":" not in name else self.graph.get_tensor_by_name(name)

    def variable(self, name: str) -> tuple[Any, Any, Any]:
        """The placeholder, the assignment and the reading of a variable, added when first asked for."""
        if name not in self._variables:
            tf = tensorflow()
            with translated("run"), self.graph.as_default(), tf.name_scope("netgrader/variables/"):
                operation = self.graph.get_operation_by_name(name)
                dtype = operation.get_attr("dtype")
                handle = operation.outputs[0]
                value = tf.placeholder(dtype, None)
                if operation.type == "VarHandleOp":
                    assign = tf.raw_ops.AssignVariableOp(resource=handle, value=value)
                    read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=dtype)
                else:
                    assign = tf.raw_ops.Assign(ref=handle, value=value, validate_shape=False, use_locking=True).op
                    read = tf.identity(handle)
                self._variables[name] = (value, assign, read)
        return self._variables[name]

    def dtype(self, name: str) -> Any:
        """NumPy's type of a variable's numbers."""
        return self.graph.get_operation_by_name(name).get_attr("dtype").as_numpy_dtype

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """A variable's shape; None where its rank is unknown, None inside where a size is."""
        shape = tensorflow().TensorShape(self.graph.get_operation_by_name(name).get_attr("shape"))
        return None if shape.rank is None else tuple(shape.as_list())


def tensor_name(name: str) -> str:
    """A tensor's name, of an op's the first one's."""
    return name if ":" in name else name + ":0"


def variable_definitions(source: Any) -> dict[str, Any]:
    """The variables that the graph's collections define, by op name."""
    definitions: dict[str, Any] = {}
    cls = message("VariableDef")
    for key in ("variables", "local_variables", "trainable_variables"):
        if key not in source.collection_def:
            continue
        for content in source.collection_def[key].bytes_list.value:
            try:
                definition = cls.FromString(content)
            except Exception:  # noqa: BLE001, S112 - any damage means only that this hint is not there
                continue
            name = definition.variable_name.partition(":")[0]
            if key == "trainable_variables":
                definition.trainable = True
            definitions[name] = definition
    return definitions


def trainable_variables(nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any]) -> tuple[str, ...]:
    """By the collections; without them what an optimizer's op moves; without that all that hold real numbers."""
    if any(definition.trainable for definition in definitions.values()):
        return tuple(name for name in variables if name in definitions and definitions[name].trainable)
    known = set(variables)
    moved = {
        input_node(node.input[0])
        for node in nodes
        if node.input and node.op.startswith(("Apply", "ResourceApply", "SparseApply", "ResourceSparseApply"))
    } & known
    real = {node.name for node in nodes if node.name in known and node.attr["dtype"].type % 100 in (1, 2, 14, 19)}
    return tuple(name for name in variables if name in (moved or real))


def first_assignments(nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any]) -> tuple[str, ...]:
    """The op that first sets each variable: by the collections, else the first assignment to it in the graph."""
    first: dict[str, str] = {}
    for node in nodes:
        if node.op in ("Assign", "AssignVariableOp") and node.input:
            variable = input_node(node.input[0])
            if variable not in first or node.name == variable + "/Assign":
                first[variable] = node.name
    present = {node.name for node in nodes}
    defined = {name: input_node(definition.initializer_name) for name, definition in definitions.items()}
    chosen = [defined[name] if defined.get(name) in present else first.get(name, "") for name in variables]
    return tuple(operation for operation in chosen if operation)

"""TensorFlow's copy of an accepted graph, with the lab's gradients, assignments and reads.

Also the graph's facts on variables: which are trainable, and which op initializes each.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from graphread.graph.nodes import input_node, message, tensor_name
from graphread.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Ops of optimizers, and ops that set a variable.
_MOVES = re.compile(r"(Resource)?(Sparse)?Apply")
_SETS = re.compile(r"Assign(VariableOp)?\Z")
#: Locations in TensorFlow's error messages, and lines that are mere headings.
_PLACES = re.compile(
    r"\{\{[^}]*\}\}|^(Graph execution error|Detected at node|Node: |Original stack trace).*$", re.MULTILINE
)


def tensorflow() -> Any:
    """Return TensorFlow's version 1 API, imported on first use."""
    import tensorflow.compat.v1 as tf  # noqa: PLC0415 - takes seconds, and only who runs a graph needs it

    return tf


@contextmanager
def translated(kind: str) -> Iterator[None]:
    """Turn any exception of TensorFlow into a LabError of one sentence."""
    try:
        yield
    except LabError:
        raise
    except MemoryError as error:
        raise LabError("limit", "The graph needs more memory than it may have.") from error
    except Exception as error:  # TensorFlow raises nearly every type, and none of it may reach a reader
        name = type(error).__name__
        if name in ("DeadlineExceededError", "ResourceExhaustedError"):
            raise LabError("limit", f"The run hit a limit: {_sentence(error)}") from error
        raise LabError(kind, f"TensorFlow refused: {_sentence(error)}") from error


def _sentence(error: BaseException) -> str:
    """Return the first informative line of TensorFlow's message."""
    lines = _PLACES.sub("", str(error)).splitlines()
    line = " ".join(next(filter(str.strip, lines), "").split()).strip("[]. ")[:300]
    return f"{line or type(error).__name__}."


class Imported:
    """One copy of the graph in TensorFlow with one seed, and the ops that the lab adds to it."""

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
        """Import the graph with the loop and branch contexts that gradients need; False if they do not fit."""
        with suppress(ValueError, KeyError, TypeError, AttributeError), self.graph.as_default():
            tensorflow().train.import_meta_graph(definition, clear_devices=True)
            return True
        return False

    def add_gradients(self, of: str, wrt: Sequence[str]) -> list[str | None]:
        """Add the gradients of the sum of `of`; return their tensors' names, None for each unconnected one."""
        tf = tensorflow()
        scope = f"graphread/gradients_{self.gradients}"
        with translated("run"), self.graph.as_default(), tf.name_scope(scope + "/"):
            target = self.graph.get_tensor_by_name(tensor_name(of))
            sources = [self._source(name) for name in wrt]
            found = tf.gradients(target, sources, unconnected_gradients="none")
            names = [
                None if gradient is None else tf.identity(tf.convert_to_tensor(gradient), name=f"of_{index}").name
                for index, gradient in enumerate(found)
            ]
        self.gradients += 1
        return names

    def _source(self, name: str) -> Any:
        operation = self.graph.get_operation_by_name(name.partition(":")[0])
        return operation.outputs[0] if ":" not in name else self.graph.get_tensor_by_name(name)

    def variable(self, name: str) -> tuple[Any, Any, Any]:
        """Return placeholder, assignment and read of a variable, added on first use."""
        if name not in self._variables:
            tf = tensorflow()
            with translated("run"), self.graph.as_default(), tf.name_scope("graphread/variables/"):
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
        """Return the NumPy dtype of a variable."""
        return self.graph.get_operation_by_name(name).get_attr("dtype").as_numpy_dtype

    def shape(self, name: str) -> tuple[int | None, ...] | None:
        """Return a variable's shape; None if its rank is unknown, with None for unknown sizes."""
        shape = tensorflow().TensorShape(self.graph.get_operation_by_name(name).get_attr("shape"))
        return None if shape.rank is None else tuple(shape.as_list())


def trainable_variables(source: Any, nodes: Any, variables: Sequence[str]) -> tuple[str, ...]:
    """Return trainable variables: the graph's collection, else what optimizers update, else all."""
    told = set()
    for content in source.collection_def["trainable_variables"].bytes_list.value:
        with suppress(DecodeError):  # damaged bytes only mean that this hint is missing
            told.add(message("VariableDef").FromString(content).variable_name.partition(":")[0])
    trained = told or _first_by_variable(nodes, _MOVES).keys() or variables
    return tuple(name for name in variables if name in trained)


def first_assignments(nodes: Any, variables: Sequence[str]) -> tuple[str, ...]:
    """Return the op that first sets each variable: its initializer, by order of creation."""
    first = _first_by_variable(nodes, _SETS)
    return tuple(first[name] for name in variables if name in first)


def _first_by_variable(nodes: Any, ops: re.Pattern[str]) -> dict[str, str]:
    """Return, for each node, the first node with one of these ops whose first input it is."""
    found: dict[str, str] = {}
    for node in nodes:
        if ops.match(node.op) and node.input:
            found.setdefault(input_node(node.input[0]), node.name)
    return found

"""TensorFlow's copy of a graph that was let through, and what the lab adds to it: gradients, assignments, readings.

And what a graph says of its variables: which are to be trained, and which op first sets each.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from netgrader.reader.graph.nodes import REFERENCE, input_node, message
from netgrader.reader.lab import LabError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Those that are trained last: what they say of a variable counts.
_COLLECTIONS = ("variables", "local_variables", "trainable_variables")
#: Ops of optimizers, and TensorFlow's numbers of the types of real numbers (types.proto).
_MOVES = re.compile(r"(Resource)?(Sparse)?Apply")
_REAL = (1, 2, 14, 19)


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
    """Return the variables that the graph's collections define, by op name."""
    definitions: dict[str, Any] = {}
    cls = message("VariableDef")
    for key in [key for key in _COLLECTIONS if key in source.collection_def]:
        for content in source.collection_def[key].bytes_list.value:
            with suppress(DecodeError):  # damage means only that this hint is not there
                definition = cls.FromString(content)
                name = definition.variable_name.partition(":")[0]
                definition.trainable |= key == "trainable_variables"
                definitions[name] = definition
    return definitions


def trainable_variables(nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return them by the collections; else what an optimizer's op moves; else all that hold real numbers."""
    told = {name for name, definition in definitions.items() if definition.trainable}
    moved = {input_node(node.input[0]) for node in nodes if node.input and _MOVES.match(node.op)}.intersection(
        variables
    )
    real = {node.name for node in nodes if "dtype" in node.attr and node.attr["dtype"].type % REFERENCE in _REAL}
    return tuple(name for name in variables if name in (told or moved or real))


def first_assignments(nodes: Any, variables: Sequence[str], definitions: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the op that first sets each variable: by the collections, else the first assignment to it in the graph."""
    setting = [node for node in nodes if node.op in ("Assign", "AssignVariableOp") and node.input]
    first = {input_node(node.input[0]): node.name for node in reversed(setting)}
    present = {node.name for node in nodes}
    first |= {name: f"{name}/Assign" for name in variables if f"{name}/Assign" in present}
    defined = {name: input_node(definition.initializer_name) for name, definition in definitions.items()}
    first |= {name: operation for name, operation in defined.items() if operation in present}
    return tuple(first[name] for name in variables if name in first)

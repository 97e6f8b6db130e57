"""Constant folding: values that are the same in every run, and simple arithmetic on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graphread.graph.nodes import DTYPES, REFERENCE, Message, node_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphread.graph.nodes import Array, Node


class LargestFolded:
    """Limits of constant folding: elements of a constant, elements of an operand, and depth."""

    MAX_CONSTANT = 4_000_000
    MAX_FOLDED = 10_000
    DEPTH = 40


def fold(tensor: str, nodes: Mapping[str, Node], known: Mapping[str, Array]) -> Array | None:
    """Return the value of a tensor; None if it varies or needs more than simple arithmetic.

    `known` has the values of fed tensors.
    """
    seen: dict[str, Array | None] = {**known}

    def value(tensor: str, depth: int) -> Array | None:
        if tensor not in seen:
            seen[tensor] = None  # a tensor that depends on itself is not constant
            node = nodes[node_of(tensor)]
            if node.op == "Const":
                seen[tensor] = decode(node.attributes["value"].tensor)
            elif node.op in _FOLDS and depth:
                reads = node.inputs[:1] if node.op == "Switch" else node.inputs
                seen[tensor] = _computed(node.op, [value(read, depth - 1) for read in reads])
        return seen[tensor]

    return value(tensor, LargestFolded.DEPTH)


def _computed(op: str, values: list[Array | None]) -> Array | None:
    """Return an op's result for small arrays; None if an input is unknown or too large."""
    if any(value is None or value.size > LargestFolded.MAX_FOLDED for value in values):
        return None
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_FOLDS[op](*values))
    except (ValueError, TypeError):
        return None


def truth(value: Array | None) -> bool | None:
    """Return a folded scalar as a truth value; None if it is unknown or has more than one element."""
    return None if value is None or value.size != 1 else bool(value.reshape(()))


_SAME = ("Identity", "StopGradient", "Cast", "Enter", "Switch", "PlaceholderWithDefault", "Snapshot", "LoopCond")
_FOLDS: dict[str, Any] = {
    **dict.fromkeys(_SAME, np.asarray),
    "Neg": np.negative,
    "Add": np.add,
    "AddV2": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "RealDiv": np.true_divide,
    "Pow": np.power,
    "Sqrt": np.sqrt,
    "Square": np.square,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Exp": np.exp,
    "Reciprocal": np.reciprocal,
    "LogicalNot": np.logical_not,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
    "ToBool": lambda value: np.asarray(value != 0),
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Squeeze": np.squeeze,
}


#: Field of a TensorProto that holds the numbers of each type.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "bool": "bool_val",
    **dict.fromkeys(("int32", "uint8", "int8", "int16", "uint16"), "int_val"),
}


def decode(proto: Message) -> Array | None:
    """Return the array of a TensorProto; None if it is not numeric, too large or inconsistent."""
    kind = DTYPES.get(proto.dtype % REFERENCE, "")
    field = _FIELDS.get(kind)
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    size = int(np.prod(shape, dtype=np.float64))
    if field is None or min(shape, default=0) < 0 or not 0 <= size <= LargestFolded.MAX_CONSTANT:
        return None
    if proto.tensor_content:
        if len(proto.tensor_content) != size * np.dtype(kind).itemsize:
            return None
        return np.frombuffer(proto.tensor_content, dtype=kind).reshape(shape)
    values = np.array(getattr(proto, field)[:size], dtype=kind)
    # In a shorter list, the last value repeats.
    whole = np.full(size, values[-1] if len(values) else 0, dtype=kind)
    whole[: len(values)] = values
    return whole.reshape(shape)

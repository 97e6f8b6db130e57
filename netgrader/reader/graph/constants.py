"""Values that are the same in every run: constants, and simple arithmetic on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.reader.graph.nodes import DTYPES, REFERENCE, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.graph.nodes import Array, Node

#: Among known values: how many rows are taken to be fed where a placeholder leaves it open.
ROWS = ""

_MAX_CONSTANT = 4_000_000
_MAX_FOLDED = 10_000
_DEPTH = 40


def fold(tensor: str, nodes: Mapping[str, Node], known: Mapping[str, Array], depth: int = _DEPTH) -> Array | None:
    """The value of a tensor, None where it is not the same in every run or is beyond simple arithmetic.

    Parameters
    ----------
    tensor
        Its name.
    nodes
        The graph's nodes by name.
    known
        Values of tensors that are fed.
    depth
        How far back to look.
    """
    return _fold(tensor, nodes, known, depth, {})


def _fold(
    tensor: str,
    nodes: Mapping[str, Node],
    known: Mapping[str, Array],
    depth: int,
    seen: dict[str, Array | None],
) -> Array | None:
    if tensor in known:
        return known[tensor]
    if tensor not in seen:
        seen[tensor] = None  # what depends on itself is no constant
        name, _, index = tensor.rpartition(":")
        node = nodes.get(name or tensor)
        if node is None:
            return None
        if node.op == "IdentityN" and index.isdigit() and int(index) < len(node.inputs) and depth > 0:
            seen[tensor] = _fold(node.inputs[int(index)], nodes, known, depth - 1, seen)
            return seen[tensor]
        seen[tensor] = _computed(node, nodes, known, depth, seen)
    return seen[tensor]


def _computed(
    node: Node,
    nodes: Mapping[str, Node],
    known: Mapping[str, Array],
    depth: int,
    seen: dict[str, Array | None],
) -> Array | None:
    if node.op == "Const":
        return decode(node.attributes["value"].tensor)
    if node.op == "Shape" and node.inputs and depth > 0:
        shape = _shape_of(node.inputs[0], nodes, known, depth - 1, seen)
        return None if shape is None else np.asarray(shape, dtype=np.int32)
    if node.op in ("Rank", "Size") and node.inputs and depth > 0:
        shape = _shape_of(node.inputs[0], nodes, known, depth - 1, seen)
        return None if shape is None else np.asarray(len(shape) if node.op == "Rank" else int(np.prod(shape)))
    if node.op == "StridedSlice" and len(node.inputs) == 4 and depth > 0:
        parts = [_fold(read, nodes, known, depth - 1, seen) for read in node.inputs]
        return _sliced(node, parts)
    apply = _FOLDS.get(node.op)
    if apply is None or depth <= 0 or not node.inputs:
        return None
    values = []
    for read in node.inputs[:1] if node.op == "Switch" else node.inputs:
        value = _fold(read, nodes, known, depth - 1, seen)
        if value is None or value.size > _MAX_FOLDED:
            return None
        values.append(value)
    with np.errstate(all="ignore"):
        try:
            result: Array = np.asarray(apply(*values))
        except (ValueError, TypeError):
            return None
    return result


def _sliced(node: Node, parts: list[Array | None]) -> Array | None:
    """One number, or a stretch, of a vector."""
    value, begin, end, stride = parts
    if value is None or begin is None or end is None or stride is None or value.ndim != 1 or begin.size != 1:
        return None
    first, last, step = (int(part.reshape(())) for part in (begin, end, stride))
    if node.attributes["shrink_axis_mask"].i & 1:
        return np.asarray(value[first]) if -len(value) <= first < len(value) else None
    open_left, open_right = node.attributes["begin_mask"].i & 1, node.attributes["end_mask"].i & 1
    return value[None if open_left else first : None if open_right else last : step or 1]


_SAME_SHAPE = {
    *("Identity", "Cast", "StopGradient", "Snapshot", "Enter", "CheckNumerics", "ReadVariableOp"),
    *("Neg", "Square", "Exp", "Log", "Relu", "Sigmoid", "Tanh", "Softmax"),
}
_BROADCASTS = {"Add", "AddV2", "BiasAdd", "Div", "Maximum", "Minimum", "Mul", "RealDiv", "Sub"}


def _shape_of(
    tensor: str,
    nodes: Mapping[str, Node],
    known: Mapping[str, Array],
    depth: int,
    seen: dict[str, Array | None],
) -> tuple[int, ...] | None:
    """The shape of a tensor, with as many rows as are assumed."""
    node = nodes.get(tensor.rpartition(":")[0] or tensor)
    if node is None or depth <= 0:
        return None
    if node.op == "Const":
        return tuple(int(dim.size) for dim in node.attributes["value"].tensor.tensor_shape.dim)
    if node.op in _SAME_SHAPE and node.inputs:
        return _shape_of(node.inputs[0], nodes, known, depth - 1, seen)
    if node.op in _BROADCASTS:
        shapes = [_shape_of(read, nodes, known, depth - 1, seen) for read in node.inputs]
        try:
            return None if None in shapes else np.broadcast_shapes(*(shape or () for shape in shapes))
        except ValueError:
            return None
    if node.op == "Transpose" and len(node.inputs) > 1:
        old = _shape_of(node.inputs[0], nodes, known, depth - 1, seen)
        order = _fold(node.inputs[1], nodes, known, depth - 1, seen)
        places = [] if order is None else [int(place) for place in order.reshape(-1)]
        fits = old is not None and sorted(places) == list(range(len(old)))
        return tuple(old[place] for place in places) if old is not None and fits else None
    if node.op == "Reshape" and len(node.inputs) > 1:
        old = _shape_of(node.inputs[0], nodes, known, depth - 1, seen)
        new = _fold(node.inputs[1], nodes, known, depth - 1, seen)
        return None if old is None or new is None else _reshaped(old, [int(size) for size in new.reshape(-1)])
    shape = node.shape() if node.op.startswith(("Placeholder", "Var")) else None
    rows = known.get(ROWS)
    if shape and shape[0] is None and rows is not None:
        shape = (int(rows), *shape[1:])
    return None if shape is None or None in shape else tuple(size or 0 for size in shape)


def _reshaped(old: tuple[int, ...], new: list[int]) -> tuple[int, ...] | None:
    total, rest = int(np.prod(old)), int(np.prod([size for size in new if size >= 0]))
    if new.count(-1) > 1 or (new.count(-1) and (rest == 0 or total % rest)):
        return None
    return tuple(total // rest if size < 0 else size for size in new)


def _over_axes(function: Any) -> Any:
    """A reduction as TensorFlow has it: of the numbers, over the axes of the second input."""
    return lambda value, axes: function(value, axis=tuple(int(axis) for axis in axes.reshape(-1)))


def _range(start: Array, limit: Array, delta: Array) -> Array:
    first, last, step = (value.reshape(()) for value in (start, limit, delta))
    if not step or abs(last - first) > _MAX_FOLDED * abs(step) or step != int(step):
        raise ValueError("too many numbers, or no whole ones")
    return np.arange(int(first), int(last), int(step))


_FOLDS: dict[str, Any] = {
    **dict.fromkeys(
        ("Identity", "StopGradient", "Cast", "Enter", "Switch", "PlaceholderWithDefault", "Snapshot"), np.asarray
    ),
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
    "Pack": lambda *items: np.stack(items),
    "Reciprocal": np.reciprocal,
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "LogicalNot": np.logical_not,
    "LogicalAnd": np.logical_and,
    "LogicalOr": np.logical_or,
    "LoopCond": np.asarray,
    "ToBool": lambda value: np.asarray(value != 0),
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Squeeze": np.squeeze,
    "Range": _range,
    **{name: _over_axes(getattr(np, name.lower())) for name in ("Max", "Min", "Sum", "Prod", "All", "Any")},
}


def decode(proto: Message) -> Array | None:
    """The array of a TensorProto (``tensor.proto``), None if it is not numbers, too large or contradicts itself."""
    kind = DTYPES.get(proto.dtype % REFERENCE, "")
    field = {
        "float32": "float_val",
        "float64": "double_val",
        "int32": "int_val",
        "int64": "int64_val",
        "bool": "bool_val",
        "uint8": "int_val",
        "int8": "int_val",
        "int16": "int_val",
        "uint16": "int_val",
    }.get(kind)
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    size = int(np.prod(shape, dtype=np.float64)) if shape else 1
    if field is None or min(shape, default=0) < 0 or not 0 <= size <= _MAX_CONSTANT:
        return None
    if proto.tensor_content:
        if len(proto.tensor_content) != size * np.dtype(kind).itemsize:
            return None
        return np.frombuffer(proto.tensor_content, dtype=kind).reshape(shape)
    values = np.array(getattr(proto, field)[: size or 1], dtype=kind)
    if size and not len(values):
        values = np.zeros(1, dtype=kind)
    # A shorter list means that its last value goes on.
    return (
        np.concatenate([values, np.repeat(values[-1:], size - len(values))]).reshape(shape)
        if size
        else np.zeros(shape, kind)
    )

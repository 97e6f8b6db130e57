"""Values that are the same in every run: constants, and simple arithmetic on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.reader.graph.nodes import DTYPES, REFERENCE, Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.reader.graph.nodes import Array, Node

_MAX_CONSTANT = 4_000_000
_MAX_FOLDED = 10_000
_DEPTH = 40


def fold(
    tensor: str, nodes: Mapping[str, Node], known: Mapping[str, Array], depth: int = _DEPTH, rows: int | None = None
) -> Array | None:
    """The value of a tensor, None where it is not the same in every run or is beyond simple arithmetic.

    `known` are values of tensors that are fed, `depth` says how far back to look, `rows` how many rows are taken to be fed
    where a placeholder leaves it open.
    """
    return _ConstantFolder(nodes, known, rows).value(tensor, depth)


def truth(value: Array | None) -> bool | None:
    """Whether a value that was folded is true; None where it is not known, or no single one."""
    return None if value is None or value.size != 1 else bool(value.reshape(()))


_SAME_SHAPE = {
    *("Identity", "Cast", "StopGradient", "Snapshot", "Enter", "CheckNumerics", "ReadVariableOp"),
    *(
        "Neg",
        "Square",
        "Exp",
        "Log",
        "Relu",
        "LeakyRelu",
        "Elu",
        "Selu",
        "Softplus",
        "Sigmoid",
        "Tanh",
        "Softmax",
        "LogSoftmax",
    ),
}
_BROADCASTS = {"Add", "AddV2", "BiasAdd", "Div", "Maximum", "Minimum", "Mul", "RealDiv", "Sub"}


class _ConstantFolder:
    """Values and shapes of one graph's tensors, each computed once."""

    def __init__(self, nodes: Mapping[str, Node], known: Mapping[str, Array], rows: int | None) -> None:
        self._nodes = nodes
        self._known = known
        self._rows = rows
        self._seen: dict[str, Array | None] = {}

    def value(self, tensor: str, depth: int) -> Array | None:
        if tensor in self._known:
            return self._known[tensor]
        if tensor not in self._seen:
            self._seen[tensor] = None  # what depends on itself is no constant
            name, _, index = tensor.rpartition(":")
            node = self._nodes.get(name or tensor)
            if node is None:
                return None
            if node.op == "IdentityN" and index.isdigit() and int(index) < len(node.inputs) and depth > 0:
                self._seen[tensor] = self.value(node.inputs[int(index)], depth - 1)
            else:
                self._seen[tensor] = self._computed(node, depth)
        return self._seen[tensor]

    def _computed(self, node: Node, depth: int) -> Array | None:
        if node.op == "Const":
            return decode(node.attributes["value"].tensor)
        if depth <= 0 or not node.inputs:
            return None
        if node.op in ("Shape", "Rank", "Size"):
            shape = self._shape(node.inputs[0], depth - 1)
            if shape is None:
                return None
            if node.op == "Shape":
                return np.asarray(shape, dtype=np.int32)
            return np.asarray(len(shape) if node.op == "Rank" else int(np.prod(shape)))
        if node.op == "StridedSlice" and len(node.inputs) == 4:
            return _sliced(node, [self.value(read, depth - 1) for read in node.inputs])
        if node.op not in _FOLDS:
            return None
        values = []
        for read in node.inputs[:1] if node.op == "Switch" else node.inputs:
            value = self.value(read, depth - 1)
            if value is None or value.size > _MAX_FOLDED:
                return None
            values.append(value)
        with np.errstate(all="ignore"):
            try:
                return np.asarray(_FOLDS[node.op](*values))
            except (ValueError, TypeError):
                return None

    def _shape(self, tensor: str, depth: int) -> tuple[int, ...] | None:
        """The shape of a tensor, with as many rows as are assumed."""
        node = self._nodes.get(tensor.rpartition(":")[0] or tensor)
        if node is None or depth <= 0:
            return None
        if node.op == "Const":
            return tuple(int(dim.size) for dim in node.attributes["value"].tensor.tensor_shape.dim)
        if node.op in _SAME_SHAPE and node.inputs:
            return self._shape(node.inputs[0], depth - 1)
        if node.op in _BROADCASTS:
            shapes = [self._shape(read, depth - 1) for read in node.inputs]
            try:
                return None if None in shapes else np.broadcast_shapes(*(shape or () for shape in shapes))
            except ValueError:
                return None
        if node.op == "MatMul":
            sides = [self._shape(read, depth - 1) or () for read in node.inputs]
            turned = [key in node.attributes and node.attributes[key].b for key in ("transpose_a", "transpose_b")]
            return (sides[0][turned[0]], sides[1][not turned[1]]) if [*map(len, sides)] == [2, 2] else None
        if node.op in ("Transpose", "Reshape") and len(node.inputs) > 1:
            old, second = self._shape(node.inputs[0], depth - 1), self.value(node.inputs[1], depth - 1)
            if old is None or second is None:
                return None
            numbers = [int(number) for number in second.reshape(-1)]
            if node.op == "Reshape":
                return _reshaped(old, numbers)
            return tuple(old[place] for place in numbers) if sorted(numbers) == list(range(len(old))) else None
        shape = node.shape() if node.op.startswith(("Placeholder", "Var")) else None
        if shape and shape[0] is None and self._rows is not None:
            shape = (self._rows, *shape[1:])
        return None if shape is None or None in shape else tuple(size or 0 for size in shape)


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


#: Where a TensorProto has numbers of each type.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "bool": "bool_val",
    **dict.fromkeys(("int32", "uint8", "int8", "int16", "uint16"), "int_val"),
}


def decode(proto: Message) -> Array | None:
    """The array of a TensorProto (``tensor.proto``), None if it is not numbers, too large or contradicts itself."""
    kind = DTYPES.get(proto.dtype % REFERENCE, "")
    field = _FIELDS.get(kind)
    shape = tuple(dim.size for dim in proto.tensor_shape.dim)
    size = int(np.prod(shape, dtype=np.float64)) if shape else 1
    if field is None or min(shape, default=0) < 0 or not 0 <= size <= _MAX_CONSTANT:
        return None
    if proto.tensor_content:
        if len(proto.tensor_content) != size * np.dtype(kind).itemsize:
            return None
        return np.frombuffer(proto.tensor_content, dtype=kind).reshape(shape)
    values = np.array(getattr(proto, field)[:size], dtype=kind)
    # A shorter list means that its last value goes on.
    whole = np.full(size, values[-1] if len(values) else 0, dtype=kind)
    whole[: len(values)] = values
    return whole.reshape(shape)

"""TensorFlow's graph messages without TensorFlow, and one op of a graph as plain Python.

TensorFlow's own ``graph_pb2`` imports all of TensorFlow, which takes seconds and must not happen in the process that assigns
grades. The descriptors in ``descriptors.binpb`` are TensorFlow's, written by ``scripts/make_descriptors.py``. A tensor is
named ``node:index`` throughout.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy.typing as npt
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Array = npt.NDArray[Any]
Reached = TypeVar("Reached")

#: A protobuf message; its fields are created at run time, so the type checker knows none of them.
Message = Any

#: NumPy names of TensorFlow's types (``types.proto``). Reference types are these plus `REFERENCE`.
DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
}
REFERENCE = 100


def tensor_name(name: str) -> str:
    """Return a tensor's name; for an op, that of its first output."""
    return name if ":" in name else name + ":0"


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    content = Path(__file__).with_name("descriptors.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        pool.Add(file)
    return pool


@functools.cache
def message(name: str) -> Any:
    """Return the class of the message ``tensorflow.<name>``."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"tensorflow.{name}"))


def meta_graph_def() -> Message:
    """Return an empty MetaGraphDef."""
    return message("MetaGraphDef")()


@dataclass(frozen=True, slots=True)
class Node:
    """One op of the graph. `inputs` are tensors in order, `controls` the nodes of its control inputs."""

    name: str
    op: str
    inputs: tuple[str, ...]
    controls: tuple[str, ...]
    attributes: Message

    def dtype(self, key: str) -> str:
        """Return NumPy's name of the dtype in an attribute; empty if there is none."""
        if key not in self.attributes:
            return ""
        return DTYPES.get(self.attributes[key].type % REFERENCE, "unknown")

    def shape(self, key: str = "shape") -> tuple[int | None, ...] | None:
        """Return the shape in an attribute; None if its rank is unknown, with None for unknown sizes."""
        if key not in self.attributes or self.attributes[key].WhichOneof("value") != "shape":
            return None
        return sizes_of(self.attributes[key].shape)

    def size(self) -> int | None:
        """Return the number of elements of a variable; None if unknown."""
        shape = self.shape()
        return None if shape is None or None in shape else math.prod(cast("tuple[int, ...]", shape))

    def rank(self) -> int:
        """Return the rank of a variable; zero if unknown."""
        return len(self.shape() or ())

    def flag(self, key: str) -> bool:
        """Return a boolean attribute; False if absent."""
        return bool(key in self.attributes and self.attributes[key].b)


def sizes_of(shape: Message) -> tuple[int | None, ...] | None:
    """Return the sizes in a TensorShapeProto; None if its rank is unknown, with None for unknown sizes."""
    return None if shape.unknown_rank else tuple(d.size if d.size >= 0 else None for d in shape.dim)


def fits(sizes: tuple[int, ...], shape: tuple[int | None, ...] | None) -> bool:
    """Whether an array of these sizes matches a partially known shape."""
    if shape is None:
        return True
    return len(shape) == len(sizes) and all(a in (None, b) for a, b in zip(shape, sizes, strict=True))


def words(text: str) -> frozenset[str]:
    """Return the words of a text; long lists of ops are written this way."""
    return frozenset(text.split())


def node_of(tensor: str | None) -> str:
    """Return the node of a tensor; empty for no tensor."""
    name = tensor or ""
    return name.rpartition(":")[0] or name


def reached(starts: Iterable[Reached], following: Callable[[Reached], Iterable[Reached]]) -> set[Reached]:
    """Return everything reachable from `starts`, including them; `following` returns successors."""
    seen = set(starts)
    todo = list(seen)
    while todo:
        later = set(following(todo.pop())) - seen
        seen |= later
        todo.extend(later)
    return seen


def output_index(tensor: str) -> int:
    """Return a tensor's output index at its node."""
    index = tensor.rpartition(":")[2]
    return int(index) if index.isdecimal() else 0


def input_node(item: str) -> str:
    """Return the node of an input, data or control, of a NodeDef."""
    return item.lstrip("^").partition(":")[0]


def inputs_set(raw: Message, inputs: Iterable[str]) -> Message:
    """Replace the inputs of a NodeDef, and return it."""
    inputs = list(inputs)
    del raw.input[:]
    raw.input.extend(inputs)
    return raw


def copied(raw: Message, name: str, inputs: Iterable[str]) -> Message:
    """Return a copy of a NodeDef with another name and other inputs."""
    copy = type(raw)()
    copy.CopyFrom(raw)
    copy.name = name
    return inputs_set(copy, inputs)


def plain_node(raw: Message) -> Node:
    """Return the plain node of a NodeDef."""
    inputs = tuple(item if ":" in item else f"{item}:0" for item in raw.input if not item.startswith("^"))
    controls = tuple(item[1:] for item in raw.input if item.startswith("^"))
    return Node(raw.name, raw.op, inputs, controls, raw.attr)

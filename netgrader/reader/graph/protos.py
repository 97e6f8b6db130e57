"""TensorFlow's graph messages without TensorFlow: a private pool of protobuf descriptors kept in the package.

TensorFlow's own ``graph_pb2`` imports all of TensorFlow, which takes seconds and must not happen in the process that
gives verdicts. The descriptors in ``descriptors.binpb`` are TensorFlow's (see `netgrader.reader.graph.make_descriptors`).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

__all__ = ["DTYPES", "REFERENCE", "Message", "graph_def", "message", "meta_graph_def"]

#: A protobuf message; its fields are made at run time, so the type checker knows none of them.
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


@functools.cache
def _pool() -> descriptor_pool.DescriptorPool:
    content = Path(__file__).with_name("descriptors.binpb").read_bytes()
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(content).file:
        pool.Add(file)
    return pool


@functools.cache
def message(name: str) -> Any:
    """The class of the message ``tensorflow.<name>``."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"tensorflow.{name}"))


def graph_def() -> Message:
    """An empty GraphDef."""
    return message("GraphDef")()


def meta_graph_def() -> Message:
    """An empty MetaGraphDef."""
    return message("MetaGraphDef")()

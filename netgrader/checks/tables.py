"""Test images that stand in what was handed over: in the values of variables, or in constants of the graph.

A network that was trained holds no picture of the test set, whatever it was trained on. One that does looks answers up,
all of them or just those that an honest network gets wrong, and is not told apart by moving or noising images if it looks
for the nearest. This is found by comparison, so it is a proof and no statistic.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from netgrader.reader.graph.nodes import DTYPES, REFERENCE
from netgrader.reader.graph.source import GraphError, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from netgrader.evidence import GraphEvidence

__all__ = ["MOST_COPIES", "FedRows", "Pictures", "copied_images", "fed_rows"]

Array = npt.NDArray[Any]

MOST_COPIES = 20
"""Images that may be found by chance: none was, in networks trained in every way."""
SAME = 0.995
"""Correlation of two pictures that are the same but for contrast and rounding. Of a
test image and another image, training images among them, those most alike correlate by 0.986."""
LOOKED_AT = 1_000  # vectors of an array
MOST_FED = 2_000  # rows of a training that are looked at
MOST_PAIRS = 10_000  # that are compared at once
SHADOW, ALIKE = 96, 0.9
"""Numbers that a vector is reduced to at random, and what correlates by less in these is not `SAME`: for two vectors whose
correlation is 0.995 that in so many random directions lies within 0.005 of it, and no two can be made so that it is less."""
KINDS = frozenset({"float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "uint16"})


@dataclass(frozen=True)
class Pictures:
    """Images that are looked for, as directions (n, pixels) and what these are reduced to, (n, SHADOW)."""

    directions: npt.NDArray[np.float32]
    shadows: npt.NDArray[np.float32]

    @classmethod
    def of(cls, images: npt.NDArray[np.uint8]) -> Pictures:
        """Make them of images (n, height, width), uint8."""
        directions = _directions(images.reshape(len(images), -1).astype(np.float32))
        return cls(directions, _shadows(directions))


def copied_images(graph: GraphEvidence, pictures: Pictures) -> int:
    """Return how many of the `pictures`, up to contrast, were found among the vectors of pixels in values and constants."""
    pixels = pictures.directions.shape[1]
    arrays = [*graph.values.values(), *_constants(graph.meta_graph, pixels, graph.parts.get("logits", ""))]
    found: set[int] = set()
    for vectors in (vectors for array in arrays for vectors in _rows(array, pixels)):
        near = np.argwhere(np.abs(_shadows(vectors) @ pictures.shadows.T) > ALIKE)
        for first in range(0, len(near), MOST_PAIRS):
            mine, theirs = near[first : first + MOST_PAIRS].T
            same = np.abs(np.einsum("ij,ij->i", vectors[mine], pictures.directions[theirs])) > SAME
            found.update(theirs[same].tolist())
    return len(found)


@dataclass(frozen=True)
class FedRows:
    """A sample of the rows that training steps were fed: how many were looked at, and how many are test images."""

    looked_at: int
    of_test: int


def fed_rows(rows: Array, images: npt.NDArray[np.uint8]) -> FedRows | None:
    """Look for the test images (m, height, width) among `rows` (n, pixels), up to contrast; None if they are none."""
    pictures = images.reshape(len(images), -1)
    if rows.ndim != 2 or not len(rows) or rows.shape[1] != pictures.shape[1] or rows.dtype.kind not in "fiu":
        return None
    alike = _directions(rows[:MOST_FED]) @ _directions(pictures.astype(np.float32)).T
    return FedRows(len(alike), int((alike.max(axis=1) > SAME).sum()))


def _shadows(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    reduce = np.random.default_rng(0).standard_normal((vectors.shape[1], SHADOW)).astype(np.float32)
    return _of_length_one(vectors @ reduce)


def _rows(array: Array, pixels: int) -> Iterator[npt.NDArray[np.float32]]:
    """Vectors of `pixels` numbers that the array is made of, along whichever axis, as directions."""
    if array.dtype.kind not in "fiu" or array.size < MOST_COPIES * pixels:
        return
    side = int(pixels**0.5)
    if array.shape[0] == pixels or array.shape[:2] == (side, side):
        yield _directions(_some(array.reshape(pixels, -1).T))
    elif array.size % pixels == 0 and (array.ndim == 1 or pixels in array.shape or array.shape.count(side) == 2):
        yield _directions(_some(array.reshape(-1, pixels)))


def _some(vectors: Array) -> npt.NDArray[np.float32]:
    """Return at most so many, chosen by what they are: nobody can put the others where they are not looked at."""
    if len(vectors) > LOOKED_AT:
        random = np.random.default_rng(
            zlib.crc32(np.ascontiguousarray(vectors[:: len(vectors) // LOOKED_AT]).tobytes())
        )
        vectors = vectors[random.choice(len(vectors), LOOKED_AT, replace=False)]
    return np.asarray(vectors, np.float32)


def _directions(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return each vector without its mean, of length one; nothing of what is constant or not finite."""
    with np.errstate(all="ignore"):
        centred = vectors - vectors.mean(axis=1, keepdims=True)
    return _of_length_one(np.nan_to_num(centred, nan=0.0, posinf=0.0, neginf=0.0))


def _of_length_one(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    with np.errstate(all="ignore"):
        made = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: npt.NDArray[np.float32] = np.nan_to_num(made, nan=0.0, posinf=0.0, neginf=0.0)
    return directions


def _constants(meta_graph: bytes, pixels: int, logits: str) -> Iterator[Array]:
    """Yield the large constants of numbers that the tensor `logits` is computed from, in a graph and its functions; all if empty.

    What a network is evaluated on may stand in its graph, too.
    """
    try:
        graph = read_source(meta_graph).graph_def
    except GraphError:
        return
    for nodes in _leading_to(graph, logits):
        for node in nodes:
            proto = node.attr["value"].tensor if node.op == "Const" and "value" in node.attr else None
            kind = DTYPES.get(proto.dtype % REFERENCE, "") if proto is not None else ""
            if proto is None or kind not in KINDS or len(proto.tensor_content) < MOST_COPIES * pixels:
                continue
            shape = tuple(dim.size for dim in proto.tensor_shape.dim)
            array = np.frombuffer(
                proto.tensor_content[: -(len(proto.tensor_content) % np.dtype(kind).itemsize) or None], kind
            )
            if array.size == int(np.prod(shape, dtype=np.float64)) and min(shape, default=0) > 0:
                yield array.reshape(shape)


def _leading_to(graph: Any, logits: str) -> Iterator[Sequence[Any]]:
    """Yield the nodes that a tensor depends on, and those of the functions that are called on the way, whatever they call."""
    by_name = {node.name: node for node in graph.node}
    ahead = [logits.partition(":")[0]] if logits.partition(":")[0] in by_name else list(by_name)
    found: dict[str, Any] = {}
    while ahead:
        name = ahead.pop()
        if name in by_name and name not in found:
            found[name] = by_name[name]
            ahead += [source.lstrip("^").partition(":")[0] for source in by_name[name].input]
    yield list(found.values())
    functions = {function.signature.name: function for function in graph.library.function}
    called: set[str] = set()
    waiting = list(found.values())
    while waiting:
        node = waiting.pop()
        names = {node.op, *(value.func.name for value in node.attr.values())}
        names |= {one.name for value in node.attr.values() for one in value.list.func}
        for name in (names & functions.keys()) - called:
            called.add(name)
            waiting += functions[name].node_def
            yield functions[name].node_def

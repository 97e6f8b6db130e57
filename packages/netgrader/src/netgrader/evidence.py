"""The trust boundary: what a student's process may hand over, its limits, and how to read it safely.

Evidence of one check cell is a flat folder: ``manifest.json`` and files named by number (``0.pb``, ``1.npy``). Names chosen
by a student appear only inside the manifest and never become paths. There are three formats: protobuf (as bytes, which the
reader parses later), npy without pickle, and JSON. `EvidenceWriter` runs next to the student's code and is not trusted;
`read_evidence` runs on our side and treats every byte as hostile.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import stat
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from graphread.text import Said, Text
from netgrader.errors import NetgraderError
from netgrader.grey_levels import LEVELS, GreyLevels, LaidOut, table_between
from netgrader.strangers import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "MANIFEST",
    "NO_GRAPH",
    "BadEvidence",
    "Evidence",
    "EvidenceLimits",
    "EvidenceWriter",
    "GraphEvidence",
    "NoRoom",
    "ProbeError",
    "read_evidence",
    "read_npy",
]

MANIFEST = "manifest.json"

PLACEHOLDER = "NotDone"
"""The kind of error that says that the exercise is unchanged since the release."""

Array = npt.NDArray[Any]
Json = None | bool | int | float | str | list[Any] | dict[str, Any]


# An npy file as NumPy writes it. NumPy's own reader parses headers as Python, which is unsafe for untrusted bytes.
_MAGIC = b"\x93NUMPY"
_LENGTHS = {_MAGIC + b"\x01\x00": struct.Struct("<H"), _MAGIC + b"\x02\x00": struct.Struct("<I")}
_LONGEST_HEADER = 10_000
_HEADER = re.compile(
    rb"\{'descr': '((?:[<>][iuf]|[|][iub])[1248])', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\),? ?\}[ \n]*"
)


MOST_DIMENSIONS = 8
Bounded = Annotated[str, msgspec.Meta(max_length=4_000)]
# Files are named by number: no name that a student chose becomes a path.
_Pb = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}\.pb\Z")]
_Npy = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}\.npy\Z")]
_Shape = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(max_length=MOST_DIMENSIONS)]


class BadEvidence(NetgraderError):
    """Evidence cannot be read; the message is a sentence for students and instructors."""


@dataclass(frozen=True)
class EvidenceLimits:
    """Limits on reading the evidence of one check cell; sizes in bytes."""

    manifest_bytes: int = 4_000_000
    graph_bytes: int = 64_000_000
    array_bytes: int = 600_000_000
    total_bytes: int = 1_200_000_000
    items: int = 400
    files: int = 4_000
    json_depth: int = 24


LIMITS = EvidenceLimits()
NO_REFERENCES: Mapping[str, npt.NDArray[np.uint8]] = MappingProxyType({})


@dataclass(frozen=True)
class ProbeError:
    """An exception that the student's code raised when a probe called it.

    `kind` is the exception's class name, `message` its text, `line` the line of the student's source that raised it, or None.
    """

    kind: Bounded
    message: Bounded
    line: Bounded | None = None


@dataclass(frozen=True)
class GraphEvidence:
    """A graph at the moment when the probe captured it."""

    meta_graph: bytes
    """A serialized MetaGraphDef, not parsed yet."""
    parts: Mapping[str, str]
    """The student's ``net`` attributes that are tensors or operations, by name: their names in the graph (``{"X":
    "Placeholder:0", "train_op": "Adam"}``). Hints, not facts."""
    eval_feed: Mapping[str, Array] = field(default_factory=dict)
    """Feeds for evaluation in addition to X and Y, by tensor name."""
    values: Mapping[str, Array] = field(default_factory=dict)
    """Values of the variables by op name, if there was a session."""
    about: Mapping[str, Json] = field(default_factory=dict)
    """Further small facts from the probe, such as the requested learning rate."""


NO_GRAPH = GraphEvidence(b"", {})
"""Stands for a graph of which nothing was captured."""


@dataclass(frozen=True)
class Evidence:
    """The evidence of one check cell, by item name. `problem` says why there is none, or is None.

    `tables` are the arrays stored as tables of gray levels; `arrays` expands them on access.
    """

    cell: str
    graphs: Mapping[str, GraphEvidence] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    tables: Mapping[str, GreyLevels] = field(default_factory=dict)
    facts: Mapping[str, Json] = field(default_factory=dict)
    errors: Mapping[str, ProbeError] = field(default_factory=dict)
    problem: Said | None = None


class EvidenceWriter:
    """Writes the evidence of one check cell into `folder`, which must exist and be empty.

    The reader trusts nothing that it writes. The manifest is written last and atomically: without it there is no evidence.
    """

    def __init__(self, folder: Path | str, cell: str) -> None:
        self._folder = Path(folder)
        self._cell = cell
        self._items: list[dict[str, Any]] = []
        self._files = 0

    def fact(self, name: str, value: Json) -> None:
        """Add a small JSON value."""
        self._items.append({"name": name, "kind": "fact", "value": value})

    def array(self, name: str, value: Array, reference: tuple[str, npt.NDArray[np.uint8]] | None = None) -> None:
        """Add a numeric array.

        `reference` is a uint8 array known to both sides, with its name. If `value` is exactly a gray-level table applied to
        it element by element, only the table is written: 60,000 scaled images become 256 numbers.
        """
        value = np.asarray(value)
        if reference is not None:
            called, known = reference
            table = table_between(value, known)
            if table is not None:
                self.levels(name, GreyLevels(table, called, value.shape))
                return
        self._items.append({"name": name, "kind": "array", "file": self._npy(value)})

    def levels(self, name: str, levels: GreyLevels) -> None:
        """Add an array given as a lookup table on an array known to both sides."""
        self._items.append(
            {
                "name": name,
                "kind": "lookup",
                "file": self._npy(levels.table),
                "reference": levels.reference,
                "shape": list(levels.shape),
            }
        )

    def graph(self, name: str, graph: GraphEvidence) -> None:
        """Add a graph and what is known about it."""
        self._items.append(
            {
                "name": name,
                "kind": "graph",
                "file": self._file("pb", graph.meta_graph),
                "parts": dict(graph.parts),
                "eval_feed": {key: self._npy(np.asarray(value)) for key, value in graph.eval_feed.items()},
                "values": {key: self._npy(np.asarray(value)) for key, value in graph.values.items()},
                "about": dict(graph.about),
            }
        )

    def error(self, name: str, error: ProbeError) -> None:
        """Record that the student's code raised an error instead of producing `name`."""
        self._items.append(
            {
                "name": name,
                "kind": "error",
                "error": {"kind": error.kind, "message": error.message[:2000], "line": error.line},
            }
        )

    def close(self) -> None:
        """Write the manifest, which makes the evidence valid."""
        text = json.dumps({"format": 1, "cell": self._cell, "items": self._items})
        part = self._folder / (MANIFEST + ".part")
        part.write_text(text, encoding="utf-8")
        part.replace(self._folder / MANIFEST)

    def _file(self, suffix: str, content: bytes) -> str:
        name = f"{self._files}.{suffix}"
        self._files += 1
        with _written(self._folder / name) as out:
            out.write(content)
        return name

    def _npy(self, value: Array) -> str:
        name = f"{self._files}.npy"
        self._files += 1
        if value.dtype.kind == "f" and value.dtype.itemsize > 8:  # long doubles, whose bytes differ between machines
            value = value.astype(np.float64)
        with _written(self._folder / name) as out:
            np.lib.format.write_array(out, value, allow_pickle=False)
        return name


class NoRoom(OSError):
    """The evidence is larger than the disk space of a run."""


# NumPy reports a full disk only by the number of elements it wrote, without an errno.
_FULL = frozenset({errno.EFBIG, errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), None})


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """Open a new evidence file for writing.

    Raises
    ------
    NoRoom
        If the disk is full; the partial file is deleted, to leave space for later files.
    OSError
        If it cannot be written for another reason.
    """
    try:
        with path.open("wb") as out:
            yield out
    except OSError as error:
        if error.errno not in _FULL:
            raise
        path.unlink(missing_ok=True)
        raise NoRoom(str(error)) from error


def read_npy(content: bytes) -> Array:
    """Read an untrusted npy file: numbers only, no pickle, no more memory than the file's size.

    Raises
    ------
    BadEvidence
        If it is not an npy file, or has more than `MOST_DIMENSIONS` dimensions.
    """
    length = _LENGTHS.get(content[: len(_MAGIC) + 2])
    if length is None or len(content) < len(_MAGIC) + 2 + length.size:
        raise BadEvidence(Text("An array in the evidence is not an npy file."))
    begin = len(_MAGIC) + 2 + length.size
    end = begin + int(length.unpack_from(content, begin - length.size)[0])
    header = _HEADER.fullmatch(content[begin : min(end, begin + _LONGEST_HEADER)])
    if header is None or end > len(content):
        raise BadEvidence(Text("An array in the evidence does not hold numbers, or is not an npy file."))
    kind, fortran, sizes = (part.decode("ascii") for part in header.groups())
    dtype, shape = np.dtype(kind), tuple(map(int, re.findall(r"[0-9]+", sizes)))
    if len(shape) > MOST_DIMENSIONS:
        raise BadEvidence(Text("An array in the evidence has an impossible shape."))
    body = memoryview(content)[end:]
    if math.prod(shape) * dtype.itemsize != len(body) or max(shape, default=0) >= 2**62:
        raise BadEvidence(Text("An array in the evidence is not as long as it says."))
    array = np.frombuffer(body, dtype=dtype).reshape(shape, order="F" if fortran == "True" else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_evidence(
    folder: Path,
    references: Mapping[str, npt.NDArray[np.uint8]] = NO_REFERENCES,
    limits: EvidenceLimits = LIMITS,
    looked_up: dict[object, Array] | None = None,
) -> Evidence:
    """Read the evidence that a student's process wrote into `folder`.

    Parameters
    ----------
    folder
        A folder that the student's process could write to.
    references
        Our own copies of the uint8 arrays that lookup tables refer to, by name.
    limits
        The limits on reading.
    looked_up
        Cache of expanded tables from evidence read before, shared by `LaidOut`.

    Raises
    ------
    BadEvidence
        If anything in it is malformed, too large, not a regular file, or different from the manifest.
    """
    return _Reader(folder, references, limits, {} if looked_up is None else looked_up).read()


class _Item(msgspec.Struct, tag_field="kind"):
    """An item of a manifest; each kind has the fields that `EvidenceWriter` writes."""

    name: Bounded


class _Fact(_Item, tag="fact"):
    value: Any = None


class _Array(_Item, tag="array"):
    file: _Npy


class _Lookup(_Item, tag="lookup"):
    file: _Npy
    reference: Bounded
    shape: _Shape


class _GraphRecord(_Item, tag="graph"):
    file: _Pb
    parts: dict[Bounded, Bounded]
    eval_feed: dict[Bounded, _Npy]
    values: dict[Bounded, _Npy]
    about: dict[str, Any]


class _Error(_Item, tag="error"):
    error: ProbeError


class _Manifest(msgspec.Struct):
    format: Literal[1]
    cell: Bounded
    items: list[_Fact | _Array | _Lookup | _GraphRecord | _Error]


class _Reader:
    def __init__(
        self,
        folder: Path,
        references: Mapping[str, npt.NDArray[np.uint8]],
        limits: EvidenceLimits,
        looked_up: dict[object, Array],
    ) -> None:
        self._folder = folder
        self._looked_up = looked_up
        self._references = references
        self._limits = limits
        self._bytes_left = limits.total_bytes
        self._files_left = limits.files

    def read(self) -> Evidence:
        manifest = self._manifest()
        graphs: dict[str, GraphEvidence] = {}
        arrays: dict[str, Array] = {}
        tables: dict[str, GreyLevels] = {}
        facts: dict[str, Json] = {}
        errors: dict[str, ProbeError] = {}
        if len(manifest.items) > self._limits.items:
            number, most = len(manifest.items), self._limits.items
            raise BadEvidence(
                Text("The evidence has {number} items; at most {most} are read.", number=number, most=most)
            )
        for item in manifest.items:
            match item:
                case _Fact():
                    facts[item.name] = item.value
                case _Array():
                    tables.pop(item.name, None)  # of two items with one name, the later one counts
                    arrays[item.name] = self._array(item.file)
                case _Lookup():
                    arrays.pop(item.name, None)
                    tables[item.name] = self._lookup(item)
                case _GraphRecord():
                    graphs[item.name] = GraphEvidence(
                        meta_graph=self._bytes(item.file, self._limits.graph_bytes),
                        parts=item.parts,
                        eval_feed={name: self._array(file) for name, file in item.eval_feed.items()},
                        values={name: self._array(file) for name, file in item.values.items()},
                        about=item.about,
                    )
                case _Error():
                    errors[item.name] = item.error
        laid_out = LaidOut(arrays, tables, self._references, self._looked_up)
        return Evidence(manifest.cell, graphs, laid_out, tables, facts, errors)

    def _manifest(self) -> _Manifest:
        content = self._bytes(MANIFEST, self._limits.manifest_bytes)
        try:
            raw = read_json(content, self._limits.json_depth)
        except ValueError as error:
            raise BadEvidence(Text("The evidence's manifest is not JSON, or nested too deeply.")) from error
        try:
            return msgspec.convert(raw, _Manifest)
        except msgspec.ValidationError as error:
            raise BadEvidence(Text("The evidence's manifest is not valid: {error}.", error=str(error)[:100])) from error

    def _lookup(self, item: _Lookup) -> GreyLevels:
        reference = self._references.get(item.reference)
        if reference is None:
            name = item.reference
            raise BadEvidence(
                Text("The evidence refers to an array {name!r} that the grader does not have.", name=name)
            )
        table = self._array(item.file)
        if table.shape != (LEVELS,) or math.prod(item.shape) != reference.size:
            raise BadEvidence(Text("A lookup table in the evidence does not fit its reference."))
        # A table of 256 numbers expands to an array of millions, and there may be hundreds: count the expanded sizes.
        size = table.dtype.itemsize * reference.size
        self._bytes_left -= size
        if size > self._limits.array_bytes or self._bytes_left < 0:
            raise BadEvidence(Text("The arrays in the evidence are too large."))
        return GreyLevels(table, item.reference, item.shape)

    def _array(self, file: str) -> Array:
        return read_npy(self._bytes(file, self._limits.array_bytes))

    def _bytes(self, name: str, limit: int) -> bytes:
        self._files_left -= 1
        if self._files_left < 0:
            raise BadEvidence(Text("The evidence has more than {files} files.", files=self._limits.files))
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._folder / name, flags)
        except OSError as error:
            raise BadEvidence(Text("The evidence lacks {name}.", name=name)) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise BadEvidence(Text("The evidence holds something that is not a regular file."))
        with os.fdopen(descriptor, "rb") as stream:
            limit = min(limit, self._bytes_left)
            content = stream.read(limit + 1)
        if len(content) > limit:
            said = Text("The evidence is too large: more than {limit:,} bytes in {name}.")
            images = Text(
                "A graph is too large: more than {limit:,} bytes. It must not hold images: feed them to its "
                "placeholders. A graph never shrinks: build the network again, and train it again if it was "
                "trained."
            )
            raise BadEvidence((images if name.endswith(".pb") else said).format(limit=limit, name=name))
        self._bytes_left -= len(content)
        return content

"""The border: what a student's process may hand over, within which limits, and how it is read safely.

Evidence for one check cell is a flat folder: ``manifest.json`` and files named by number (``0.pb``, ``1.npy``).
Names that a student chose stand inside the manifest only and never become paths. Three formats cross: protobuf
(as bytes, parsed later by the reader), npy without pickle, and JSON. `EvidenceWriter` runs next to the student's code
and is believed in nothing; `read_evidence` runs on our side and treats every byte as hostile.
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
"""The kind of an error that says that the exercise still is as the notebook came."""

Array = npt.NDArray[Any]
Json = None | bool | int | float | str | list[Any] | dict[str, Any]


# An npy file as NumPy writes it. Its own reader takes headers apart as Python, which strangers' bytes are not for.
_MAGIC = b"\x93NUMPY"
_LENGTHS = {_MAGIC + b"\x01\x00": struct.Struct("<H"), _MAGIC + b"\x02\x00": struct.Struct("<I")}
_LONGEST_HEADER = 10_000
_HEADER = re.compile(
    rb"\{'descr': '((?:[<>][iuf]|[|][iub])[1248])', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\),? ?\}[ \n]*"
)


MOST_DIMENSIONS = 8
Bounded = Annotated[str, msgspec.Meta(max_length=4_000)]
# Files are called by number: nothing that a student chose becomes a path.
_Pb = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}\.pb\Z")]
_Npy = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}\.npy\Z")]
_Shape = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0)], ...], msgspec.Meta(max_length=MOST_DIMENSIONS)]


class BadEvidence(NetgraderError):
    """What was handed over cannot be read; the message is a sentence that students and instructors read."""


@dataclass(frozen=True)
class EvidenceLimits:
    """How much is read of the evidence of one check cell. Sizes are in bytes."""

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
    """An exception that the student's code raised while a probe called it.

    `kind` is the exception's class name, `message` its text, `line` the student's source line that raised it, if known.
    """

    kind: Bounded
    message: Bounded
    line: Bounded | None = None


@dataclass(frozen=True)
class GraphEvidence:
    """A graph as it was when the probe took it."""

    meta_graph: bytes
    """A serialised MetaGraphDef, not parsed yet."""
    parts: Mapping[str, str]
    """The attributes of the student's ``net`` that are tensors or operations, by name in the graph (``{"X":
    "Placeholder:0", "train_op": "Adam"}``). Hints, not facts."""
    eval_feed: Mapping[str, Array] = field(default_factory=dict)
    """The values that evaluation is fed in addition to X and Y, by tensor name."""
    values: Mapping[str, Array] = field(default_factory=dict)
    """Values of the variables by op name, if a session held any."""
    about: Mapping[str, Json] = field(default_factory=dict)
    """Further small facts the probe noted, e.g. the learning rate it asked for."""


@dataclass(frozen=True)
class Evidence:
    """What one check cell handed over, by item name. `problem` says why there is none, if there is none.

    `tables` are those of the arrays that came as a table of grey levels; in `arrays` they are laid out when asked for.
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

    Nothing is believed of what it writes. The manifest is written last, in one move: without it there is no evidence.
    """

    def __init__(self, folder: Path | str, cell: str) -> None:
        self._folder = Path(folder)
        self._cell = cell
        self._items: list[dict[str, Any]] = []
        self._files = 0

    def fact(self, name: str, value: Json) -> None:
        """Hand over a small JSON value."""
        self._items.append({"name": name, "kind": "fact", "value": value})

    def array(self, name: str, value: Array, reference: tuple[str, npt.NDArray[np.uint8]] | None = None) -> None:
        """Hand over an array of numbers.

        `reference` is a uint8 array that both sides have, and its name. Where `value` is a grey-level table applied to
        it element by element, exactly, only the table is written: 60,000 scaled images become 256 numbers.
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
        """Hand over an array that is a table applied to an array that both sides have."""
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
        """Hand over a graph with what is known of it."""
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
        """Say that the student's code raised where `name` should have been made."""
        self._items.append(
            {
                "name": name,
                "kind": "error",
                "error": {"kind": error.kind, "message": error.message[:2000], "line": error.line},
            }
        )

    def close(self) -> None:
        """Write the manifest: from here on the evidence counts."""
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
        if (
            value.dtype.kind == "f" and value.dtype.itemsize > 8
        ):  # long doubles, whose bytes differ from machine to machine
            value = value.astype(np.float64)
        with _written(self._folder / name) as out:
            np.lib.format.write_array(out, value, allow_pickle=False)
        return name


class NoRoom(OSError):
    """What is handed over is larger than a run may write to disk."""


# NumPy tells a disk that is full only by how much of an array it could write, without a number.
_FULL = frozenset({errno.EFBIG, errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), None})


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """Open a new file of evidence.

    Raises
    ------
    NoRoom
        If the disk is full; no part of it is left, since it would take the room of what comes after it.
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
    """Read an untrusted npy file: numbers only, no pickle, no more memory than the file fills.

    Raises
    ------
    BadEvidence
        If it is not one, or has more than `MOST_DIMENSIONS`.
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
    """Read what a student's process wrote into `folder`.

    Parameters
    ----------
    folder
        A folder that the student's process could write to.
    references
        Our own copies of the uint8 arrays that lookup tables refer to, by name.
    limits
        How much is read.
    looked_up
        Arrays that tables became in evidence read before, as `LaidOut` has them.

    Raises
    ------
    BadEvidence
        If anything in it is malformed, too large, not a regular file, or not what the manifest says.
    """
    return _Reader(folder, references, limits, {} if looked_up is None else looked_up).read()


class _Item(msgspec.Struct, tag_field="kind"):
    """An item of a manifest; each kind has what `EvidenceWriter` writes of it."""

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
                    tables.pop(item.name, None)  # of two with one name the later one counts
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
        # A table of 256 numbers becomes an array of millions, and there may be hundreds: each counts with what it becomes.
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

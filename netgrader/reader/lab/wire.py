"""Frames between a lab's client and its server: a JSON header and blobs of bytes, each as long as was said before.

Values are None, numbers, text, bytes, arrays, and lists and dicts of them. Whoever reads treats a frame as hostile:
sizes are checked before memory is taken, arrays are npy without pickle, and JSON is limited in depth and length.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import select
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from netgrader.evidence import BadEvidence, read_npy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LENGTH = struct.Struct("<I")
_CHUNK = 1 << 20
_PIECE = "$"


class FrameError(Exception):
    """The other side is gone or does not speak as agreed."""


class LateError(FrameError):
    """The other side did not answer in time."""


@dataclass(frozen=True)
class FrameLimits:
    """How much is read of one frame. Sizes are in bytes."""

    header: int = 8_000_000
    blob: int = 800_000_000
    total: int = 2_000_000_000
    blobs: int = 20_000
    depth: int = 32


class Channel:
    """Sends and receives frames over two descriptors.

    Parameters
    ----------
    reading, writing
        Descriptors of pipes. They are made non-blocking and are not closed.
    limits
        How much is read of one frame.
    """

    def __init__(self, reading: int, writing: int, limits: FrameLimits | None = None) -> None:
        self._reading = reading
        self._writing = writing
        self._limits = limits or FrameLimits()
        for descriptor in (reading, writing):
            os.set_blocking(descriptor, False)
            # Images are megabytes: through a pipe of the usual size each takes hundreds of turns of both sides.
            with contextlib.suppress(OSError, AttributeError):  # no pipe, all that may be had is in use, another system
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _CHUNK)

    def send(self, value: Any, seconds: float | None = None) -> None:
        """Send `value`.

        Raises
        ------
        LateError
            If the other side has not taken it after so many seconds.
        FrameError
            If the other side is gone.
        """
        blobs: list[Sequence[bytes | memoryview]] = []
        plain = _plain(value, blobs)
        sizes = [sum(len(part) for part in blob) for blob in blobs]
        header = json.dumps({"value": plain, "blobs": sizes}).encode()
        deadline = None if seconds is None else time.monotonic() + seconds
        for part in (_LENGTH.pack(len(header)), header, *(part for blob in blobs for part in blob)):
            self._write(part, deadline)

    def receive(self, seconds: float | None = None) -> Any:
        """The next value that the other side sends.

        Raises
        ------
        LateError
            If it has not all come after so many seconds.
        FrameError
            If the other side is gone, or what it sends is malformed or too large.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > self._limits.header:
            raise FrameError("A frame's header is too long.")
        try:
            header = json.loads(self._read(length, deadline))
        except (ValueError, RecursionError) as error:
            raise FrameError("A frame's header is not JSON.") from error
        sizes = header.get("blobs") if isinstance(header, dict) else None
        if not isinstance(sizes, list) or len(sizes) > self._limits.blobs:
            raise FrameError("A frame's header is not one.")
        if not all(type(size) is int and 0 <= size <= self._limits.blob for size in sizes):
            raise FrameError("A frame holds too much.")
        if sum(sizes) > self._limits.total:
            raise FrameError("A frame holds too much.")
        blobs = [self._read(size, deadline) for size in sizes]
        return _value(header.get("value"), blobs, self._limits.depth)

    def _write(self, part: bytes | memoryview, deadline: float | None) -> None:
        rest = memoryview(part)
        while rest:
            try:
                rest = rest[os.write(self._writing, rest[:_CHUNK]) :]
            except BlockingIOError:
                _wait(self._writing, select.POLLOUT, deadline)
            except OSError as error:
                raise FrameError("The other side is gone.") from error

    def _read(self, size: int, deadline: float | None) -> bytes:
        parts = []
        while size:
            try:
                part = os.read(self._reading, min(size, _CHUNK))
            except BlockingIOError:
                _wait(self._reading, select.POLLIN, deadline)
                continue
            except OSError as error:
                raise FrameError("The other side is gone.") from error
            if not part:
                raise FrameError("The other side is gone.")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _wait(descriptor: int, event: int, deadline: float | None) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    left = None if deadline is None else 1000 * (deadline - time.monotonic())
    if left is not None and (left <= 0 or not poll.poll(left)):
        raise LateError("The other side is late.")
    if left is None:
        poll.poll()


def _plain(value: Any, blobs: list[Sequence[bytes | memoryview]]) -> Any:
    """`value` as JSON, with numbers of blobs in place of arrays and bytes."""
    if value is None or isinstance(value, bool | int | float | str):
        # JSON has no infinities; Python's reading and writing agree on how to spell them.
        return value
    if isinstance(value, bytes):
        blobs.append([value])
        return {_PIECE: "bytes", "blob": len(blobs) - 1}
    if isinstance(value, np.ndarray | np.generic):
        blobs.append(_npy(np.asarray(value)))
        return {_PIECE: "array", "blob": len(blobs) - 1}
    if isinstance(value, list | tuple):
        return [_plain(inner, blobs) for inner in value]
    if isinstance(value, dict):
        return {_PIECE: "dict", "items": [[str(key), _plain(inner, blobs)] for key, inner in value.items()]}
    raise TypeError(f"A {type(value).__name__} cannot be sent.")


def _npy(array: np.ndarray[Any, Any]) -> Sequence[bytes | memoryview]:
    """An npy file in parts, the numbers not copied where they lie in order."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"An array of {array.dtype} cannot be sent.")
    array = np.require(array, requirements="C")  # keeps a shape of no dimensions, as ascontiguousarray does not
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    body = memoryview(array.reshape(-1).view(np.uint8)) if array.size else b""
    return [header.getvalue(), body]


def _value(plain: Any, blobs: Sequence[bytes], depth: int) -> Any:
    """The inverse of `_plain`."""
    if depth < 0:
        raise FrameError("A frame is nested too deeply.")
    if plain is None or isinstance(plain, bool | int | float | str):
        return plain
    if isinstance(plain, list):
        return [_value(inner, blobs, depth - 1) for inner in plain]
    if isinstance(plain, dict):
        return _piece(plain, blobs, depth)
    raise FrameError("A frame is malformed.")


def _piece(plain: Mapping[str, Any], blobs: Sequence[bytes], depth: int) -> Any:
    kind, number, items = plain.get(_PIECE), plain.get("blob"), plain.get("items")
    if kind == "dict" and isinstance(items, list):
        found = {}
        for item in items:
            if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], str):
                raise FrameError("A frame is malformed.")
            found[item[0]] = _value(item[1], blobs, depth - 1)
        return found
    if type(number) is not int or not 0 <= number < len(blobs):
        raise FrameError("A frame is malformed.")
    if kind == "bytes":
        return blobs[number]
    if kind == "array":
        try:
            return read_npy(blobs[number])
        except BadEvidence as error:
            raise FrameError(str(error)) from error
    raise FrameError("A frame is malformed.")

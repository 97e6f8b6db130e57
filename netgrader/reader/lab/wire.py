"""Frames between a lab's client and its server: a JSON list of sizes, then parts of these: JSON first, arrays and bytes after.

Values are None, numbers, text, bytes, arrays, and lists and dicts of them. Whoever reads treats a frame as hostile:
sizes are checked before memory is taken, arrays are npy without pickle, and JSON is limited in length.
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
    from collections.abc import Callable, Sequence

_LENGTH = struct.Struct("<I")
_CHUNK = 1 << 20
#: In the JSON what stands for a part of the frame is a dict with one of these keys, and the part's number.
_ARRAY, _BYTES = "$array", "$bytes"


class FrameError(Exception):
    """The other side is gone or does not speak as agreed."""


class LateError(FrameError):
    """The other side did not answer in time."""


@dataclass(frozen=True)
class FrameLimits:
    """How much is read of one frame: of its JSON, of any other part, of all, in bytes; and how many parts."""

    json: int = 8_000_000
    part: int = 800_000_000
    total: int = 2_000_000_000
    parts: int = 20_000


class Channel:
    """Sends and receives frames over descriptors of two pipes, which are made non-blocking and are not closed."""

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
        """Send `value`: a `LateError` if it is not taken after so many seconds, a `FrameError` if the other side is gone."""
        parts: list[Sequence[bytes | memoryview]] = [[]]

        def numbered(piece: Any) -> dict[str, int]:
            """What stands for arrays and bytes in the JSON."""
            if not isinstance(piece, bytes | np.ndarray | np.generic):
                raise TypeError(f"A {type(piece).__name__} cannot be sent.")
            parts.append([piece] if isinstance(piece, bytes) else _npy(np.asarray(piece)))
            return {_BYTES if isinstance(piece, bytes) else _ARRAY: len(parts) - 1}

        # JSON has no infinities; Python's reading and writing agree on how to spell them.
        parts[0] = [json.dumps(value, default=numbered).encode()]
        sizes = json.dumps([sum(map(len, part)) for part in parts]).encode()
        deadline = None if seconds is None else time.monotonic() + seconds
        for piece in (_LENGTH.pack(len(sizes)), sizes, *(piece for part in parts for piece in part)):
            self._write(piece, deadline)

    def receive(self, seconds: float | None = None) -> Any:
        """The next value that the other side sends: a `LateError` if it has not all come after so many seconds.

        A `FrameError` if the other side is gone, or what it sends is malformed or too large.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size, deadline))
        if length > self._limits.json:
            raise FrameError("A frame's list of sizes is too long.")
        sizes = _parsed(self._read(length, deadline))
        if not isinstance(sizes, list) or not 0 < len(sizes) <= self._limits.parts:
            raise FrameError("A frame's list of sizes is none.")
        if not all(type(size) is int and 0 <= size <= self._limits.part for size in sizes):
            raise FrameError("A frame holds too much.")
        if sizes[0] > self._limits.json or sum(sizes) > self._limits.total:
            raise FrameError("A frame holds too much.")
        text, *parts = [self._read(size, deadline) for size in sizes]

        def piece(plain: dict[str, Any]) -> Any:
            """The array or the bytes that a dict stands for; other dicts as they are."""
            for kind in plain.keys() & {_ARRAY, _BYTES}:
                number = plain[kind]
                if len(plain) > 1 or type(number) is not int or not 0 < number <= len(parts):
                    raise FrameError("A frame is malformed.")
                return parts[number - 1] if kind == _BYTES else read_npy(parts[number - 1])
            return plain

        return _parsed(text, piece)

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


def _parsed(text: bytes, piece: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    try:
        return json.loads(text, object_hook=piece)
    except (ValueError, RecursionError) as error:
        raise FrameError("A frame is not JSON.") from error
    except BadEvidence as error:
        raise FrameError(str(error)) from error


def _npy(array: np.ndarray[Any, Any]) -> Sequence[bytes | memoryview]:
    """An npy file in parts, the numbers not copied where they lie in order."""
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise TypeError(f"An array of {array.dtype} cannot be sent.")
    array = np.require(array, requirements="C")  # keeps a shape of no dimensions, as ascontiguousarray does not
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    body = memoryview(array.reshape(-1).view(np.uint8)) if array.size else b""
    return [header.getvalue(), body]

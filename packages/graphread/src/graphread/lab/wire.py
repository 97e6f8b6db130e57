"""Frames between a lab's client and server: a MessagePack value, then the data of its arrays.

Values are None, numbers, text, arrays, and lists and dicts of them. The receiver treats a frame as untrusted: it checks
lengths before it allocates memory, arrays contain only numbers, and everything else is short.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import re
import struct
from dataclasses import dataclass
from typing import IO, Annotated, Any

import msgspec
import numpy as np

_LENGTH = struct.Struct("<I")
_PIPE_BYTES = 1 << 20  # /proc/sys/fs/pipe-max-size
_ARRAY = 1
"""MessagePack extension type of an array: dtype and shape. Its data follows after the MessagePack value."""
_TYPE = re.compile(r"[<>|][biuf][1248]\Z")
_Head = tuple[Annotated[str, msgspec.Meta(pattern=f"^{_TYPE.pattern}")], tuple[Annotated[int, msgspec.Meta(ge=0)], ...]]


class FrameError(Exception):
    """The other side is gone or violates the protocol."""


@dataclass(frozen=True)
class FrameLimits:
    """Limits on one frame, in bytes: for everything except arrays, and for all arrays."""

    text: int = 8_000_000
    arrays: int = 2_000_000_000
    each: int = 100_000
    """Overhead counted for each array: a frame contains at most 20,000 arrays."""


class Channel:
    """A connection over two pipes, which it does not close."""

    def __init__(self, reading: IO[bytes], writing: IO[bytes], limits: FrameLimits | None = None) -> None:
        self._reading: Any = reading
        self._writing = writing
        self._limits = limits or FrameLimits()
        # Images are megabytes: with the default pipe size, each would take hundreds of context switches.
        with contextlib.suppress(OSError, AttributeError):  # not a pipe, quota exhausted, or not Linux
            fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def send(self, value: Any) -> None:
        """Send `value`; raise `FrameError` if the peer is gone, `TypeError`/`ValueError` if unsendable."""
        arrays = []

        def apart(piece: Any) -> msgspec.msgpack.Ext:
            """Return the MessagePack stand-in for an array or NumPy scalar."""
            array = np.require(piece, requirements="C")
            if not _TYPE.match(array.dtype.str):
                raise TypeError(f"{type(piece).__name__} of {array.dtype}")
            arrays.append(array.reshape(-1).view(np.uint8).data)
            return msgspec.msgpack.Ext(_ARRAY, msgspec.msgpack.encode((array.dtype.str, array.shape)))

        text = msgspec.msgpack.encode(value, enc_hook=apart)
        try:
            self._writing.writelines((_LENGTH.pack(len(text)), text, *arrays))
            self._writing.flush()
        except OSError as error:
            raise FrameError("The other side is gone.") from error

    def receive(self) -> Any:
        """Receive a value; raise `FrameError` if the peer is gone or the frame is malformed or too large."""
        left = self._limits.arrays

        def array(_kind: int, head: memoryview) -> Any:
            nonlocal left
            dtype, shape = msgspec.msgpack.decode(head, type=_Head)
            left -= math.prod(shape) * np.dtype(dtype).itemsize + self._limits.each
            _require_room(left)
            numbers = np.empty(shape, dtype)
            self._fill(numbers.reshape(-1).view(np.uint8))
            return numbers

        length = bytearray(_LENGTH.size)
        self._fill(length)
        (size,) = _LENGTH.unpack(length)
        _require_room(self._limits.text - size)
        text = bytearray(size)
        self._fill(text)
        try:
            return msgspec.msgpack.decode(text, ext_hook=array)
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            raise FrameError(f"A frame is malformed: {error}") from error

    def _fill(self, space: Any) -> None:
        if self._reading.readinto(space) < len(space):
            raise FrameError("The other side is gone.")


def _require_room(left: int) -> None:
    if left < 0:
        raise FrameError("A frame holds too much.")

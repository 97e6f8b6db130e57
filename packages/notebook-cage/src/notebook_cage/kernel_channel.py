"""A connection to a kernel's socket in ZeroMQ's protocol (ZMTP 3.0), with bounded memory.

A library's socket reads on its own, ahead of us: a message without end, in parts of nothing, filled our memory before we
were given any of it. Here nothing is read that was not asked for, and what is too large is passed over.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "KernelChannel",
    "Wire",
]


class Wire:
    """Limits and flags of what a kernel sends, in bytes and seconds."""

    LARGEST_MESSAGE = 24_000_000
    MOST_PARTS = 64
    """A kernel's message has seven, and as many more as it has buffers."""
    AT_ONCE = 1 << 18
    SEND_SECONDS = 10.0
    MORE, LONG, COMMAND = 1, 2, 4


# https://rfc.zeromq.org/spec/23/: signature, version, mechanism, not a server, filler
_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


class KernelChannel:
    """Our end of a channel of a kernel.

    Parameters
    ----------
    path
        Its socket, which must be there.
    kind
        What we are to the other end: ``DEALER``, or ``SUB``, which hears all that is published.

    Raises
    ------
    OSError
        If nobody listens there yet.

    Attributes
    ----------
    received
        How many bytes have come, taken or passed over.
    """

    def __init__(self, path: str, kind: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._buffer = bytearray()
        self._skip = 0
        self._parts: list[bytes] = []
        self._taken = 0
        self.received = 0
        ready = b"\x05READY\x0bSocket-Type" + len(kind).to_bytes(4, "big") + kind.encode()
        try:
            self._socket.settimeout(Wire.SEND_SECONDS)
            self._socket.connect(path)
            self._socket.sendall(_GREETING + _frame(ready, Wire.COMMAND))
            answer = self._exactly(len(_GREETING) + 2)
            self._exactly(answer[-1])
            if kind == "SUB":
                self._socket.sendall(_frame(b"\x01"))  # to everything
            self._socket.setblocking(False)
        except OSError:
            self._socket.close()
            raise

    def _exactly(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            part = self._socket.recv(size - len(content))
            if not part:
                raise ConnectionResetError("the other end closed the connection")
            content += part
        return content

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def send_multipart(self, parts: Sequence[bytes], *_flags: object, **_options: object) -> None:
        """Send a message, or nothing to who takes nothing for `Wire.SEND_SECONDS`."""
        *first, last = parts
        content = b"".join([*(_frame(part, Wire.MORE) for part in first), _frame(last)])
        self._socket.settimeout(Wire.SEND_SECONDS)
        with contextlib.suppress(OSError):
            self._socket.sendall(content)
        self._socket.setblocking(False)

    def receive(self) -> list[bytes] | None:
        """Return the parts of the next message; None if none has come whole yet.

        Of what is larger than `Wire.LARGEST_MESSAGE` each part is nothing, from the one on that is too much.

        Raises
        ------
        EOFError
            If no more will come.
        """
        message = self._next()
        if message is not None:
            return message
        try:
            content = self._socket.recv(Wire.AT_ONCE)
        except BlockingIOError:
            return None
        except OSError as error:
            raise EOFError from error
        if not content:
            raise EOFError
        self.received += len(content)
        self._buffer += content
        return self._next()

    def _next(self) -> list[bytes] | None:
        """Parse what has come, up to the end of a message."""
        buffer = self._buffer
        while True:
            passed = min(self._skip, len(buffer))
            del buffer[:passed]
            self._skip -= passed
            if self._skip or not buffer:
                return None
            flags = buffer[0]
            head = 9 if flags & Wire.LONG else 2
            if len(buffer) < head:
                return None
            size = int.from_bytes(buffer[1:head], "big")
            part = b""
            if flags & Wire.COMMAND or self._taken + size > Wire.LARGEST_MESSAGE:
                self._skip = size
            elif len(buffer) < head + size:
                return None
            else:
                part = bytes(buffer[head : head + size])
                head += size
            del buffer[:head]
            if flags & Wire.COMMAND:
                continue
            self._taken += size
            if len(self._parts) < Wire.MOST_PARTS:
                self._parts.append(part)
            if not flags & Wire.MORE:
                message, self._parts, self._taken = self._parts, [], 0
                return message


def _frame(content: bytes, flags: int = 0) -> bytes:
    if len(content) < 256:
        return bytes([flags, len(content)]) + content
    return bytes([flags | Wire.LONG]) + len(content).to_bytes(8, "big") + content

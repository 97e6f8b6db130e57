"""A connection to a kernel's socket in ZeroMQ's protocol (ZMTP 3.0), with bounded memory.

libzmq reads ahead: an endless message of empty parts fills our memory before we receive any of it. This connection reads only
on request and skips oversized messages.
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
    """Limits on a kernel's messages (bytes, seconds) and ZMTP frame flags."""

    LARGEST_MESSAGE = 24_000_000
    MOST_PARTS = 64
    """A Jupyter message has seven parts plus its buffers."""
    AT_ONCE = 1 << 18
    SEND_SECONDS = 10.0
    MORE, LONG, COMMAND = 1, 2, 4


# https://rfc.zeromq.org/spec/23/: signature, version, mechanism, as-server = 0, filler
_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


class KernelChannel:
    """Our end of a channel of a kernel.

    Parameters
    ----------
    path
        The kernel's socket, which must exist.
    kind
        Our socket type: ``DEALER``, or ``SUB``, which subscribes to everything.

    Raises
    ------
    OSError
        If nothing listens there yet.

    Attributes
    ----------
    received
        Number of bytes received, skipped ones included.
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
                self._socket.sendall(_frame(b"\x01"))  # subscribe to everything
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
        """Close the connection."""
        self._socket.close()

    def send_multipart(self, parts: Sequence[bytes], *_flags: object, **_options: object) -> None:
        """Send a message; give up on a receiver that accepts nothing for `Wire.SEND_SECONDS`."""
        *first, last = parts
        content = b"".join([*(_frame(part, Wire.MORE) for part in first), _frame(last)])
        self._socket.settimeout(Wire.SEND_SECONDS)
        with contextlib.suppress(OSError):
            self._socket.sendall(content)
        self._socket.setblocking(False)

    def receive(self) -> list[bytes] | None:
        """Return the parts of the next message; None if none is complete yet.

        If a message exceeds `Wire.LARGEST_MESSAGE`, the parts that no longer fit are empty.

        Raises
        ------
        EOFError
            If the other end closed the connection.
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
        """Return the next complete message in the buffer, or None."""
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

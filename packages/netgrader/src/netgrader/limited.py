"""Run a function on untrusted input in a child process with time and memory limits.

Sizes are limited where data are read and shown, so ordinary work takes time proportional to size. This module is for the
unforeseen: a library that takes quadratic time or all memory. The process is one of our workers (`netgrader.workers`), runs
trusted code, and is killed when a call hits a limit.

The reply is MessagePack, decoded as the function's declared return type. It is never unpickled: a process that has parsed
untrusted bytes may send anything. `pyproject.toml` lists the modules that parse such bytes and those that must not import
them.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import resource
import signal
import time
import typing
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from graphread.text import Said, SentenceError, Text
from netgrader.errors import NetgraderError, UsageError
from netgrader.files import plain_number
from netgrader.workers import EndedError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "ExceededError",
    "ReadLimits",
    "read_within_limits",
    "together",
    "within_limits",
]


class ReadLimits:
    """Limits of a process that reads for us, in seconds and bytes."""

    SECONDS = 30.0
    """Time for one call on a submission, and for all its calls together; on a right one each takes less than a second."""
    MEMORY_BYTES = 2_000_000_000
    ANSWER_BYTES = 500_000_000  # of one result: the images of a course with 60,000 color images are 180 MB
    LEAST_SECONDS = 5.0


DONE, FAILED = b"d", b"f"
"""The first byte of a reply: a result follows, or the exception's kind and message."""
INSIDE = "NETGRADER_WITHIN_LIMITS"


T = TypeVar("T")


class ExceededError(NetgraderError):
    """A call hit a limit and was ended; the message is a clause: "took more than 30 seconds"."""


def within_limits(function: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
    """Call `function` in a child process that is killed if it takes too much time or memory.

    Parameters
    ----------
    function
        An importable function with a declared return type (builtins, dataclasses, paths, times). It can be killed at any
        point, so it must not change anything that would be left half done.
    arguments
        Its arguments, copied. Texts have the same language there.
    seconds
        The time limit in seconds; `ReadLimits.SECONDS` if None.

    Raises
    ------
    ExceededError
        If it hit a limit, or the reply is not of the declared type.
    NetgraderError, OSError
        Errors of the function itself.
    RuntimeError
        For any other error of the function.
    """
    if INSIDE in os.environ:  # nested calls stay in the same process
        return function(*arguments)
    together = _TOGETHER.get()
    seconds = min(ReadLimits.SECONDS if seconds is None else seconds, max(ReadLimits.LEAST_SECONDS, together.left))
    begun = time.monotonic()
    work = (function, arguments, seconds)
    try:
        found = _workers().call(
            functools.partial(_result, function), ReadLimits.ANSWER_BYTES, f"{__name__}:_answer", *work
        )
    except EndedError as error:
        late = error.code == -signal.SIGALRM
        met = (
            Text("took more than {seconds:g} seconds", seconds=seconds)
            if late
            else Text("took more memory than there is")
        )
        raise ExceededError(met) from None
    except (msgspec.DecodeError, UnicodeError):
        raise ExceededError(Text("gave no answer that can be read")) from None
    finally:
        together.left -= time.monotonic() - begun
    if isinstance(found, _Failure):
        raise found.as_exception()
    return found


@functools.cache
def _workers() -> Workers:
    return Workers({**os.environ, INSIDE: "1", "OPENBLAS_NUM_THREADS": "1"})


class _OtherError(RuntimeError):
    """An error of another class; the message begins with the class name."""

    def __str__(self) -> str:
        return ": ".join(self.args)


class _Failure(msgspec.Struct, frozen=True):
    """The function's exception: its class by module and name, and its message."""

    kind: str
    message: Said

    def as_exception(self) -> Exception:
        """Return one of our errors or an `OSError`: the child's reply can select no other class."""
        known: dict[str, Callable[[Any], Exception]] = {_kind(one): one for one in _kinds_of(SentenceError)}
        known[_kind(OSError)] = OSError
        known[_kind(MemoryError)] = lambda _: ExceededError(Text("took more memory than there is"))
        as_error = known.get(self.kind, functools.partial(_OtherError, self.kind))
        return as_error(self.message)


def _kind(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _kinds_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _kinds_of(one)


def _result(function: Callable[..., T], answer: bytes) -> T | _Failure:
    """Return the function's result or its failure; raise `msgspec.DecodeError` if `answer` is neither."""
    kind: Any = _Failure if answer[:1] == FAILED else _returned(function)
    return msgspec.msgpack.decode(answer[1:], type=kind, dec_hook=lambda kind, value: kind(value))  # type: ignore[no-any-return]


def _returned(function: Callable[..., object]) -> object:
    """Return the declared return type of a function; for a partial, that of its function."""
    declared = getattr(function, "func", function)
    annotated = type("Returned", (), {"__annotations__": {"return": declared.__annotations__["return"]}})
    return typing.get_type_hints(annotated, declared.__globals__)["return"]


def read_within_limits(
    path: PurePath, function: Callable[..., T], *arguments: object, seconds: float | None = None
) -> T:
    """Call `within_limits` for a command that reads `path`.

    Raises
    ------
    UsageError
        If the call hit a limit.
    """
    try:
        return within_limits(function, *arguments, seconds=seconds)
    except ExceededError as error:
        raise UsageError(f"{path} cannot be read: that {error}. Look at what is in it.") from error


@dataclass
class _Together:
    """The time budget shared by several calls, in seconds."""

    left: float


_ALONE = _Together(math.inf)
_TOGETHER = ContextVar("_TOGETHER", default=_ALONE)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Share one time budget among all `within_limits` calls of a submission.

    When it is used up, each further call still gets `ReadLimits.LEAST_SECONDS`, enough to report what is left out.
    """
    if _TOGETHER.get() is not _ALONE:  # an outer budget is already in use
        yield
        return
    token = _TOGETHER.set(_Together(ReadLimits.SECONDS))
    try:
        yield
    finally:
        _TOGETHER.reset(token)


def _answer(_asking: int, function: Callable[..., object], arguments: tuple[object, ...], seconds: float) -> bytes:
    """Return the encoded result or exception of `function`, with the byte that says which."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (ReadLimits.MEMORY_BYTES, ReadLimits.MEMORY_BYTES))
    signal.setitimer(signal.ITIMER_REAL, seconds)  # kills the process, in any library
    try:
        return DONE + _encoded(function(*arguments))
    except Exception as error:  # noqa: BLE001  (raised again by the caller)
        kind = next(one for one in (OSError, MemoryError, type(error)) if isinstance(error, one))
        message = error.said if isinstance(error, SentenceError) else str(error)
        if isinstance(message, str):
            message = message.encode("utf-8", "replace").decode("utf-8")
        return FAILED + msgspec.msgpack.encode(_Failure(_kind(kind), message))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _encoded(value: object) -> bytes:
    """Return a value as MessagePack; empty for lone surrogates, huge integers and endless nesting."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_plain)
    except (OverflowError, UnicodeError, RecursionError):
        return b""


def _plain(value: object) -> object:
    """Return a path, a text, or a NumPy number as a MessagePack type."""
    if isinstance(value, str | PurePath):
        return str(value)
    return plain_number(value)

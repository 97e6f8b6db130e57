"""Run a function on untrusted input in a child process with time and memory limits.

Sizes are limited where things are read and shown, and what works on them takes a time that grows with their size. This is
for what nobody thought of: a library whose time grows with the square of it, or that takes all memory. The process is a
worker of ours (`netgrader.workers`), runs trusted code, and is ended when a call meets a limit.

What comes back is MessagePack, decoded as the type that the function declares to return. It is never unpickled: a process
that has parsed a stranger's bytes may say anything. `pyproject.toml` lists the modules that parse such bytes and who may
not import them.
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
    """What a process that reads for us may take, in seconds and bytes."""

    SECONDS = 30.0
    """Of one piece of work on a submission, and of all of it together: of a right one each is done in less than one."""
    MEMORY_BYTES = 2_000_000_000
    ANSWER_BYTES = 500_000_000  # of one result: the images of a course of 60,000 in colour are 180 MB
    LEAST_SECONDS = 5.0


DONE, FAILED = b"d", b"f"
"""With what an answer begins: the result follows, or the kind of the exception and its message."""
INSIDE = "NETGRADER_WITHIN_LIMITS"


T = TypeVar("T")


class ExceededError(NetgraderError):
    """The work met a limit and was ended; the message is a clause: "took more than 30 seconds"."""


def within_limits(function: Callable[..., T], *arguments: object, seconds: float | None = None) -> T:
    """Call `function` in a process that is ended where it takes too long or too much memory.

    Parameters
    ----------
    function
        A function that can be imported, declares what it returns (builtins, dataclasses, paths, times), and changes nothing
        that must not be left half done.
    arguments
        What it is called with, copied. Texts have the same language there.
    seconds
        How long it may take; `ReadLimits.SECONDS` if None.

    Raises
    ------
    ExceededError
        If it met a limit, or what came back is not what the function declares.
    NetgraderError, OSError
        What it raises itself.
    RuntimeError
        For anything else that it raises.
    """
    if INSIDE in os.environ:  # whoever works within limits does all of it there
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
    """An error of another class, by its name."""

    def __str__(self) -> str:
        return ": ".join(self.args)


class _Failure(msgspec.Struct, frozen=True):
    """What the function raised: its class by module and name, and its message."""

    kind: str
    message: Said

    def as_exception(self) -> Exception:
        """Return an error of ours or an `OSError`: the child's answer chooses no other class."""
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
    """Return or raise the function's result; `msgspec.DecodeError` if `answer` is neither."""
    kind: Any = _Failure if answer[:1] == FAILED else _returned(function)
    return msgspec.msgpack.decode(answer[1:], type=kind, dec_hook=lambda kind, value: kind(value))  # type: ignore[no-any-return]


def _returned(function: Callable[..., object]) -> object:
    """Return the type that a function declares to return; that of a partial is the one of its function."""
    declared = getattr(function, "func", function)
    annotated = type("Returned", (), {"__annotations__": {"return": declared.__annotations__["return"]}})
    return typing.get_type_hints(annotated, declared.__globals__)["return"]


def read_within_limits(
    path: PurePath, function: Callable[..., T], *arguments: object, seconds: float | None = None
) -> T:
    """Do what `within_limits` does for a command that reads `path`.

    Raises
    ------
    UsageError
        If it met a limit, in a sentence.
    """
    try:
        return within_limits(function, *arguments, seconds=seconds)
    except ExceededError as error:
        raise UsageError(f"{path} cannot be read: that {error}. Look at what is in it.") from error


@dataclass
class _Together:
    """What several pieces of work may still take."""

    left: float


_ALONE = _Together(math.inf)
_TOGETHER = ContextVar("_TOGETHER", default=_ALONE)


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Have all work within limits take no longer than one piece of it may: a submission is many notebooks.

    What comes when that is used up still has a moment, to say what is left out.
    """
    if _TOGETHER.get() is not _ALONE:  # whoever asked for more work knows better
        yield
        return
    token = _TOGETHER.set(_Together(ReadLimits.SECONDS))
    try:
        yield
    finally:
        _TOGETHER.reset(token)


def _answer(_asking: int, function: Callable[..., object], arguments: tuple[object, ...], seconds: float) -> bytes:
    """Return what `function` returns or raises, and which of them it is."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (ReadLimits.MEMORY_BYTES, ReadLimits.MEMORY_BYTES))
    signal.setitimer(signal.ITIMER_REAL, seconds)  # ends the process, in whatever library it is
    try:
        return DONE + _encoded(function(*arguments))
    except Exception as error:  # noqa: BLE001  (raised where it was called from)
        kind = next(one for one in (OSError, MemoryError, type(error)) if isinstance(error, one))
        message = error.said if isinstance(error, SentenceError) else str(error)
        if isinstance(message, str):
            message = message.encode("utf-8", "replace").decode("utf-8")
        return FAILED + msgspec.msgpack.encode(_Failure(_kind(kind), message))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _encoded(value: object) -> bytes:
    """Return a value as MessagePack; empty for lone surrogates and numbers beyond 64 bits."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_plain)
    except (OverflowError, UnicodeError, RecursionError):
        return b""


def _plain(value: object) -> object:
    """Return a path, a text, or a NumPy number as a MessagePack type."""
    if isinstance(value, str | PurePath):
        return str(value)
    return plain_number(value)

"""Stop student code that takes too long, wherever it is."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["SOON", "OutOfPatience", "patience"]

SOON = 10.0
"""Seconds of computing after which a waiting student gets an answer."""
EVERY = 0.25
"""Seconds between two looks at the clock."""


class OutOfPatience(BaseException):
    """Raised in the student's code; not an `Exception`, so that no loop catches it and continues."""


@contextmanager
def patience(over: Callable[[], bool]) -> Iterator[None]:
    """Raise `OutOfPatience` in this thread once `over()` is true, repeatedly until the body ends.

    It takes effect between two Python instructions. A C call that never returns, a sleep, and a loop that catches everything
    are left to the cell's limit.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    ended, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        while not ended.wait(EVERY):
            with lock:
                if not ended.is_set() and over():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfPatience))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _leave(thread, ended, lock)


def _leave(thread: ctypes.c_ulong, ended: threading.Event, lock: threading.Lock) -> None:
    """Cancel the pending asynchronous exception, so that it cannot hit later code."""
    while True:
        try:
            ended.set()
            with lock:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
        except OutOfPatience:  # the exception arrived here
            continue
        return

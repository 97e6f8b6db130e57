"""An end for a student's function that goes on for too long, on every system, without signals."""

from __future__ import annotations

import ctypes
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OutOfPatience", "patience"]

EVERY = 0.25
"""Seconds between two looks at the clock."""


class OutOfPatience(BaseException):
    """Raised in the student's code. Not an `Exception`: a loop that goes on after any `Exception` ends all the same."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Raise `OutOfPatience` in this thread once the process has computed for so many seconds, and again until it ends.

    It arrives between two steps of Python. A call into C that never returns, a sleep, and a loop that catches everything
    are left to the cell's limit.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    over, lock = threading.Event(), threading.Lock()
    deadline = time.process_time() + seconds

    def watch() -> None:
        while not over.wait(EVERY):
            with lock:
                if not over.is_set() and time.process_time() > deadline:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(OutOfPatience))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        _leave(thread, over, lock)


def _leave(thread: ctypes.c_ulong, over: threading.Event, lock: threading.Lock) -> None:
    """Have nothing raised any more: one that was sent and has not arrived must not hit whoever comes next."""
    while True:
        try:
            over.set()
            with lock:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
        except OutOfPatience:  # it arrived right here
            continue
        return

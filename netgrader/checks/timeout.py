"""A time limit for one test, on every system and without signals: also inside a notebook on Windows."""

from __future__ import annotations

import ctypes
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["TestTimeout", "time_limit"]


class TestTimeout(BaseException):
    """Raised in the test's thread when its time is up. Not an `Exception`: a test's own handlers must not eat it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TestTimeout` in this thread after `seconds`.

    It arrives between two steps of Python. A call into C that never returns is left to the limit of the whole process.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    lock, over = threading.Lock(), threading.Event()

    def ring() -> None:
        with lock:
            if not over.is_set():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(TestTimeout))

    timer = threading.Timer(seconds, ring)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        with lock:
            over.set()
            timer.cancel()
            # One that was sent and has not arrived must not hit whoever comes next.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)

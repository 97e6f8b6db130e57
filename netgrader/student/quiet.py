"""Keeps what TensorFlow's C++ code says about the machine, when it is imported, out of a student's notebook."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["quietly"]

_STDERR = 2


@contextmanager
def quietly() -> Iterator[None]:
    """Within it, what native code writes to standard error is lost; exceptions are not.

    TensorFlow 2.21 writes lines on import that ``TF_CPP_MIN_LOG_LEVEL`` does not govern, past Python's ``sys.stderr``.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a process without standard error has nothing to keep quiet
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 (os.devnull is no path on Windows)
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)

"""Puts back what a cell printed to, where it left nothing that can be printed to; its source is run in the kernel.

IPython flushes ``sys.stdout`` and ``sys.stderr`` after each cell and before it shows anything. Where one of them is None, a
number or closed it falls silent, and all that comes after the cell would be lost. So it imports the standard library only.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["PUT_BACK", "install"]

PUT_BACK = "was put back after this cell, which left"


def install(shell: Any) -> None:
    """Look after each cell, and before a traceback is shown, whether both streams can still be written to."""
    # What a stream is made of is kept as well, since one that was closed has lost it.
    kept = {
        name: (stream, stream.session, stream.pub_thread)
        for name in ("stdout", "stderr")
        if (stream := getattr(sys, name))
    }

    def put_back() -> None:
        told = []
        for name, (stream, session, thread) in kept.items():
            left = getattr(sys, name, None)
            if _can_be_written_to(left):
                continue
            again = stream
            if not _can_be_written_to(again):
                again = type(stream)(session, thread, name, watchfd=False)
                again.set_parent(shell.get_parent())
                kept[name] = (again, session, thread)
            setattr(sys, name, again)
            told.append(f"sys.{name} {PUT_BACK} {_called(left)} in its place: nothing could be printed to that.")
        if told:  # else nothing is asked of a stream of a student's own, which may have `write` and `flush` alone
            sys.stderr.write("".join(f"{sentence}\n" for sentence in told))

    show = shell._showtraceback  # noqa: SLF001  (IPython's hook for those who show tracebacks elsewhere)

    def show_traceback(*arguments: Any) -> None:
        put_back()
        show(*arguments)

    shell._showtraceback = show_traceback  # noqa: SLF001
    shell.events.register("post_execute", put_back)


def _can_be_written_to(stream: Any) -> bool:
    try:
        stream.write("")
        stream.flush()
    except Exception:  # noqa: BLE001  (whatever it is, it is a student's)
        return False
    return not getattr(stream, "closed", False)


def _called(left: Any) -> str:
    if left is None:
        return "None"
    kind = f"an object of the type {type(left).__name__[:80]}"
    return f"{kind} that is closed" if hasattr(left, "closed") else kind

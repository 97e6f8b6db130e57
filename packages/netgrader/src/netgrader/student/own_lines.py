"""Errors as a notebook shows them: the student's own lines and the message, no library frames."""

from __future__ import annotations

import re
from types import TracebackType
from typing import TYPE_CHECKING, Any

from graphread.text import Text
from netgrader.student.course_data import own_texts
from netgrader.student.probes import is_own, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Render = Callable[..., list[str]]

__all__ = ["install"]

USUAL = "Context"
"""IPython's default mode of tracebacks, unless a student chose another one with ``%xmode`` or ``%tb``."""
MOST = 5  # nested errors that are shown, each raised while handling the next
STOPPED = Text("stopped here, before the end of the cell")
LEFT_OUT = Text("Lines from libraries are left out; type %tb Verbose in a new cell to see them.")
# TensorFlow's details about its own ops and files, after the message.
BEHIND = re.compile(r"\n\s*(?:\[\[(?:\{\{)?node |Original stack trace for )")


def install(shell: Any) -> None:
    """Show errors in this form from now on, in this shell's notebook."""
    shown = shell.InteractiveTB
    shown.structured_traceback = _short(shell, shown, shown.structured_traceback)


def _short(shell: Any, shown: Any, render: Render) -> Render:
    def structured_traceback(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None = None, *args: Any, **named: Any
    ) -> list[str]:
        told = _told(error, trace, shell.user_ns) if shown.mode == USUAL else None
        if told is None:
            return render(kind, error, trace, *args, **named)
        return [*render(type(told), told, told.__traceback__, tb_offset=0), own_texts().say(LEFT_OUT)]

    return structured_traceback


def _told(error: BaseException, trace: TracebackType | None, namespace: Mapping[str, Any]) -> BaseException | None:
    """Return an error's name, text and student lines; None if there are only those."""
    frames = list(_walk(trace))
    own = _own(frames, namespace)
    if not own or own[-1] is frames[-1]:
        return None
    return _stand_in(error, own, namespace, MOST)


def _own(frames: Iterable[TracebackType], namespace: Mapping[str, Any]) -> list[TracebackType]:
    """Return the frames that run the student's own lines."""
    return [one for one in frames if is_own(one.tb_frame, namespace)]


def _stand_in(error: BaseException, own: list[TracebackType], namespace: Mapping[str, Any], most: int) -> BaseException:
    text = BEHIND.split(text_of(error), 1)[0].rstrip()
    if isinstance(error, KeyboardInterrupt):
        text = own_texts().say(STOPPED)
    made: BaseException = type(type(error).__name__, (Exception,), {"__str__": lambda _: text})()
    before: Any = error.__cause__ or error.__context__
    lines = _own(_walk(getattr(before, "__traceback__", None)), namespace)
    if lines and most:
        made.__context__ = _stand_in(before, lines, namespace, most - 1)
    trace = None
    for one in reversed(own):
        trace = TracebackType(trace, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return made.with_traceback(trace)


def _walk(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next

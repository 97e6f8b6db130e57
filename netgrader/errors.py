"""Errors whose message is a sentence for the person who called: what is wrong and what to do."""

from __future__ import annotations

from graphread.text import SentenceError

__all__ = ["CageError", "NetgraderError", "NotebookError", "UsageError"]


class NetgraderError(SentenceError):
    """Something that cannot go on; the message is a sentence and is shown without a traceback."""


class UsageError(NetgraderError):
    """What was asked for makes no sense: a path that does not exist, an assignment that there is not."""


class CageError(NetgraderError):
    """A cage cannot be built or started here, or does not keep its promises."""


class NotebookError(Exception):
    """Something that a student's notebook needs is missing or broken; the message says what, and what to do about it."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows in place of a traceback: the sentence, since no line of the student's is at fault."""
        return [str(self)]

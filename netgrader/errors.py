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
    """A student's notebook lacks something or has something broken; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return the sentence, which IPython shows in place of a traceback: no student line is at fault."""
        return [str(self)]

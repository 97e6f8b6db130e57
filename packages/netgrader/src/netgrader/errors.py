"""Errors whose message is a sentence for the user: what is wrong and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphread.text import SentenceError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CageError", "NetgraderError", "NotebookError", "UsageError", "listed"]


class NetgraderError(SentenceError):
    """An error that ends a command; the message is a sentence, shown without a traceback."""


class UsageError(NetgraderError):
    """Invalid arguments: a path that does not exist, an unknown assignment."""


class CageError(NetgraderError):
    """The sandbox cannot be built or started on this machine, or does not keep its promises."""


class NotebookError(Exception):
    """A student's notebook lacks something, or part of it is broken; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return the sentence that IPython shows instead of a traceback: no line of the student's is at fault."""
        return [str(self)]


def listed(names: Iterable[str]) -> str:
    """Return names for a message, with commas between them; "none" if there are none."""
    return ", ".join(names) or "none"

"""What goes wrong on the student's side and is not the student's code: said in a sentence, without a traceback."""

from __future__ import annotations

__all__ = ["NotebookError"]


class NotebookError(Exception):
    """Something that a notebook needs is missing or broken; the message says what, and what to do about it."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the sentence, since no line of the student's is at fault."""
        return [str(self)]

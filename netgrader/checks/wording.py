"""Texts around the findings of a check, in one place.

The sentences themselves are the docstrings of the tests and the texts of the catalog, `netgrader.faults`.
"""

from __future__ import annotations

from graphread.text import Text

__all__ = ["percent"]

FOLLOWS_FROM = Text("This follows from another fault: “{sentence}” It can be judged in full once that is fixed.")
FORGIVEN = Text("This follows from another fault: “{sentence}” It is charged there, and costs nothing here.")
NO_EVIDENCE = Text("There is nothing to look at: the check cell was not reached.")
NOT_HANDED_OVER = Text("There is nothing to look at: “{name}” was not handed over.")
TOO_LATE = Text("There is nothing to look at: “{name}” is not finished, since {why}. Make the training shorter.")
NO_ROOM = Text("What was made is larger than a run may write to disk.")
SMALLER = Text("smaller layers: at a check the weights of a network are written down")
BROKEN_TEST = Text("This check broke on what it found. That is not your fault; your instructor sees it.")
TOO_LONG = Text("This check took longer than {seconds:g} seconds and was stopped.")
NOT_REACHED = Text("This check was not reached: the grader stopped before it.")
CONTRADICTED = Text("Not so.")


def percent(share: float, digits: int | None = 1) -> str:
    """Return a fraction as a percentage, such as 92.6 %; with all needed digits if `digits` is None."""
    return f"{100 * share:.6g} %" if digits is None else f"{100 * share:.{digits}f} %"

"""Texts around the findings of a check, in one place.

The sentences themselves are the docstrings of the tests and the texts of the catalog, `netgrader.faults`.
"""

from __future__ import annotations

from graphread.text import Text

__all__ = ["percent"]

FOLLOWS_FROM = Text("This follows from another fault: “{sentence}” It can be judged in full once that is fixed.")
FORGIVEN = Text("This follows from another fault: “{sentence}” It is charged there, and costs nothing here.")
NO_EVIDENCE = Text("There is nothing to check: the run did not reach the check cell.")
NOT_HANDED_OVER = Text("There is nothing to check: the notebook did not hand over “{name}”.")
TOO_LATE = Text("There is nothing to check: “{name}” is not finished, because {why}. Make the training shorter.")
NO_ROOM = Text("The results are larger than a run may write to disk.")
SMALLER = Text("smaller layers: each check saves the weights of the network")
BROKEN_TEST = Text("This check failed with an error of its own. That is not your fault; your instructor sees it.")
TOO_LONG = Text("This check took longer than {seconds:g} seconds and was stopped.")
NOT_REACHED = Text("This check was not reached: the grader stopped before it.")
CONTRADICTED = Text("Not so.")


def percent(share: float, digits: int | None = 1) -> str:
    """Return a fraction as a percentage, such as 92.6 %; with all needed digits if `digits` is None."""
    return f"{100 * share:.6g} %" if digits is None else f"{100 * share:.{digits}f} %"

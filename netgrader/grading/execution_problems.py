"""Sentences for students on why a run ended early: what happened, in which cell, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.grading.execution_link import Ended
from netgrader.phrases import say

if TYPE_CHECKING:
    from netgrader.grading.execution_link import Reply
    from netgrader.grading.execution_types import ExecutionCell, ExecutionLimits

__all__ = ["cell_named", "duration", "ended_early", "too_much_evidence", "took_too_long"]

REST = "What comes after it was not run; what stands before it is graded."
WENT_ON = "What it had made by then is graded, and what comes after it was run."
UNTIL_THEN = "What it had made by then is graded; what comes after it was not run."


def ended_early(reply: Reply, where: str, limits: ExecutionLimits, *, whole_notebook: bool) -> str:
    """Why the run ended in `where`; `whole_notebook` if it is the time of all cells together that ran out."""
    if reply.ended is Ended.FLOODED:
        most = say("{1:,.0f} MB", limits.received_bytes / 1e6)
        return say(
            "The run ended in {1}: by then the notebook had sent more than {2} of output. {3} Print less there.",
            where,
            most,
            REST,
        )
    if reply.ended is Ended.DEAD:
        return _died(reply, where, limits)
    if reply.ended is Ended.SILENT:
        return say(
            "The kernel did not answer any more at {1}. {2} Does a cell replace a part of IPython, "
            "such as get_ipython().displayhook?",
            where,
            REST,
        )
    if whole_notebook:
        return say(
            "The notebook ran longer than {1} in all and was stopped in {2}. {3} Train for fewer "
            "epochs, or a smaller network.",
            duration(limits.notebook_seconds),
            where,
            UNTIL_THEN if reply.ended is Ended.INTERRUPTED else REST,
        )
    if reply.ended is Ended.INTERRUPTED:
        return say(
            "{1}{2} took longer than {3} and was stopped. {4} Does a loop there end? If it does, "
            "train for fewer epochs or a smaller network.",
            where[:1].upper(),
            where[1:],
            duration(limits.cell_seconds),
            WENT_ON,
        )
    return say(
        "The run ended in {1}, which took longer than {2}. {3} Does a loop there end? If it does, "
        "train for fewer epochs or a smaller network.",
        where,
        duration(limits.cell_seconds),
        REST,
    )


def took_too_long(seconds: float, whole_notebook: bool) -> str:
    """What happened to a cell, after its name, where it or the whole notebook had so many seconds."""
    what = (
        say("the notebook had run for {1}", duration(seconds))
        if whole_notebook
        else say("it had run for {1}", duration(seconds))
    )
    return say("was stopped when {1}", what)


def _died(reply: Reply, where: str, limits: ExecutionLimits) -> str:
    limit = reply.outcome.limit if reply.outcome else None
    if limit == "memory":
        size = say("{1:.3g} GB", limits.memory_bytes / 1e9)
        advice = "Use smaller layers or minibatches, or float32 instead of float64."
        return say(
            "The run ended in {1}, where more than {2} of memory were needed. {3} {4}", where, size, REST, advice
        )
    if limit in ("disk", "files"):
        advice = "Write less, or use smaller layers: at a check the weights of a network are written down."
        return say("The run ended in {1}, which wrote too much to disk. {2} {3}", where, REST, advice)
    if limit is not None:
        return say("The run ended in {1}, where a limit was hit ({2}). {3}", where, limit, REST)
    return say("The kernel died in {1}. {2} Does the cell end the process, or use a library that crashes?", where, REST)


def too_much_evidence(cell: str, limits: ExecutionLimits) -> str:
    """Why there is no evidence of a check cell, where that of all together would be too much."""
    return say(
        "What is handed over at {1} was not taken: with what was handed over at the checks "
        "before, it would be more than the {2:.3g} GB that a notebook may hand over. What was "
        "taken before is graded. Use smaller layers: at a check the weights of a network are "
        "written down.",
        cell,
        limits.notebook_evidence_bytes / 1e9,
    )


def cell_named(index: int, cell: ExecutionCell) -> str:
    """What to call a cell: its id, or its number with how it begins."""
    if cell.name:
        return say("the cell {1}", cell.name)
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return say("code cell {1} (it begins with “{2}”)", index + 1, first[:50])


def duration(seconds: float) -> str:
    """A time as a person says it."""
    if seconds >= 120:
        return say("{1:.3g} minutes", seconds / 60)
    return say("{1:.3g} seconds", seconds)

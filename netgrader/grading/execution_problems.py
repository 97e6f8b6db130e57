"""Sentences for students on why a run ended early: what happened, in which cell, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.grading.execution_link import Ended

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
        most = f"{limits.received_bytes / 1e6:,.0f} MB"
        return f"The run ended in {where}: by then the notebook had sent more than {most} of output. {REST} Print less there."
    if reply.ended is Ended.DEAD:
        return _died(reply, where, limits)
    if reply.ended is Ended.SILENT:
        return (
            f"The kernel did not answer any more at {where}. {REST} "
            "Does a cell replace a part of IPython, such as get_ipython().displayhook?"
        )
    if whole_notebook:
        return (
            f"The notebook ran longer than {duration(limits.notebook_seconds)} in all and was stopped in {where}. "
            f"{UNTIL_THEN if reply.ended is Ended.INTERRUPTED else REST} Train for fewer epochs, or a smaller network."
        )
    if reply.ended is Ended.INTERRUPTED:
        return (
            f"{where[:1].upper()}{where[1:]} took longer than {duration(limits.cell_seconds)} and was stopped. {WENT_ON} "
            "Does a loop there end? If it does, train for fewer epochs or a smaller network."
        )
    return (
        f"The run ended in {where}, which took longer than {duration(limits.cell_seconds)}. {REST} "
        "Does a loop there end? If it does, train for fewer epochs or a smaller network."
    )


def took_too_long(seconds: float, whole_notebook: bool) -> str:
    """What happened to a cell, after its name, where it or the whole notebook had so many seconds."""
    what = f"the notebook had run for {duration(seconds)}" if whole_notebook else f"it had run for {duration(seconds)}"
    return f"was stopped when {what}"


def _died(reply: Reply, where: str, limits: ExecutionLimits) -> str:
    limit = reply.outcome.limit if reply.outcome else None
    if limit == "memory":
        size = f"{limits.memory_bytes / 1e9:.3g} GB"
        advice = "Use smaller layers or minibatches, or float32 instead of float64."
        return f"The run ended in {where}, where more than {size} of memory were needed. {REST} {advice}"
    if limit in ("disk", "files"):
        advice = "Write less, or use smaller layers: at a check the weights of a network are written down."
        return f"The run ended in {where}, which wrote too much to disk. {REST} {advice}"
    if limit is not None:
        return f"The run ended in {where}, where a limit was hit ({limit}). {REST}"
    return f"The kernel died in {where}. {REST} Does the cell end the process, or use a library that crashes?"


def too_much_evidence(cell: str, limits: ExecutionLimits) -> str:
    """Why there is no evidence of a check cell, where that of all together would be too much."""
    return (
        f"What is handed over at {cell} was not taken: with what was handed over at the checks before, it would be more than "
        f"the {limits.notebook_evidence_bytes / 1e9:.3g} GB that a notebook may hand over. What was taken before is graded. "
        "Use smaller layers: at a check the weights of a network are written down."
    )


def cell_named(index: int, cell: ExecutionCell) -> str:
    """What to call a cell: its id, or its number with how it begins."""
    if cell.name:
        return f"the cell {cell.name}"
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return f"code cell {index + 1} (it begins with “{first[:50]}”)"


def duration(seconds: float) -> str:
    """A time as a person says it."""
    if seconds >= 120:
        return f"{seconds / 60:.3g} minutes"
    return f"{seconds:.3g} seconds"

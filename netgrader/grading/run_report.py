"""What is told of a run: why it ended early, in sentences for students, and what was seen of it from outside.

No code inside can change the latter: files that were brought, sizes, time used, errors.
"""

from __future__ import annotations

import lzma
import re
from typing import TYPE_CHECKING, Any

from netgrader.checks.diagnose import TOOK_TOO_LONG
from netgrader.grading.execution import CellStatus
from netgrader.grading.kernel_link import Ended
from netgrader.grading.kernel_startup import PUT_BACK
from netgrader.phrases import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.grading.execution import CellRun, ExecutionCell, ExecutionLimits, ExecutionRequest, Output
    from netgrader.grading.kernel_link import Reply

__all__ = [
    "cell_named",
    "duration",
    "ended_early",
    "put_back",
    "seen_from_outside",
    "too_much_evidence",
    "took_too_long",
    "written_bytes",
]

REST = "What comes after it was not run; what stands before it is graded."
WENT_ON = "What it had made by then is graded, and what comes after it was run."
UNTIL_THEN = "What it had made by then is graded; what comes after it was not run."
MOST_NAMES = 300
COMPRESSION = ({"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 22},)
"""Without a header, and with a window of 4 MB, as much as a notebook may have of code."""


def ended_early(reply: Reply, where: str, limits: ExecutionLimits, *, whole_notebook: bool) -> str:
    """Return why the run ended in `where`; `whole_notebook` if it is the time of all cells together that ran out."""
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
    """Return what happened to a cell, after its name, where it or the whole notebook had so many seconds."""
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
    """Return why there is no evidence of a check cell, where that of all together would be too much."""
    return say(
        "What is handed over at {1} was not taken: with what was handed over at the checks "
        "before, it would be more than the {2:.3g} GB that a notebook may hand over. What was "
        "taken before is graded. Use smaller layers: at a check the weights of a network are "
        "written down.",
        cell,
        limits.notebook_evidence_bytes / 1e9,
    )


def cell_named(index: int, cell: ExecutionCell) -> str:
    """Return what to call a cell: its id, or its number with how it begins."""
    if cell.name:
        return say("the cell {1}", cell.name)
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    return say("code cell {1} (it begins with “{2}”)", index + 1, first[:50])


def duration(seconds: float) -> str:
    """Return a time as a person says it."""
    if seconds >= 120:
        return say("{1:.3g} minutes", seconds / 60)
    return say("{1:.3g} seconds", seconds)


def put_back(outputs: Sequence[Output], where: str) -> Iterator[str]:
    """Yield a sentence if a cell says that it left nothing to print to. It is the kernel's word, and decides nothing."""
    printed = "".join(str(output.get("text")) for output in outputs if output.get("name") == "stderr")
    for name in ("stdout", "stderr"):
        if f"sys.{name} {PUT_BACK}" in printed:
            yield (
                f"At its end {where} left nothing as sys.{name} that can be printed to, so it was put back and what comes "
                f"after was run. Does the cell set sys.{name} or close it? Set it back there."
            )


def seen_from_outside(request: ExecutionRequest, runs: Sequence[CellRun]) -> dict[str, Any]:
    """Return what no code inside can change: files that were brought, sizes of what is written out, time used."""
    return {
        "challenges": {cell.evidence: request.challenge(cell.evidence) for cell in request.cells if cell.evidence},
        "held_out": request.held_out,
        "written_bytes": written_bytes(request.cells, request.helpers),
        "files": {name: len(text.encode()) for name, text in request.helpers.items()},
        "cells": [
            {
                "name": run.name,
                "evidence": cell.evidence,
                "given": cell.given,
                "seconds": run.seconds,
                "cpu_seconds": run.cpu_seconds,
                **({} if cell.given else {"source": cell.source}),
                "source_bytes": len(cell.source.encode("utf-8", "replace")),
                **_stopped(cell, run, request.limits),
            }
            for cell, run in zip(request.cells, runs, strict=True)
        ],
    }


def _stopped(cell: ExecutionCell, run: CellRun, limits: ExecutionLimits) -> dict[str, Any]:
    """Return the error that a cell stopped with, and the names that it speaks of: some it did not come to define."""
    if run.status is CellStatus.TIMEOUT:
        # It had what the others left; KeyboardInterrupt, which is how it was stopped, says nothing to anybody.
        short = run.seconds < limits.cell_seconds
        kind, message = TOOK_TOO_LONG, took_too_long(limits.notebook_seconds if short else limits.cell_seconds, short)
    elif run.error_name is None:
        return {}
    else:
        kind, message = run.error_name, run.error_message or ""
    names = list(dict.fromkeys(re.findall(r"[^\W\d]\w*", cell.source)))[:MOST_NAMES]
    return {"error": {"kind": kind, "message": message, "names": names}}


def written_bytes(cells: Sequence[ExecutionCell], helpers: Mapping[str, str]) -> int:
    """Return how many bytes all code adds, when compressed, to the cells that the notebook came with.

    No data in it can be larger, wherever they are: in literals, comments, names, blanks, the order of things. What is written
    as the given cells are adds little.
    """
    given = "\n".join(dict.fromkeys(cell.source for cell in cells if cell.given))
    everything = [given, *(cell.source for cell in cells), *helpers, *helpers.values()]
    return _compressed("\n".join(everything)) - _compressed(given)


def _compressed(text: str) -> int:
    return len(lzma.compress(text.encode("utf-8", "replace"), lzma.FORMAT_RAW, filters=COMPRESSION))

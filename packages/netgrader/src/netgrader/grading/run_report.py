"""Texts about a run: why it ended early, for students, and what was observed from outside.

No code inside can change these observations: submitted files, sizes, time used, errors.
"""

from __future__ import annotations

import lzma
import re
from typing import TYPE_CHECKING, Any

from graphread.text import Said, Text
from netgrader.checks.diagnose import duration
from netgrader.grading.execution import CellStatus
from netgrader.grading.kernel_link import Ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from netgrader.grading.execution import CellRun, ExecutionCell, ExecutionLimits, ExecutionRequest
    from netgrader.grading.kernel_link import Reply

__all__ = [
    "cell_named",
    "ended_early",
    "seen_from_outside",
    "too_much_evidence",
    "written_bytes",
]

REST = Text("The cells after it did not run; those before it are graded.")
WENT_ON = Text("What it had made by then is graded, and the cells after it ran.")
UNTIL_THEN = Text("What it had made by then is graded; the cells after it did not run.")
TOO_MUCH_MEMORY = Text(
    "The run ended in {where}, which needed more than {size} of memory. {rest} "
    "Use smaller layers or minibatches, or float32 instead of float64."
)
TOO_MUCH_WRITTEN = Text(
    "The run ended in {where}, which wrote too much to disk. {rest} "
    "Write less, or use smaller layers: each check saves the weights of the network."
)
BY_LIMIT = {"memory": TOO_MUCH_MEMORY, "disk": TOO_MUCH_WRITTEN, "files": TOO_MUCH_WRITTEN}
BY_ANOTHER_LIMIT = Text("The run ended in {where}, which hit a limit ({limit}). {rest}")
DIED = Text("The kernel died in {where}. {rest} Does the cell end the process, or use a library that crashes?")
FLOODED = Text(
    "The run ended in {where}: by then the notebook had produced more than {most} of output. {rest} Print less there."
)
SILENT = Text(
    "The kernel stopped responding at {where}. {rest} Does a cell replace a part of "
    "IPython, such as get_ipython().displayhook?"
)
STOPPED = Text(
    "Running {where} took longer than {duration} and was stopped. {went_on} Does every loop there end? If so, "
    "train for fewer epochs, or train a smaller network."
)
STUCK = Text(
    "The run ended in {where}, which took longer than {duration}. {rest} Does every loop there end? If so, train "
    "for fewer epochs, or train a smaller network."
)
TOO_LONG_IN_ALL = Text(
    "The notebook ran longer than {duration} in all and was stopped in {where}. {rest} Train for fewer epochs, "
    "or train a smaller network."
)
BY_END = {
    Ended.FLOODED: FLOODED,
    Ended.DEAD: DIED,
    Ended.SILENT: SILENT,
    Ended.INTERRUPTED: STOPPED,
    Ended.STUCK: STUCK,
}
BY_TIME_OF_ALL = {Ended.INTERRUPTED: TOO_LONG_IN_ALL, Ended.STUCK: TOO_LONG_IN_ALL}
MOST_NAMES = 300
COMPRESSION = ({"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 22},)
"""No header, and a window of 4 MB, the maximum size of a notebook's code."""


def ended_early(reply: Reply, where: Said, limits: ExecutionLimits, *, whole_notebook: bool) -> Said:
    """Return why the run ended in `where`; `whole_notebook` if all cells together ran out of time."""
    said, seconds = (
        (BY_END | BY_TIME_OF_ALL, limits.notebook_seconds) if whole_notebook else (BY_END, limits.cell_seconds)
    )
    reason = said[reply.ended]
    if reply.limit is not None:
        reason = BY_LIMIT.get(reply.limit, BY_ANOTHER_LIMIT)
    return reason.format(
        where=where,
        rest=UNTIL_THEN if whole_notebook and reply.ended is Ended.INTERRUPTED else REST,
        duration=duration(seconds),
        went_on=WENT_ON,
        most=Text("{received_bytes:,.0f} MB", received_bytes=limits.received_bytes / 1e6),
        size=Text("{memory_bytes:.3g} GB", memory_bytes=limits.memory_bytes / 1e9),
        limit=reply.limit,
    )


def too_much_evidence(cell: str, limits: ExecutionLimits) -> Said:
    """Return why a check cell has no evidence: the notebook's total would exceed its limit."""
    return Text(
        "The data from {cell} was not accepted: with the data from earlier checks, it would exceed the "
        "{notebook_evidence_bytes:.3g} GB that a notebook may hand over. The earlier data is graded. Use smaller "
        "layers: each check saves the weights of the network.",
        cell=cell,
        notebook_evidence_bytes=limits.notebook_evidence_bytes / 1e9,
    )


def cell_named(index: int, cell: ExecutionCell) -> Said:
    """Return how a message names a cell: by id, or by number and first line."""
    if cell.name:
        return Text("the cell {name}", name=cell.name)
    first, _, _ = cell.source.strip().partition("\n")
    return Text("code cell {index} (it begins with “{first}”)", index=index + 1, first=first[:50].strip())


def seen_from_outside(request: ExecutionRequest, runs: Sequence[CellRun]) -> dict[str, Any]:
    """Return facts that no code inside can change: input files, output sizes, time used."""
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
    """Return the error that stopped a cell, and the names in its source."""
    error: dict[str, Any] = {"kind": run.error_name, "message": run.error_message or ""}
    if run.status is CellStatus.TIMEOUT:
        # Whatever exception it ended with, the grader's interrupt is the reason.
        error = {"kind": "KeyboardInterrupt", "message": "", "seconds": min(run.seconds, limits.cell_seconds)}
    if error["kind"] is None:
        return {}
    names = list(dict.fromkeys(re.findall(r"[^\W\d]\w*", cell.source)))[:MOST_NAMES]
    return {"error": {**error, "names": names}}


def written_bytes(cells: Sequence[ExecutionCell], helpers: Mapping[str, str]) -> int:
    """Return the compressed bytes that all code adds to the cells of the release.

    An upper bound on hidden data, wherever they are: in literals, comments, names, blanks, order. Code that resembles the
    given cells adds little.
    """
    given = "\n".join(dict.fromkeys(cell.source for cell in cells if cell.given))
    everything = [given, *(cell.source for cell in cells), *helpers, *helpers.values()]
    return _compressed("\n".join(everything)) - _compressed(given)


def _compressed(text: str) -> int:
    return len(lzma.compress(text.encode("utf-8", "replace"), lzma.FORMAT_RAW, filters=COMPRESSION))

"""What is seen of a run from outside of it: no code inside can change files that were brought, sizes, time used, errors."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from netgrader.checks.stopped import TOOK_TOO_LONG
from netgrader.grading.execution_problems import took_too_long
from netgrader.grading.execution_types import CellStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netgrader.grading.execution_types import CellRun, ExecutionCell, ExecutionLimits, ExecutionRequest

__all__ = ["seen_from_outside"]

MOST_NAMES = 300
ALL = re.compile(r"[\s\S]+")
DATA = re.compile(
    r"""\"{3}(?:[\s\S]*?\"{3}|[\s\S]*)|'{3}(?:[\s\S]*?'{3}|[\s\S]*)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?"""
    r"|\#[^\n]*|\b\d[\w.]*|\b\w{20,}"
)
"""What of a program's text can hold data: literals, comments, and names that are long. What is not closed matches as well,
so that no text is looked through twice."""


def seen_from_outside(request: ExecutionRequest, runs: Sequence[CellRun]) -> dict[str, Any]:
    """What no code inside can change: files that were brought, sizes of what is written out, time used."""
    return {
        "challenges": {cell.evidence: request.challenge(cell.evidence) for cell in request.cells if cell.evidence},
        "held_out": request.held_out,
        "data_bytes": _data_bytes(request, DATA),
        "code_bytes": _data_bytes(request, ALL),
        "files": {name: len(text.encode()) for name, text in request.helpers.items()},
        "cells": [
            {
                "name": run.name,
                "evidence": cell.evidence,
                "given": cell.given,
                "seconds": run.seconds,
                "cpu_seconds": run.cpu_seconds,
                "source_bytes": len(cell.source.encode("utf-8", "replace")),
                **_stopped(cell, run, request.limits),
            }
            for cell, run in zip(request.cells, runs, strict=True)
        ],
    }


def _stopped(cell: ExecutionCell, run: CellRun, limits: ExecutionLimits) -> dict[str, Any]:
    """The error that a cell stopped with, and the names that it speaks of: some it did not come to define."""
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


def _data_bytes(request: ExecutionRequest, what: re.Pattern[str]) -> int:
    """Return how much came with the code: what the parts of its text shrink to that match, files' names too."""
    own = [cell.source for cell in request.cells if not cell.given]
    written = [found for text in (*own, *request.helpers.values()) for found in what.findall(text)]
    return len(zlib.compress("\n".join([*written, *request.helpers]).encode("utf-8", "replace"), 9))

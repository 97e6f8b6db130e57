"""``netgrader read``: what network a file holds, read in the limited child and tried out in a cage."""

from __future__ import annotations

import sys
from json import dumps
from typing import TYPE_CHECKING

import typer

from netgrader.course_reader import described
from netgrader.errors import UsageError
from netgrader.files import write_text
from netgrader.limited import read_within_limits
from netgrader.strangers import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]

SECONDS = 600.0  # for one graph: as long as a cell of a notebook may take; the course's take 5


def run(graph: Path, exercise: str | None, json: Path | None, *, static: bool) -> int:
    """Print what network there is and what is wrong with it, or write it as JSON; the exit code."""
    if not graph.exists():
        raise UsageError(f"There is no file {graph}.")
    network, shown = read_within_limits(graph, described, graph, exercise, static, seconds=SECONDS)
    text = dumps(network, indent=2) + "\n"
    if json is not None and str(json) == "-":
        sys.stdout.write(text)
        return 0
    typer.echo(printable(shown))
    if json is not None:
        write_text(json, text)
    return 0

"""``netgrader read``: the network in a file, read within limits and tried out in a sandbox."""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING

import typer

from netgrader.commands.grade import STDOUT
from netgrader.course_reader import described
from netgrader.limited import read_within_limits
from netgrader.strangers import printable

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

__all__ = ["run"]

SECONDS = 600.0  # for one graph: as long as the limit of a notebook's cell; the course's graphs take 5


def run(graph: Path, exercise: str | None, json: TextIO | None, *, static: bool) -> int:
    """Print the network and its faults, and write it as JSON; return the exit code."""
    network, shown = read_within_limits(graph, described, graph, exercise, static, seconds=SECONDS)
    if json is not None:
        json.write(dumps(network, indent=2) + "\n")
    if json is None or json.name != STDOUT:
        typer.echo(printable(shown))
    return 0

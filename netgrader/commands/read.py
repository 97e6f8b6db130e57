"""``netgrader read``: what network a graph's file holds, as the reader sees it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

from netgrader.errors import UsageError
from netgrader.named_exercises import read_network
from netgrader.strangers import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run"]


def run(graph: Path, exercise: str | None, json_file: Path | None, *, static: bool) -> int:
    """Read the file `graph` and print what it holds; the exit code."""
    if not graph.is_file():
        raise UsageError(f"There is no file {graph}.")
    network = read_network(graph, exercise=exercise, lab=None if static else "auto")
    text = json.dumps(network.as_json(), indent=2) + "\n"
    if json_file is not None and str(json_file) == "-":
        sys.stdout.write(text)
        return 0
    typer.echo(printable(str(network)))
    if json_file is not None:
        json_file.write_text(text, encoding="utf-8")
    return 0

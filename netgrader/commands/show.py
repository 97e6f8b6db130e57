"""Marks and reasons as tables on a terminal, or as plain lines where there is none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from netgrader.results import CheckResult, NotebookResult, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["class_table", "console", "notebook_lines", "uncaged_warning", "ungraded"]

PLAIN_WIDTH = 140
COLOURS = {Outcome.PASSED: "green", Outcome.PARTIAL: "yellow", Outcome.FAILED: "red", Outcome.UNGRADABLE: "magenta"}
LONGEST_REASON = 160


def console(*, err: bool = False) -> Console:
    """A console that writes plain, wide lines where it is not a terminal."""
    stream = sys.stderr if err else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False)


def notebook_lines(out: Console, result: NotebookResult) -> None:
    """Print one notebook's marks: a table of its cells, with a line for each check that did not pass."""
    table = Table(
        title=f"{escape(result.notebook)}: {result.score:g} of {result.max_score:g} points", title_justify="left"
    )
    table.add_column("cell")
    table.add_column("points", justify="right")
    table.add_column("what was found")
    for cell in result.cells:
        points = "by hand" if cell.points is None else f"{cell.points:g} / {cell.max_points:g}"
        reasons = [_reason(check) for check in cell.checks if check.outcome is not Outcome.PASSED or check.message]
        table.add_row(escape(cell.cell), points, "\n".join(reasons))
    out.print(table)
    if result.status is not Status.GRADED:
        out.print(f"{result.status}: {escape(result.problem or '')}")
    for note in result.measured.get("notes", ()):
        out.print(f"note: {escape(str(note))}")


def class_table(out: Console, rows: Iterable[tuple[str, NotebookResult | None, str | None]]) -> None:
    """Print a class: a row for each student's notebook with its points and why it does not have all of them.

    Parameters
    ----------
    out
        Where to.
    rows
        Student, result, and the sentence why there is none.
    """
    table = Table()
    table.add_column("student")
    table.add_column("notebook")
    table.add_column("points", justify="right")
    table.add_column("why")
    for student, result, error in rows:
        if result is None:
            table.add_row(escape(student), "", "-", escape(error or ""))
            continue
        points = f"{result.score:g} / {result.max_score:g}"
        table.add_row(escape(student), escape(result.notebook), points, escape(_why(result)))
    out.print(table)


def uncaged_warning(out: Console, sandbox: str) -> None:
    """Say it where submissions run without a cage."""
    if sandbox == "none":
        out.print("No cage (--sandbox none): what was handed in runs with your own rights.")


def _why(result: NotebookResult) -> str:
    if result.status is Status.NOT:
        return result.problem or ""
    lost = [check for cell in result.cells for check in cell.checks if check.outcome is not Outcome.PASSED]
    codes = ", ".join(result.faults)
    first = next((_short(check) for check in lost if check.faults), next((_short(check) for check in lost), ""))
    return f"{codes}: {first}" if codes and first else first


def _reason(check: CheckResult) -> str:
    colour = COLOURS[check.outcome]
    codes = f" \\[{', '.join(check.faults)}]" if check.faults else ""
    said = f": {escape(_cut(check.message))}" if check.message else ""
    return f"[{colour}]{check.outcome}[/] {escape(check.sentence)}{codes}{said}"


def _short(check: CheckResult) -> str:
    return _cut(check.message or check.sentence)


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def ungraded(results: Sequence[NotebookResult]) -> bool:
    """Whether any of them could not be graded in full."""
    return any(result.status is not Status.GRADED for result in results)

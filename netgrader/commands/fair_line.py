"""``netgrader fair-line``: from which accuracy or error on a target's points are given, measured with the solution."""

from __future__ import annotations

import statistics
from contextlib import nullcontext
from typing import TYPE_CHECKING

from rich.table import Table

from netgrader.checks.exercises import load_exercises
from netgrader.checks.wording import percent
from netgrader.commands.show import console, uncaged_warning
from netgrader.errors import UsageError
from netgrader.grading.jobs import find_jobs
from netgrader.grading.stages import Options
from netgrader.grading.target_line import figures, propose
from netgrader.which_course import find_course

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from netgrader.grading.jobs import Job
    from netgrader.grading.target_line import FairLine

__all__ = ["run"]


def run(path: Path, seeds: int, target: float | None, sandbox: str) -> int:
    """Run the notebook with each seed, and print the lines to be put into ``exercises.toml``; the exit code."""
    jobs = find_jobs(path, find_course(path))
    if len(jobs) != 1:
        raise UsageError(f"{path} holds {len(jobs)} notebooks. Name the one whose accuracy is asked for.")
    job = jobs[0]
    out = console()
    uncaged_warning(out, sandbox)
    table, asked, unit = _table_of(job)
    reached: list[float] = []
    with out.status("") if out.is_terminal else nullcontext() as status:
        runs = figures(job, Options(sandbox=sandbox), seeds)
        for number in range(1, seeds + 1):
            if status:
                status.update(f"run {number} of {seeds} …")
            reached.append(next(runs))
            out.print(f"run {number} of {seeds}: {_told(reached[-1], unit)}")
    asked = asked if target is None else target
    line = propose(reached, -asked if asked is not None and reached[0] < 0 else asked)
    _print(out, line, table, reached, unit)
    return 0


def _table_of(job: Job) -> tuple[str, float | None, str]:
    """Return the name of the notebook's table that has a target, the target, and the unit of errors."""
    files = job.assignment.files(job.notebook)
    exercises = load_exercises(files.exercises, job.assignment.exercise_names)
    tables, unit = exercises.tables, exercises.data.unit
    cells = {cell.grade_id.removeprefix("check_") for cell in job.assignment.skeleton(job.notebook).graded}
    found = next((name for name in tables if name in cells and "target" in tables[name]), None)
    return (found, tables[found]["target"], unit) if found else ("the cell that is worth the points", None, unit)


def _print(out: Console, line: FairLine, table: str, reached: list[float], unit: str) -> None:
    mean, deviation = statistics.mean(reached), statistics.stdev(reached)
    out.print(
        f"\nThe reference solution reaches {_told(mean, unit)} on average; between seeds that moves by "
        f"{f'{deviation:.2g} {unit}'.strip() if mean < 0 else percent(deviation, 2)} "
        f"(one standard deviation, from {len(reached)} runs, so known to about "
        f"{percent(1 / (2 * (len(reached) - 1)) ** 0.5, 0)} of itself)."
    )
    chances = Table(title="Who gets what, if chance moves them as much", title_justify="left")
    for name in ("a network that reaches on average", "loses points", "of the points, on average", "runs"):
        chances.add_column(name, justify="right")
    lucky = line.undeserved(deviation)
    for what, accuracy in (
        ("the target", line.target),
        ("the reference solution", mean),
        ("too bad" if mean < 0 else "too little", lucky),
    ):
        shares, runs = line.shares(accuracy, deviation)
        chances.add_row(
            f"{_told(accuracy, unit)} ({what})",
            f"{percent(line.loses(accuracy, deviation))}",
            f"{percent(1 - shares.mean())}",
            f"{runs:.2f}",
        )
    out.print(chances)
    out.print(f"[{table}]")
    for name, value in (
        ("target", line.target),
        ("full", line.full),
        ("none", line.none),
        ("again_from", line.again_from),
    ):
        out.print(f"{name} = {abs(value):.4g}")
    out.print(f"runs = {line.runs}\n\nThese lines go into exercises.toml.")


def _told(figure: float, unit: str) -> str:
    """Return an accuracy in percent, or of less than zero the error in its unit."""
    return f"an error of {-figure:.4g} {unit}".strip() if figure < 0 else percent(figure, 2)

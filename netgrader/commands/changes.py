"""Whose marks a grading would change and why, told before anything is written: ``netgrader autograde --dry-run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from netgrader.checks.cell_points import is_consequence
from netgrader.grading.graded_notebook import load_last_result
from netgrader.results import severity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from netgrader.grading.pool import Done
    from netgrader.pages.graded import Marks
    from netgrader.results import CellResult, CheckResult

__all__ = ["changes_table"]

EPSILON = 1e-9
MOST_REASONS = 3


def changes_table(out: Console, done: Sequence[Done], marks: Mapping[tuple[str, str], Marks]) -> None:
    """Print the cells whose points grading would change against the last results, and how many students they concern.

    Parameters
    ----------
    out
        Where to.
    done
        What was graded now.
    marks
        What the gradebook holds, by student and notebook: points that a person gave stay.
    """
    table = Table("student", "notebook", "cell")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    table.add_column("why")
    sums: dict[str, float] = {}
    for one in sorted(done, key=lambda one: (one.task.student, one.task.job.notebook)):
        student, notebook = one.task.student, one.task.job.notebook
        last = load_last_result(one.task.job.assignment, student, notebook)
        before = {cell.cell: cell for cell in last.result.cells} if last else {}
        for cell in one.result.cells if one.result else ():
            old = before.get(cell.cell)
            if cell.points is None or (old and abs((old.points or 0.0) - cell.points) < EPSILON):
                continue
            why = list(_reasons(old, cell)) if last else ["graded for the first time"]
            reasons = [
                *why[:MOST_REASONS],
                *([f"and {len(why) - MOST_REASONS} more"] if len(why) > MOST_REASONS else []),
            ]
            mark = marks[student, notebook].cells.get(cell.cell) if (student, notebook) in marks else None
            given = mark and mark.manual
            if given is None:
                sums[student] = sums.get(student, 0.0) + cell.points - ((old and old.points) or 0.0)
            else:
                reasons.insert(0, f"a person gave {given:g}, which stays")
            points = "-" if old is None or old.points is None else f"{old.points:g}"
            table.add_row(*map(escape, (student, notebook, cell.cell, points, f"{cell.points:g}", "\n".join(reasons))))
    if table.row_count:
        out.print(table)
    up = sum(change > EPSILON for change in sums.values())
    down = sum(change < -EPSILON for change in sums.values())
    students = len({one.task.student for one in done})
    out.print(
        f"Marks of {len(sums)} of {students} students would change: {up} up, {down} down. Nothing was written; type the "
        "same without --dry-run to save it, which runs nothing again.",
        soft_wrap=True,
    )


def _reasons(before: CellResult | None, after: CellResult) -> Iterator[str]:
    """Yield a sentence for each check of a cell that differs; those that only wait for another one come last."""
    old = {check.check: check for check in before.checks} if before else {}
    for check in sorted(after.checks, key=is_consequence):
        was = old.pop(check.check, None)
        if was is None:
            yield f"{check.sentence} (new check, {check.outcome}){_message(check)}"
        elif _verdict(was, check.faults) != _verdict(check, check.faults):
            severities = "".join(
                f"{code} was {severity_of(was, code)} and is {severity_of(check, code)}, "
                for code in check.faults
                if code in was.faults and severity_of(was, code) is not severity_of(check, code)
            )
            earlier = f"{was.outcome} → " if was.outcome is not check.outcome else ""
            yield f"{check.sentence} ({severities}{earlier}{check.outcome}){_message(check)}"
    yield from (f"{check.sentence} (no check any more)" for check in old.values())
    if before is not None and abs(before.max_points - after.max_points) > EPSILON:
        yield f"worth {before.max_points:g} → {after.max_points:g} points"


def _message(check: CheckResult) -> str:
    return f": {check.message}" if check.message else ""


def _verdict(check: CheckResult, codes: Sequence[str]) -> tuple[object, ...]:
    """Return what a check's points follow from, with how grave it finds `codes`."""
    return check.outcome, check.credit, check.max_credit, [severity_of(check, code) for code in codes]

"""Whose marks a grading would change and why, told before anything is written: ``netgrader autograde --dry-run``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from netgrader.checks.points import is_consequence
from netgrader.grading.kept import kept, kept_path
from netgrader.results import severity_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from netgrader.grading.tasks import Done
    from netgrader.results import CellResult, CheckResult

__all__ = ["Change", "changes_of", "changes_table"]

EPSILON = 1e-9
MOST_REASONS = 3


@dataclass(frozen=True)
class Change:
    """A cell's points before and after. `by_hand` is what a person gave instead, which stays."""

    student: str
    notebook: str
    cell: str
    before: float | None
    after: float
    why: tuple[str, ...]
    by_hand: float | None = None

    @property
    def counts(self) -> bool:
        """Whether the student's marks change by it."""
        return self.by_hand is None


def changes_of(done: Sequence[Done], by_hand: Mapping[tuple[str, str, str], float]) -> list[Change]:
    """What grading would change, against what the last grading kept.

    Parameters
    ----------
    done
        What was graded now.
    by_hand
        Points that a person gave, by student, notebook and cell.
    """
    found = []
    for one in sorted(done, key=lambda one: (one.task.student, one.task.job.notebook)):
        if one.result is None:
            continue
        student, notebook = one.task.student, one.task.job.notebook
        last = kept(kept_path(one.task.job.assignment, student, notebook))
        before = {cell.cell: cell for cell in last.result.cells} if last else {}
        for cell in one.result.cells:
            old = before.get(cell.cell)
            if cell.manual or cell.points is None or (old and abs((old.points or 0.0) - cell.points) < EPSILON):
                continue
            why = tuple(_reasons(old, cell)) if last else ("graded for the first time",)
            given = by_hand.get((student, notebook, cell.cell))
            found.append(Change(student, notebook, cell.cell, old.points if old else None, cell.points, why, given))
    return found


def changes_table(out: Console, changes: Sequence[Change], students: int) -> None:
    """Print them, and how many of the `students` who were graded they concern."""
    if changes:
        table = Table()
        for column in ("student", "notebook", "cell"):
            table.add_column(column)
        table.add_column("before", justify="right")
        table.add_column("after", justify="right")
        table.add_column("why")
        for one in changes:
            before = "-" if one.before is None else f"{one.before:g}"
            stays = () if one.by_hand is None else (f"a person gave {one.by_hand:g}, which stays",)
            reasons = [*stays, *one.why[:MOST_REASONS]]
            if len(one.why) > MOST_REASONS:
                reasons.append(f"and {len(one.why) - MOST_REASONS} more")
            table.add_row(
                *map(escape, (one.student, one.notebook, one.cell, before, f"{one.after:g}", "\n".join(reasons)))
            )
        out.print(table)
    whose = {one.student for one in changes if one.counts}
    up = sum(_sum(changes, student) > EPSILON for student in whose)
    down = sum(_sum(changes, student) < -EPSILON for student in whose)
    out.print(
        f"Marks of {len(whose)} of {students} students would change: {up} up, {down} down. Nothing was written; type the "
        "same without --dry-run to save it, which runs nothing again.",
        soft_wrap=True,
    )


def _sum(changes: Sequence[Change], student: str) -> float:
    return sum(one.after - (one.before or 0.0) for one in changes if one.student == student and one.counts)


def _reasons(before: CellResult | None, after: CellResult) -> Iterator[str]:
    """What differs between the checks of a cell, a sentence for each; those that only wait for another one come last."""
    old = {check.check: check for check in before.checks} if before else {}
    new = {check.check: check for check in after.checks}
    told = [check for check in after.checks if _differs(old.get(check.check), check)]
    for check in sorted(told, key=is_consequence):
        was = old.get(check.check)
        earlier = f"{was.outcome} → " if was is not None and was.outcome is not check.outcome else ""
        kind = "new check, " if was is None else ""
        kind += "".join(
            f"{code} was {severity_of(was, code)} and is {severity_of(check, code)}, "
            for code in check.faults
            if was is not None and code in was.faults and severity_of(was, code) is not severity_of(check, code)
        )
        said = f": {check.message}" if check.message else ""
        yield f"{check.sentence} ({kind}{earlier}{check.outcome}){said}"
    yield from (f"{check.sentence} (no check any more)" for name, check in old.items() if name not in new)
    if before is not None and abs(before.max_points - after.max_points) > EPSILON:
        yield f"worth {before.max_points:g} → {after.max_points:g} points"


def _differs(before: CheckResult | None, after: CheckResult) -> bool:
    return (
        before is None
        or before.outcome is not after.outcome
        or abs(before.credit - after.credit) > EPSILON
        or abs(before.max_credit - after.max_credit) > EPSILON
        or any(severity_of(before, code) is not severity_of(after, code) for code in after.faults)
    )

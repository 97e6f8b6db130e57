"""Points and reasons as tables on a terminal, or as plain lines elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from graphread.text import plain
from netgrader.checks.cell_points import causes, gravest, gravity, is_consequence
from netgrader.errors import UsageError
from netgrader.faults import Severity
from netgrader.grading.graded_notebook import load_last_result
from netgrader.pages.graded import Marks
from netgrader.results import CheckResult, NotebookResult, Outcome, Status, checks_in
from netgrader.strangers import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from rich.console import ConsoleOptions, RenderableType
    from rich.text import Text

    from graphread.text import Said
    from netgrader.grading.pool import Done
    from netgrader.results import CellResult

__all__ = [
    "changes_table",
    "class_table",
    "console",
    "notebook_lines",
    "require_known",
    "trouble_lines",
    "uncaged_warning",
    "ungraded",
]

PLAIN_WIDTH = 140
SHOWN = {
    Outcome.PASSED: ("costs nothing", "green"),
    Outcome.PARTIAL: ("partial", "yellow"),
    Outcome.FAILED: ("failed", "red"),
    Outcome.UNGRADABLE: ("ungradable", "magenta"),
}
"""The word and the color of a check with a message, by its outcome."""
GRAVE = {Severity.FATAL: "red", Severity.SERIOUS: "red", Severity.SLIGHT: "yellow"}
LONGEST_REASON = 160  # characters


class TerminalConsole(Console):
    """A console on which only rich moves the cursor: file, op and exception names are untrusted.

    All output passes through here: U+FFFD replaces control characters and those that reverse text, and brackets are plain
    text.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, **how)

    def render_str(self, text: str, **how: Any) -> Text:
        """Render as rich does, after making the text printable, before rich splits it into lines."""
        return super().render_str(printable(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as rich does, with printable text only."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def console(*, err: bool = False) -> Console:
    """Return a console that prints plain, wide lines if it is not a terminal."""
    stream = sys.stderr if err else sys.stdout
    return TerminalConsole(file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False)


def notebook_lines(out: Console, name: str, result: NotebookResult) -> None:
    """Print one notebook's points: a table of its cells, with a line for each check that did not pass.

    Cells that do not work at all are named before the points.
    """
    points = f"{result.score:g} of {result.max_score:g} points"
    broken = [cell.cell for cell in result.cells if gravest(cell.checks) is Severity.FATAL]
    title = f"{', '.join(broken)}: does not work; {points}" if broken else points
    table = Table(title=f"{name}: {title}", title_justify="left")
    table.add_column("cell")
    table.add_column("points", justify="right")
    table.add_column("what was found")
    for cell in result.cells:
        points = "by hand" if cell.points is None else f"{cell.points:g} / {cell.max_points:g}"
        table.add_row(cell.cell, points, out.render_str("\n".join(_reasons(cell.checks)), markup=True))
    out.print(table)
    if result.problem:
        out.print(f"{result.status}: {result.problem}")
    for note in result.notes:
        out.print(f"note: {note}")


def class_table(out: Console, rows: Iterable[tuple[str, NotebookResult | None, str | None]]) -> None:
    """Print a class: a row for each notebook with points and the reasons for lost ones.

    `rows` are student, result, and why there is no result.
    """
    table = Table()
    table.add_column("student")
    table.add_column("notebook")
    table.add_column("points", justify="right")
    table.add_column("why")
    for student, result, error in rows:
        if result is None:
            table.add_row(student, "", "-", error)
        else:
            table.add_row(student, result.notebook, f"{result.score:g} / {result.max_score:g}", str(_why(result)))
    out.print(table)


def changes_table(out: Console, done: Sequence[Done], marks: Mapping[tuple[str, str], Marks]) -> None:
    """Print the cells whose points would change from the last results, and the number of students.

    `marks` are the gradebook's, by student and notebook: points that a person gave stay.
    """
    table = Table("student", "notebook", "cell")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    table.add_column("why")
    rows = sorted(
        row
        for one in done
        for row in _changed_cells(one, marks.get((one.task.student, one.task.job.notebook), Marks()))
    )
    for *row, why in rows:
        table.add_row(*row, out.render_str(why, markup=True))
    if rows:
        out.print(table)
    changed = {student for student, *_ in rows}
    students = len({one.task.student for one in done})
    out.print(
        f"Marks of {len(changed)} of {students} students would change. Nothing was written; type the same without "
        "--dry-run to save it, which runs nothing again.",
        soft_wrap=True,
    )


def uncaged_warning(out: Console, sandbox: str) -> None:
    """Print a warning if submissions run in a sandbox that does not keep all promises."""
    from netgrader.cage_contents import cage_warning  # noqa: PLC0415  (slow, and commands that only read need no sandbox)

    if warning := cage_warning(sandbox):
        out.print(warning, soft_wrap=True)


def require_known(asked: Iterable[str], known: Collection[str], assignment: str) -> None:
    """Require that all students in `asked` have a submission.

    Raises
    ------
    UsageError
        If some do not; the message names them.
    """
    missing = sorted({*asked} - {*known})
    if missing:
        raise UsageError(f"There is no submission of {', '.join(missing)} for '{assignment}'.")


def trouble_lines(out: Console, trouble: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print errors of the course's own checks, which the instructor must fix.

    `trouble` are notebook names with tracebacks, which are printed in full with ``--debug``.
    """
    whole = "--debug" in sys.argv
    for name, entries in trouble:
        for entry in entries:
            lines = entry.strip().splitlines()
            ends = " ".join(dict.fromkeys([lines[0], lines[-1]]))
            said = "\n    ".join(["", *lines]) if whole else f"{ends} (--debug shows all)"
            out.print(f"For the instructor, a check broke on {name}: {said}")


def _why(result: NotebookResult) -> Said:
    if result.status is Status.NOT:
        return result.problem or ""
    lost = [check for check in checks_in(result.cells) if check.outcome is not Outcome.PASSED]
    codes = "; ".join(f"{severity}: {code}" for code, severity in causes(lost).items())
    first = [_cut(check.message or check.sentence) for check in sorted(lost, key=gravity)[:1]]
    return ": ".join(filter(None, (codes, *first)))


def _reasons(checks: Sequence[CheckResult]) -> list[str]:
    """Return a line for each check that did not pass, gravest first, and the number of consequences."""
    told = sorted((check for check in checks if check.outcome is not Outcome.PASSED or check.message), key=gravity)
    lines = [_reason(check) for check in told if not is_consequence(check)]
    follow = len(told) - len(lines)
    return [*lines, f"consequences, which cost nothing: {follow}"] if follow else lines


def _reason(check: CheckResult) -> str:
    worst = gravest([check])
    word, colour = (worst, GRAVE[worst]) if worst in GRAVE else SHOWN[check.outcome]
    codes = f" \\[{', '.join(check.faults)}]" if check.faults else ""
    said = f": {escape(_cut(check.message))}" if check.message else ""
    return f"[{colour}]{word}[/] {escape(check.sentence)}{codes}{said}"


def _cut(text: Said) -> str:
    return plain(text, LONGEST_REASON)


def ungraded(results: Sequence[NotebookResult]) -> bool:
    """Whether any of them could not be graded in full."""
    return any(result.status is not Status.GRADED for result in results)


def _changed_cells(done: Done, marks: Marks) -> Iterator[tuple[str, ...]]:
    """Yield a row for each cell with other points than before, unless a person gave them."""
    student, notebook = done.task.student, done.task.job.notebook
    last = load_last_result(done.task.job.assignment, student, notebook)
    before = {cell.cell: cell for cell in last.result.cells} if last else {}
    for cell in done.result.cells if done.result else ():
        was, now = _points(before.get(cell.cell)), _points(cell)
        if now not in {was, "-"} and not marks.of(cell.cell).by_hand:
            yield student, notebook, cell.cell, was, now, "\n".join(_reasons(cell.checks))


def _points(cell: CellResult | None) -> str:
    return "-" if cell is None or cell.points is None else f"{cell.points:g}"

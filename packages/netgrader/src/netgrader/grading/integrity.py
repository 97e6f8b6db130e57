"""Observations of a submission for a person to review: facts with cell and limit, no accusations.

Nothing here changes points. Most of it has an innocent reason: an endless loop, a table of numbers in a cell.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from graphread.text import Said, Text, tidy
from netgrader.faults import FOR_A_PERSON
from netgrader.grading.execution import CellStatus
from netgrader.results import Observed, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.grading.execution import Execution
    from netgrader.grading.restore import RestoredCell
    from netgrader.results import CheckResult

__all__ = ["observed"]

ENDED = {
    CellStatus.TIMEOUT: Text("The cell ran longer than its time limit."),
    CellStatus.LIMIT: Text("The cell was ended by a limit."),
    CellStatus.DEAD: Text("The kernel ended in the cell."),
}
MOST = 50
"""Maximum number of facts about one run."""
MUCH_WRITTEN = 4_000
"""Compressed bytes that code adds to the notebook, from which they are reported. The right notebooks and the sample class add
200 to 950, a program of 45 kB 10,000; 11,274 weights of eight bits 11,300."""


def observed(
    cells: Sequence[RestoredCell], execution: Execution, checks: Mapping[str, Sequence[CheckResult]]
) -> tuple[Observed, ...]:
    """Return facts about a notebook's cells, their verdicts by check cell, and the end of the run."""
    happened = islice(_of_run(cells, execution), MOST)
    return tuple(dict.fromkeys([*happened, *_of_doubts(execution, checks)]))


def _of_run(cells: Sequence[RestoredCell], execution: Execution) -> Iterator[Observed]:
    """Yield cells that were stopped, the size of the code, and missing evidence."""
    for number, (cell, run) in enumerate(zip(cells, execution.cells, strict=False)):
        if run.status in ENDED:
            yield Observed(cell.grade_id or Text("code cell {number}", number=number + 1), ENDED[run.status], run.limit)
    written = execution.outside.get("written_bytes", 0)
    if written > MUCH_WRITTEN:
        much = Text(
            "{written:.1f} kB of code and data were written, compressed; a right notebook has 1.",
            written=written / 1000,
        )
        yield Observed(Text("the notebook"), much, None)
    for name, problem in execution.problems.items():
        if problem != execution.problem:
            yield Observed(name, tidy(problem), None)


def _of_doubts(execution: Execution, checks: Mapping[str, Sequence[CheckResult]]) -> Iterator[Observed]:
    """Yield verdicts for a person to decide, and checks that could not be judged."""
    for name, verdicts in checks.items():
        yield from (
            Observed(name, check.message or check.sentence, None) for check in verdicts if _is_for_a_person(check)
        )
        unread = _unread(verdicts, execution.problem)
        if unread and name not in execution.problems:
            yield Observed(name, unread[0], None)


def _unread(verdicts: Sequence[CheckResult], problem: Said | None) -> list[Said]:
    """Return why checks could not be judged, if not because the run ended early."""
    undecided = (check.message for check in verdicts if check.outcome is Outcome.UNGRADABLE)
    return [message for message in undecided if message is not None and message != problem]


def _is_for_a_person(check: CheckResult) -> bool:
    """Whether a person must decide what a verdict means."""
    return check.outcome is not Outcome.PASSED and not FOR_A_PERSON.isdisjoint(check.faults)

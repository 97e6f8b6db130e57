"""What was seen of a submission that a person may want to look at: facts, with the cell and the limit, no accusations.

Nothing here changes a mark. Most of it has an innocent reason: a loop without an end, a cell copied from a tutorial.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netgrader.checks.wording import plain
from netgrader.faults import FOR_A_PERSON
from netgrader.grading.execution import CellStatus
from netgrader.phrases import say
from netgrader.results import Observed, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.grading.execution import CellRun, Execution
    from netgrader.grading.restore import RestoredCell
    from netgrader.results import CheckResult

__all__ = ["observed"]

REFUSALS = {
    "PermissionError": "what the cage does not permit",
    "ConnectionRefusedError": "the network",
    "URLError": "the network",
    "gaierror": "the network",
}
# Names that no exercise needs: parts of the grader, and ways to change what other code does.
NAMES = re.compile(
    r"grader_tests|gradebook|EvidenceWriter|netgrader\.(?:student\.capture|evidence|grading|cage)|/run/(?:evidence|kernel|cage)"
    r"|displayhook|input_transformers|ast_transformers|ast_node_interactivity|\bsettrace\b|\bsetprofile\b|sys\.monitoring"
    r"|gc\.get_(?:objects|referrers)|sitecustomize|_getframe\b|\bcurrentframe\b|inspect\.stack\b|\bf_(?:back|locals|code)\b"
    r"|\b(?:extract|format|print|walk)_stack\b|/proc/|\bptrace\b|NBGRADER_\w+"
)
OWN_CHECK = re.compile(r"^(?:(?:async )?def|class)[ \t]++check\b|^check[ \t]*+=(?!=)", re.MULTILINE)
OWN_CHECK_TOLD = "The cell gives the name check another meaning: what the checks said in the notebook need not be ours."
ENDED = {
    CellStatus.TIMEOUT: "The cell went on for longer than its time.",
    CellStatus.LIMIT: "The cell was ended by a limit.",
    CellStatus.DEAD: "The kernel ended in the cell.",
}
MOST = 50
"""Facts of what happened in cells, and as many of words in texts, which come last: they hide nothing that was found."""
MUCH_WRITTEN = 4_000
"""Bytes that the code adds to the notebook, compressed, from which on they are reported; see `netgrader.checks.provenance`."""


def observed(
    cells: Sequence[RestoredCell],
    execution: Execution,
    checks: Mapping[str, Sequence[CheckResult]],
    helpers: Mapping[str, str] | None = None,
    otherwise: Mapping[str, str] | None = None,
) -> tuple[Observed, ...]:
    """Return the facts of one notebook.

    `helpers` are texts of the modules handed in beside the notebook, by file name; `otherwise` are sentences by cell on what
    probes were shown and the notebook did not work with.
    """
    happened: list[Observed] = []
    named: list[Observed] = []
    for number, (cell, run) in enumerate(zip(cells, execution.cells, strict=False)):
        given = cell.origin is not None and cell.origin.locked
        name = cell.grade_id or say("code cell {1}", number + 1)
        happened += _of_cell(name, cell.source, run, given=given)
        named += () if given else _named(name, cell.source, "cell")
    for file, text in (helpers or {}).items():
        named += _named(file, text, "file")
    seen = happened[:MOST]
    written = execution.outside.get("written_bytes", 0)
    if written > MUCH_WRITTEN:
        much = say("{1:.1f} kB of code and data were written, compressed; a right notebook has 1.", written / 1000)
        seen.append(Observed("the notebook", much, None))
    seen += [Observed(name, said, None) for name, said in (otherwise or {}).items()]
    for name, problem in execution.problems.items():
        if problem != execution.problem:
            seen.append(Observed(name, plain(problem), None))
    for name, verdicts in checks.items():
        found = (
            check for check in verdicts if check.outcome is not Outcome.PASSED and FOR_A_PERSON & set(check.faults)
        )
        seen += [Observed(name, check.message or check.sentence, None) for check in found]
        unread = (check.message for check in verdicts if check.outcome is Outcome.UNGRADABLE and check.message)
        said = next((message for message in unread if message != execution.problem), None)
        if said is not None and name not in execution.problems:
            seen.append(Observed(name, said, None))
    return tuple(dict.fromkeys([*seen, *named[:MOST]]))


def _named(name: str, text: str, what: str) -> Iterator[Observed]:
    for word in dict.fromkeys(NAMES.findall(text)):
        yield Observed(name, say("The {1} names {2}, which no exercise needs.", what, word), None)


def _of_cell(name: str, source: str, run: CellRun, *, given: bool) -> Iterator[Observed]:
    if run.status in ENDED:
        yield Observed(name, say(ENDED[run.status]), run.limit)
    if not given and run.error_name in REFUSALS:
        said = say(
            "The cell asked for {1} and was refused: {2}: {3}",
            REFUSALS[run.error_name],
            run.error_name,
            run.error_message,
        )
        yield Observed(name, plain(said, 200), None)
    if not given and OWN_CHECK.search(source):
        yield Observed(name, say(OWN_CHECK_TOLD), None)

"""What was seen of a submission that a person may want to look at: facts, with the cell and the limit, no accusations.

Nothing here changes a mark. Most of it has an innocent reason: a loop without an end, a cell copied from a tutorial.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from netgrader.checks.wording import plain
from netgrader.faults import FOR_A_PERSON
from netgrader.grading.execution_types import CellStatus
from netgrader.results import Observed, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from netgrader.grading.execution_types import CellRun, Execution
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
    r"grader_tests|gradebook|EvidenceWriter|netgrader\.(?:student\.capture|evidence|grading|sandbox)|/run/(?:evidence|kernel)"
    r"|displayhook|input_transformers|ast_transformers|ast_node_interactivity|sys\.settrace|gc\.get_objects|sitecustomize"
    r"|/proc/|\bptrace\b|NBGRADER_\w+"
)
ENDED = {
    CellStatus.TIMEOUT: "The cell went on for longer than its time.",
    CellStatus.LIMIT: "The cell was ended by a limit.",
    CellStatus.DEAD: "The kernel ended in the cell.",
}
MOST = 100
OURS = "netgrader.student"
LONGEST = 100_000  # characters of a cell that are taken apart
REPLACED = "The cell gives the name check another meaning: what the checks said in the notebook need not be ours."


def observed(
    cells: Sequence[RestoredCell], execution: Execution, checks: Mapping[str, Sequence[CheckResult]]
) -> tuple[Observed, ...]:
    """The facts of one notebook.

    Parameters
    ----------
    cells
        The code cells as they were run, in order.
    execution
        What came of the run.
    checks
        Verdicts by check cell.
    """
    seen: list[Observed] = []
    for number, (cell, run) in enumerate(zip(cells, execution.cells, strict=False)):
        given = cell.origin is not None and cell.origin.locked
        seen += _of_cell(cell.grade_id or f"code cell {number + 1}", cell.source, run, given=given)
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
    return tuple(dict.fromkeys(seen))[:MOST]


def _of_cell(name: str, source: str, run: CellRun, *, given: bool) -> Iterator[Observed]:
    if run.status in ENDED:
        yield Observed(name, ENDED[run.status], run.limit)
    if given:
        return
    if run.error_name in REFUSALS:
        said = f"The cell asked for {REFUSALS[run.error_name]} and was refused: {run.error_name}: {run.error_message}"
        yield Observed(name, plain(said, 200), None)
    for word in dict.fromkeys(NAMES.findall(source)):
        yield Observed(name, f"The cell names {word}, which no exercise needs.", None)
    if replaces(source, "check"):
        yield Observed(name, REPLACED, None)


def replaces(source: str, name: str) -> bool:
    """Whether running a cell gives the notebook's `name` another meaning, as far as can be read off its text.

    A name of a function's own is none of the notebook's, and neither is an attribute of something else's.
    """
    if name not in source:
        return False
    source = source[:LONGEST]  # to take a program of megabytes apart takes gigabytes
    text = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines())
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.search(rf"^(?:(?:async )?def|class)\s+{name}\b|^{name}\s*=(?!=)", text, re.MULTILINE) is not None
    return any(name in _bound(node) for node in _outside_functions(tree))


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are run with the cell itself; of a function or a class what says that it is a global name."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.Global))
        elif isinstance(node, ast.comprehension):
            todo += [node.iter, *node.ifs]  # its own names end with it
        else:
            todo.extend(ast.iter_child_nodes(node))


def _bound(node: ast.AST) -> frozenset[str]:
    """The names of the notebook's that a node gives a meaning, or takes it from."""
    found: list[str] = []
    match node:
        case (
            ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            # globals()["check"] = ..., netgrader.student.check = ...
            | ast.Subscript(value=ast.Call(), slice=ast.Constant(value=str(name)), ctx=ast.Store())
            | ast.Attribute(value=ast.Attribute() | ast.Name(id="student" | "netgrader"), attr=name, ctx=ast.Store())
            | ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value=str(name)), *_])
        ):
            found = [name]
        case ast.Import(names=names):
            found = [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.ImportFrom(module=module, names=names):
            given = (alias for alias in names if module != OURS or alias.asname not in (None, alias.name))
            found = [alias.asname or alias.name for alias in given]
        case ast.Global(names=declared):
            found = declared
    return frozenset(found)

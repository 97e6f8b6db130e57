"""How the cells of a notebook ended when they were last run, by the names that they make."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["LastRuns", "install", "made_by", "why_stopped"]

PLACE = "_netgrader_last_runs"


class LastRuns:
    """For each name the error of the last cell that was to make it; None where that cell ran to its end."""

    def __init__(self) -> None:
        self.error: dict[str, BaseException | None] = {}

    def note(self, result: Any) -> None:
        """A cell has run; `result` is what IPython says of it."""
        source = str(getattr(result.info, "raw_cell", None) or "")
        error = result.error_before_exec or result.error_in_exec
        self.error |= dict.fromkeys(made_by(source), error)


def made_by(source: str) -> frozenset[str]:
    """Return the names that a cell defines or assigns outside of its functions, also where Python cannot read it."""
    try:
        return frozenset(_bound(ast.parse(source).body))
    except SyntaxError:  # of Python, or a line that is IPython's own
        functions = re.findall(r"^\s*(?:async\s+)?def\s+(\w+)", source, re.MULTILINE)
        targets = re.findall(r"^\s*([\w\s,()*]+?)=(?!=)", source, re.MULTILINE)
        return frozenset([*functions, *(name for target in targets for name in re.findall(r"[^\W\d]\w*", target))])


def _bound(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                yield node.name


def install() -> None:
    """Note how cells of the notebook that this runs in end from now on; does nothing outside of one, or a second time."""
    shell = _shell()
    if shell is None or hasattr(shell, PLACE):
        return
    runs = LastRuns()
    setattr(shell, PLACE, runs)
    shell.events.register("post_run_cell", runs.note)


def why_stopped(names: Iterable[str]) -> BaseException | None:
    """Return the error of the last cell that was to make one of `names`, if it stopped with one."""
    known = getattr(_shell(), PLACE, LastRuns()).error
    return next((known[name] for name in names if known.get(name) is not None), None)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None

"""Names that a student writes without quotes where text is asked for: told in a sentence, and no NameError of Python's."""

from __future__ import annotations

import ast
from types import FunctionType
from typing import TYPE_CHECKING, Any

from netgrader.phrases import Verbatim, say
from netgrader.student.cell_runs import notebook_shell

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_quotes", "install", "unquoted"]

MAKES = "unquoted"
"""The attribute by which a cell finds `unquoted`, of a function that asks for text."""
PLACE = "_netgrader_quotes"
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)  # in which names mean something else


class Unquoted:
    """A name that was written in place of text."""

    def __init__(self, name: str) -> None:
        self.__name__ = name


def unquoted(name: str, value: Callable[[], object]) -> object:
    """Return what a name stands for when it is asked for; an `Unquoted` if that is nothing."""
    try:
        return value()
    except NameError:
        return Unquoted(name)


def in_quotes(given: object) -> str:
    """Return what to write in place of a name, or of what it stands for; empty for anything else."""
    name = given.__name__ if isinstance(given, Unquoted | FunctionType) else ""
    return say('Found {1} without quotes; expected it in quotes: "{1}".', Verbatim(name)) if name else ""


class _Marker(ast.NodeTransformer):
    """Puts ``predict.unquoted("b", lambda: b)`` in the place of ``b`` in ``predict("…", b)``."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def visit(self, node: ast.AST) -> Any:
        return node if isinstance(node, SCOPES) else super().visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if hasattr(self._called(node.func), MAKES):
            node.args = [self._marked(node.func, one) for one in node.args]
        return node

    def _called(self, function: ast.expr) -> object:
        found = None
        if isinstance(function, ast.Attribute):
            found = getattr(self._called(function.value), function.attr, None)
        elif isinstance(function, ast.Name):
            found = self._shell.user_ns.get(function.id)
        return found if isinstance(found, FunctionType) else None  # of anything else no attribute is asked for

    def _marked(self, function: ast.expr, given: ast.expr) -> ast.expr:
        if not isinstance(given, ast.Name):
            return given
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        later = [ast.Constant(given.id), ast.Lambda(nothing, given)]
        made = ast.Call(ast.Attribute(function, MAKES, ast.Load()), later, [])
        return ast.fix_missing_locations(ast.copy_location(made, given))


def install() -> None:
    """Look for such names in cells of the notebook that this runs in from now on; does nothing outside of one."""
    shell = notebook_shell()
    if shell is not None and not hasattr(shell, PLACE):
        setattr(shell, PLACE, True)
        shell.ast_transformers.append(_Marker(shell))

"""Names that a student writes without quotes where text is asked for: told in a sentence, and no NameError of Python's."""

from __future__ import annotations

import ast
import builtins
from types import FunctionType
from typing import Any

from netgrader.phrases import Verbatim, say
from netgrader.student.cell_runs import notebook_shell

__all__ = ["Unquoted", "in_quotes", "install"]

MAKES = "unquoted"
"""The attribute by which a cell makes an `Unquoted`, of a function that asks for text."""
PLACE = "_netgrader_quotes"


class Unquoted:
    """A name that was written in place of text."""

    def __init__(self, name: str) -> None:
        self.__name__ = name


def in_quotes(given: object) -> str:
    """Return what to write in place of a name, or of what it stands for; empty for anything else."""
    name = given.__name__ if isinstance(given, Unquoted | FunctionType) else ""
    return say('Found {1} without quotes; expected it in quotes: "{1}".', Verbatim(name)) if name else ""


class _Marker(ast.NodeTransformer):
    """Puts ``predict.unquoted("b")`` in the place of ``b`` in ``predict("…", b)``, where nothing is called b."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._known: set[str] = set()

    def visit_Module(self, node: ast.Module) -> ast.AST:
        made = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        self._known = {*vars(builtins), *self._shell.user_ns, *made}
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node  # its arguments are names, too

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if hasattr(self._called(node.func), MAKES):
            node.args = [self._marked(node.func, one) for one in node.args]
        return node

    def _called(self, function: ast.expr) -> object:
        if isinstance(function, ast.Attribute):
            of = self._called(function.value)
            return getattr(of, function.attr, None) if isinstance(of, FunctionType) else None
        return self._shell.user_ns.get(function.id) if isinstance(function, ast.Name) else None

    def _marked(self, function: ast.expr, given: ast.expr) -> ast.expr:
        if not isinstance(given, ast.Name) or given.id in self._known:
            return given
        made = ast.Call(ast.Attribute(function, MAKES, ast.Load()), [ast.Constant(given.id)], [])
        return ast.fix_missing_locations(ast.copy_location(made, given))


def install() -> None:
    """Look for such names in cells of the notebook that this runs in from now on; does nothing outside of one."""
    shell = notebook_shell()
    if shell is not None and not hasattr(shell, PLACE):
        setattr(shell, PLACE, True)
        shell.ast_transformers.append(_Marker(shell))

"""Analysis of Python sources without running them: which cells and modules a course's files refer to."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["cells_named", "constants_of", "imported_modules", "imported_names", "parsed", "texts_in"]


def cells_named(path: Path, decorator: str, keyword: str | None = None) -> frozenset[str]:
    """Return the ids of cells in ``@probe("…")`` or ``@grades("…")`` of a file, without running it.

    With a `keyword`, return the texts of that argument instead, such as the codes in ``faults=("…",)``.

    Raises
    ------
    NetgraderError
        If the file is not Python.
    """
    return _named(path.read_text(encoding="utf-8"), path, decorator, keyword)


@functools.lru_cache(maxsize=64)
def _named(source: str, path: Path, decorator: str, keyword: str | None) -> frozenset[str]:
    """Return the ids that `decorator` names in a file's text, as literals or constants; cached per text."""
    tree = _parsed(source, path)
    constants = constants_of(tree)
    calls = (one for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for one in node.decorator_list)
    named = (
        argument
        for one in calls
        if isinstance(one, ast.Call) and ast.unparse(one.func).rpartition(".")[2] == decorator
        for argument in _arguments(one).get(keyword, ())
    )
    return frozenset(text for argument in named for text in texts_in(argument, constants))


def _arguments(call: ast.Call) -> Mapping[str | None, Sequence[ast.expr]]:
    """Return the arguments of a call by keyword; positional ones under None."""
    return {**{word.arg: (word.value,) for word in call.keywords}, None: call.args}


def parsed(path: Path) -> ast.Module:
    """Return a Python file's syntax tree.

    Raises
    ------
    NetgraderError
        If the file is not Python.
    """
    return _parsed(path.read_text(encoding="utf-8"), path)


def _parsed(source: str, path: Path) -> ast.Module:
    try:
        return ast.parse(source, str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise NetgraderError(
            f"{path} is not Python{f': line {line}' if line else ''}, {getattr(error, 'msg', error)}. Fix it and call again."
        ) from error


def constants_of(tree: ast.Module) -> Mapping[str, ast.expr]:
    """Return the values of names assigned at the top level of a file."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                found |= zip(map(ast.unparse, names), values, strict=False)
            case ast.Assign(targets=names, value=value):
                found |= dict.fromkeys(map(ast.unparse, names), value)
    return found


def texts_in(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 5) -> Iterator[str]:
    """Yield the string literals in an expression and in the constants that it names."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
        elif isinstance(one, ast.Name) and one.id in constants and depth:
            yield from texts_in(constants[one.id], constants, depth - 1)


@functools.lru_cache(maxsize=1024)
def imported_modules(source: str) -> frozenset[str]:
    """Return the top-level modules that a cell imports; none if it does not parse; magics are ignored."""
    return frozenset(name.partition(".")[0] for name in imported_names(source))


def imported_names(source: str) -> Iterator[str]:
    """Yield imports of a cell or file, as ``a.b`` for ``import a.b`` and ``from a import b``."""
    try:
        tree = ast.parse(re.sub(r"^([ \t]*+)[%!].*$", r"\1pass", source, flags=re.MULTILINE))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                yield from (f"{module}.{alias.name}" for alias in names)

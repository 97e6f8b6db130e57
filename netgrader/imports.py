"""Analysis of Python sources without running them.

Lists this package's files, for the wheel and for hashes, and finds the cells that a course's files refer to.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec

__all__ = [
    "CAGE",
    "DIGITS",
    "GRAPHREAD",
    "PACKAGE",
    "cells_named",
    "code_hash",
    "constants_of",
    "files_of",
    "imported_modules",
    "imported_names",
    "is_part_of",
    "module_name",
    "package_files",
    "parsed",
    "texts_in",
]


def _folder_of(package: str) -> Path:
    return Path(str(cast("ModuleSpec", importlib.util.find_spec(package)).origin)).resolve().parent


PACKAGE = Path(__file__).resolve().parent
CAGE, GRAPHREAD = _folder_of("notebook_cage"), _folder_of("graphread")
"""The packages that run students' code and read networks: verdicts depend on them as well."""
DIGITS = PACKAGE.with_name("netgrader_digits")
"""The digits course, with its answers, in an installed wheel. A checkout has no such folder: it is the course."""
SHOWING = ("cli", "commands", "formgrader", "nbgrader_plugin", "new_course", "pages")
"""Packages for submitting and display: no run and no verdict depends on them."""


@functools.cache
def code_hash() -> str:
    """Return the SHA-256 of all code that a run or a verdict can depend on, as 64 hex digits."""
    total = hashlib.sha256()
    for name, path in {**package_files(SHOWING), **files_of(GRAPHREAD), **files_of(CAGE)}.items():
        total.update(name.encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def files_of(package: Path) -> dict[str, Path]:
    """Return a package's files by their path relative to its parent folder, sorted, without bytecode."""
    files = sorted(path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(package.parent).as_posix(): path for path in files}


def package_files(without: Collection[str] = ()) -> dict[str, Path]:
    """Return `files_of` this package; `without` names modules and packages to leave out."""
    return {name: path for name, path in files_of(PACKAGE).items() if not is_part_of(module_name(path), without)}


def module_name(path: Path) -> str:
    """Return the dotted name of a file in this package, such as ``checks.run``; data files likewise."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_part_of(name: str, packages: Collection[str]) -> bool:
    """Whether a module is one of `packages` or in one."""
    return any(f"{name}.".startswith(f"{one}.") for one in packages)


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

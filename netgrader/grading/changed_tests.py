"""What the verdicts of each check cell depend on in the files of tests, so that a changed test is run and no others.

Read from the source without running it. A cell's tests depend on their own text, on what it names at the top of the
file (helpers, constants), and on all that stands there without a name that could be followed. Where a file is written
in a way that this cannot follow, all of its notebook's tests are run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from netgrader.grading.result_store import hash_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["cells_to_run", "tests_by_cell"]

DECORATOR = "grades"
TEST = "test_"
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


class _UnclearError(Exception):
    """The file is written in a way that is not followed here."""


def tests_by_cell(files: Iterable[Path]) -> dict[str, str] | None:
    """Return for each check cell a hash of all in `files` that its verdicts depend on; None if that cannot be told apart."""
    texts: dict[str, list[object]] = {}
    names: set[str] = set()
    try:
        for path in files:
            for cell, name, depends in _tests(path):
                if name in names:  # an error, which the run of all tests says
                    return None
                names.add(name)
                texts.setdefault(cell, []).append([path.name, name, depends])
    except (_UnclearError, OSError, SyntaxError, ValueError, RecursionError):
        return None
    return {cell: hash_json(found) for cell, found in texts.items()}


def cells_to_run(now: Mapping[str, str], before: Mapping[str, str]) -> frozenset[str]:
    """Return the cells whose tests have to be run, given the hashes of those whose verdicts are known.

    What follows from another cell's charge is not asked here: that is found out anew from all verdicts.
    """
    return frozenset(cell for cell, tests in now.items() if before.get(cell) != tests)


def _tests(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield of each test in a file: its cell, its name, and the text that its verdict depends on."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    named: dict[str, list[ast.stmt]] = {}
    always: list[ast.stmt] = []
    tests: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    for node in tree.body:
        if isinstance(node, FUNCTIONS) and node.name.startswith(TEST):
            tests.append(node)
        elif (
            isinstance(node, FUNCTIONS | ast.ClassDef) and not node.decorator_list and not node.name.startswith("Test")
        ):
            named.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign) and all(isinstance(one, ast.Name) for one in node.targets):
            for target in node.targets:
                named.setdefault(target.id, []).append(node)  # type: ignore[attr-defined]
        elif not _is_text(node):
            always.append(node)
    constants = dict(_constants(named))
    shared = [ast.dump(node) for node in always]
    wide = {name for node in always for name in _names(node)}
    for test in tests:
        terms = _terms(test)
        cell = _value(terms.args[0] if terms.args else _keyword(terms, "cell"), constants)
        if not isinstance(cell, str):
            raise _UnclearError
        used = [ast.dump(node) for node in _closure({*_names(test), *wide}, named)]
        yield cell, test.name, [ast.dump(test), *used, *shared]


def _terms(test: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Call:
    """Return the call of `grades` above a test, which must be its only decorator."""
    if len(test.decorator_list) == 1:
        call = test.decorator_list[0]
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == DECORATOR:
            return call
    raise _UnclearError


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _constants(named: Mapping[str, list[ast.stmt]]) -> Iterator[tuple[str, object]]:
    for name, nodes in named.items():
        node = nodes[0]
        if len(nodes) == 1 and isinstance(node, ast.Assign):
            try:
                yield name, ast.literal_eval(node.value)
            except ValueError:
                continue


def _value(node: ast.expr | None, constants: Mapping[str, object]) -> object:
    """Return what a literal, or one of the file's constants, is worth; None of anything else."""
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return node.value if isinstance(node, ast.Constant) else None


def _closure(names: set[str], named: Mapping[str, list[ast.stmt]]) -> list[ast.stmt]:
    """Return the named statements at the top of a file that `names` lead to, in the order of the names."""
    seen: set[str] = set()
    todo = [name for name in names if name in named]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += [more for node in named[name] for more in _names(node) if more in named]
    return [node for name in sorted(seen) for node in named[name]]


def _names(node: ast.AST) -> set[str]:
    """Return all names that a statement uses; its arguments too, since fixtures go by them."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return found | {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

"""What the verdicts of each check cell depend on in the files of tests, so that a changed test is run and no others.

Read from the source without running it. A cell's tests depend on their own text and on everything in their file that is not
a test. Where a file is written in a way that this cannot follow, all of its notebook's tests are run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.grading.result_store import hash_json
from netgrader.imports import constants_of, parsed, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["cells_to_run", "tests_by_cell"]

DECORATOR = "grades"
TEST = "test_"


class _UnclearError(Exception):
    """The file is written in a way that is not followed here."""


def tests_by_cell(files: Iterable[Path]) -> dict[str, str] | None:
    """Return for each check cell a hash of all in `files` that its verdicts depend on; None if that cannot be told apart."""
    try:
        tests = [(path.name, *test) for path in files for test in _tests(path)]
    except (_UnclearError, NetgraderError, OSError, ValueError, RecursionError):
        return None
    if len({name for _, _, name, _ in tests}) < len(tests):  # an error, which the run of all tests says
        return None
    texts: dict[str, list[object]] = {}
    for file, cell, name, depends in tests:
        texts.setdefault(cell, []).append([file, name, depends])
    return {cell: hash_json(found) for cell, found in texts.items()}


def cells_to_run(now: Mapping[str, str], before: Mapping[str, str]) -> frozenset[str]:
    """Return the cells whose tests have to be run, given the hashes of those whose verdicts are known.

    What follows from another cell's charge is not asked here: that is found out anew from all verdicts.
    """
    return frozenset(cell for cell, tests in now.items() if before.get(cell) != tests)


def _tests(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield of each test in a file: its cell, its name, and the text that its verdict depends on."""
    tree = parsed(path)
    constants = constants_of(tree)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    tests = [node for node in functions if node.name.startswith(TEST)]
    shared = [ast.dump(node) for node in tree.body if node not in tests and not _is_text(node)]
    for test in tests:
        match test.decorator_list:
            case [ast.Call(func=function, args=[named, *_])] if ast.unparse(function).split(".")[-1] == DECORATOR:
                cells = [*texts_in(named, constants)]
            case _:
                cells = []
        if len(cells) != 1:
            raise _UnclearError
        yield cells[0], test.name, [ast.dump(test), *shared]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)

"""The dependencies of each check cell's verdicts in test files, so that only changed tests rerun.

The source is parsed, not run. A cell's tests depend on their own text and on all code in their file that is not a test. If a
file's structure is unclear, all tests of its notebook run.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.grading.result_store import hash_json
from netgrader.python_sources import constants_of, parsed, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["cells_to_run", "tests_by_cell"]

DECORATOR = "grades"
TEST = "test_"


class _UnclearError(Exception):
    """The file's structure cannot be analyzed."""


def tests_by_cell(files: Iterable[Path]) -> dict[str, str] | None:
    """Return for each check cell a hash of its dependencies in `files`; None if they cannot be separated."""
    texts: dict[str, list[object]] = {}
    names: list[str] = []
    try:
        for path in files:
            for cell, name, depends in _tests(path):
                texts.setdefault(cell, []).append([path.name, depends])
                names.append(name)
    except (_UnclearError, NetgraderError, OSError, ValueError, RecursionError):
        return None
    if len({*names}) < len(names):  # an error, which the run of all tests reports
        return None
    return {cell: hash_json(found) for cell, found in texts.items()}


def cells_to_run(now: Mapping[str, str], before: Mapping[str, str]) -> frozenset[str]:
    """Return the cells whose tests must run, given the hashes of cells with known verdicts.

    Consequences of another cell's charge are not included; they are decided again from all verdicts.
    """
    return frozenset(cell for cell, tests in now.items() if before.get(cell) != tests)


def _tests(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield for each test in a file its cell, its name, and the code that its verdict depends on."""
    tree = parsed(path)
    constants = constants_of(tree)
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    tests = [node for node in tree.body if isinstance(node, kinds) and node.name.startswith(TEST)]
    shared = [ast.dump(node) for node in tree.body if node not in tests]
    for test in tests:
        yield _cell_of(test, constants), test.name, [ast.dump(test), *shared]


def _cell_of(test: ast.FunctionDef | ast.AsyncFunctionDef, constants: Mapping[str, ast.expr]) -> str:
    """Return the only cell that the only decorator of a test names."""
    match test.decorator_list:
        case [ast.Call(func=function, args=[named, *_])] if ast.unparse(function).rpartition(".")[2] == DECORATOR:
            [cell] = texts_in(named, constants)  # another number of them is a ValueError
            return cell
    raise _UnclearError

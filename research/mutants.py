"""Break the package in one place at a time and see that tests of `make test` fail: `make mutants-report`.

A mutant is a condition turned round: of an ``if``, or what a predicate returns. Each is made in a clone of this commit with an
environment of its own, and the tests named beside it are run as `make test` runs them. A row of ``research/mutants.csv`` says
what came of it; what has a row at this commit is not run again.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from research.rows import append_row, measured_commit, rows_of

ROOT = Path(__file__).parents[1]
ROWS = Path(__file__).with_suffix(".csv")
FIELDS = ("commit", "module", "function", "condition", "outcome", "seconds")
MEASURED = ("netgrader", "tests", "source", "grader_tests")
OUTCOMES = {0: "survived", 1: "killed"}


class Mutant(NamedTuple):
    """The n-th condition of a function, and the tests (files below ``tests/``) that have to notice that it is turned round."""

    module: str
    function: str
    number: int
    tests: str


MUTANTS = tuple(
    Mutant(module, function, int(number), tests)
    for module, function, number, tests in (
        line.split() for line in (Path(__file__).with_suffix(".txt")).read_text(encoding="utf-8").splitlines() if line
    )
)


def conditions(tree: ast.Module, function: str) -> list[ast.expr]:
    """Return what a function, or a method, decides by: conditions, and what it returns if that is a truth value."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inner in ast.walk(node):
                if isinstance(inner, ast.If | ast.IfExp | ast.While):
                    found.append(inner.test)
                elif isinstance(inner, ast.comprehension):
                    found.extend(inner.ifs)
                elif isinstance(inner, ast.Return) and isinstance(inner.value, ast.Compare | ast.BoolOp):
                    found.append(inner.value)
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def turned_round(text: str, mutant: Mutant) -> str:
    """Return the module's text with the condition negated.

    Raises
    ------
    ValueError
        If there is no such condition.
    """
    found = conditions(ast.parse(text), mutant.function)
    if mutant.number >= len(found):
        raise ValueError(f"{mutant.module} has no condition {mutant.number} in {mutant.function}.")
    node = found[mutant.number]
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    raw = text.encode()
    begin = starts[node.lineno - 1] + node.col_offset
    end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    return (raw[:begin] + b"(not (" + raw[begin:end] + b"))" + raw[end:]).decode()


def tried(clone: Path, mutant: Mutant) -> str:
    """Return what came of a mutant: killed, survived, or how pytest ended where it ran no test."""
    path = clone / "netgrader" / mutant.module
    text = path.read_text(encoding="utf-8")
    path.write_text(turned_round(text, mutant), encoding="utf-8")
    files = [str(clone / "tests" / name) for name in mutant.tests.split(",")]
    command = [
        clone / ".venv" / "bin" / "python",
        "-m",
        "pytest",
        "-q",
        "-x",
        "-m",
        "not all",
        "-p",
        "no:cacheprovider",
    ]
    try:
        ended = subprocess.run([*command, *files], cwd=clone, capture_output=True, text=True, check=False).returncode
    finally:
        path.write_text(text, encoding="utf-8")
    return OUTCOMES.get(ended, f"pytest ended with {ended}")


def git(*arguments: str) -> str:
    """Return what git says."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Try what has no row at this commit; 1 if a mutant of this commit was not killed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=None, help="begin no further mutant after so many")
    parser.add_argument("--module", nargs="+", default=[""], help="modules with one of these in their names alone")
    options = parser.parse_args()
    at = measured_commit(*MEASURED)
    known = {(row["module"], row["function"], row["condition"]) for row in rows_of(ROWS) if row["commit"] == at}
    deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="netgrader-mutants-") as name:
        clone = Path(name) / "clone"
        git("clone", "--quiet", str(ROOT), str(clone))
        subprocess.run([clone / "scripts" / "setup"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
        for mutant in MUTANTS:
            one = (mutant.module, mutant.function, str(mutant.number))
            if one in known or not any(part in mutant.module for part in options.module):
                continue
            if deadline is not None and time.monotonic() > deadline:
                break
            start = time.monotonic()
            row = dict(zip(FIELDS, (at, *one, tried(clone, mutant), f"{time.monotonic() - start:.0f}"), strict=True))
            append_row(ROWS, FIELDS, row)
            sys.stdout.write(" ".join(row.values()) + "\n")
            sys.stdout.flush()
    of_this = [row for row in rows_of(ROWS) if row["commit"] == at]
    left = [row for row in of_this if row["outcome"] != "killed"]
    sys.stdout.write(f"{len(of_this)} of {len(MUTANTS)} tried at {at}, {len(left)} not killed\n")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())

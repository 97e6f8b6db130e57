"""Measure netgrader's packages, and compare them with budgets.toml: python scripts/size.py [--check].

A decision is a branch that a reader must keep in mind: if, elif, a conditional expression, each additional operand of and/or,
a loop, an except, a case, an assertion, a filter of a comprehension. A function's complexity is its decisions plus one.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
BUDGETS = "budgets.toml"
BRANCHES = (ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case, ast.Assert)
MEASURES = ("decisions", "above_10", "above_15", "numbers", "context_vars")


def decisions(node: ast.AST) -> int:
    """Count the decisions in a syntax tree, including nested functions."""
    return sum(map(_weight, ast.walk(node)))


def _weight(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, BRANCHES))


def is_number(value: ast.AST | None) -> bool:
    """Whether the value of an assignment is a number, a tuple of numbers, or a sum or product of numbers."""
    parts = value.elts if isinstance(value, ast.Tuple) else [value]
    return bool(parts) and all(map(_is_numeric, parts))


def _is_numeric(part: ast.AST | None) -> bool:
    match part:
        case ast.UnaryOp(operand=operand):
            return _is_numeric(operand)
        case ast.BinOp():
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float | complex) and not isinstance(value, bool)
    return False


def measured(texts: Iterable[str]) -> Counter[str]:
    """Return the measures of some files together, from their texts."""
    total: Counter[str] = Counter()
    for text in texts:
        tree = ast.parse(text)
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        complexities = [decisions(node) + 1 for node in functions]
        assigned = [node.value for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
        total += Counter(
            decisions=decisions(tree),
            above_10=sum(one > 10 for one in complexities),
            above_15=sum(one > 15 for one in complexities),
            numbers=sum(map(is_number, assigned)),
            context_vars=text.count("ContextVar(") + text.count("ContextVar["),
        )
    return total


def sizes(root: Path) -> dict[str, Counter[str]]:
    """Return the measures of each distribution and package, of netgrader's top-level files, and of all."""
    by_package: dict[str, list[str]] = {}
    for file in sorted((root / "packages").glob("*/src/**/*.py")):
        distribution, _, _, *inside = file.relative_to(root / "packages").parts
        package = distribution if distribution != "netgrader" else inside[0] if inside[1:] else "."
        by_package.setdefault(package, []).append(file.read_text(encoding="utf-8"))
    found = {name: measured(texts) for name, texts in sorted(by_package.items())}
    return found | {"all": sum(found.values(), Counter())}


def exceeded(found: Mapping[str, Mapping[str, int]], budgets: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield a sentence for each exceeded budget, and for each package without one."""
    for name, sizes_of in found.items():
        if name not in budgets:
            yield f"{BUDGETS} has no budget for {name}."
            continue
        for measure, most in budgets[name].items():
            if sizes_of.get(measure, 0) > most:
                yield (
                    f"{name} has {sizes_of[measure]:,} {measure}, {sizes_of[measure] - most:,} above its budget. Take something "
                    f"out, or lower another budget in {BUDGETS} by as much and say why there."
                )


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Print the table; with ``--check``, print only exceeded budgets, and return 1 if there are any."""
    found = sizes(root)
    if arguments == ["--check"]:
        problems = [*exceeded(found, tomllib.loads((root / BUDGETS).read_text(encoding="utf-8"))["budgets"])]
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return int(bool(problems))
    sys.stdout.write(f"{'':20}{''.join(f'{measure:>14}' for measure in MEASURES)}\n")
    for name, row in found.items():
        sys.stdout.write(f"{name:20}{''.join(f'{row[measure]:14,}' for measure in MEASURES)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One name, one thing: names of classes and modules are unique."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [*(ROOT / "packages").glob("*/src/**/*.py")]
MODULES = [path for path in FILES if not path.stem.startswith("__")]


def modules() -> list[str]:
    """Return the names of all modules."""
    return [path.stem for path in MODULES]


def classes() -> list[str]:
    """Return the names of all classes."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    return [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("names", [modules, classes])
def test_no_name_stands_twice(names):
    assert [name for name, count in Counter(names()).items() if count > 1] == []

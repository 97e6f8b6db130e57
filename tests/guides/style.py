"""Words that the project's texts avoid, as patterns, and the texts to check.

Checked are texts for people: pages, notebooks, messages, docstrings. CHANGELOG.md is history; pages of evaluation/ repeat its
rows.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LONGEST = 100
"""Characters of a docstring's first line."""
AVOIDED = {
    r"\b(?:is|are|was|were|be|been) told\b(?! to\b)": "reported, shown, listed",
    r"\b(?:who|what|which|whom)ever\b": "the student who; any; the",
    r"\b(?:stands?|stood|lies|lie|lay) (?:in|on|there|beside|next)\b": "is in",
    r"\banew\b": "again; rerun, retrain",
    r"\b(?:is|are|was|were) said\b": "is reported",
    r"\bthan (?:asked for|it should)\b": "the thing that was expected",
    r"\bbesides?\b": "with, next to, in addition",
    r"\b(?:is|are|was|were) to be\b|\bto be had\b": "must; available",
    r"\bbelongs? into\b": "belongs in",
    r"\bmend(?:s|ed|ing)?\b": "fix",
    r"\bleaves? away\b|\bleft away\b": "leave out",
    r"(?<!there )\b(?:is|are) (?:no (?!longer|more|nearer|matter)(?=[a-z])|(?-i:none)\b)": "is not a",
    r"\bfrom (?:which|where|[\d.,]+(?: [%\w]+)?) on\b": "starting at",
}
"""Patterns, each with what to write."""
FOUND = {re.compile(pattern, re.IGNORECASE): instead for pattern, instead in AVOIDED.items()}
CODE = ("packages/", "source/", "grader_tests/")
LEFT_OUT = ("CHANGELOG.md", "submitted/", "release/", "evaluation/", "tests/", "examples/")
EXCEPTIONS = {
    "docs/reference/commands.md": "the option --anew",
    "docs/reference/protections.md": "the family of attacks in test_beside.py",
}
"""Pages that have such words for a reason."""
BLOCK = re.compile(r"(?ms)^ *```.*?^ *```")


def texts() -> Iterator[tuple[str, str, str]]:
    """Yield each text that people read: its file, its kind (page, notebook, message, docstring, attribute), itself."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        path = ROOT / name
        if name.startswith(LEFT_OUT) or "/tests/" in name or not path.is_file():
            continue
        if path.suffix == ".md":
            yield name, "page", BLOCK.sub("", path.read_text(encoding="utf-8"))
        elif path.suffix == ".ipynb":
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            yield from (
                (name, "notebook", "".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown"
            )
        elif path.suffix == ".toml" and name.startswith(CODE):
            yield name, "message", path.read_text(encoding="utf-8")
        elif path.suffix == ".py" and name.startswith(CODE):
            yield from ((name, kind, text) for kind, text in _of_program(ast.parse(path.read_text(encoding="utf-8"))))


def _of_program(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield a program's docstrings, the texts below its attributes, and the other texts with a blank in them."""
    owners = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(node.body[0].value) for node in owners if ast.get_docstring(node) and not _is_test(node)}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            kind = "docstring" if id(node) in docstrings else "attribute" if id(node) in alone else "message"
            yield kind, node.value


def _is_test(node: ast.AST) -> bool:
    """Whether a node is a graded test: its docstring is a sentence for students."""
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def hits() -> list[tuple[str, str, str]]:
    """Return the file, the kind and the place of each word that is avoided."""
    return [
        (name, kind, " ".join(text[max(0, found.start() - 50) : found.end() + 30].split()))
        for name, kind, text in texts()
        for pattern in FOUND
        for found in pattern.finditer(text)
    ]


def long_docstrings() -> list[str]:
    """Return the first lines of docstrings that are too long, with their files."""
    first = (
        (name, text.strip().splitlines()[0]) for name, kind, text in texts() if kind == "docstring" and text.strip()
    )
    return [f"{name}: {line}" for name, line in first if len(line) > LONGEST]

"""Tests that an author writes, as text of a few lines."""

from __future__ import annotations

import textwrap
from pathlib import Path

HEAD = """
import os, sys, time
from graphread.graph.source import GraphError
from netgrader.checks import fail, fail_all, fault, grades, partial, ungradable
"""


def graded(signature: str, body: str = "pass", grades: str = '"check_a"', says: str = "It is so") -> str:
    """Return the text of a test with this signature, body, sentence and arguments of `grades`."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return f'@grades({grades})\ndef {signature}:\n    """{says}"""\n{lines}\n\n'


def write_tests(path: Path, text: str) -> Path:
    """Write a file of tests, with all names that grading tests use; return its path."""
    path.write_text(HEAD + textwrap.dedent(text), encoding="utf-8")
    return path


def by_name(checks):
    """Return the verdicts of all cells by the names of their tests."""
    return {check.check.partition("::")[2]: check for of_cell in checks.values() for check in of_cell}

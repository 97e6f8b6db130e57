"""One way to write a percentage, 92.6 %, in everything that students and instructors read."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from netgrader.checks.wording import percent
from netgrader.faults import CATALOGUE
from netgrader.pages import shell

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = re.compile(r"\d%(?![\w(\-])")
# Sizes in HTML and CSS are written as those languages want it.
A_SIZE = re.compile(r"<[^>]*>|[\w-]+[:=][ '\"]*\d+%")
PROGRAMS = sorted(
    path for folder in ("netgrader", "grader_tests", "source/digits") for path in (ROOT / folder).rglob("*.py")
)
NOTEBOOKS = sorted((ROOT / "source" / "digits").glob("*.ipynb"))
TEXTS = [
    *sorted(kind.page for kind in CATALOGUE.values()),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "research").glob("*.md")),
]


def in_python(source: str) -> list[str]:
    """Percentages without a space that a program's strings write."""
    tree = ast.parse(source)
    formats = [node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue) and node.format_spec]
    found = [ast.unparse(one) for one in formats if ast.unparse(one).rstrip("'\"").endswith("%")]
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return found + [text for text in strings if TOGETHER.search(A_SIZE.sub("", text))]


def test_the_search_sees_both_spellings() -> None:
    assert in_python('f"{share:.1%} of it"')
    assert in_python('"97.5% of it"')
    assert in_python("\"<i style='width:97%'>\"") == []
    assert in_python('x = 5 % 3; y = f"{100 * share:.1f} %"; z = "%d items" % 3') == []


def test_no_program_writes_a_percentage_without_a_space() -> None:
    found = {path.name: in_python(path.read_text(encoding="utf-8")) for path in PROGRAMS}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_no_notebook_does(path: Path) -> None:
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            assert TOGETHER.findall(source) == []
        elif "%run" not in source:
            assert in_python(source) == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_text_does(path: Path) -> None:
    assert TOGETHER.findall(path.read_text(encoding="utf-8")) == []


def test_sentences_and_charts_write_the_same_but_that_a_page_never_breaks_the_line_there() -> None:
    assert percent(0.925) == "92.5 %"
    assert shell.percent(0.925) == percent(0.925).replace(" ", shell.NO_BREAK)

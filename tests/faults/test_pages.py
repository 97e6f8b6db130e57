"""Each fault has a page with all its sections; the other tests of this folder judge its programs by kind."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from graphread.fault_kinds import CODE, HINT, WHY, sections, text_of
from netgrader.faults import CATALOGUE
from netgrader.judges.arrays import judge_images, judge_one_hot
from tests.datasets import DIGITS, ROOT
from tests.faults.blocks import ARRAYS, BLOCKS, CHECK, EXAMPLE, GRAPH, QUIET, TRAIN, marked, of_kind

SECTIONS = [WHY, EXAMPLE, *QUIET, "When it is not named", HINT]
FINDING = {"fault", "finding", "fail", "fail_all", "partial", "remark", "_EpochRule", "_Reading"}
"""What is called with the code of a fault. In a table, a row with a code has a `Text` next to it."""


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_page_has_each_section_in_its_order(code):
    assert [*sections(text_of(CATALOGUE[code].page))] == SECTIONS


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_example_is_marked_with_its_code_and_what_is_right_with_none(code):
    blocks = [block for block in BLOCKS if block.page == code]
    assert {block.section for block in blocks} == {EXAMPLE, *QUIET}
    for block in blocks:
        assert marked(block) == ([code] if block.section == EXAMPLE else []), block.name


def test_each_program_is_of_a_kind_that_is_judged():
    kinds = (GRAPH, TRAIN, ARRAYS, CHECK)
    assert {block.kind for block in BLOCKS} == {*kinds}
    assert sum(text_of(CATALOGUE[code].page).count("```python") for code in CATALOGUE) == sum(
        len(of_kind(kind)) for kind in kinds
    )


def test_a_page_is_called_by_a_code_and_nothing_else_lies_beside_the_pages():
    assert {path.name for kind in CATALOGUE.values() for path in kind.page.parent.iterdir()} == {
        f"{code}.md" for code in CATALOGUE
    }


def test_a_page_has_a_program_that_names_its_code_and_a_code_that_is_named_has_a_page():
    files = [
        *(ROOT / "packages").glob("*/src/**/*.py"),
        *(ROOT / "source").rglob("*.py"),
        *(ROOT / "grader_tests").rglob("*.py"),
    ]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    named = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert CATALOGUE.keys() - named == set()
    calls = [node.args for node in nodes if isinstance(node, ast.Call) and called(node) in FINDING]
    rows = [node.elts for node in nodes if isinstance(node, ast.Tuple) and "Text" in map(called, node.elts)]
    said = {str(one.value) for part in (*calls, *rows) for one in part if isinstance(one, ast.Constant)}
    assert set(filter(CODE.fullmatch, said)) - CATALOGUE.keys() == set()


def called(node):
    """The name of the function that a node calls; empty where it calls none by its name."""
    return getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""


@pytest.mark.parametrize("block", of_kind(ARRAYS))
def test_of_arrays_what_is_marked_is_named(raw, block):
    (images, labels), _ = raw
    names = {"np": np, "x_train_2d": images, "y_train": labels}
    exec(block.text, names)  # noqa: S102  (as a notebook does)
    judged = judge_images(names["x_train"], images, DIGITS)
    charges = [judged.charge, judge_one_hot(names["y_train_1_hot"], labels, DIGITS, judged.rows)]
    assert [charge.fault.code for charge in charges if charge] == marked(block)

"""Values that cannot come from the claimed training are detected by what the sandbox observed from outside."""

from __future__ import annotations

import copy
import random
import string
import sys
from pathlib import Path

import nbformat
import pytest

from netgrader.checks.context import TestContext
from netgrader.checks.provenance import untrained
from netgrader.grading.execution import ExecutionCell
from netgrader.grading.integrity import MUCH_WRITTEN
from netgrader.grading.run_report import written_bytes
from tests.datasets import EXERCISES
from tests.programs import FOLDER, programs
from tests.sample_class.make import fill

ROOT = Path(__file__).parents[2]

CELL = "check_two_layer_training"


def seen(*cells):
    """What is seen of cells ``(processor time, given, check)``, after one that imports TensorFlow."""
    runs = [(3.0, True, ""), *cells]
    return {"cells": [{"cpu_seconds": seconds, "given": given, "evidence": check} for seconds, given, check in runs]}


def test_an_honest_training_leaves_no_untrained():
    assert untrained(seen((40.0, False, ""), (0.1, True, CELL)), CELL, 60_000) is None


def test_weights_that_took_no_time_were_not_trained():
    said = untrained(seen((0.2, False, ""), (0.1, True, CELL)), CELL, 60_000)
    assert "0.2 seconds" in str(said)


def test_a_small_network_on_few_rows_is_trained_in_no_time():
    assert untrained(seen((0.05, False, ""), (0.1, True, CELL)), CELL, 1_200) is None
    assert untrained(seen((0.001, False, ""), (0.1, True, CELL)), CELL, 1_200) is not None


def test_time_after_the_check_and_in_given_cells_does_not_count():
    after = seen((0.2, False, ""), (9.0, True, ""), (0.1, True, CELL), (40.0, False, ""))
    assert untrained(after, CELL, 60_000) is not None


def test_a_students_own_notebook_has_no_such_module_and_needs_none(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "netgrader.checks.provenance", None)
    assert TestContext(tmp_path, EXERCISES, None, quick=True).untrained(CELL) is None


RANDOM = random.Random(0)  # noqa: S311  (a payload)
PAYLOAD = 7_300
"""Bytes that each of these programs carries, in choices that a program can read back from its own text."""
LETTERS = [RANDOM.choice(string.ascii_letters) for _ in range(PAYLOAD * 8 * 10 // 57)]  # 5.7 bits each
BITS = [RANDOM.random() < 0.5 for _ in range(PAYLOAD * 8)]


def hidden_by(written, at_once, between="\n"):
    """The payload in lines of so many choices."""
    choices = LETTERS if written is not one_of_two else BITS
    lines = [choices[start : start + at_once] for start in range(0, len(choices), at_once)]
    return between.join(map(written, lines))


def one_of_two(bits, pair=" \t"):
    return "0" + "".join(pair[bit] for bit in bits)


CARRIERS = {
    "names of one letter": hidden_by("=".join, 2, ";"),
    "names of attributes": hidden_by(lambda line: "o." + ".".join(line), 20),
    "names of arguments": hidden_by(lambda line: "f(" + ", ".join(f"{name}=0" for name in line) + ")", 1),
    "a comment": "# " + "".join(LETTERS),
    "text": repr("".join(LETTERS)),
    "numbers": str([string.ascii_letters.index(letter) for letter in LETTERS]),
    "spaces and tabs at the ends of lines": hidden_by(one_of_two, 80),
    "operators": hidden_by(one_of_two, 60).replace(" ", "+x").replace("\t", "-x"),
    "statements": hidden_by(one_of_two, 1).replace("0 ", "pass").replace("0\t", "break"),
}
RELEASED = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted((ROOT / "release" / "digits").glob("*.ipynb"))
}
RIGHT = [
    pytest.param(one, id=f"{path.stem}/{one.name}")
    for path in sorted((FOLDER / "notebooks").rglob("*.toml"))
    for one in programs(path.relative_to(FOLDER).with_suffix("").as_posix()).values()
    if not one.terms.get("raw")
]
FIRST = programs("notebooks/batches")["1_one_layer"]


def cells_of(one):
    """The code cells of a notebook that is filled in with what a student wrote."""
    released = RELEASED[one.name]
    given = {cell.source for cell in released.cells}
    filled = fill(copy.deepcopy(released), one.source)
    return [ExecutionCell(cell.source, given=cell.source in given) for cell in filled.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("carrier", CARRIERS.values(), ids=CARRIERS)
def test_data_are_counted_wherever_in_the_code_they_are_hidden(carrier):
    right = cells_of(FIRST)
    for cells, helpers in (([*right, ExecutionCell(carrier)], {}), (right, {"helper.py": carrier})):
        assert PAYLOAD < written_bytes(cells, helpers) < 2.4 * PAYLOAD


def test_names_of_files_and_the_order_of_given_cells_are_counted_too():
    cells = cells_of(FIRST)
    names = {"".join(LETTERS[start : start + 40]) + ".py": "" for start in range(0, len(LETTERS), 40)}
    assert written_bytes(cells, names) > PAYLOAD
    given = [cell for cell in cells if cell.given]
    in_an_order = [given[string.ascii_letters.index(letter) % 16] for letter in LETTERS]
    assert written_bytes([*cells, *in_an_order], {}) > len(LETTERS) * 4 / 8  # each tells one of 16


@pytest.mark.parametrize("one", RIGHT)
def test_right_notebooks_and_the_sample_class_have_a_quarter_of_what_is_reported(one):
    assert written_bytes(cells_of(one), {}) < MUCH_WRITTEN / 4


def test_what_the_notebook_came_with_is_not_counted():
    given = [
        ExecutionCell(cell.source, given=True) for cell in RELEASED["1_one_layer"].cells if cell.cell_type == "code"
    ]
    assert written_bytes(given, {}) < 100


@pytest.mark.parametrize("outside", [{}, {"cells": []}, seen((0.1, False, "other"))])
def test_nothing_is_said_where_nothing_was_seen(outside):
    assert untrained(outside, CELL, 60_000) is None

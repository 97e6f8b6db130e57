"""Cells that are given go on whatever was made above them: one wrong answer does not stop Run All."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.checks.later_students import DEEP
from tests.checks.students import GLOROT, NETWORK

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "source" / "digits"

QUICK = "def train(sess, net, n_epochs, mini_batch_size=64):\n    return [], []\n"
DATA = "x_train, y_train_1_hot, x_test, y_test_1_hot = x_train_2d, y_train, x_test_2d, y_test\n"
NOTHING = "def {name}(*arguments, **named):\n    return None\n"
RAISES = "def {name}(*arguments, **named):\n    return missing\n"
NETS = ("one_layer_network", "two_layer_network", "deep_network")
LEFT = "net = sess = acc_trn = acc_val = sweep = best_learning_rate = None\n"

# By notebook, what students left in place of solutions: names that are wrong in kind, functions that give nothing or raise.
WRONG = {
    "labels that are not one-hot": ("1_one_layer", DATA + GLOROT + NETWORK + QUICK),
    "a layer without a pair": ("1_one_layer", DATA + GLOROT.replace("return h, W", "return h") + NETWORK + QUICK),
    "functions that return nothing": (
        "1_one_layer",
        DATA + "".join(NOTHING.format(name=name) for name in ("fully_connected_layer", "one_layer_network", "train")),
    ),
    "functions that raise": (
        "1_one_layer",
        DATA + "".join(RAISES.format(name=name) for name in ("fully_connected_layer", "one_layer_network", "train")),
    ),
    "networks that are nothing": ("2_two_layers", "".join(NOTHING.format(name=name) for name in NETS) + LEFT),
    "gradients that raise": (
        "2_two_layers",
        RAISES.format(name="two_layer_network") + RAISES.format(name="input_gradients") + LEFT,
    ),
    "a deep network that raises": ("3_deep_network", RAISES.format(name="deep_network") + LEFT),
    "results that are nothing": ("3_deep_network", DEEP.replace("return SimpleNamespace", "SimpleNamespace") + LEFT),
}


def with_answers(notebook: str, answers: str) -> list[str]:
    """The notebook's cells with these answers in place of the solutions; those that only check are left out."""
    cells = []
    for cell in nbformat.read(SOURCE / f"{notebook}.ipynb", as_version=4).cells:
        terms = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and not terms.get("grade"):
            cells.append(answers if terms.get("solution") else cell.source)
    return cells


@pytest.fixture(scope="module")
def ran(asked):
    """The errors of all cells, by name of what was answered."""
    works = [{"name": name, "cells": with_answers(*WRONG[name])} for name in asked("name")]
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "checks" / "check_side.py")],
        input=json.dumps(works),
        cwd=SOURCE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{SOURCE}", "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", WRONG)
def test_no_given_cell_stops_at_a_wrong_answer(ran, name):
    cells = with_answers(*WRONG[name])
    errors = ran[name]["errors"]
    assert len(errors) == len(cells)
    assert [(cell, error) for cell, error in zip(cells, errors, strict=True) if error] == []


def test_what_went_wrong_is_one_sentence_and_an_interrupt_goes_through(capsys):
    from netgrader.student import going_on

    with going_on():
        raise ValueError("axis 1 is out of bounds\nand more")
    assert capsys.readouterr().out == (
        "This cell shows what the cells above made, and cannot: ValueError: axis 1 is out of bounds. "
        "What is wrong there says their check.\n"
    )
    with pytest.raises(KeyboardInterrupt), going_on():
        raise KeyboardInterrupt

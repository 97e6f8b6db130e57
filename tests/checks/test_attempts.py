"""Wrong attempts in a notebook: `check` tells each what is wrong, the cause and what to write, in the student's kernel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from netgrader.faults import CATALOGUE
from tests.checks import later_students, students
from tests.checks.attempts import ATTEMPTS, WITH_DATA, WITH_LAYER, Attempt
from tests.checks.test_hidden_tests import hidden_tests
from tests.faults.blocks import BLOCKS, EXAMPLE, TRAIN

ROOT = Path(__file__).resolve().parents[2]


BEYOND = "and also checks whether"

# What graders' tests know of wrong work, by exercise: its notebook, the cells before, and the works.
KNOWN = {
    "fully_connected_layer": ("one_layer", (), students.WRONG_LAYERS),
    "one_layer_network": ("one_layer", (students.GLOROT,), students.WRONG_NETWORKS),
    "two_layer_network": ("two_layers", (), later_students.WRONG_TWO_LAYERS),
    "learning_rate_sweep": ("two_layers", (later_students.NARROW,), later_students.WRONG_SWEEPS),
    "input_gradients": (
        "two_layers",
        (later_students.NARROW, "net = two_layer_network()"),
        later_students.WRONG_GRADIENTS,
    ),
    "deep_network": ("deep_network", (), later_students.WRONG_DEEP),
}
WORKS = {
    f"{exercise}: {name}": Attempt(exercise, (students.GIVEN + WITH_LAYER, *before, one.source), ())
    for exercise, (_, before, works) in KNOWN.items()
    for name, one in works.items()
    if one.source.strip() != "pass"
}
# The loop on each page of a fault that costs something.
LOOPS = {
    f"train: {block.page}": Attempt("train", (WITH_DATA, block.text), ())
    for block in BLOCKS
    if (block.kind, block.section) == (TRAIN, EXAMPLE) and not CATALOGUE[block.page].remark
}


@pytest.fixture(scope="module")
def told(tmp_path_factory, asked):
    """What was shown after the last cell of each attempt that is asked for, in one kernel."""
    folder = tmp_path_factory.mktemp("notebooks")
    source = ROOT / "source" / "digits"
    shutil.copytree(source / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "after_one_layer.py", folder)
    order = [
        {"name": name, "cells": [*one.cells, one.check if "(" in one.check else f'check("{one.check}")']}
        for name, one in {**ATTEMPTS, **WORKS, **LOOPS}.items()
        if name in asked("name")
    ]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("check_side.py"))],
        input=json.dumps(order),
        cwd=folder,
        env={
            **os.environ,
            "NETGRADER_DATA": str(ROOT / "data" / "mnist.npz"),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
        },
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_the_cause_is_told_and_what_to_write(told, name):
    one, shown = ATTEMPTS[name], told[name]["shown"]
    assert told[name]["error"] is None
    assert [part for part in one.said if part not in shown] == [], shown
    assert [part for part in one.never if part in shown] == [], shown


AS_GRADING_BUILDS_IT = {"two_layer_network: another loss the third time"}
"""What is right but for the networks that a hidden test compares, which looks for any fault."""


@pytest.mark.parametrize("name", WORKS)
def test_nothing_that_grading_names_is_all_green_but_for_what_the_answer_says_only_grading_sees(told, name):
    exercise, _, work = name.partition(": ")
    notebook, _, works = KNOWN[exercise]
    shown = told[name]["shown"]
    assert told[name]["error"] is None
    if ": all " in shown:
        hidden = [terms for terms in hidden_tests(notebook).values() if terms.cell == f"check_{exercise}"]
        assert works[work].faults <= {code for terms in hidden for code in terms.faults} or name in AS_GRADING_BUILDS_IT
        assert BEYOND in shown


@pytest.mark.parametrize("name", LOOPS)
def test_no_loop_with_a_mistake_is_all_green(told, name):
    assert told[name]["error"] is None
    assert ": all " not in told[name]["shown"]


NOTEBOOKS = ("one_layer", "two_layers", "deep_network")


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_of_each_cell_with_hidden_tests_the_answer_says_what_they_look_at(notebook):
    tables = tomllib.loads((ROOT / "source" / "digits" / "checks" / "exercises.toml").read_text())
    cells = {terms.cell.removeprefix("check_") for terms in hidden_tests(notebook).values()}
    assert [cell for cell in cells if not tables[cell].get("only_in_grading", "").startswith("whether ")] == []

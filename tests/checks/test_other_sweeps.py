"""Sweeps over hyperparameters other than the learning rate, in a course with three classes of 12 by 9 pixels."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphread.lab.local import LocalLab
from netgrader.checks import Failed, TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.evidence import read_evidence
from netgrader.judges.hyperparameters import require_followed
from netgrader.judges.sweep_runs import require_run
from netgrader.judges.sweeps import StudentSweep, Swept, require_best, require_chosen, require_grid, student_sweep
from tests.checks.sweep_side import CELL
from tests.datasets import DIGITS, signs, toml_of
from tests.processes import run_program
from tests.programs import programs

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/ask-for-a-sweep.md").read_text(encoding="utf-8")
BLOCKS = {
    file: text.replace("dropout_sweep", "the_sweep")
    for file, text in re.findall(r"```(?:python|toml)\n# in (\S+)\n(.*?)```", GUIDE, re.DOTALL)
}
"""The sweep over dropout as the guide writes it."""
PROBE = (
    BLOCKS["probes_flowers_sweep.py"]
    + """
from netgrader.student.handing_over import hand_over_arrays


@probe("check_prepare_data")
def prepare_data(student, out):
    hand_over_arrays(student, out)


@probe("check_network")
def network(student, out):
    student.networks(out, "network")
"""
)
TABLES = """
[exercises]
prepare_data = "data"
network = "free-network"
the_sweep = "sweep"

[network]
min_layers = 1

[the_sweep]
network = "network"
"""
GRIDS = {
    "dropout": BLOCKS["exercises.toml"]
    .partition("\n")[2]
    .replace('network = "network"', "")
    .replace('parameter = "dropout"', ""),
    "learning_rate": "rates = 4\ndecades = 2",
    "width": 'argument = "n_hidden"\nvalues = 3\ndecades = 1',
    "layers": "values = 3",
    "l2": "values = 3\ndecades = 2",
    "momentum": "values = 3",
}

STUDENTS = programs("cells/flowers_sweep")


@pytest.fixture(scope="module")
def handed_over(request, tmp_path_factory) -> Path:
    """Evidence of the students that are tried, each in a folder, and the courses that they are in."""
    mine = [item for item in request.session.items if item.module is request.module and hasattr(item, "callspec")]
    tried = {item.callspec.params.get("name") for item in mine}
    folder = tmp_path_factory.mktemp("sweeps")
    data = toml_of(signs(folder))
    for parameter, grid in GRIDS.items():
        checks = folder / f"checks {parameter}"
        checks.mkdir()
        tables = f'{data}{TABLES}parameter = "{parameter}"\n{grid}\n'
        (checks / "exercises.toml").write_text(tables, encoding="utf-8")
        (checks / "probes_flowers_sweep.py").write_text(PROBE, encoding="utf-8")
    jobs = {
        str(folder / name): {"source": one.source, "checks": str(folder / f"checks {one.terms['parameter']}")}
        for name, one in STUDENTS.items()
        if name in tried
    }
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    env = {"NETGRADER_DATA": str(folder)}
    run_program(Path(__file__).with_name("sweep_side.py"), folder / "jobs.json", env=env)
    return folder


def opened(folder: Path, name: str) -> TestContext:
    """Return what tests of a student's sweep work on."""
    outside = {"challenges": {CELL: 5}, "cells": [{"name": "the_sweep", "cpu_seconds": 9.0, "evidence": CELL}]}
    exercises = load_exercises(folder / f"checks {STUDENTS[name].terms['parameter']}")
    return TestContext(folder / name, exercises, LocalLab, data=folder / "signs.npz", outside=outside)


def verdict(folder: Path, name: str) -> tuple[str | None, list[str]]:
    """Return the code of the first fault that the checks of a sweep find, if they find one, and those of remarks."""
    bench = opened(folder, name)
    remarks: list[str] = []
    try:
        judge(bench, lambda code, **_: remarks.append(code))
    except Failed as failed:
        return failed.faults[0].code, remarks
    finally:
        bench.close()
    return None, remarks


def judge(bench: Any, remark: Any) -> None:
    """Do what public and hidden checks of a sweep do."""
    sweep = student_sweep(bench)
    require_chosen(bench)
    require_grid(sweep)
    require_best(sweep)
    require_followed(bench)
    require_run(bench, remark)


@pytest.mark.parametrize("name", STUDENTS)
def test_a_sweep_is_judged_by_what_its_networks_are_and_came_to(handed_over, name):
    evidence = read_evidence(handed_over / name / CELL)
    assert evidence.problem is None
    assert not evidence.errors
    code, remarks = verdict(handed_over, name)
    assert ({code} - {None}, set(remarks)) == (STUDENTS[name].codes, STUDENTS[name].remarks)


@pytest.mark.parametrize(
    ("name", "points"), [("dropout", 4.0), ("dropout ignored", 3.0), ("dropout, narrow", 3.0), ("dropout made up", 1.0)]
)
def test_the_checks_of_the_guide_tell_what_is_right_and_what_is_not(handed_over, tmp_path, name, points):
    files = [tmp_path / "test_flowers_sweep_public.py", tmp_path / "test_flowers_sweep.py"]
    for file in files:
        file.write_text(BLOCKS[file.name], encoding="utf-8")
    checks = handed_over / "checks dropout"
    (checks / "faults.toml").write_text(BLOCKS["faults.toml"], encoding="utf-8")
    bench = opened(handed_over, name)
    found = run_tests(bench, files[:1], files[1:])
    bench.close()
    assert found.log == ()
    results = found.checks[CELL]
    assert sum(check.credit for check in results) == points, [check.message for check in results]
    told = [check.message for check in results if "sweep-too-narrow" in check.faults]
    assert all("too much alike" in str(message) for message in told)
    assert bool(told) is (name == "dropout, narrow")


ASKED = Swept("sweep", "network", "width", "width", values=3)
WIDTHS, ACCURACIES = np.array([4.0, 8, 16, 32, 64]), np.array([0.7, 0.9, 0.97, 0.99, 0.98])


@pytest.mark.parametrize(
    ("asked", "fits"),
    [
        ({"values": 5}, True),
        ({"values": 6}, False),
        ({"span": 60.0}, True),
        ({"span": 70.0}, False),
        ({"decades": 1.2}, True),
        ({"decades": 1.5}, False),
        ({"between": (4.0, 64.0)}, True),
        ({"between": (5.0, 64.0)}, False),
        ({"between": (1.0, 50.0)}, False),
    ],
)
def test_a_grid_is_as_wide_as_the_exercise_asks_for(asked, fits):
    sweep = StudentSweep(WIDTHS, ACCURACIES, 16, DIGITS, asked=replace(ASKED, **asked))
    if fits:
        require_grid(sweep)
        return
    with pytest.raises(Failed) as caught:
        require_grid(sweep)
    assert caught.value.faults[0].code == "sweep-too-narrow"

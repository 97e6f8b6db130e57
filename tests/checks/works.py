"""Students' work in the digits notebooks, graded by the course's own checks in a process with TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from netgrader.checks.cell_points import cell_points
from netgrader.files import decode
from netgrader.results import CheckResult, Outcome
from tests.processes import run_program
from tests.programs import Program, programs, source

GIVEN, LATER = source("cells/given:notebook 1"), source("cells/given:notebook 2")
GLOROT = source("cells/fully_connected_layer:get_variable")
NARROW = source("cells/two_layer_network:narrow")
DEEP = source("cells/deep_network:dropout with a switch")
EXERCISES = {
    "prepare_data": ("one_layer", (GIVEN,)),
    "fully_connected_layer": ("one_layer", (GIVEN,)),
    "one_layer_network": ("one_layer", (GIVEN, GLOROT)),
    "two_layer_network": ("two_layers", (LATER,)),
    "learning_rate_sweep": ("two_layers", (LATER, NARROW)),
    "two_layer_training": ("two_layers", (LATER, NARROW, source("cells/given:two layers, trained"))),
    "input_gradients": ("two_layers", (LATER, NARROW, "net = two_layer_network()")),
    "deep_network": ("deep_network", (LATER,)),
}
"""By exercise: the notebook whose checks look at it, and the cells before."""


def works_of(*exercises: str) -> dict[str, Program]:
    """Return the programs of exercises by ``EXERCISE: NAME``."""
    return {f"{exercise}: {name}": one for exercise in exercises for name, one in programs(f"cells/{exercise}").items()}


def entries(names: set[str]) -> list[dict[str, Any]]:
    """Return what `graded` is asked for: each exercise once, with the works that are named."""
    return [
        {
            "name": exercise,
            "cells": [f"check_{exercise}"],
            "sources": before,
            "notebook": notebook,
            "variants": variants,
        }
        for exercise, (notebook, before) in EXERCISES.items()
        if (variants := {name: one.source for name, one in works_of(exercise).items() if name in names})
    ]


def graded(works: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Grade pieces of work by `grade_students`, all in one process; return their verdicts by name."""
    order, told = folder / "work.json", folder / "verdicts.json"
    order.write_text(json.dumps(works))
    run_program(Path(__file__).with_name("grade_students.py"), order, told)
    return {entry["name"]: entry for entry in json.loads(told.read_text())}


def checks_of(verdict: dict[str, Any], cell: str) -> list[CheckResult]:
    return [decode(CheckResult, check) for check in verdict["checks"][cell]]


def codes_of(checks: list[CheckResult], *outcomes: Outcome) -> set[str]:
    return {code for check in checks if check.outcome in outcomes for code in check.faults}


def said_of(checks: list[CheckResult]) -> str:
    return "\n".join(f"{c.outcome} {c.check} {c.faults} {c.message}" for c in checks if c.outcome != Outcome.PASSED)


def require(verdicts: dict[str, Any], name: str, one: Program) -> None:
    """A right work keeps all points; of a wrong one its codes are named, no others, and it costs what its table says."""
    checks = checks_of(verdicts[name], f"check_{name.partition(':')[0]}")
    assert verdicts[name]["log"] == [], verdicts[name]["log"]
    assert codes_of(checks, Outcome.FAILED, Outcome.PARTIAL) == one.codes, said_of(checks)
    assert not [check for check in checks if check.outcome is Outcome.UNGRADABLE], said_of(checks)
    assert (cell_points(checks, 1) == 1) is not bool(one.codes), said_of(checks)
    if not one.codes:
        assert {check.outcome for check in checks} == {Outcome.PASSED}, said_of(checks)
        assert codes_of(checks, Outcome.PASSED) == one.remarks
    if "share" in one.terms:
        assert cell_points(checks, 1) == one.terms["share"], said_of(checks)
    if "only" in one.terms:
        named = {
            check.check.partition("::")[2] for check in checks if check.outcome is not Outcome.PASSED and check.faults
        }
        assert named == {one.terms["only"]}, said_of(checks)

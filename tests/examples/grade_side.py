"""Record and verify evidence of students' work in an example course, in a separate process with TensorFlow.

``python grade_side.py ASSIGNMENT WORK.json VERDICTS.json``: WORK holds a list of ``{"sources", "works"}``. The sources are run
once, such as a network that is trained; each of the works, ``{"name", "cell", "source"}``, is run after them in a copy of their
names. Each entry has a fork of its own, as a notebook has a kernel of its own: what its sessions trained is noted there.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np  # isort: skip
import tensorflow.compat.v1 as tf  # isort: skip
from graphread.lab.local import LocalLab
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.data import load_data
from netgrader.student import setup
from netgrader.student.capture import take

COURSE = Path(__file__).resolve().parents[2] / "examples" / "clothes"


def grade(assignment: str, entry: dict[str, Any], told: Path) -> None:
    """Run the sources of an entry, then each of its works, and write what the checks say of it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    np.random.seed(1)  # noqa: NPY002  (the one that students use)
    tf.set_random_seed(1)
    for number, source in enumerate(entry["sources"]):
        _run(source, f"<cell {number}>", namespace)
    found = {}
    for work in entry["works"]:
        own = dict(namespace)
        _run(work["source"], f"<{work['name']}>", own)
        found[work["name"]] = judged(assignment, work["cell"], own)
    told.write_text(json.dumps(found), encoding="utf-8")


def judged(assignment: str, cell: str, namespace: dict[str, Any]) -> dict[str, Any]:
    """Return what public and hidden checks say of a cell."""
    source = COURSE / "source" / assignment / "checks"
    public, hidden = source / f"test_{assignment}_public.py", COURSE / "grader_tests" / f"test_{assignment}.py"
    with tempfile.TemporaryDirectory() as checks, tempfile.TemporaryDirectory() as root:
        shutil.copytree(source, checks, dirs_exist_ok=True)
        out = Path(root) / cell
        out.mkdir()
        take(cell, namespace, out, checks)
        exercises = load_exercises(Path(checks))
        outside: dict[str, Any] = {}
        if cell == "check_dropout_sweep":  # as when graded: it has to have been run here
            run_here = {"name": cell.removeprefix("check_"), "cpu_seconds": 60.0, "evidence": cell}
            outside = {"challenges": {cell: 5}, "cells": [run_here]}
        data = COURSE / "data" / exercises.data.file
        bench = TestContext(Path(root), exercises, LocalLab, data=data, outside=outside)
        try:
            run = run_tests(bench, [public], [hidden], cells=[cell])
        finally:
            bench.close()
    return {"checks": [dataclasses.asdict(check) for check in run.checks[cell]], "log": list(run.log)}


def _run(source: str, name: str, namespace: dict[str, Any]) -> None:
    try:
        exec(compile(source, name, "exec"), namespace)  # noqa: S102  (a student's cell, of our own writing)
    except NotImplementedError as error:  # as in a notebook, the next cell is run
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201


def main(assignment: str, asked: Path, told: Path) -> int:
    """Fork for each entry, and put together what they found."""
    tf.disable_v2_behavior()
    checks = COURSE / "source" / assignment / "checks"
    os.environ["NETGRADER_CHECKS"] = str(checks)
    os.environ["NETGRADER_DATA"] = str(COURSE / "data")
    spec = load_exercises(checks).data
    load_data(spec, COURSE / "data" / spec.file)
    found: dict[str, Any] = {}
    for number, entry in enumerate(json.loads(asked.read_text(encoding="utf-8"))):
        part = told.with_name(f"{assignment}-{number}.json")
        child = os.fork()
        if not child:
            try:
                grade(assignment, entry, part)
            except BaseException:  # noqa: BLE001  (a child never goes on as its parent)
                sys.excepthook(*sys.exc_info())
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            return 1
        found |= json.loads(part.read_text(encoding="utf-8"))
    told.write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    setup()  # as the first cell of a notebook does
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

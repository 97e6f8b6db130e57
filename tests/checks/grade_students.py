"""Run in a process of its own, with TensorFlow: takes evidence of many students' work and verifies it.

``python grade_students.py WORK.json VERDICTS.json``: WORK holds a list of ``{"name", "cells", "sources"}``, and with
``"keep"`` a folder where the evidence is left.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import tensorflow.compat.v1 as tf

import netgrader.student  # noqa: F401  (as the notebook's first cell does)
from netgrader.checks.bench import Bench
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.lab.local import LocalLab
from netgrader.student.capture import take

ROOT = Path(__file__).resolve().parents[2]
CHECKS = ROOT / "source" / "digits" / "checks"
PUBLIC, HIDDEN = CHECKS / "test_one_layer_public.py", ROOT / "grader_tests" / "test_one_layer.py"


def main(asked: Path, told: Path) -> None:
    tf.disable_v2_behavior()
    told.write_text(json.dumps([grade(**work) for work in json.loads(asked.read_text())]))


def grade(name: str, cells: list[str], sources: list[str], keep: str | None = None) -> dict[str, object]:
    start = time.perf_counter()
    namespace: dict[str, object] = {"__name__": "__main__"}
    tf.reset_default_graph()
    for number, source in enumerate(sources):
        exec(compile(source, f"<cell {number}>", "exec"), namespace)  # noqa: S102  (a student's cell, of our own writing)
    with tempfile.TemporaryDirectory() as root:
        for cell in cells:
            out = Path(root) / cell
            out.mkdir()
            take(cell, namespace, out, CHECKS)
        if keep:
            shutil.copytree(root, keep)
        bench = Bench(Path(root), load_exercises(CHECKS), LocalLab)
        try:
            run = run_tests(bench, [PUBLIC], [HIDDEN], cells=cells)
        finally:
            bench.close()
    checks = {cell: [dataclasses.asdict(check) for check in found] for cell, found in run.checks.items()}
    return {"name": name, "checks": checks, "log": list(run.log), "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

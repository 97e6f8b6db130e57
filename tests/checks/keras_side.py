"""Record and verify evidence of models in a Keras course, in a separate process with eager TensorFlow.

``python keras_side.py CHECKS WORKS.json VERDICTS.json``: CHECKS is the folder of the course's files, WORKS students' cells by
name. Where a cell stops with an error, that is seen from outside, as when it is graded.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from graphread.lab.local import LocalLab
from netgrader.checks.context import TestContext
from netgrader.checks.exercises import load_exercises
from netgrader.checks.run import run_tests
from netgrader.student.capture import take

CELL, CHECK = "digits_model", "check_digits_model"


def judged(checks: Path, source: str) -> list[dict[str, Any]]:
    """Return what the checks say of a student's cell."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells: list[dict[str, Any]] = [{"name": CELL}, {"evidence": CHECK}]
    try:
        exec(compile(source, "<cell>", "exec"), names)  # noqa: S102  (a student's cell, of our own writing)
    except Exception as error:  # noqa: BLE001  (as in a notebook, the next cell is run)
        cells[0]["error"] = {"kind": type(error).__name__, "message": str(error), "names": ["model"]}
    with tempfile.TemporaryDirectory() as root:
        out = Path(root) / CHECK
        out.mkdir()
        take(CHECK, names, out, checks)
        bench = TestContext(Path(root), load_exercises(checks), LocalLab, outside={"cells": cells})
        try:
            run = run_tests(bench, [checks / "test_keras_public.py"])
        finally:
            bench.close()
    assert run.log == ()
    return [dataclasses.asdict(check) for check in run.checks[CHECK]]


def main(checks: str, works: str, verdicts: str) -> int:
    """Judge each piece of work."""
    asked = json.loads(Path(works).read_text(encoding="utf-8"))
    found = {name: judged(Path(checks), source) for name, source in asked.items()}
    Path(verdicts).write_text(json.dumps(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

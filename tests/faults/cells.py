"""Judges cells of exercises by the course's own checks, all in one process with TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.checks import grade_students, later_students, students

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.faults.blocks import Block

LONGEST = 1800  # seconds
# By exercise: the notebook whose checks look at it, and the cells before.
BEFORE = {
    "fully_connected_layer": ("one_layer", (students.GIVEN,)),
    "two_layer_network": ("two_layers", (later_students.GIVEN,)),
    "learning_rate_sweep": ("two_layers", (later_students.GIVEN, later_students.NARROW)),
    "two_layer_training": ("two_layers", (later_students.GIVEN, later_students.NARROW)),
    "input_gradients": ("two_layers", (later_students.GIVEN, later_students.NARROW, "net = two_layer_network()")),
}


def judged(blocks: Iterable[Block], folder: Path) -> dict[str, list[str]]:
    """The codes that the checks name, by the text of a program: those that cost points, and remarks."""
    texts = {str(number): block for number, block in enumerate({block.text: block for block in blocks}.values())}
    works = [
        {
            "name": name,
            "cells": [f"check_{block.exercise}"],
            "sources": [*BEFORE[block.exercise][1], block.text],
            "notebook": BEFORE[block.exercise][0],
        }
        for name, block in texts.items()
    ]
    order, told = folder / "work.json", folder / "verdicts.json"
    order.write_text(json.dumps(works), encoding="utf-8")
    command = [sys.executable, grade_students.__file__, str(order), str(told)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {
        texts[verdict["name"]].text: [
            code for checks in verdict["checks"].values() for check in checks for code in check["faults"]
        ]
        for verdict in json.loads(told.read_text(encoding="utf-8"))
    }

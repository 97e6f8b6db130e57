"""The grading benchmark runs and fills each row; `make bench` produces the real figures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from evaluation.bench.grading import ROWS
from evaluation.bench.submissions import SUBMISSIONS

ROOT = Path(__file__).parents[2]
NOT_IN_SHORT = {"2_two_layers", "3_deep_network", "otter"}


def test_its_short_form_runs_and_measures_each_row():
    command = [sys.executable, "-m", "evaluation.bench.grading", "--short"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = next(json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{"))
    assert set(found) == set(ROWS) - NOT_IN_SHORT
    assert all(figure > 0 for name in ("first", "further", "one worker") for figure in found[name])
    assert found["experiments"][1] > 0  # in wall time
    assert found["overhead"][0] > 0  # in processor time


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=lambda one: one.name)
def test_each_of_its_submissions_is_the_sample_classs_with_a_longer_training(submission, tmp_path):
    code = "".join(
        cell.source
        for path in submission.hand_in(tmp_path / "submission")
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    )
    assert all(new in code for new in submission.changes.values())

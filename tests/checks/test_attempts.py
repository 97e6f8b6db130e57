"""Wrong attempts in a notebook: `check` tells each what is wrong, the cause and what to write, in the student's kernel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checks.attempts import ATTEMPTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory, asked):
    """What was shown after the last cell of each attempt that is asked for, in one kernel."""
    folder = tmp_path_factory.mktemp("notebooks")
    source = ROOT / "source" / "digits"
    shutil.copytree(source / "checks", folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "after_one_layer.py", folder)
    order = [
        {"name": name, "cells": [*ATTEMPTS[name].cells, f'check("{ATTEMPTS[name].check}")']} for name in asked("name")
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
        timeout=900,
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

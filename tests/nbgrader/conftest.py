"""Programs of this environment as typed, with a home folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MINUTE = 60
# Several of nbgrader's commands in one process, as its own tests run them: each start of Python costs seconds.
DRIVER = """
import json, sys
from nbgrader.tests import run_nbgrader
for arguments in json.loads(sys.argv[1]):
    run_nbgrader(arguments)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a program in a folder; gives the finished process."""
    theirs = ("NETGRADER_", "PYTEST_", "JUPYTER")
    env = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env |= {"PATH": path, "HOME": str(tmp_path_factory.mktemp("home"))}

    def started(folder, *command):
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=10 * MINUTE, check=False
        )

    return started


@pytest.fixture(scope="module")
def nbgrader(run):
    """Run nbgrader's commands one after another in a folder."""

    def started(folder, *commands):
        script = [sys.executable, "-W", "ignore", "-c", DRIVER, json.dumps([command.split() for command in commands])]
        process = run(folder, *script)
        assert process.returncode == 0, process.stderr[-3000:]

    return started

"""Commands as people type them: processes of their own, in a course's folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def netgrader(request):
    """Run the command; gives the finished process."""
    command = Path(sys.executable).parent / "netgrader"
    # The tiny course needs no TensorFlow, which a zygote would import for each command anew.
    cold = {"NETGRADER_COLD": "1"} if "tiny" in request.fixturenames else {}

    def run(*arguments, cwd=None, seconds=120, **environment):
        env = {key: value for key, value in os.environ.items() if not key.startswith(("NETGRADER_", "PYTEST_"))}
        return subprocess.run(
            [command, *map(str, arguments)],
            cwd=cwd,
            env={**env, **cold, **environment},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    return run

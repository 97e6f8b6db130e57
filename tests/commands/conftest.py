"""Commands as typed: each in its own process, in a course's folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netgrader import cli


@pytest.fixture
def netgrader(request):
    """Run the command; gives the finished process."""
    command = Path(sys.executable).parent / "netgrader"
    # The tiny course needs no TensorFlow, which a zygote would import for each command anew.
    cold = {"NOTEBOOK_CAGE_COLD": "1"} if "tiny" in request.fixturenames else {}

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


@pytest.fixture
def typed(monkeypatch, capsys):
    """Run the command in this process, for what is said before anything is graded: one of its own takes seconds to begin."""

    def run(*arguments, **environment):
        with monkeypatch.context() as patch:
            for name, value in {"PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1", **environment}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["netgrader", *map(str, arguments)])
            patch.setitem(sys.modules, "rfc3987_syntax", None)
            with pytest.raises(SystemExit) as end:
                cli.main()
        return subprocess.CompletedProcess(arguments, end.value.code, *capsys.readouterr())

    return run

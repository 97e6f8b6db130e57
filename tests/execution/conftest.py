"""Notebooks of a few cells, with probes that need no TensorFlow, run in the real sandbox."""

from __future__ import annotations

import pytest

from netgrader.grading.execute import execute
from netgrader.grading.execution import ExecutionCell, ExecutionLimits, ExecutionRequest
from notebook_cage import open_sandbox

FACTS = {
    "number": 'out.fact("number", student.value("number"))',
    "again": 'out.fact("number", student.value("number"))',
    "last": 'out.fact("number", student.value("number"))',
    "call": 'out.fact("begun", True); out.fact("called", student.call("function"))',
    "drawn": 'out.fact("challenge", student.challenge)',
    "drawn_later": 'out.fact("challenge", student.challenge)',
}
PROBES = "from netgrader.student.probes import probe\n" + "".join(
    f'\n@probe("check_{name}")\ndef {name}(student, out):\n    {facts}\n' for name, facts in FACTS.items()
)


@pytest.fixture(scope="session")
def probes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probes")
    (folder / "probes_tests.py").write_text(PROBES)
    (folder / "exercises.toml").write_text("")
    return tuple(sorted(folder.iterdir()))


@pytest.fixture(scope="session")
def run(probes, tmp_path_factory):
    """Run cells (sources, or cells) and give what came of it, and the folder it stands in."""

    def run(*cells, limits=None, **request):
        folder = tmp_path_factory.mktemp("runs") / "run"
        made = [cell if isinstance(cell, ExecutionCell) else ExecutionCell(cell) for cell in cells]
        asked = ExecutionRequest(made, probes=probes, limits=limits or ExecutionLimits(), **request)
        return execute(asked, open_sandbox(), folder), folder

    return run


def check(name):
    """A check cell at which evidence is taken."""
    return ExecutionCell("raise RuntimeError('a check cell is not run')", name=name, evidence=name, runs=False)

"""Notebooks of a few cells, with probes that need no TensorFlow, run in the real sandbox."""

from __future__ import annotations

import pytest

from netgrader.grading.execute import execute
from netgrader.grading.execution import ExecutionCell, ExecutionLimits, ExecutionRequest
from notebook_cage import open_sandbox

PROBES = '''
"""Probes for tests."""

from netgrader.student.probes import probe


@probe("check_number")
def number(student, out):
    out.fact("number", student.value("number"))


@probe("check_again")
def again(student, out):
    out.fact("number", student.value("number"))


@probe("check_last")
def last(student, out):
    out.fact("number", student.value("number"))


@probe("check_call")
def call(student, out):
    out.fact("begun", True)
    out.fact("called", student.call("function"))


@probe("check_drawn")
def drawn(student, out):
    out.fact("challenge", student.challenge)


@probe("check_drawn_later")
def drawn_later(student, out):
    out.fact("challenge", student.challenge)
'''


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

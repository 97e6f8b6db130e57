"""The students' side without POSIX, as on Windows, and on macOS, as far as Linux can show."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from netgrader.wheels import FORM
from tests.student.test_notebooks_run import NOTEBOOKS, SOURCE, answers, cleared, complaints, outputs

ROOT = Path(__file__).parents[2]
OURS, READER = Path("packages/netgrader/src"), Path("packages/graphread/src")
CAGED = READER / "graphread/lab/wire.py"
"""The pipes between the grader and the server of a lab in a cage: no module that a student calls imports it."""
TAKEN = Path(__file__).with_name("without_posix.py")
WITHOUT = """
import sys
sys.path.insert(0, {wheel!r})
exec(compile(open({taken!r}, encoding="utf-8").read(), {taken!r}, "exec"))
import netgrader
assert netgrader.__file__.startswith({wheel!r}), netgrader.__file__
import graphread
assert graphread.__file__.startswith({wheel!r}), graphread.__file__
"""


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_students_modules_use_nothing_that_python_lacks_there(platform, fresh, tmp_path):
    """As typeshed knows each name of the standard library, by platform."""
    (wheel,) = fresh.glob(FORM)
    held = [Path(name) for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")]
    held = [OURS / path if (ROOT / OURS / path).is_file() else READER / path for path in held]
    command = [sys.executable, "-m", "mypy", "--platform", platform, "--cache-dir", tmp_path, *held]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert re.search(rf"^(Found|Success).*\b{len(held)} source files", said, re.MULTILINE), said
    assert [line for line in said.splitlines() if Path(line.partition(":")[0]) in {*held} - {CAGED}] == []


@pytest.fixture
def folder(fresh, tmp_path, monkeypatch):
    """A copy of the release whose wheel is unpacked, and a first cell that makes it what is imported."""
    monkeypatch.setenv("PYTHONWARNDEFAULTENCODING", "1")
    monkeypatch.setenv(
        "PYTHONWARNINGS", "ignore::EncodingWarning"
    )  # of others; without_posix.py has its own word on ours
    shutil.copytree(fresh, tmp_path / "digits")
    (wheel,) = fresh.glob(FORM)
    zipfile.ZipFile(wheel).extractall(tmp_path / "wheel")
    return tmp_path / "digits", WITHOUT.format(wheel=str(tmp_path / "wheel"), taken=str(TAKEN))


def run(notebook, folder, first):
    notebook.cells.insert(0, nbformat.v4.new_code_cell(first))
    options = {"timeout": 3600, "kernel_name": "python3", "allow_errors": True}
    NotebookClient(notebook, **options, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def test_what_is_taken_away_is_missed(folder):
    used = {"fcntl": "import fcntl", "SIGALRM": "import signal\nsignal.SIGALRM", "fork": "import os\nos.fork"}
    for name, code in used.items():
        module = "graphread.lab.one" if name == "fork" else "netgrader.student.one"
        scope = f"exec({code!r}, {{'__name__': {module!r}}})"
        (found,) = complaints(run(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(scope)]), *folder))
        assert name in found[1]


@pytest.mark.timeout(3600)  # beside other work the third trains for longer than a test may otherwise take
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_filled_in_and_not(name, folder):
    solved = nbformat.read(SOURCE / f"{name}.ipynb", as_version=4)
    empty = run(cleared(solved), *folder)
    raised = [output.ename for _, output in outputs(empty) if output.output_type == "error"]
    assert set(raised) == {"NotImplementedError"}
    assert len(complaints(empty)) == len(raised)
    assert all("not done yet" in text for text in answers(empty).values())
    filled = run(solved, *folder)
    assert complaints(filled) == []
    assert {cell: text for cell, text in answers(filled).items() if "checks passed. Grading runs" not in text} == {}

"""Run the README's commands in an environment with only this package of the checkout."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PACKAGE = Path(__file__).parents[1]
NOTEBOOK, PROGRAM = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def typed(python, folder, code):
    return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path):
    """A folder with the notebook of somebody who wants to know where it runs, and a file of numbers."""
    theirs = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("import os\nos.getcwd(), os.path.exists('/root/.ssh')")]
    )
    nbformat.write(theirs, tmp_path / "theirs.ipynb")
    given = tmp_path / "given"
    given.mkdir()
    (given / "numbers").write_text("1 2 3")
    for path in (given, given / "numbers"):
        path.chmod(0o755)
    return tmp_path


def require_examples(python, folder):
    done = typed(python, folder, NOTEBOOK)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    (cell,) = nbformat.read(folder / "ran.ipynb", 4).cells
    assert cell.outputs[0].data["text/plain"] == "('/home/student', False)"
    done = typed(python, folder, PROGRAM)
    assert done.stdout.split() == ["1", "2", "3", "0", "None"], done.stderr


def test_the_examples_do_what_they_say(folder):
    require_examples(sys.executable, folder)


def test_the_package_alone_is_enough_for_them(folder):
    """In an empty environment, as pip fills it."""
    python = folder / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE, "nbclient"], check=True)
    require_examples(python, folder)
    assert typed(python, folder, "import netgrader").returncode != 0


def test_its_command_names_each_promise(folder):
    done = subprocess.run([sys.executable, "-m", "notebook_cage"], capture_output=True, text=True, check=False)
    assert "kept  no network" in done.stdout
    assert (done.returncode, "OPEN" in done.stdout) in {(0, False), (1, True)}


def test_its_command_says_which_sandboxes_there_are(folder):
    done = subprocess.run([sys.executable, "-m", "notebook_cage", "none"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "There is no sandbox 'none'. There is: bubblewrap" in done.stderr

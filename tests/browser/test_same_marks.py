"""Two notebooks, three ways to grade them: our command, nbgrader's own, and formgrader's button give the same marks."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from netgrader.course import Course
from netgrader.nbgrader_plugin.gradebook import sync_cells
from tests.browser.jupyter import jupyter
from tests.browser.test_formgrader import Submissions

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
MARKS = """
select grade_cell.name, grade.auto_score, grade.needs_manual_grade from grade
join base_cell as grade_cell on grade.cell_id = grade_cell.id
join submitted_notebook on grade.notebook_id = submitted_notebook.id
join notebook on submitted_notebook.notebook_id = notebook.id
order by notebook.name, grade_cell.name
"""
# Cells that train, in notebooks in which other things are wrong: a softmax too many; no activation, gradients of logits.
TRAINING = {"1_one_layer": {"train"}, "2_two_layers": {"learning_rate_sweep", "two_layer_training"}}


def quick(folder):
    """Chloë's notebooks without the cells that train."""
    folder.mkdir(parents=True)
    for name, training in TRAINING.items():
        path = ROOT / "submitted" / "chloe" / "digits" / f"{name}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") in training:
                cell["source"] = "# I ran out of time."
        (folder / path.name).write_text(json.dumps(notebook), encoding="utf-8")


@pytest.fixture
def courses(tmp_path):
    """Three courses of one submission each, released, and nothing graded in them."""
    first = tmp_path / "1"
    for part in ("source", "grader_tests", "data"):
        shutil.copytree(ROOT / part, first / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", first)
    quick(first / "submitted" / "chloe" / "digits")
    sync_cells(Course(first).assignment("digits"), set(TRAINING))
    return first, *(Path(shutil.copytree(first, tmp_path / name)) for name in ("2", "3"))


def command(*arguments, cwd):
    env = {key: value for key, value in os.environ.items() if not key.startswith(("NETGRADER_", "PYTEST_"))}
    env["PATH"] = os.pathsep.join([str(BIN), env.get("PATH", "")])
    process = subprocess.run(
        [BIN / arguments[0], *arguments[1:]], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-2000:]


def marks(root):
    with sqlite3.connect(root / "gradebook.db") as database:
        found = database.execute(MARKS).fetchall()
    database.close()
    return found


@pytest.mark.slow
def test_our_command_nbgraders_own_and_formgraders_button_give_the_same_marks(courses, browser, tmp_path):
    ours, theirs, button = courses
    command("netgrader", "autograde", "digits", cwd=ours)
    command("nbgrader", "autograde", "digits", cwd=theirs)
    with jupyter(button, tmp_path / "home") as address:
        said = Submissions(browser, f"{address}/formgrader", "digits").open().press("chloe", "autograde")
    assert "Successfully autograded 'digits' for student 'chloe'." in said

    given = {name: score for name, score, _ in marks(ours)}
    assert given["check_prepare_data"] == given["check_fully_connected_layer"] == 2.0
    assert 0.0 < given["check_one_layer_network"] < 3.0
    assert given["check_train"] == given["check_two_layer_training"] == 0.0
    assert 0.0 < given["check_two_layer_network"] < 4.0
    assert 0.0 < given["check_input_gradients"] < 3.0
    assert marks(theirs) == marks(ours)
    assert marks(button) == marks(ours)

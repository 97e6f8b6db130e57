"""nbgrader's own assignments in a course of ours: its marks, its pages, and a kernel in the cage."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.conftest import CONFIG as OURS
from tests.conftest import build
from tests.nbgrader.plain_course import CONFIG, PLAIN, add_plain, hand_in

DRIVER = """
import json, sys
from nbgrader.tests import run_nbgrader
for arguments in json.loads(sys.argv[1]):
    run_nbgrader(arguments)
"""
NETGRADER = Path(sys.executable).with_name("netgrader")
SETTINGS = CONFIG.partition("\n")[2]
MINUTE = 60


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run programs of this environment in a folder, with a home of their own."""
    home = tmp_path_factory.mktemp("home")
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETGRADER_", "PYTEST_", "JUPYTER"))
    }
    env |= {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]), "HOME": str(home)}

    def started(folder, *command):
        return subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=10 * MINUTE, check=False
        )

    return started


@pytest.fixture(scope="module")
def nbgrader(run):
    """Run nbgrader's commands one after another in a folder."""

    def started(folder, *commands, fails=False):
        script = [sys.executable, "-W", "ignore", "-c", DRIVER, json.dumps([command.split() for command in commands])]
        process = run(folder, *script)
        assert (process.returncode != 0) == fails, process.stderr[-3000:]
        return process.stdout + process.stderr

    return started


def graded(root, nbgrader):
    """Release, hand in and grade the plain assignments with nbgrader's own commands."""
    nbgrader(root, *(f"generate_assignment {name} --force" for name in PLAIN))
    hand_in(root)
    nbgrader(root, *(f"autograde {name}" for name in PLAIN), *(f"generate_feedback {name}" for name in PLAIN))


def everything(root):
    """All that the gradebook says of what was handed in."""
    with Gradebook(f"sqlite:///{root}/gradebook.db") as gradebook:
        return {
            (name, submission.student_id, notebook.name, grade.name): (
                grade.auto_score,
                grade.manual_score,
                grade.max_score,
                grade.needs_manual_grade,
                {one.name: one.auto_comment for one in notebook.comments},
            )
            for name in PLAIN
            for submission in gradebook.assignment_submissions(name)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.fixture(scope="module")
def nbgraders_own(tmp_path_factory, nbgrader):
    """What nbgrader says of them in a course that is none of ours."""
    root = tmp_path_factory.mktemp("nbgraders") / "course"
    root.mkdir()
    (root / "nbgrader_config.py").write_text(CONFIG)
    add_plain(root)
    graded(root, nbgrader)
    return everything(root)


@pytest.fixture(scope="module")
def ours(tmp_path_factory, nbgrader):
    """A course of ours that has these assignments beside one with checks, graded by nbgrader's commands."""
    course = build(tmp_path_factory.mktemp("ours") / "course")
    course.write("nbgrader_config.py", OURS + SETTINGS)
    add_plain(course.root)
    graded(course.root, nbgrader)
    return course


@pytest.mark.slow
def test_marks_of_nbgraders_own_assignments_are_nbgraders(nbgraders_own, ours):
    assert len(nbgraders_own) == 3 * 13
    assert everything(ours.root) == nbgraders_own
    scores = {key: value[0] for key, value in nbgraders_own.items()}
    assert scores["ps1", "ada", "problem1", "partial"] == 4.0
    assert scores["ps1", "bob", "problem1", "correct_squares"] == 0.0  # the hidden test
    assert scores["ps2", "ada", "files", "total_is_right"] == 2.0  # with the course's data
    assert scores["ps2", "bob", "files", "helper"] == 0.0


@pytest.mark.slow
def test_their_feedback_pages_are_nbgraders(ours):
    page = (ours.root / "feedback" / "ada" / "ps1" / "problem1.html").read_text()
    assert "correct_squares" in page
    assert "Score: 1.0 / 1.0" in page

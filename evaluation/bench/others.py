"""Grade the same notebooks with other tools, with tests in the student's kernel: nbgrader alone, otter-grader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbgrader.api import Gradebook

from evaluation.bench.submissions import ASSIGNMENT, ROOT
from evaluation.bench.watched import CommandFailed, watched
from tests.programs import programs
from tests.sample_class.make import fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.bench.watched import Ran

__all__ = ["NOTEBOOK", "OtterCourse", "PlainCourse", "otter_test"]

NOTEBOOK = "1_one_layer"
TESTS = {
    "check_prepare_data": """
for x, y, n in ((x_train, y_train_1_hot, 60000), (x_test, y_test_1_hot, 10000)):
    assert x.shape == (n, 784) and y.shape == (n, 10)
    assert x.min() == 0 and x.max() == 1
    assert (y.sum(axis=1) == 1).all()
""",
    "check_fully_connected_layer": """
with tf.Graph().as_default(), tf.Session() as s:
    h, W = fully_connected_layer(tf.placeholder(tf.float32, [None, 784]), 10, activation=tf.nn.relu)
    assert W.shape == (784, 10) and h.shape[1] == 10
    s.run(tf.global_variables_initializer())
    assert abs(s.run(W)).max() <= (6 / 794) ** 0.5
""",
    "check_one_layer_network": """
tried = one_layer_network()
assert tried.logits.shape[1] == 10
assert tried.graph is tried.W1.graph
""",
    "check_train": """
tried = one_layer_network()
with tf.Session(graph=tried.graph) as s:
    trn, val = train(s, tried, 1)
    assert len(trn) == len(val) == 1
    assert 0.88 < s.run(tried.accuracy, {tried.X: x_test, tried.Y: y_test_1_hot}) < 0.95
""",
}
"""Asserts for the check cells of notebook 1, as hidden tests: how nbgrader is used without netgrader."""
HELPERS = ROOT / "source" / ASSIGNMENT
"""The folder of the modules that notebooks import."""
GRADEBOOK = "gradebook.db"
OUT = "out"
NBGRADER = (sys.executable, "-m", "nbgrader")
CONFIGURATION = """c = get_config()
c.CourseDirectory.course_id = "plain"
c.Execute.timeout = 600
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
"""


def otter_test(name: str, points: float, code: str) -> str:
    """Return a file of otter-grader's with one hidden doctest."""
    case = {"code": code, "hidden": True, "locked": False}
    suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return f"OK_FORMAT = True\ntest = { ({'name': name, 'points': points, 'suites': [suite]})!r}\n"


class PlainCourse:
    """A course in `folder` as nbgrader is used without us, in which `students` of the sample class handed in notebook 1."""

    def __init__(self, folder: Path, students: Sequence[str]) -> None:
        (folder / "source" / ASSIGNMENT).mkdir(parents=True)
        self.folder = folder
        self._students = students
        # nbgrader calls alembic by its name.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self._env = {**os.environ, "PATH": path, "NETGRADER_DATA": str(ROOT / "data"), "PYTHONPATH": str(HELPERS)}
        (folder / "nbgrader_config.py").write_text(CONFIGURATION, encoding="utf-8")
        source = nbformat.read(ROOT / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
        for cell in source.cells:
            tests = TESTS.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
            if tests:
                first = cell.source.splitlines()[-1]
                cell.source = f"print({first!r})\n### BEGIN HIDDEN TESTS{tests}### END HIDDEN TESTS"
        nbformat.write(source, folder / "source" / ASSIGNMENT / f"{NOTEBOOK}.ipynb")
        shutil.copy(ROOT / "data" / "mnist.npz", folder / "source" / ASSIGNMENT)
        watched([*NBGRADER, "generate_assignment", ASSIGNMENT], self._env, folder)
        for student in students:
            self._hand_in(student)
        self._gradebook = (folder / GRADEBOOK).read_bytes()

    def _hand_in(self, student: str) -> None:
        released = nbformat.read(self.folder / "release" / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
        written = programs(f"notebooks/sample_class/{student}")[NOTEBOOK].source
        target = self.folder / "submitted" / student / ASSIGNMENT
        target.mkdir(parents=True)
        nbformat.write(fill(released, written), target / f"{NOTEBOOK}.ipynb")

    def grade(self) -> Ran:
        """`nbgrader autograde` for the class."""
        (self.folder / GRADEBOOK).write_bytes(self._gradebook)
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        ran = watched([*NBGRADER, "autograde", ASSIGNMENT], self._env, self.folder)
        with Gradebook(f"sqlite:///{self.folder}/{GRADEBOOK}") as gradebook:
            for student in self._students:
                found = gradebook.find_submission_notebook(NOTEBOOK, ASSIGNMENT, student)
                _require_marks([cell.score for cell in found.grades], "nbgrader", student)
        return ran


class OtterCourse:
    """The same tests in otter's form, and the notebooks of `students`; `environment` has otter-grader and a student's set-up."""

    def __init__(self, folder: Path, students: Sequence[str], environment: Path) -> None:
        for name in ("tests", OUT):
            (folder / name).mkdir(parents=True)
        self.folder = folder
        self._python = str(environment / "bin" / "python")
        self._notebooks: list[str] = []
        for name, lines in TESTS.items():
            self._test(name, lines)
        for student in students:
            self._hand_in(student)
        shutil.copytree(HELPERS / "checks", folder / "checks")  # the notebooks look for it beside them
        command = [self._python, "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip", "checks"]
        subprocess.run(command, cwd=folder, env=self._env(), capture_output=True, check=True)

    def _test(self, name: str, lines: str) -> None:
        # What a student's function prints would be an output that a doctest does not expect.
        quietly = ">>> import contextlib, io\n>>> with contextlib.redirect_stdout(io.StringIO()):\n"
        code = f"{quietly}...     exec({lines!r}, globals())"
        (self.folder / "tests" / f"{name}.py").write_text(otter_test(name, 1, code), encoding="utf-8")

    def _hand_in(self, student: str) -> None:
        read = nbformat.read(ROOT / "submitted" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
        read.cells = [cell for cell in read.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
        nbformat.write(read, self.folder / f"{student}.ipynb")
        self._notebooks.append(f"{student}.ipynb")

    def _env(self) -> dict[str, str]:
        path = f"{Path(self._python).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "NETGRADER_DATA": str(ROOT / "data"), "PYTHONPATH": str(HELPERS)}

    def grade(self) -> list[Ran]:
        """`otter run` for each notebook; it takes one at a time."""
        command = [self._python, "-m", "otter", "run", "-a", "autograder.zip", "-o", OUT]
        ran = []
        for notebook in self._notebooks:
            ran.append(watched([*command, notebook], self._env(), self.folder))
            results = json.loads((self.folder / OUT / "results.json").read_text(encoding="utf-8"))
            _require_marks(
                [test["score"] for test in results["tests"] if "max_score" in test], "otter-grader", notebook
            )
        return ran


def _require_marks(points: Sequence[float], grader: str, what: str) -> None:
    """Raise `CommandFailed` if a grader gave no points for a cell: nobody of the class fails `TESTS`."""
    if not all(points):
        raise CommandFailed(
            f"{grader} gave {what} {points} points: something that the notebook needs is missing there."
        )

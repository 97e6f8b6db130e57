"""The same notebooks graded by others, with tests of their own in the student's kernel: nbgrader alone, otter-grader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from evaluation.bench.submissions import ASSIGNMENT, ROOT
from evaluation.bench.watched import CommandFailed, watched
from evaluation.plain_nbgrader import NOTEBOOK, TESTS, marks
from evaluation.plain_nbgrader import course as plain_course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluation.bench.watched import Ran

__all__ = ["NOTEBOOK", "OtterCourse", "PlainCourse"]

GRADEBOOK = "gradebook.db"
OUT = "out"


class PlainCourse:
    """A course in `folder` as nbgrader is used without us, in which `students` of the sample class handed in notebook 1."""

    def __init__(self, folder: Path, students: Sequence[str]) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self._students = students
        plain_course(folder, list(students))
        self._gradebook = (folder / GRADEBOOK).read_bytes()

    def grade(self) -> Ran:
        """`nbgrader autograde` for the class."""
        (self.folder / GRADEBOOK).write_bytes(self._gradebook)
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        # nbgrader calls alembic by its name.
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        env["NETGRADER_DATA"] = str(ROOT / "data")
        ran = watched([sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT], env, self.folder)
        for student in self._students:
            _require_marks(marks(self.folder, student)[0], "nbgrader", student)
        return ran


class OtterCourse:
    """The same tests in otter's form, and the notebooks of `students`; `environment` is where otter-grader is installed."""

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
        command = [self._python, "-m", "otter", "generate", "-t", "tests", "-o", "autograder.zip"]
        subprocess.run(command, cwd=folder, env=self._env(), capture_output=True, check=True)

    def _test(self, name: str, lines: str) -> None:
        # What a student's function prints would be an output that a doctest does not expect.
        quietly = ">>> import contextlib, io\n>>> with contextlib.redirect_stdout(io.StringIO()):\n"
        code = f"{quietly}...     exec({lines!r}, globals())"
        case = {"code": code, "hidden": True, "locked": False}
        suite = {"cases": [case], "scored": True, "setup": "", "teardown": "", "type": "doctest"}
        test = {"name": name, "points": 1, "suites": [suite]}
        path = self.folder / "tests" / f"{name}.py"
        path.write_text(f"OK_FORMAT = True\ntest = {test!r}\n", encoding="utf-8")

    def _hand_in(self, student: str) -> None:
        read = nbformat.read(ROOT / "submitted" / student / ASSIGNMENT / f"{NOTEBOOK}.ipynb", as_version=4)
        read.cells = [cell for cell in read.cells if not cell.metadata.get("nbgrader", {}).get("grade")]
        nbformat.write(read, self.folder / f"{student}.ipynb")
        self._notebooks.append(f"{student}.ipynb")

    def _env(self) -> dict[str, str]:
        path = f"{Path(self._python).parent}{os.pathsep}{os.environ['PATH']}"
        # The student's package, without ours: what the released notebooks import.
        return {**os.environ, "PATH": path, "NETGRADER_DATA": str(ROOT / "data"), "PYTHONPATH": str(ROOT)}

    def grade(self) -> list[Ran]:
        """`otter run` for each notebook; it takes one at a time."""
        command = [self._python, "-m", "otter", "run", "-a", "autograder.zip", "-o", OUT]
        ran = []
        for notebook in self._notebooks:
            ran.append(watched([*command, notebook], self._env(), self.folder))
            results = json.loads((self.folder / OUT / "results.json").read_text(encoding="utf-8"))
            _require_marks(sum(test.get("score") or 0 for test in results["tests"]), "otter-grader", notebook)
        return ran


def _require_marks(points: float, grader: str, what: str) -> None:
    """Compare nothing with a grader that did not get so far.

    Raises
    ------
    CommandFailed
        If it gave no points at all to one who trains.
    """
    if not points:
        raise CommandFailed(f"{grader} gave {what} no points: something that the notebook needs is missing there.")

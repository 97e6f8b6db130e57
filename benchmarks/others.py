"""The same notebooks graded by others, with tests of their own in the student's kernel: nbgrader alone, otter-grader."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from benchmarks.submissions import ASSIGNMENT, ROOT
from benchmarks.watched import watched
from studies.plain_nbgrader import NOTEBOOK, TESTS
from studies.plain_nbgrader import course as plain_course

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.watched import Ran

__all__ = ["NOTEBOOK", "OtterCourse", "PlainCourse"]

GRADEBOOK = "gradebook.db"


class PlainCourse:
    """A course in `folder` as nbgrader is used without us, in which `students` of the sample class handed in notebook 1."""

    def __init__(self, folder: Path, students: Sequence[str]) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        plain_course(folder, list(students))
        self._gradebook = (folder / GRADEBOOK).read_bytes()

    def grade(self) -> Ran:
        """`nbgrader autograde` for the class."""
        (self.folder / GRADEBOOK).write_bytes(self._gradebook)
        shutil.rmtree(self.folder / "autograded", ignore_errors=True)
        # nbgrader calls alembic by its name.
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        env["NETGRADER_MNIST"] = str(ROOT / "data")
        return watched([sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT], env, self.folder)


class OtterCourse:
    """The same tests in otter's form, and the notebooks of `students`; `environment` is where otter-grader is installed."""

    def __init__(self, folder: Path, students: Sequence[str], environment: Path) -> None:
        (folder / "tests").mkdir(parents=True)
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
        code = f">>> exec({lines!r}, globals())"
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
        return {**os.environ, "PATH": path, "NETGRADER_MNIST": str(ROOT / "data"), "PYTHONPATH": str(ROOT)}

    def grade(self) -> list[Ran]:
        """`otter run` for each notebook; it takes one at a time."""
        command = [self._python, "-m", "otter", "run", "-a", "autograder.zip", "-o", "out"]
        return [watched([*command, notebook], self._env(), self.folder) for notebook in self._notebooks]

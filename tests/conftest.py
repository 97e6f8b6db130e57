"""A tiny course for tests of the pipeline: sums and words, no TensorFlow, real nbgrader cells, probes and tests."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from netgrader.commands.release import generate
from netgrader.course import Assignment, Course
from netgrader.grading.execution import CellRun, CellStatus, Execution
from netgrader.grading.grade_submission import grade_job
from netgrader.grading.jobs import jobs_of
from netgrader.grading.run_report import written_bytes
from netgrader.nbgrader_plugin.gradebook import sync_cells
from netgrader.student.capture import take
from tests.golden.recorded import Golden, Recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbformat import NotebookNode

    from netgrader.grading.graded_notebook import GradedNotebook
    from netgrader.skeleton import SkeletonCell

TINY = tomllib.loads(Path(__file__).with_name("tiny_course.toml").read_text(encoding="utf-8"))
RIGHT = TINY["right"]
CONFIG = TINY["files"]["nbgrader_config.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where the evidence of students' programs comes from."""
    parser.addoption(
        "--golden",
        choices=[one.value for one in Golden],
        default=Golden.REPLAY.value,
        help="replay what stands in tests/golden; live: run the programs; record: run those that it lacks, and keep them",
    )


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """What the source of the course on digits generates now: its release, with the students' wheel."""
    target = tmp_path_factory.mktemp("release") / "digits"
    digits = Course(Path(__file__).parents[1]).assignment("digits")
    generate(digits, target, digits.notebooks, save=False)
    return target


@pytest.fixture(scope="module")
def recorded(request, tmp_path_factory):
    """The archive of this file of tests."""
    made = Recorded(request.path, Golden(request.config.getoption("golden")), tmp_path_factory.mktemp("golden"))
    yield made
    if not request.session.testsfailed:  # nothing is kept that a test refused
        made.close()


@pytest.fixture(scope="module")
def asked(request):
    """``asked("name")``: the values of a parameter that tests of this file are going to be called with, and no others."""

    def values(parameter: str) -> list[object]:
        found: list[object] = []
        for item in request.session.items:
            call = getattr(item, "callspec", None)
            if item.path == request.path and call and parameter in call.params and call.params[parameter] not in found:
                found.append(call.params[parameter])
        return found

    return values


def notebook_of_cells(cells: list[dict], prefix: str = "cell") -> NotebookNode:
    """A source notebook of cells as our tables have them: kind, source, and what is graded its id and points."""
    made = []
    for number, told in enumerate(cells):
        kind = told["kind"]
        make = nbformat.v4.new_markdown_cell if kind in {"text", "manual"} else nbformat.v4.new_code_cell
        about = {
            "grade": kind in {"check", "manual", "both"},
            "grade_id": told.get("id"),
            "locked": kind in {"given", "check"},
            "schema_version": 3,
            "solution": kind in {"solution", "manual", "both"},
            "task": False,
        } | ({"points": told["points"]} if "points" in told else {})
        made.append(make(told["source"], id=f"{prefix}-{number}", metadata={"nbgrader": about} if "id" in told else {}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})


def filled_in(cell: SkeletonCell, answers: Mapping[str, str]) -> dict[str, Any]:
    """Return a cell of a release as JSON, with the answer by its id if a student fills it in."""
    source = answers[cell.grade_id] if cell.is_solution else cell.source
    made: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": cell.cell_id,
        "metadata": dict(cell.frozen),
        "source": source,
    }
    if cell.nbgrader:
        made["metadata"]["nbgrader"] = dict(cell.nbgrader)
    return made | ({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})


@dataclass
class TinyCourse:
    """The course's folder, and students who fill in its notebooks."""

    root: Path
    assignment_id: str = "numbers"

    @property
    def course(self) -> Course:
        return Course(self.root)

    @property
    def assignment(self) -> Assignment:
        return self.course.assignment(self.assignment_id)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def filled(self, notebook: str = "1_sums", **answers: str) -> dict:
        """The release of `notebook` as a student fills it in: right, but for the cells named in `answers`."""
        skeleton = self.assignment.skeleton(notebook)
        cells = [filled_in(cell, {**RIGHT, **answers}) for cell in skeleton.cells]
        return {"cells": cells, "metadata": dict(skeleton.metadata), "nbformat": 4, "nbformat_minor": 5}

    def submit(
        self, student: str, notebook: str = "1_sums", content: dict | bytes | None = None, **answers: str
    ) -> Path:
        """Put a student's notebook into ``submitted/``."""
        path = self.root / "submitted" / student / self.assignment_id / f"{notebook}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            content = self.filled(notebook, **answers)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def grade(self, student: str = "ada") -> GradedNotebook:
        """Grade the one notebook that a student has handed in."""
        (job,) = jobs_of(self.assignment, student)
        return grade_job(job)

    def marks(self) -> dict[tuple[str, str], tuple[float | None, float | None, bool]]:
        """What the gradebook has, by student and cell: our points, a person's, and whether a person is to look."""
        with Gradebook(self.course.db_url) as gradebook:
            return {
                (submission.student_id, grade.name): (
                    grade.auto_score,
                    grade.manual_score,
                    bool(grade.needs_manual_grade),
                )
                for submission in gradebook.find_assignment(self.assignment_id).submissions
                for notebook in submission.notebooks
                for grade in notebook.grades
            }


def build(root: Path) -> TinyCourse:
    course = TinyCourse(root)
    for path, text in TINY["files"].items():
        course.write(path, text)
    course.write("source/numbers/checks/exercises.toml", "")
    for name, cells in TINY["notebooks"].items():
        course.write(f"source/numbers/{name}.ipynb", json.dumps(notebook_of_cells(cells, name[:1])))
    return course


def stand_in(course: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> TinyCourse:
    monkeypatch.chdir(course.root)
    monkeypatch.delenv("NETGRADER_COURSE", raising=False)
    monkeypatch.delenv("NETGRADER_STORE", raising=False)
    return course


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A tiny course in a folder of its own, which is also the working folder."""
    return stand_in(build(tmp_path / "course"), monkeypatch)


@pytest.fixture(scope="session")
def with_gradebook(tmp_path_factory):
    """A tiny course whose gradebook knows its first notebook: made once, since making one takes seconds."""
    course = build(tmp_path_factory.mktemp("template") / "course")
    sync_cells(course.assignment, {"1_sums"})
    return course.root


@pytest.fixture
def booked(tmp_path, monkeypatch, with_gradebook):
    """As `tiny`, with a gradebook that knows the first notebook."""
    shutil.copytree(with_gradebook, tmp_path / "course")
    return stand_in(TinyCourse(tmp_path / "course"), monkeypatch)


@pytest.fixture
def uncaged(monkeypatch):
    """Runs notebooks in this process, without kernel or cage: for tests of what happens before and after a run.

    Gives the list of the runs made.
    """
    runs = []

    def run(request, options, folder):
        runs.append([cell.name for cell in request.cells])
        namespace, cells = {}, []
        for cell in request.cells:
            outputs = []
            if cell.runs:
                printed = io.StringIO()
                try:
                    with contextlib.redirect_stdout(printed):
                        exec(cell.source, namespace)  # noqa: S102
                    outputs.append({"output_type": "stream", "name": "stdout", "text": printed.getvalue()})
                except Exception as error:  # noqa: BLE001
                    shown = {"ename": type(error).__name__, "evalue": str(error), "traceback": []}
                    outputs.append({"output_type": "error", **shown})
            if cell.evidence:
                evidence = folder / "evidence" / cell.evidence
                evidence.mkdir(parents=True)
                take(cell.evidence, namespace, evidence, request.probes[0].parent, seed=request.seed)
            cells.append(CellRun(cell.name, CellStatus.OK, outputs=tuple(outputs)))
        outside = {"written_bytes": written_bytes(request.cells, request.helpers)}
        execution = Execution(tuple(cells), seconds={"total": 0.5, "student": 0.25}, outside=outside)
        execution.save(folder)

    monkeypatch.setattr("netgrader.grading.stages.run_request", run)
    return runs

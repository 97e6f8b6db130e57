"""Whole notebooks as students hand them in, each with faults, graded in the cage on all of MNIST."""

import tomllib
from pathlib import Path

import nbformat
import pytest

from netgrader.course import Course
from netgrader.grading.jobs import find_jobs
from netgrader.grading.pool import ProcessPool, Task, grade_tasks
from netgrader.grading.stages import Options
from tests.programs import programs
from tests.sample_class.make import fill as fill_in

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "faulty"
RIGHT = {
    **{name: one.source for name, one in programs("notebooks/sample_class/ada").items()},
    "1_one_layer": (FOLDER / "right.py").read_text(encoding="utf-8"),
}
MISTAKES = tomllib.loads((FOLDER / "mistakes.toml").read_text(encoding="utf-8"))


def notebook_of(student):
    return MISTAKES[student].get("notebook", "1_one_layer")


def written(student):
    """What a student of the table wrote."""
    text = RIGHT[notebook_of(student)]
    for old, new in MISTAKES[student]["changes"]:
        assert old in text, f"{student} changes nothing with {old!r}"
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The results by student, graded two at a time by the course's own tests."""
    folder = tmp_path_factory.mktemp("faulty")
    tasks = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(folder / "store"))
        for student in MISTAKES:
            path = folder / student / f"{notebook_of(student)}.ipynb"
            path.parent.mkdir()
            release = nbformat.read(ROOT / "release" / "digits" / path.name, as_version=4)
            nbformat.write(fill_in(release, written(student)), path)
            tasks += [Task(student, job) for job in find_jobs(path, Course(ROOT))]
        done = grade_tasks(tasks, Options(threads=1), ProcessPool(2))
    return {one.task.student: one.result for one in done}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("student", MISTAKES)
def test_faults_are_named_where_they_were_made_and_nowhere_else(graded, student):
    result = graded[student]
    assert (result.status, result.problem) == ("graded", None)
    named = {
        cell.cell: {code for check in cell.checks if check.outcome != "passed" for code in check.faults}
        for cell in result.cells
    }
    expected = {f"check_{cell}": set(codes) for cell, codes in MISTAKES[student]["faults"].items()}
    assert {cell: codes for cell, codes in named.items() if codes} == expected
    for cell in (cell for cell in result.cells if not cell.manual):
        assert (cell.points == cell.max_points) == (cell.cell not in expected)

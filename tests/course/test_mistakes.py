"""Complete notebooks, right except for a listed change, graded in the sandbox by the course's own tests.

The courses are ours on all of MNIST, those that `netgrader new` writes, and the examples. Alternative right solutions keep
all points; a mistake is charged once, in its own cell.
"""

import copy
import shutil
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest

from netgrader.commands.release import release
from netgrader.course import Course
from netgrader.grading.jobs import find_jobs
from netgrader.grading.pool import ProcessPool, Task, grade_tasks
from netgrader.grading.stages import Options
from netgrader.new_course import NewAssignment, make_assignment, make_config
from tests.commands.test_new import SHAPES, prices, shapes
from tests.programs import programs
from tests.sample_class.make import fill as fill_in

__all__ = ["prices", "shapes"]

ROOT, FOLDER = Path(__file__).resolve().parents[2], Path(__file__).parent / "faulty"
DIGITS, NEW = (tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in ("mistakes", "new_courses"))
COURSES = {"digits": DIGITS, **NEW}
RIGHT = {
    **{name: one.source for name, one in programs("notebooks/sample_class/ada").items()},
    "1_one_layer": (FOLDER / "right.py").read_text("utf-8"),
    "3_deep_network": (FOLDER / "deep.py").read_text("utf-8"),
}


def changed(texts, mistake):
    """The texts of a right notebook with what a row of the table changes, each in the first that has it."""
    for old, new in mistake["changes"]:
        place = next((place for place, text in enumerate(texts) if old in text), None)
        assert place is not None, f"{old!r} changes nothing"
        texts[place] = texts[place].replace(old, new)
    return texts


def made(name, root, shapes, prices):
    """An assignment in a course at `root`, and its right notebook."""
    wanted = {
        "shapes": NewAssignment(name, shapes, "shape", SHAPES, 0.85),
        "numbers": NewAssignment(name, prices, "price", target=2.0, unit="k€"),
        "tumours": NewAssignment(name, prices.with_name("tumours.npz"), "tumour", target=0.85, one_output=True),
    }.get(name)
    if wanted is not None:
        with np.load(prices) as given:
            np.savez(prices.with_name("tumours.npz"), x=given["x"], y=(given["y"] > 40).astype(int))
        make_config(root)
        make_assignment(root, wanted)
        (right,) = (root / "submitted" / "right").rglob("*.ipynb")
    else:
        shutil.copytree(ROOT / "examples" / "clothes", root, dirs_exist_ok=True)
        right = root / "source" / name / f"1_{name}.ipynb"
    release(Course(root).own_assignment(name, "a test"))
    return nbformat.read(right, as_version=4), right.name


def handed_in(course, mistake, right, root):
    """The notebook of a student, its name, and the course that grades it."""
    if course == "digits":
        name = mistake.get("notebook", "1_one_layer")
        (text,) = changed([RIGHT[name]], mistake)
        released = nbformat.read(ROOT / "release" / "digits" / f"{name}.ipynb", as_version=4)
        return fill_in(released, text), f"{name}.ipynb", Course(ROOT)
    notebook, file = copy.deepcopy(right[0]), right[1]
    for cell, text in zip(notebook.cells, changed([cell.source for cell in notebook.cells], mistake), strict=True):
        cell.source = text
    return notebook, file, Course(root)


@pytest.fixture(scope="module")
def graded(shapes, prices, asked, tmp_path_factory):
    """The results by course and student, graded two at a time."""
    tasks, roots, rights = [], {}, {"digits": None}
    for number, (course, student) in enumerate(asked("of")):
        if course not in rights:
            roots[course] = tmp_path_factory.mktemp(course)
            rights[course] = made(course, roots[course], shapes, prices)
        notebook, file, of = handed_in(course, COURSES[course][student], rights[course], roots.get(course))
        path = tmp_path_factory.mktemp(f"student{number}") / file
        nbformat.write(notebook, path)
        tasks += [Task(f"{course}: {student}", job) for job in find_jobs(path, of)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETGRADER_STORE", str(tmp_path_factory.mktemp("store")))
        return {one.task.student: one.result for one in grade_tasks(tasks, Options(threads=1), ProcessPool(2))}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("of", [(course, student) for course in COURSES for student in COURSES[course]], ids=": ".join)
def test_a_mistake_is_charged_in_the_cell_that_made_it_and_in_no_other(graded, of):
    result, mistake = graded[": ".join(of)], COURSES[of[0]][of[1]]
    assert (result.status, result.problem) == ("graded", None)
    named = {
        cell.cell: {code for check in cell.checks if check.outcome != "passed" for code in check.faults}
        for cell in result.cells
    }
    expected = {f"check_{cell}": set(codes) for cell, codes in mistake.get("faults", {}).items()}
    assert {cell: codes for cell, codes in named.items() if codes} == expected
    messages = [str(check.message) for cell in result.cells for check in cell.checks]
    assert all(any(reason in message for message in messages) for reason in mistake.get("reasons", []))
    for cell in (cell for cell in result.cells if not cell.manual):
        assert (cell.points == cell.max_points) == (cell.cell not in expected)

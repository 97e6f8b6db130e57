"""The notebooks as a student runs them: from top to bottom in a kernel, filled in and not."""

import copy
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from netgrader.checks.cell_points import cell_points
from netgrader.course import Course
from netgrader.files import write_text
from netgrader.grading.verify import VerificationRequest, verify
from tests.guides.showcase import kept_run

ROOT = Path(__file__).parents[2]
ASSIGNMENT = Course(ROOT).assignment("digits")
SOURCE = ASSIGNMENT.source
NOTEBOOKS = ["1_one_layer", "2_two_layers", "3_deep_network"]
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"


def run(notebook):
    """Run a copy of the notebook; what nbclient returns, errors in it."""
    notebook = copy.deepcopy(notebook)
    NotebookClient(
        notebook, timeout=800, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(SOURCE)}}
    ).execute()
    return notebook


def cleared(notebook):
    """The notebook with nothing filled in."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = re.sub(
                r"^( *)### BEGIN SOLUTION.*?### END SOLUTION$",
                lambda found: "\n".join(found[1] + line for line in STUB.splitlines()),
                cell.source,
                flags=re.DOTALL | re.MULTILINE,
            )
    return notebook


def outputs(notebook):
    return [(cell, output) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def complaints(notebook):
    """Errors, and what went to standard error."""
    return [
        (cell.id, output.get("evalue") or output.get("text"))
        for cell, output in outputs(notebook)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def answers(notebook):
    """What each check cell showed, as text."""
    return {
        cell.metadata.nbgrader.grade_id: "\n".join(output.data["text/plain"] for output in cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    }


def handing_over(notebook, name, folder):
    """The notebook with evidence taken into `folder` where grading takes it."""
    notebook = copy.deepcopy(notebook)
    checks = Path(shutil.copytree(ASSIGNMENT.checks, folder.with_name(f"{folder.name}-checks")))
    hidden = ASSIGNMENT.files(name).hidden
    if hidden.is_file():
        shutil.copy(hidden, checks)  # as in a cage
    for grade_id in ASSIGNMENT.evidence_cells(name):
        (folder / grade_id).mkdir()
        place = next(
            place
            for place, cell in enumerate(notebook.cells)
            if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
        )
        where = f"{str(folder / grade_id)!r}, {str(checks)!r}"
        taken = f"from netgrader.student.capture import take\n\ntake({grade_id!r}, globals(), {where})"
        notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(taken))
    return notebook


# The later ones train for minutes: `make test-all`.
TRAINED = [
    pytest.param(name, marks=[pytest.mark.slow, *([pytest.mark.all] if name != NOTEBOOKS[0] else [])])
    for name in NOTEBOOKS
]


@pytest.fixture(scope="module", params=TRAINED)
def evidence(request, tmp_path_factory):
    """A notebook's name, and a folder for what it hands over."""
    return request.param, tmp_path_factory.mktemp(request.param)


@pytest.fixture(scope="module")
def filled(evidence):
    """A notebook after its solution ran; kept for the documentation site, which shows the same."""
    name, folder = evidence
    source = nbformat.read(SOURCE / f"{name}.ipynb", as_version=4)
    found = run(handing_over(source, name, folder))
    if not complaints(found):
        own = {cell.id for cell in source.cells}
        shown = nbformat.from_dict({**found, "cells": [cell for cell in found.cells if cell.id in own]})
        write_text(kept_run(ASSIGNMENT, name), nbformat.writes(shown))
    return found


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.slow) for name in NOTEBOOKS])
def empty(request):
    return run(cleared(nbformat.read(SOURCE / f"{request.param}.ipynb", as_version=4)))


def test_the_instructors_notebook_runs_without_an_error_or_a_warning(filled):
    assert complaints(filled) == []


def test_the_instructors_notebook_passes_every_check(filled):
    assert {cell: text for cell, text in answers(filled).items() if "checks passed. Grading runs" not in text} == {}


@pytest.mark.usefixtures("filled")
def test_the_instructors_notebook_earns_full_marks_in_hidden_tests_too(evidence):
    name, folder = evidence
    files = ASSIGNMENT.files(name)
    tests = files.public_tests, files.hidden_tests, files.exercises
    found = verify(VerificationRequest(folder, *tests, hidden=files.hidden, data=ASSIGNMENT.data))
    assert (found.problem, found.log) == (None, ())
    graded = [cell for cell in ASSIGNMENT.skeleton(name).graded if not cell.is_manual]
    for cell in graded:
        checks = found.checks[cell.grade_id]
        assert "public" in {check.visibility for check in checks}
        lost = [(check.check, check.message) for check in checks if check.outcome != "passed"]
        assert (lost, cell_points(checks, cell.points)) == ([], cell.points)
    assert sum(cell.points for cell in graded) == {"1_one_layer": 10, "2_two_layers": 14, "3_deep_network": 12}[name]


def test_every_picture_that_is_shown_says_what_it_shows(filled):
    shown = [output.data for _, output in outputs(filled) if "data" in output]
    pages = "".join(data.get("text/html", "") for data in shown)
    images, drawings = re.findall(r"<img [^>]*>", pages), re.findall(r"<svg .*?</svg>", pages, flags=re.DOTALL)
    assert images
    assert all(re.search(r' alt="[^"]{20,}"', image) for image in images)
    assert all(re.match(r'<svg [^>]* aria-label(ledby)?="[^"]{20,}"', drawing) for drawing in drawings)
    assert not [data for data in shown if "image/png" in data and "text/html" not in data]


def test_a_notebook_with_nothing_filled_in_runs_to_its_end_and_says_so_at_each_check(empty):
    raised = [(cell, output) for cell, output in outputs(empty) if output.output_type == "error"]
    assert {output.ename for _, output in raised} == {"NotImplementedError"}
    # Jupyter runs all cells past an error in these, so that a student can skip an exercise.
    assert all(cell.metadata.tags == ["raises-exception"] for cell, _ in raised)
    assert len(complaints(empty)) == len(raised)
    said = answers(empty)
    assert said
    assert {cell: text for cell, text in said.items() if "not done yet" not in text} == {}

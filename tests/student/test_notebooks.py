"""The instructor's notebooks: requirements of the contract, and rules of readability."""

import ast
import re
import shutil
import sys
import types
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

SOURCE = Path(__file__).parents[2] / "source" / "digits"
CONTRACT = {
    "1_one_layer": {"prepare_data": 2, "fully_connected_layer": 2, "one_layer_network": 3, "train": 3},
    "2_two_layers": {"two_layer_network": 4, "learning_rate_sweep": 4, "two_layer_training": 3, "input_gradients": 3},
    "3_deep_network": {"deep_network": 4, "deep_training": 2, "deep_accuracy": 6},
}
WRITTEN = {"2_two_layers": {"gradients_meaning": 2}, "3_deep_network": {"what_helped": 2}}
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


@pytest.fixture(params=CONTRACT)
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return nbformat.read(SOURCE / f"{name}.ipynb", as_version=4)


def flags(cell):
    return cell.metadata.get("nbgrader", {})


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def text(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def test_it_is_of_format_4_5_without_outputs(notebook):
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert [cell.id for cell in code(notebook) if cell.outputs or cell.execution_count] == []


def test_cells_and_points_are_those_of_the_contract(notebook, name):
    solutions = [flags(cell)["grade_id"] for cell in code(notebook) if flags(cell).get("solution")]
    checks = {
        flags(cell)["grade_id"]: flags(cell)["points"]
        for cell in code(notebook)
        if flags(cell).get("grade") and not flags(cell).get("solution")
    }
    assert checks == {f"check_{cell}": points for cell, points in CONTRACT[name].items()}
    assert [cell for cell in CONTRACT[name] if cell in solutions] == solutions


def test_written_answers_are_left_to_a_person(notebook, name):
    written = {flags(cell)["grade_id"]: flags(cell)["points"] for cell in text(notebook) if flags(cell).get("grade")}
    assert written == WRITTEN.get(name, {})
    assert all(flags(cell)["solution"] for cell in text(notebook) if flags(cell))


def test_every_tracked_cell_has_the_flags_of_what_it_is(notebook):
    for cell in notebook.cells:
        if flags(cell):
            assert flags(cell)["schema_version"] == 3
            assert flags(cell)["locked"] != flags(cell)["solution"], cell.id


def test_each_check_cell_calls_the_check_of_its_exercise(notebook):
    for cell in code(notebook):
        if flags(cell).get("grade") and not flags(cell)["solution"]:
            exercise = flags(cell)["grade_id"].removeprefix("check_")
            assert cell.source.splitlines()[-1] == f'check("{exercise}")'


def test_each_exercise_has_hints_that_open_on_demand_and_a_number_of_lines(notebook):
    for before, cell in pairwise(notebook.cells):
        if cell.cell_type == "code" and flags(cell).get("solution"):
            assert before.cell_type == "markdown"
            assert "<details><summary>Hint" in before.source
            assert re.search(r"\*About \d+ lines", before.source), before.id


def test_every_picture_in_the_text_says_what_it_shows_and_comes_with_the_notebook(notebook):
    for cell in text(notebook):
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", cell.source):
            assert len(words) > 40, cell.id
            assert target.removeprefix("attachment:") in cell.attachments


def test_every_figure_says_what_it_shows(notebook):
    for cell in code(notebook):
        figures_have_words(ast.parse(cell.source), cell.id)


def test_every_picture_that_is_given_says_what_it_shows():
    for path in SOURCE.glob("*.py"):
        for function in ast.parse(path.read_text(encoding="utf-8")).body:
            figures_have_words(function, ast.unparse(function)[:40])


def figures_have_words(code, where):
    calls = [node for node in ast.walk(code) if isinstance(node, ast.Call)]
    names = [ast.unparse(call.func) for call in calls]
    assert names.count("plt.subplots") == names.count("show_figure"), where
    assert "plt.show" not in names
    for call, called in zip(calls, names, strict=True):
        if called == "show_figure":
            assert "alt" in {keyword.arg for keyword in call.keywords}


def test_in_colab_the_first_cell_unpacks_the_folder_and_works_in_it(notebook, tmp_path, monkeypatch):
    (cell,) = [cell for cell in code(notebook) if flags(cell).get("grade_id") == "given_colab"]
    uploaded, content = tmp_path / "digits", tmp_path / "content"
    uploaded.mkdir()
    (uploaded / "netgrader_student-1-py3-none-any.whl").touch()
    shutil.make_archive(str(content / "digits"), "zip", tmp_path, "digits")
    asked = []
    shell = types.SimpleNamespace(run_line_magic=lambda *words: asked.append(words))
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.chdir(tmp_path)
    exec(cell.source.replace('"/content"', repr(str(content))), {"get_ipython": lambda: shell})  # noqa: S102 (ours)
    assert Path.cwd() == content / "digits"
    assert asked == [("pip", "install --quiet netgrader_student-1-py3-none-any.whl")]

import json
import random
from dataclasses import replace

import pytest

from netgrader.grading.restore import identify, restore
from netgrader.grading.submission import parse_notebook
from tests.texts import english


@pytest.fixture
def skeleton(tiny):
    return tiny.assignment.skeleton("1_sums")


@pytest.fixture
def restored(skeleton):
    """Restore a notebook given as JSON."""
    return lambda content: restore(parse_notebook(json.dumps(content).encode()), skeleton)


def cell_of(content, grade_id):
    return next(cell for cell in content["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id)


def extra(source, cell_type="code"):
    return {"cell_type": cell_type, "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def shown(notebook):
    """Ids of tracked cells, sources of the student's own, in order; text cells left aside."""
    return [cell.grade_id or cell.source for cell in notebook.cells if cell.grade_id or cell.cell_type == "code"]


ORDER = ["setup", "add", "check_add", "squares", "check_squares", "why"]


def test_an_honest_notebook_is_run_as_it_is_and_nothing_is_said(tiny, restored):
    notebook = restored(tiny.filled())
    assert shown(notebook) == ORDER
    assert english(notebook.notes) == ()
    assert notebook.cells[2].source == "def add(a, b):\n    return a + b"


def test_a_deleted_solution_cell_returns_empty_and_not_as_a_stub(tiny, restored):
    content = tiny.filled()
    content["cells"].remove(cell_of(content, "add"))
    notebook = restored(content)
    assert [cell.source for cell in notebook.cells if cell.grade_id == "add"] == [""]
    assert "The cell add was missing" in str(notebook.notes[0])


def test_an_own_cell_in_the_place_of_a_deleted_solution_is_taken_for_it(tiny, restored):
    content = tiny.filled()
    place = content["cells"].index(cell_of(content, "add"))
    content["cells"][place] = extra("add = sum_of_two")
    notebook = restored(content)
    assert [cell.source for cell in notebook.cells if cell.grade_id == "add"] == ["add = sum_of_two"]


def test_an_emptied_or_changed_locked_cell_gets_its_own_text_back(tiny, restored):
    for name, own in (("check_add", 'check("add")'), ("setup", "import math")):
        for text in ("", "print('passed')"):
            content = tiny.filled()
            cell_of(content, name)["source"] = text
            notebook = restored(content)
            assert [cell.source for cell in notebook.cells if cell.grade_id == name] == [own]
            assert english(notebook.notes) == (f"The cell {name} had been changed; its original text is back.",)


def test_a_copy_of_a_check_cell_that_holds_own_code_is_run_as_own_code(tiny, restored):
    content = tiny.filled()
    check = cell_of(content, "check_add")
    content["cells"].insert(content["cells"].index(check), {**check, "source": "helper = 3"})
    notebook = restored(content)
    assert shown(notebook) == ["setup", "add", "helper = 3", "check_add", "squares", "check_squares", "why"]


def test_of_doubled_solution_cells_both_are_run_and_the_first_keeps_the_id(tiny, restored):
    content = tiny.filled()
    first = cell_of(content, "add")
    content["cells"].insert(content["cells"].index(first) + 1, {**first, "source": "def add(a, b): return 0"})
    notebook = restored(content)
    assert shown(notebook) == ["setup", "add", "def add(a, b): return 0", *ORDER[2:]]
    assert notebook.cells[2].source == "def add(a, b):\n    return a + b"


def test_own_cells_stay_behind_the_cell_that_they_followed(tiny, restored):
    content = tiny.filled()
    cells = content["cells"]
    cells.insert(0, extra("top = 1"))
    cells.insert(cells.index(cell_of(content, "add")) + 1, extra("more = 2"))
    cells.insert(cells.index(cell_of(content, "check_squares")) + 1, extra("after = 3"))
    assert shown(restored(content)) == [
        "top = 1", "setup", "add", "more = 2", "check_add", "squares", "check_squares", "after = 3", "why",
    ]  # fmt: skip


def test_own_cells_keep_their_place_when_the_cell_before_them_was_moved(tiny, restored):
    content = tiny.filled()
    cells = content["cells"]
    check = cell_of(content, "check_squares")
    cells.remove(check)
    cells.insert(cells.index(cell_of(content, "add")) + 1, check)
    cells.insert(cells.index(check) + 1, extra("uses_add = add(1, 2)"))
    assert shown(restored(content)) == [
        "setup", "add", "uses_add = add(1, 2)", "check_add", "squares", "check_squares", "why",
    ]  # fmt: skip


def test_a_renamed_id_is_recognised_by_the_cells_own_id(tiny, restored):
    content = tiny.filled()
    cell_of(content, "check_add")["metadata"]["nbgrader"]["grade_id"] = "renamed"
    cell_of(content, "add")["metadata"]["nbgrader"]["grade_id"] = "also_renamed"
    notebook = restored(content)
    assert shown(notebook) == ORDER
    assert notebook.cells[2].source == "def add(a, b):\n    return a + b"


def test_a_notebook_whose_ids_another_tool_dropped_is_recognised_by_its_text(tiny, restored):
    content = tiny.filled(add="def add(a, b):\n    total = a\n    total += b\n    return total")
    for cell in content["cells"]:
        cell["metadata"] = {}
        cell.pop("id")
    notebook = restored(content)
    assert shown(notebook) == ORDER
    assert next(cell for cell in notebook.cells if cell.grade_id == "add").source.endswith("return total")
    assert [cell.source for cell in notebook.cells if cell.grade_id == "why"] == ["Because I say so."]


def test_restoring_a_restored_notebook_changes_nothing(tiny, restored, skeleton):
    rng = random.Random(7)  # noqa: S311
    for _ in range(60):
        content = tiny.filled()
        cells = content["cells"]
        for _ in range(rng.randrange(6)):
            place = rng.randrange(len(cells))
            match rng.randrange(4):
                case 0 if len(cells) > 1:
                    cells.pop(place)
                case 1:
                    cells.insert(rng.randrange(len(cells)), dict(cells[place]))
                case 2:
                    cells.insert(place, extra(f"own_{rng.randrange(100)} = 1"))
                case _:
                    cells.insert(rng.randrange(len(cells)), cells.pop(place))
        once = restored(content)
        assert [cell.grade_id for cell in once.cells if cell.grade_id] == ORDER
        own = {cell["source"] for cell in cells if cell["source"].startswith("own_")}
        assert own == {cell.source for cell in once.cells if cell.source.startswith("own_")}
        again = restored(
            {
                **content,
                "cells": [
                    {**extra(cell.source, cell.cell_type), "metadata": {"nbgrader": {"grade_id": cell.grade_id}}}
                    for cell in once.cells
                ],
            }
        )
        assert again.cells == once.cells


def test_a_notebook_is_identified_by_its_ids_whatever_its_file_is_called(tiny):
    skeletons = [tiny.assignment.skeleton(name) for name in tiny.assignment.notebooks]
    read = parse_notebook(json.dumps(tiny.filled("2_words")).encode())
    assert identify(read, skeletons, "1_sums").notebook == "2_words"


def test_a_notebook_of_another_assignment_is_none_of_them(tiny):
    skeletons = [tiny.assignment.skeleton(name) for name in tiny.assignment.notebooks]
    content = {"cells": [extra("x = 1"), extra('check("add")')], "nbformat": 4}
    assert identify(parse_notebook(json.dumps(content).encode()), skeletons, "1_sums") is None


def test_a_notebook_of_one_right_cell_twice_is_identified(tiny):
    skeletons = [tiny.assignment.skeleton(name) for name in tiny.assignment.notebooks]
    content = tiny.filled("1_sums")
    content["cells"] = [cell_of(content, "add")] * 2
    assert identify(parse_notebook(json.dumps(content).encode()), skeletons).notebook == "1_sums"


def test_cells_without_ids_are_not_taken_for_one_another(tiny, skeleton):
    cells = tuple(replace(cell, cell_id="") for cell in skeleton.cells)
    content = tiny.filled()
    content["cells"].remove(cell_of(content, "why"))
    for cell in content["cells"]:
        cell.pop("id", None)
    content["cells"].insert(0, extra("mine = 1"))
    notebook = restore(parse_notebook(json.dumps(content).encode()), replace(skeleton, cells=cells))
    assert shown(notebook) == ["mine = 1", *ORDER]

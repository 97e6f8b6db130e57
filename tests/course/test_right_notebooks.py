"""Right notebooks in unrelated styles earn all points: each style of notebook 1, graded in the sandbox."""

import pytest

from tests.course.right_notebooks import STYLES, Seeded, graded


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_a_right_notebook_earns_all_in_any_style(style, tmp_path, monkeypatch):
    monkeypatch.setenv("NETGRADER_STORE", "")  # put back what the study sets
    result = graded(Seeded("1_one_layer", style, 0), tmp_path)
    assert (result.status, result.problem) == ("graded", None)
    assert [(cell.cell, cell.points) for cell in result.cells] == [
        (cell.cell, cell.max_points) for cell in result.cells
    ]
    assert not result.integrity

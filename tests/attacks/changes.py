"""Changes of a notebook's JSON by other tools or by hand, by their names in the table of attacks."""

from __future__ import annotations

from typing import Any

from tests.attacks.attacked import ADD, RIGHT, code_cell

Notebook = dict[str, Any]


def id_of(cell: dict[str, Any]) -> str:
    """Return nbgrader's id of a cell."""
    return (cell["metadata"].get("nbgrader") or {}).get("grade_id", "")


def code(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


# -- for points ------------------------------------------------------------------------------------------------------------


def more_points(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["metadata"]["nbgrader"]["points"] = 100


def no_grading(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if id_of(cell) == "check_squares":
            cell["metadata"]["nbgrader"] |= {"grade": False, "solution": True, "locked": False}
            cell["source"] = RIGHT


def outputs_of_full_marks(notebook: Notebook) -> None:
    result = {"output_type": "execute_result", "data": {"text/plain": "3"}, "metadata": {}, "execution_count": 1}
    for cell in code(notebook):
        cell["outputs"] = [result]


def exchanged_ids(notebook: Notebook) -> None:
    """The check for the sums, which are right, in the place of the one for the squares."""
    other = {"check_add": "check_squares", "check_squares": "check_add"}
    for cell in notebook["cells"]:
        if id_of(cell) in other:
            cell["metadata"]["nbgrader"]["grade_id"] = other[id_of(cell)]


def own_kernel(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "../../bin/sh", "display_name": "sh", "argv": ["/bin/sh"]}


# -- of a size -------------------------------------------------------------------------------------------------------------


def ten_thousand_cells(notebook: Notebook) -> None:
    notebook["cells"] += [code_cell(f"x = {number}") for number in range(10_000)]


def deep_json(notebook: Notebook) -> None:
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    notebook["metadata"]["deep"] = deep


def megabyte(notebook: Notebook) -> None:
    notebook["cells"].insert(1, code_cell(f"text = {'x' * 1_000_000!r}"))


def deep_sum(notebook: Notebook) -> None:
    notebook["cells"].insert(1, code_cell("deep = " + "-" * 100_000 + "1"))


# -- of another shape ------------------------------------------------------------------------------------------------------


def as_text(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if id_of(cell) == "squares":
            cell["cell_type"] = "markdown"
            del cell["outputs"], cell["execution_count"]


def as_lines(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"scrolled": True, "tags": ["a"] * 50, "vscode": {"languageId": "python"}}
        cell["id"] = "same"
    notebook["metadata"] = {"kernelspec": {"name": "../../bin/sh", "display_name": "x"}, "colab": {"provenance": []}}
    notebook["nbformat_minor"] = 99


def of_colab(notebook: Notebook) -> None:
    """Colab keeps ids in the metadata and drops what it does not know."""
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {"base_uri": "https://localhost:8080/"}, "outputId": "x"}
        cell["source"] = cell["source"].splitlines(keepends=True)
    about = {"colab": {"provenance": []}, "accelerator": "GPU", "kernelspec": {"name": "python3"}}
    notebook |= {"nbformat_minor": 0, "metadata": about}


def lost_nbgrader(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {}


def no_metadata(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if not id_of(cell):
            del cell["metadata"]
    del notebook["metadata"]


def strange_cells(notebook: Notebook) -> None:
    image, number = {"cell_type": "image", "source": ""}, {"cell_type": "code", "source": 5}
    notebook["cells"] += [None, 5, [], {}, {"cell_type": "code"}, image, number]


def strange_outputs(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell |= {"outputs": {"not": "a list"}, "execution_count": "many", "attachments": 7}


def without_checks(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not id_of(cell).startswith("check")]


def checks_as_text(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if id_of(cell).startswith("check"):
            cell["cell_type"] = "markdown"


def windows_lines(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")


def with_old_mac_lines(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r")


def with_nulls(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "\0" + cell["source"]


def joined(notebook: Notebook) -> None:
    """All the work in one cell of one's own, the solution cells empty."""
    for cell in notebook["cells"]:
        if id_of(cell) in ("add", "squares"):
            cell["source"] = f"{ADD}\n{RIGHT}" if id_of(cell) == "add" else ""


SHAPES = (of_colab, lost_nbgrader, no_metadata, strange_cells, strange_outputs)
SHAPES += (without_checks, checks_as_text, windows_lines, with_nulls, joined)


# -- of other cells --------------------------------------------------------------------------------------------------------


def without_squares(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if id_of(cell) not in ("squares", "check_squares")]


def squares_elsewhere(notebook: Notebook) -> None:
    notebook["cells"] = [code_cell(RIGHT) if id_of(cell) == "squares" else cell for cell in notebook["cells"]]


def twice(notebook: Notebook) -> None:
    notebook["cells"] = [one for cell in notebook["cells"] for one in (cell, {**cell, "id": f"{cell['id']}-again"})]


def in_another_order(notebook: Notebook) -> None:
    """The solution of the sums behind all else, as when somebody drags cells about."""
    notebook["cells"].sort(key=lambda cell: id_of(cell) == "add")

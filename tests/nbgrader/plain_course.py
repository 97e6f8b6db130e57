"""Plain nbgrader assignments, as in its documentation: tests in the notebooks, and no checks of ours."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import nbformat

from tests.conftest import notebook_of_cells

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PLAIN, ANSWERS = TABLE["assignments"], TABLE["answers"]
CONFIG = "c = get_config()\nc.Execute.timeout = 8\nc.CourseDirectory.course_id = 'tiny'\n"


def add_plain(root: Path) -> None:
    """Put the sources of the assignments into a course, and what lies beside them."""
    for assignment, notebooks in PLAIN.items():
        folder = root / "source" / assignment
        folder.mkdir(parents=True)
        for name, cells in notebooks.items():
            nbformat.write(notebook_of_cells(cells), folder / f"{name}.ipynb")
    (root / "source" / "ps2" / "data").mkdir()
    (root / "source" / "ps2" / "data" / "numbers.csv").write_text("n\n1\n2\n3\n")


def hand_in(root: Path) -> None:
    """What three students make of the release: right, partly right, and broken in several ways."""
    for student, answers in ANSWERS.items():
        for assignment, notebooks in PLAIN.items():
            folder = root / "submitted" / student / assignment
            (folder / "data").mkdir(parents=True)
            for name in notebooks:
                notebook = json.loads((root / "release" / assignment / f"{name}.ipynb").read_text())
                for cell in notebook["cells"]:
                    cell["source"] = answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["source"])
                if student == "zoe" and name == "loops":
                    notebook["cells"] = notebook["cells"][:2]  # test cells thrown away
                (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
            (folder / "data" / "numbers.csv").write_text("n\n100\n")  # nbgrader puts the course's back
            (folder / "helper.py").write_text(f"def twice(x):\n    return {2 if student == 'ada' else 3} * x\n")

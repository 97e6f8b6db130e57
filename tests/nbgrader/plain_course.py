"""Assignments of nbgrader's own, as its documentation has them: tests in the notebooks, and no checks of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from pathlib import Path

# (kind, grade_id, points, source)
PLAIN = {
    "ps1": {
        "problem1": [
            ("text", "", 0, "# The sum of squares"),
            (
                "solution",
                "squares",
                0,
                (
                    "def squares(n):\n    ### BEGIN SOLUTION\n    if n < 1:\n        raise ValueError('n < 1')\n"
                    "    return [i ** 2 for i in range(1, n + 1)]\n    ### END SOLUTION"
                ),
            ),
            (
                "tests",
                "correct_squares",
                1,
                (
                    '"""Squares are right."""\nassert squares(1) == [1]\nassert squares(2) == [1, 4]\n'
                    "### BEGIN HIDDEN TESTS\nassert squares(10)[-1] == 100\n### END HIDDEN TESTS"
                ),
            ),
            (
                "tests",
                "squares_invalid_input",
                1,
                "try:\n    squares(0)\nexcept ValueError:\n    pass\nelse:\n    raise AssertionError('did not raise')",
            ),
            ("tests", "partial", 4, "sum(squares(k) == [i * i for i in range(1, k + 1)] for k in range(1, 5))"),
            ("manual", "why", 3, "### BEGIN SOLUTION\nIt is so.\n### END SOLUTION"),
        ],
        "problem2": [
            (
                "solution",
                "mean",
                0,
                "def mean(x):\n    ### BEGIN SOLUTION\n    return sum(x) / len(x)\n    ### END SOLUTION",
            ),
            ("tests", "mean_is_right", 2, "import numpy as np\nnp.testing.assert_allclose(mean([1, 2, 3]), 2)"),
            ("both", "plot_code", 2, "### BEGIN SOLUTION\nprint(1)\n### END SOLUTION"),
        ],
    },
    "ps2": {
        "files": [
            (
                "solution",
                "total",
                0,
                (
                    "import csv\ndef total():\n    ### BEGIN SOLUTION\n    with open('data/numbers.csv') as f:\n"
                    "        return sum(int(row['n']) for row in csv.DictReader(f))\n    ### END SOLUTION"
                ),
            ),
            ("tests", "total_is_right", 2, "assert total() == 6"),
            (
                "tests",
                "written",
                1,
                "with open('out.txt', 'w') as f:\n    f.write('x')\nassert open('out.txt').read() == 'x'",
            ),
            ("tests", "helper", 1, "import helper\nassert helper.twice(2) == 4"),
            ("tests", "is_graded", 1, "import os\nassert os.environ.get('NBGRADER_EXECUTION') == 'autograde'"),
        ]
    },
    "ps3": {
        "loops": [
            ("solution", "count", 0, "def count(n):\n    ### BEGIN SOLUTION\n    return n\n    ### END SOLUTION"),
            ("tests", "counts", 2, "assert count(3) == 3"),
            ("tests", "quiet", 1, "count(1)"),
            ("tests", "result", 5, "count(2)"),
        ]
    },
}
ANSWERS = {
    "ada": {
        "squares": "def squares(n):\n    if n < 1:\n        raise ValueError\n    return [i * i for i in range(1, n + 1)]",
        "why": "Because.",
        "mean": "def mean(x):\n    return sum(x) / len(x)",
        "plot_code": "print(2)",
        "total": "def total():\n    return sum(map(int, open('data/numbers.csv').read().split()[1:]))",
        "count": "def count(n):\n    return n",
    },
    "bob": {
        "squares": "def squares(n):\n    return [1, 4][:n]",
        "mean": "import warnings\ndef mean(x):\n    warnings.warn('slow')\n    return sum(x) / len(x)",
        "total": "def total():\n    return 5",
        "count": "import sys\ndef count(n):\n    print('counting', file=sys.stderr)\n    return n",
    },
    "zoe": {
        "squares": "def squares(n:",
        "mean": "def mean(x):\n    return float('nan')",
        "total": "import time\ndef total():\n    time.sleep(600)",
        "count": "def count(n):\n    raise SystemExit",
    },
}
CONFIG = "c = get_config()\nc.Execute.timeout = 8\nc.CourseDirectory.course_id = 'tiny'\n"


def add_plain(root: Path) -> None:
    """Put the sources of the assignments into a course, and what lies beside them."""
    for assignment, notebooks in PLAIN.items():
        folder = root / "source" / assignment
        folder.mkdir(parents=True)
        for name, cells in notebooks.items():
            nbformat.write(_notebook(cells), folder / f"{name}.ipynb")
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


def _notebook(cells: list[tuple[str, str, int, str]]) -> nbformat.NotebookNode:
    made = []
    for number, (kind, grade_id, points, text) in enumerate(cells):
        make = nbformat.v4.new_markdown_cell if kind in {"text", "manual"} else nbformat.v4.new_code_cell
        cell = make(text, id=f"cell-{number}")
        if grade_id:
            cell.metadata["nbgrader"] = {
                "grade": kind in {"tests", "manual", "both"},
                "grade_id": grade_id,
                "locked": kind == "tests",
                "schema_version": 3,
                "solution": kind in {"solution", "manual", "both"},
                "task": False,
            }
            if points:
                cell.metadata["nbgrader"]["points"] = points
        made.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})

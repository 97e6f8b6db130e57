"""What students wrote in an assignment's cells, as it was graded, and what the course wrote itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from netgrader.pages import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgrader.course import Assignment

__all__ = ["texts_of_course", "written_by_class"]

LARGEST_NOTEBOOK = 50_000_000


def written_by_class(assignment: Assignment, students: Iterable[str], kind: str = "code") -> dict[str, dict[str, str]]:
    """Return what students wrote in the cells of a kind (``code``, ``markdown``), by student, notebook and cell; as graded."""
    return {student: written for student in students if (written := _written(assignment, student, kind))}


def texts_of_course(assignment: Assignment) -> tuple[str, ...]:
    """Return the texts and code of the cells of an assignment as they are released, and with their solution."""
    released = [cell.source for name in assignment.notebooks for cell in assignment.skeleton(name).cells]
    solution = [
        "".join(cell["source"])
        for name in assignment.notebooks
        for cell in json.loads((assignment.source / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    ]
    return (*released, *solution)


def _written(assignment: Assignment, student: str, kind: str) -> dict[str, str]:
    folder = assignment.course.folder("autograded", student, assignment.name)
    found: dict[str, str] = {}
    for notebook in assignment.notebooks:
        path = folder / f"{notebook}.ipynb"
        if not path.is_file() or path.stat().st_size > LARGEST_NOTEBOOK:
            continue
        for cell in json.loads(path.read_text(encoding="utf-8")).get("cells", ()):
            about = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == kind and (about.get("solution") or (not about and kind == "code")):
                name = f"{notebook}, {about.get('grade_id') or words.ALIKE_OWN_CELLS}"
                found[name] = "\n".join([*([found[name]] if name in found else []), "".join(cell["source"])])
    return found

"""Makes nbgrader see notebooks that came under another name: ``1_one_layer (1).ipynb`` is graded as what it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.course import Course
from netgrader.grading.grade import jobs_in

if TYPE_CHECKING:
    from netgrader.course import Assignment

__all__ = ["adopt", "adopt_hook"]


def adopt(assignment: Assignment, folder: Path) -> tuple[Path, ...]:
    """Link each misnamed notebook in a submission's folder to its right name, where that is free; returns the links.

    nbgrader goes by names alone and gives 0 for a notebook that it does not find. The file that was handed in stays.
    """
    linked = []
    for job in jobs_in(folder, assignment):
        right = folder / f"{job.notebook}.ipynb"
        if job.problem is None and right.name != job.path.name and not os.path.lexists(right):
            right.symlink_to(job.path.name)
            linked.append(right)
    return tuple(linked)


def adopt_hook(*, assignment: str, notebooks: list[str], **_: Any) -> None:
    """What nbgrader calls before it autogrades a submission, in the course's folder; adds to its list of notebooks."""
    if notebooks:
        course = Course(Path.cwd())
        links = adopt(course.assignment(assignment), Path(notebooks[0]).parent)
        notebooks.extend(str(link) for link in links if str(link) not in notebooks)

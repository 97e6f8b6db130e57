"""Readies a submission's folder for nbgrader: misnamed notebooks are found, links and pipes lead nowhere."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netgrader.course import Course
from netgrader.grading.grade import jobs_in
from netgrader.nbgrader_plugin.handing_in import put_right

if TYPE_CHECKING:
    from netgrader.course import Assignment

__all__ = ["adopt", "adopt_hook", "drop_links"]

LOG = logging.getLogger(__name__)


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


def drop_links(folder: Path, *, notebooks: bool = False) -> tuple[str, ...]:
    """Remove links and pipes that were handed in beside the notebooks; returns their names.

    nbgrader copies what lies beside a notebook: through a link it would copy a file of the instructor's, and at a pipe
    it stops. They hold nothing of the student's. With `notebooks` those called as notebooks are removed, too, which nbgrader
    itself would open.
    """
    dropped = []
    for path in sorted(folder.rglob("*")):
        if (notebooks or path.suffix != ".ipynb") and (path.is_symlink() or not (path.is_file() or path.is_dir())):
            path.unlink()
            dropped.append(path.relative_to(folder).as_posix())
    return tuple(dropped)


def _students(assignment: Assignment, folder: Path) -> list[str]:
    """Whose submission lies in `folder`."""
    place = assignment.course.folder
    return [
        part for part in folder.parts if place("submitted", part, assignment.name) == assignment.course.root / folder
    ]


def adopt_hook(*, assignment: str, notebooks: list[str], **_: Any) -> None:
    """What nbgrader calls before it autogrades a submission, in the course's folder; adds to its list of notebooks."""
    if notebooks:
        own = Course(Path.cwd()).assignment(assignment)
        folder = Path(notebooks[0]).parent
        for said in put_right(own, _students(own, folder)).told:
            LOG.warning(said)
        drop_links(folder, notebooks=not own.is_ours)
        if not own.is_ours:
            notebooks[:] = [path for path in notebooks if Path(path).is_file()]
            return
        links = adopt(own, folder)
        notebooks.extend(str(link) for link in links if str(link) not in notebooks)

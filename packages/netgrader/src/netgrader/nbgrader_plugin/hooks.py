"""Exporter and hook that prepare a submission for nbgrader's autograde.

Every nbgrader in this environment uses the exporter (`etc/jupyter/nbgrader_config.json`), whether or not a course calls
`configure`: so our steps grade an assignment of ours, or nothing does.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from nbconvert.exporters import NotebookExporter

from netgrader.course import Assignment, Course
from netgrader.errors import NetgraderError
from netgrader.files import drop_links
from netgrader.grading.jobs import jobs_in
from netgrader.nbgrader_plugin.configure import require_steps
from netgrader.nbgrader_plugin.preprocessors import course_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgrader.grading.jobs import Job

__all__ = ["SubmissionExporter", "adopt", "adopt_hook"]


def adopt(folder: Path, jobs: Iterable[Job]) -> tuple[Path, ...]:
    """Link each misnamed notebook among `jobs` to its right name in the folder, if that is free.

    Returns the links. nbgrader only uses names, and gives 0 for a notebook that it does not find. The submitted file stays.
    """
    linked = []
    for job in jobs:
        right = folder / f"{job.notebook}.ipynb"
        if job.problem is None and not os.path.lexists(right):
            right.symlink_to(job.path.name)
            linked.append(right)
    return tuple(linked)


def adopt_hook(*, assignment: str, notebooks: list[str], **_: Any) -> None:
    """Prepare a submission before nbgrader autogrades it, and set its list of notebooks."""
    own = Course(Path.cwd()).assignment(assignment)
    folder = Path(notebooks[0]).parent
    # nbgrader copies the files next to a notebook: through a link it would copy a file of the instructor's, and at a pipe it
    # would hang. They contain nothing of the student's.
    drop_links(folder)
    # An entry of ours that is not a regular file is still graded, with 0 points and a page that says why.
    kept, links = (
        (notebooks, adopt(folder, jobs_in(folder, own))) if own.is_ours else (filter(os.path.isfile, notebooks), ())
    )
    notebooks[:] = sorted({*kept, *map(str, links)})


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Starts each notebook empty: our preprocessors fill it from the submitted file.

    nbgrader would read the file itself, and fail the whole submission if it is not a notebook. Assignments of nbgrader's own
    are read as nbgrader does.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """Do as nbconvert does, without opening the file.

        Raises
        ------
        NotCagedError
            If the assignment is ours, but the steps about to run are not.
        """
        course = course_of(self)
        if not _is_ours(course, resources["nbgrader"]["assignment"]):
            return super().from_filename(filename, resources=resources, **kw)
        require_steps(self._preprocessors, course, sanitize=self.parent._sanitizing)  # noqa: SLF001  (which of its two runs it is)
        path = Path(filename)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent), "modified_date": ""}
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)


def _is_ours(course: Course, name: str) -> bool:
    """Whether an assignment is ours.

    Raises
    ------
    NetgraderError
        If its source is missing, and the course has our tests: then its grader is unknown.
    """
    assignment = Assignment(course, name)
    if not assignment.notebooks and course.hidden_tests.is_dir():
        raise NetgraderError(
            f"There is no notebook in {assignment.source}, so it is not known whether {name} is graded by netgrader's checks. "
            "Put its source there, and grade again."
        )
    return assignment.is_ours

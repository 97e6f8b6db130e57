"""The exporter that nbgrader's autograde reads submissions with: it leaves the reading of the file to us.

It stands in every nbgrader of this environment (`etc/jupyter/nbgrader_config.json`), whether or not a course calls
`configure`: so an assignment of ours is graded by our steps or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter

from netgrader.course import Assignment, Course
from netgrader.errors import NetgraderError
from netgrader.nbgrader_plugin.caged_steps import require_steps
from netgrader.nbgrader_plugin.preprocessors import course_of

__all__ = ["SubmissionExporter"]


class SubmissionExporter(NotebookExporter):  # type: ignore[misc]
    """Starts each notebook empty: our preprocessors fill it, from the submission as it was handed in.

    nbgrader would read the file itself and fail the whole submission where it is no notebook. Notebooks of nbgrader's own
    assignments are read as nbgrader does.
    """

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> Any:
        """As nbconvert's, without opening the file.

        Raises
        ------
        NotCagedError
            If it is of an assignment of ours, and what would be run on it are not our steps.
        """
        course = course_of(self)
        if not _is_ours(course, (resources or {}).get("nbgrader", {}).get("assignment", "")):
            return super().from_filename(filename, resources=resources, **kw)
        require_steps(self._preprocessors, course, sanitize=self.parent._sanitizing)  # noqa: SLF001  (which of its two runs it is)
        path = Path(filename)
        resources = resources if resources is not None else {}
        resources.setdefault("metadata", {})
        resources["metadata"].update(name=path.stem, path=str(path.parent), modified_date="")
        return self.from_notebook_node(nbformat.v4.new_notebook(), resources=resources, **kw)


def _is_ours(course: Course, name: str) -> bool:
    """Whether an assignment is ours.

    Raises
    ------
    NetgraderError
        If its source is not there, and the course has tests of ours: nobody can tell then who grades it.
    """
    assignment = Assignment(course, name)
    if not assignment.notebooks and course.hidden_tests.is_dir():
        raise NetgraderError(
            f"There is no notebook in {assignment.source}, so it cannot be told whether {name} is graded by checks of ours. "
            "Put its source there, and grade again."
        )
    return assignment.is_ours

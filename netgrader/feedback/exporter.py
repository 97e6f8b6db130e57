"""What nbgrader's feedback step writes: our page, from the autograded notebook, the kept result and the gradebook.

`nbgrader generate_feedback`, formgrader's button and `netgrader feedback` all come here.
"""

from __future__ import annotations

import filecmp
import json
import shutil
from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from traitlets import Unicode

from netgrader.course import Course
from netgrader.feedback.page import PageRequest, feedback_page
from netgrader.pages.load import graded_notebook, student_name

__all__ = ["FeedbackExporter"]

# The exchange's own notes on a submission: nbgrader reads them when it releases feedback.
FOR_RELEASE = frozenset({"timestamp.txt", "submission_secret.txt"})


class FeedbackExporter(Exporter):  # type: ignore[misc]
    """Turns an autograded notebook into the student's feedback page."""

    output_mimetype = "text/html"
    file_extension = Unicode(".html").tag(config=True)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        """The page of `nb`; ``resources["nbgrader"]`` says whose it is."""
        from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

        about = (resources or {})["nbgrader"]
        assignment = Course(Path(self.parent.coursedir.root)).assignment(about["assignment"])
        if not assignment.is_ours:
            return _nbgraders_page(self.parent, nb, resources, **kw)
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        with Gradebook(about["db_url"]) as gradebook:
            graded = graded_notebook(gradebook, assignment, about["student"], about["notebook"])
            name = student_name(gradebook, about["student"])
        _only_pages(
            *(assignment.course.folder(step, about["student"], assignment.name) for step in ("feedback", "autograded"))
        )
        released = [cell.source for cell in assignment.skeleton(about["notebook"]).cells]
        request = PageRequest(graded, about["assignment"], about["notebook"], name, assignment.course.data, released)
        return feedback_page(json.loads(json.dumps(nb.cells)), request), resources


def _nbgraders_page(converter: Any, nb: Any, resources: Any, **kw: Any) -> tuple[str, Any]:
    """The page that nbgrader itself makes, of an assignment of its own."""
    from nbconvert.exporters import HTMLExporter  # noqa: PLC0415  (slow)
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor  # noqa: PLC0415
    from nbgrader.preprocessors import GetGrades  # noqa: PLC0415

    exporter = HTMLExporter(parent=converter, config=converter.config)
    for step in (GetGrades, CSSHTMLHeaderPreprocessor):
        exporter.register_preprocessor(step)
    page: tuple[str, Any] = exporter.from_notebook_node(nb, resources, **kw)
    return page


def _only_pages(folder: Path, autograded: Path) -> None:
    """Remove what nbgrader copied beside the pages: the submission's other files are not feedback, and its pages not ours."""
    pages = {f"{path.stem}.html" for path in autograded.glob("*.ipynb")}
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.is_symlink() or (
            path.name not in FOR_RELEASE and (path.name not in pages or _is_copy(path, autograded / path.name))
        ):
            path.unlink()


def _is_copy(page: Path, handed_in: Path) -> bool:
    """Whether a page is one that a student wrote under the name of ours."""
    return handed_in.is_file() and filecmp.cmp(page, handed_in, shallow=False)

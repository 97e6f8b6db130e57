"""Write feedback pages for nbgrader from notebook, last result and gradebook, within limits.

`nbgrader generate_feedback`, formgrader's button and `netgrader feedback` all use it.
"""

from __future__ import annotations

import filecmp
import functools
import hmac
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbconvert.exporters import Exporter
from traitlets import Unicode

from netgrader.course import Course
from netgrader.data import load_data
from netgrader.errors import NetgraderError, NotebookError
from netgrader.files import write_text
from netgrader.limited import ExceededError, within_limits
from netgrader.pages import words
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import graded_notebook, marks_of, student_name
from netgrader.releases import every_release

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from netgrader.catalogue import CourseTexts
    from netgrader.course import Assignment
    from netgrader.data import DataSpec
    from netgrader.pages.graded import Graded

__all__ = ["FeedbackExporter", "feedback_page"]

# The exchange's own files, which nbgrader reads when it releases feedback.
FOR_RELEASE = frozenset({"timestamp.txt", "submission_secret.txt"})


class FeedbackExporter(Exporter):  # type: ignore[misc]
    """Turns an autograded notebook into the student's feedback page."""

    output_mimetype = "text/html"
    file_extension = Unicode(".html").tag(config=True)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        """Return the page of `nb`; ``resources["nbgrader"]`` identifies student and notebook."""
        from nbgrader.api import Gradebook  # noqa: PLC0415  (slow)

        about = resources["nbgrader"]
        assignment = Course(Path(self.parent.coursedir.root)).assignment(about["assignment"])
        _fit_for_release(assignment, about["student"])
        if not assignment.is_ours:
            return _nbgraders_page(self.parent, nb, resources, **kw)
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        with Gradebook(about["db_url"]) as gradebook:
            marks = marks_of(gradebook, assignment.name, about["student"])
            name = student_name(gradebook, about["student"])
        graded = graded_notebook(assignment, about["student"], about["notebook"], marks)
        _only_pages(
            *(assignment.course.folder(step, about["student"], assignment.name) for step in ("feedback", "autograded"))
        )
        released = [cell.source for one in every_release(assignment, about["notebook"]) for cell in one.cells]
        names = {"assignment": about["assignment"], "notebook": about["notebook"], "student": name}
        names |= {"student_id": about["student"]}
        cells = json.loads(json.dumps(nb.cells))
        course = OfCourse(assignment.spec, assignment.data_file, assignment.texts)
        return feedback_page(cells, graded, course, **names, released=released), resources


def _nbgraders_page(converter: Any, nb: Any, resources: Any, **kw: Any) -> tuple[str, Any]:
    """Return nbgrader's own page, for one of its own assignments."""
    from nbconvert.exporters import HTMLExporter  # noqa: PLC0415  (slow)
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor  # noqa: PLC0415
    from nbgrader.preprocessors import GetGrades  # noqa: PLC0415

    exporter = HTMLExporter(parent=converter, config=converter.config)
    for step in (GetGrades, CSSHTMLHeaderPreprocessor):
        exporter.register_preprocessor(step)
    page: tuple[str, Any] = exporter.from_notebook_node(nb, resources, **kw)
    return page


def _fit_for_release(assignment: Assignment, student: str) -> None:
    """Write the files that nbgrader needs to release feedback, if a submission came without them.

    Otherwise it would stop at the first such submission. No page can be fetched with a secret that was not in the exchange.
    """
    folder = assignment.course.folder("feedback", student, assignment.name)
    text = f"{student}+{assignment.name}".encode()
    secret = hmac.digest(assignment.course.secret, text, "sha256").hex()
    for name, content in (("timestamp.txt", ""), ("submission_secret.txt", secret)):
        if not (folder / name).exists():
            write_text(folder / name, content)


def _only_pages(folder: Path, autograded: Path) -> None:
    """Remove what nbgrader copied next to the pages: other files of the submission, its own pages."""
    pages = {f"{path.stem}.html" for path in autograded.glob("*.ipynb")}
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.is_symlink() or (
            path.name not in FOR_RELEASE and (path.name not in pages or _is_copy(path, autograded / path.name))
        ):
            path.unlink()


def _is_copy(page: Path, handed_in: Path) -> bool:
    """Whether a page is a student's file with the name of ours."""
    return handed_in.is_file() and filecmp.cmp(page, handed_in, shallow=False)


class OfCourse(NamedTuple):
    """The course's data and texts for a page."""

    spec: DataSpec | None
    file: Path | None
    """The specification of the course's data, and their file; None without data."""
    texts: CourseTexts
    """The course's texts."""


def feedback_page(
    cells: Sequence[Mapping[str, Any]],
    graded: Graded,
    course: OfCourse,
    **about: Any,
) -> str:
    """Return the page as HTML; if it takes too long, the verdicts alone, with a note.

    Parameters
    ----------
    cells
        The cells of the autograded notebook.
    graded
        Result, observations, and marks and comments by people.
    course
        Data and texts.
    about
        Further arguments of `build_page`: `assignment`, `notebook`, `student` and `released`.

    Raises
    ------
    NetgraderError
        If that takes too long as well.
    """
    try:
        return within_limits(_page, cells, graded, course, about)
    except ExceededError:
        left_out = course.texts.say(words.LEFT_OUT_HERE)
        bare = [{**cell, "outputs": [], "attachments": {}, "source": left_out} for cell in cells]
        about["notice"] = words.NOT_MADE
    try:
        return within_limits(_page, bare, replace(graded, observations={}), course, about)
    except ExceededError as error:
        raise NetgraderError(f"The page of {about['notebook']} could not be made: that {error}.") from error


def _page(
    cells: Sequence[Mapping[str, Any]],
    graded: Graded,
    course: OfCourse,
    about: Mapping[str, Any],
) -> str:
    data = PageData(course.spec, _test_images(course.file, course.spec), course.texts)
    return render_page(build_page(cells, graded, data=data, **about), course.texts)


@functools.cache
def _test_images(path: Path | None, spec: DataSpec | None) -> npt.NDArray[np.uint8] | None:
    """Return the test images; None if missing or if inputs are not images: then words replace pictures."""
    if path is None or spec is None or not spec.is_images:
        return None
    try:
        return load_data(spec, path)[1][0]
    except NotebookError:
        return None

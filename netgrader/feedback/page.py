"""One notebook's feedback page, made within limits: what a student wrote and put out may keep whoever shows it for hours."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from netgrader.errors import NetgraderError
from netgrader.feedback.build import build_page, render_page
from netgrader.limited import ExceededError, within_limits
from netgrader.pages import words
from netgrader.student.errors import NotebookError
from netgrader.student.mnist import load_mnist

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from netgrader.pages.graded import Graded

__all__ = ["PageRequest", "feedback_page"]


@dataclass(frozen=True)
class PageRequest:
    """What a page is made from beside the notebook's cells.

    Attributes
    ----------
    graded
        Result, observations, and what people wrote.
    assignment, notebook, student
        How they are called.
    data
        The file of the test images.
    released
        The text of each cell as it was released.
    """

    graded: Graded
    assignment: str
    notebook: str
    student: str
    data: Path
    released: Sequence[str]


def feedback_page(cells: Sequence[Mapping[str, Any]], request: PageRequest) -> str:
    """The page as HTML; of one that takes too long to make, the verdicts alone, which is said.

    Raises
    ------
    NetgraderError
        If that takes too long as well.
    """
    try:
        return within_limits(_page, cells, request)
    except ExceededError:
        bare = [{**cell, "outputs": [], "attachments": {}, "source": words.LEFT_AWAY} for cell in cells]
    undrawn = replace(request, graded=replace(request.graded, observations={}))
    try:
        return within_limits(_page, bare, undrawn, words.NOT_MADE)
    except ExceededError as error:
        raise NetgraderError(f"The page of {request.notebook} could not be made: that {error}.") from error


def _page(cells: Sequence[Mapping[str, Any]], request: PageRequest, notice: str = "") -> str:
    page = build_page(
        cells,
        request.graded,
        assignment=request.assignment,
        notebook=request.notebook,
        student=request.student,
        digits=_digits(request.data),
        released=request.released,
        notice=notice,
    )
    return render_page(page)


@functools.cache
def _digits(path: Path) -> npt.NDArray[np.uint8] | None:
    """The test images; without them digits are told in words."""
    try:
        return load_mnist(path)[1][0]
    except NotebookError:
        return None
